import { sql, type Transaction } from "kysely";
import { type Instant, isoOf } from "../domain/instant.ts";
import { amountText, type Currency, type Money, money, moneyOfText } from "../domain/money.ts";
import type { Day } from "../domain/period.ts";
import type { AccountId } from "../domain/reading.ts";
import type { Tables } from "../schema/tables.ts";
import { addSupplyEvent } from "./controls.ts";

type Trx = Transaction<Tables>;

export type OpenCredit = {
  readonly amountMinor: bigint;
  /** Of the supply, by its class or its own, on that day. */
  readonly policyId: string;
  /** Of the supply at its last look. */
  readonly unbilledMinor: bigint | null;
};

/** What an account took and has not repaid, or `null`. */
export async function openEmergencyCredit(trx: Trx, accountId: AccountId, today: Day): Promise<OpenCredit | null> {
  const { rows } = await sql<OpenCredit>`
    select e.amount_minor as "amountMinor", s.unbilled_minor as "unbilledMinor",
           sanbiao.policy_of_supply(s.operator_id, s.account_id, s.policy_id, ${today}::date) as "policyId"
      from sanbiao.emergency_credit e join sanbiao.supply s on s.operator_id = e.operator_id and s.account_id = e.account_id
     where e.operator_id = sanbiao.operator_id() and e.account_id = ${accountId} and e.repaid_at is null limit 1`.execute(
    trx,
  );
  return rows[0] ?? null;
}

/** What is owed for supply, above zero a debt; nobody else pays into the account until the transaction ends. */
export async function holdBalance(trx: Trx, accountId: AccountId, currency: Currency): Promise<Money> {
  const { rows } = await sql<{ owed: bigint | null }>`
    select sanbiao.hold_balance(${accountId}, ${currency}) as owed`.execute(trx);
  return money(currency, rows[0]?.owed ?? 0n);
}

/** How the supply part of a payment was shared while emergency credit was not repaid, and how much of it was used after that. */
export type Repayment = { readonly [S in (typeof SHARES)[number]]: Money };
const SHARES = ["debt", "emergency", "overdraft", "credit", "left"] as const;

/** Keeps it with the payment, in its transaction: the books' own word for receipts and stories. */
export async function noteRepayment(
  trx: Trx,
  { accountId, journalId, at, ...said }: Repayment & { accountId: AccountId; journalId: bigint; at: Instant },
): Promise<void> {
  const figures = Object.fromEntries(SHARES.map((name) => [name, amountText(said[name])]));
  const detail = { payment: String(journalId), currency: said.debt.currency, ...figures };
  await addSupplyEvent(trx, { accountId, at, kind: "emergency_repaid", detail });
}

/** What was kept with a payment; `null` = no emergency credit was open when it came. */
export async function readRepayment(trx: Trx, accountId: AccountId, journalId: bigint): Promise<Repayment | null> {
  const { rows } = await sql<{ detail: Readonly<Record<string, string>> }>`
    select detail from sanbiao.supply_event
     where operator_id = sanbiao.operator_id() and account_id = ${accountId} and kind = 'emergency_repaid'
       and detail ->> 'payment' = ${String(journalId)} limit 1`.execute(trx);
  const detail = rows[0]?.detail;
  if (detail === undefined) return null;
  const of = (name: string): Money => {
    const amount = moneyOfText(detail["currency"] as Currency, detail[name] ?? "");
    if (amount === null) throw new TypeError(`repayment by ${journalId} has no ${name}`);
    return amount;
  };
  return Object.fromEntries(SHARES.map((name) => [name, of(name)])) as Repayment;
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
