import { sql, type Transaction } from "kysely";
import type { Instant } from "../domain/instant.ts";
import type { Day } from "../domain/period.ts";
import type { Micro } from "../domain/quantity.ts";
import type { AccountId } from "../domain/reading.ts";
import type { Tables } from "../schema/tables.ts";

/** What rating must know of an account: kW or kVA in millionths; `1n` = of low income; persons of the household. */
export const ACCOUNT_FACTS = ["contracted_kw", "contracted_kva", "low_income", "household"] as const;
export type AccountFactKind = (typeof ACCOUNT_FACTS)[number];
export type AccountFact = { readonly kind: AccountFactKind; readonly from: Day; readonly value: Micro };

/** Per account in order of days; of two that were stated for one day the newer counts, and none where that takes it back. */
export async function readAccountFacts(
  trx: Transaction<Tables>,
  accountIds: readonly AccountId[],
): Promise<Map<AccountId, AccountFact[]>> {
  if (accountIds.length === 0) return new Map();
  const { rows } = await sql<{ account_id: bigint; kind: AccountFactKind; from_day: Day; value: bigint | null }>`
    select distinct on (account_id, kind, from_day) account_id, kind, from_day, value from sanbiao.account_fact
     where operator_id = sanbiao.operator_id() and account_id = any(${`{${accountIds.join(",")}}`}::bigint[])
     order by account_id, kind, from_day, id desc`.execute(trx);
  const byAccount = new Map<AccountId, AccountFact[]>();
  for (const { account_id, kind, from_day, value } of rows) {
    if (value === null) continue;
    const own = byAccount.get(account_id) ?? [];
    own.push({ kind, from: from_day, value });
    byAccount.set(account_id, own);
  }
  return byAccount;
}

/** One word that was said of an account, as it was said. `value` null takes back what was said of the day before. */
export type StatedFact = {
  readonly kind: AccountFactKind;
  readonly from: Day;
  readonly value: Micro | null;
  /** Absent: a file said it before this was kept. */
  readonly statedAt: Instant | null;
  readonly by: string | null;
  /** No later word is about this day. */
  readonly isLast: boolean;
};

/** Everything that was ever said, newest day first, and of one day the newest word first; files' households among it. */
export async function readFactHistory(trx: Transaction<Tables>, accountId: AccountId): Promise<StatedFact[]> {
  const { rows } = await sql<{
    kind: AccountFactKind;
    from_day: Day;
    value: bigint | null;
    stated_at: Instant | null;
    by: string | null;
    is_last: boolean;
  }>`
    select kind, from_day, value, stated_at, by,
           row_number() over (partition by kind, from_day order by stated_at desc nulls last, id desc) = 1 as is_last
      from (select f.kind, f.from_day, f.value, f.stated_at, u.name as by, f.id
              from sanbiao.account_fact f left join sanbiao.app_user u on u.operator_id = f.operator_id and u.id = f.stated_by
             where f.operator_id = sanbiao.operator_id() and f.account_id = ${accountId}
            union all
            select 'household', from_day, persons::bigint, noted_at, null, 0
              from sanbiao.household where operator_id = sanbiao.operator_id() and account_id = ${accountId}) said
     order by kind, from_day desc, stated_at desc nulls last, id desc`.execute(trx);
  return rows.map((row) => ({
    kind: row.kind,
    from: row.from_day,
    value: row.value,
    statedAt: row.stated_at,
    by: row.by,
    isLast: row.is_last,
  }));
}

/**
 * Says a fact from a day on, or takes back what was said of that day (`value` null). A further row in each case: the newer counts.
 * `already`: this is what stands of that day, or nothing stands that could be taken back.
 */
export async function stateAccountFact(
  trx: Transaction<Tables>,
  accountId: AccountId,
  { kind, from, value }: Omit<AccountFact, "value"> & { readonly value: Micro | null },
  by: bigint | null = null,
): Promise<"noted" | "already"> {
  // Two clerks at once say it one after the other.
  await sql`select from sanbiao.account where operator_id = sanbiao.operator_id() and id = ${accountId} for no key update`.execute(
    trx,
  );
  const history = await readFactHistory(trx, accountId);
  const stands = history.find((one) => one.kind === kind && one.from === from && one.isLast)?.value ?? null;
  if (stands === value) return "already";
  await sql`insert into sanbiao.account_fact (operator_id, account_id, kind, from_day, value, stated_by, stated_at)
            values (sanbiao.operator_id(), ${accountId}, ${kind}, ${from}::date, ${value}, ${by}, clock_timestamp())`.execute(
    trx,
  );
  return "noted";
}
