import { sql, type Transaction } from "kysely";
import { type Day } from "../domain/period.ts";
import type { Micro } from "../domain/quantity.ts";
import type { AccountId } from "../domain/reading.ts";
import type { Tables } from "../schema/tables.ts";

/** What rating must know of an account besides its household: kW in millionths, `1n` = of low income. */
export const ACCOUNT_FACTS = ["contracted_kw", "low_income"] as const;
export type AccountFactKind = (typeof ACCOUNT_FACTS)[number];
export type AccountFact = { readonly kind: AccountFactKind; readonly from: Day; readonly value: Micro };

/** Per account in order of days; of two that were stated for one day the newer counts. */
export async function readAccountFacts(
  trx: Transaction<Tables>,
  accountIds: readonly AccountId[],
): Promise<Map<AccountId, AccountFact[]>> {
  if (accountIds.length === 0) return new Map();
  const { rows } = await sql<{ account_id: bigint; kind: AccountFactKind; from_day: Day; value: bigint }>`
    select distinct on (account_id, kind, from_day) account_id, kind, from_day, value from sanbiao.account_fact
     where operator_id = sanbiao.operator_id() and account_id = any(${`{${accountIds.join(",")}}`}::bigint[])
     order by account_id, kind, from_day, id desc`.execute(trx);
  const byAccount = new Map<AccountId, AccountFact[]>();
  for (const { account_id, kind, from_day, value } of rows) {
    const own = byAccount.get(account_id) ?? [];
    own.push({ kind, from: from_day, value });
    byAccount.set(account_id, own);
  }
  return byAccount;
}

/** `already`: this day has this value. Another value for the same day is another row, and the newer counts. */
export async function stateAccountFact(
  trx: Transaction<Tables>,
  accountId: AccountId,
  { kind, from, value }: AccountFact,
): Promise<"noted" | "already"> {
  const known = (await readAccountFacts(trx, [accountId])).get(accountId) ?? [];
  if (known.some((fact) => fact.kind === kind && fact.from === from && fact.value === value)) return "already";
  await sql`insert into sanbiao.account_fact (operator_id, account_id, kind, from_day, value)
            values (sanbiao.operator_id(), ${accountId}, ${kind}, ${from}::date, ${value})`.execute(trx);
  return "noted";
}
