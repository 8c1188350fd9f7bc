import { sql, type Transaction } from "kysely";
import { type Instant, isoOf } from "../domain/instant.ts";
import type { Day } from "../domain/period.ts";
import type { AccountId } from "../domain/reading.ts";
import type { Tables } from "../schema/tables.ts";
import { type By, VersionBook } from "./own-versions.ts";

type Trx = Transaction<Tables>;

/** What an operator published for itself: supplies are decided by it. */
export const POLICY_VERSIONS = new VersionBook("policy");

/** Whose supplies a class holds, and the policy they have from a day on; `policyId` `null` = the accounts' own. */
export type PolicyAssignment = {
  readonly id: bigint;
  readonly class: string;
  readonly policyId: string | null;
  readonly fromDay: Day;
  readonly notedAt: Instant;
  readonly notedBy: string;
};

/** What classes were assigned, the last word first. */
export async function readAssignments(trx: Trx): Promise<PolicyAssignment[]> {
  const { rows } = await sql<PolicyAssignment>`
    select p.id, p.class, p.policy_id as "policyId", p.from_day as "fromDay", p.noted_at as "notedAt", coalesce(u.name, '') as "notedBy"
      from sanbiao.policy_assignment p
      left join sanbiao.app_user u on u.operator_id = p.operator_id and u.id = p.noted_by
     where p.operator_id = sanbiao.operator_id() order by p.class, p.from_day desc, p.id desc`.execute(trx);
  return rows;
}

/** Says which policy a class has from a day on. The same word again is `already`. */
export async function assignPolicy(
  trx: Trx,
  { of, policyId, fromDay }: { readonly of: string; readonly policyId: string | null; readonly fromDay: Day },
  { by, at }: By,
): Promise<"noted" | "already"> {
  await POLICY_VERSIONS.lockPublication(trx);
  const { rows } = await sql`
    insert into sanbiao.policy_assignment (operator_id, class, policy_id, from_day, noted_at, noted_by)
    select sanbiao.operator_id(), ${of}, ${policyId}::text, ${fromDay}::date, ${isoOf(at)}::timestamptz, ${by}
     where not exists (
       select from (select p.policy_id from sanbiao.policy_assignment p where p.operator_id = sanbiao.operator_id()
                       and p.class = ${of} and p.from_day = ${fromDay}::date order by p.id desc limit 1) last
        where last.policy_id is not distinct from ${policyId}::text)
    returning id`.execute(trx);
  return rows.length === 0 ? "already" : "noted";
}

/** Puts accounts into a class; `''` takes them out of any. @returns how many were in another one before */
export async function classifyAccounts(
  trx: Trx,
  { of, accountIds }: { readonly of: string; readonly accountIds: readonly AccountId[] },
  { by, at }: By,
): Promise<number> {
  const { numAffectedRows } = await sql`
    insert into sanbiao.account_class (operator_id, account_id, class, noted_at, noted_by)
    select sanbiao.operator_id(), a.id, ${of}, ${isoOf(at)}::timestamptz, ${by} from sanbiao.account a
     where a.operator_id = sanbiao.operator_id() and a.id = any(${`{${accountIds.join(",")}}`}::bigint[])
       and coalesce((select c.class from sanbiao.account_class c where c.operator_id = a.operator_id and c.account_id = a.id
                      order by c.id desc limit 1), '') <> ${of}`.execute(trx);
  return Number(numAffectedRows ?? 0n);
}

/** Classes with how many accounts, and how many prepaid supplies, are in each. */
export async function accountClasses(
  trx: Trx,
): Promise<{ readonly class: string; readonly accounts: number; readonly supplies: number }[]> {
  const { rows } = await sql<{ class: string; accounts: number; supplies: number }>`
    select c.class, count(*)::int as accounts, count(s.account_id)::int as supplies
      from (select distinct on (account_id) operator_id, account_id, class from sanbiao.account_class
             where operator_id = sanbiao.operator_id() order by account_id, id desc) c
      left join sanbiao.supply s on s.operator_id = c.operator_id and s.account_id = c.account_id
     where c.class <> '' group by c.class order by c.class`.execute(trx);
  return rows;
}

/** The policy that an account is decided by on a day: its class's, else its own. */
export async function policyIdOf(
  trx: Trx,
  { accountId, policyId }: { readonly accountId: AccountId; readonly policyId: string },
  day: Day,
): Promise<string> {
  const { rows } = await sql<{ id: string }>`
    select sanbiao.policy_of_supply(sanbiao.operator_id(), ${accountId}, ${policyId}, ${day}::date) as id`.execute(trx);
  return rows[0]?.id ?? policyId;
}
