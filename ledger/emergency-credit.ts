import { sql, type Transaction } from "kysely";
import { type Instant, isoOf } from "../domain/instant.ts";
import type { AccountId } from "../domain/reading.ts";
import type { Tables } from "../schema/tables.ts";

type Trx = Transaction<Tables>;

export type EmergencyCredit = { readonly id: bigint; readonly amountMinor: bigint; readonly takenAt: Instant };

/** What an account took and has not repaid, or `null`. */
export async function openEmergencyCredit(trx: Trx, accountId: AccountId): Promise<EmergencyCredit | null> {
  const { rows } = await sql<EmergencyCredit>`
    select id, amount_minor as "amountMinor", taken_at as "takenAt" from sanbiao.emergency_credit
     where operator_id = sanbiao.operator_id() and account_id = ${accountId} and repaid_at is null`.execute(trx);
  return rows[0] ?? null;
}

/** When an account last had repaid what it took, or `null`. */
export async function emergencyRepaidAt(trx: Trx, accountId: AccountId): Promise<Instant | null> {
  const { rows } = await sql<{ at: Instant | null }>`
    select max(repaid_at) as at from sanbiao.emergency_credit
     where operator_id = sanbiao.operator_id() and account_id = ${accountId}`.execute(trx);
  return rows[0]?.at ?? null;
}

/**
 * Writes that it is taken, and gives supply back as any credit does, in this transaction. The caller holds the supply locked.
 * @returns the order that gives supply back, if it was off
 */
export async function takeEmergencyCredit(
  trx: Trx,
  credit: {
    readonly accountId: AccountId;
    readonly amountMinor: bigint;
    readonly policy: string;
    readonly at: Instant;
    readonly by: bigint | null;
  },
): Promise<{ readonly id: bigint; readonly reconnect: bigint | null }> {
  const { accountId, amountMinor, policy, at, by } = credit;
  const { rows } = await sql<{ id: bigint; reconnect: bigint | null }>`
    with taken as (
      insert into sanbiao.emergency_credit (operator_id, account_id, amount_minor, policy, taken_at, taken_by)
      values (sanbiao.operator_id(), ${accountId}, ${amountMinor}, ${policy}, ${isoOf(at)}::timestamptz, ${by}::bigint) returning id
    )
    select t.id, c.reconnect from taken t
     cross join lateral sanbiao.credit_supply(${accountId}::bigint, jsonb_build_object('emergency', t.id::text), ${isoOf(at)}::timestamptz) c`.execute(
    trx,
  );
  const row = rows[0];
  if (row === undefined) throw new Error("emergency credit was not written");
  return row;
}

/** A top-up has brought the balance back. */
export async function repayEmergencyCredit(trx: Trx, accountId: AccountId, at: Instant): Promise<void> {
  await sql`update sanbiao.emergency_credit set repaid_at = ${isoOf(at)}::timestamptz
             where operator_id = sanbiao.operator_id() and account_id = ${accountId} and repaid_at is null
               and taken_at < ${isoOf(at)}::timestamptz`.execute(trx);
}
