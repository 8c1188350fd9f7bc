import { type RawBuilder, sql } from "kysely";
import type { Day } from "../../domain/period.ts";
import { arrayText } from "../../ledger/bulk-insert.ts";
import { type Desk, moneyOf, offsetOf, totalOf, wordsOf } from "../desk.ts";
import type { AccountRowJson, AccountsJson, AccountsQuery, FindQuery, FoundAccountsJson } from "../schemas/account.ts";
import type { RelayState } from "../schemas/json.ts";
import type { SupplyStateName } from "../schemas/supply.ts";

export type AccountRow = {
  id: bigint;
  number: string;
  name: string;
  phone: string;
  payment_mode: "postpaid" | "prepaid";
  closed_on: Day | null;
  building: string | null;
  room: string | null;
  owed_minor: bigint | null;
  supply_state: SupplyStateName | null;
  reported: RelayState | null;
};

/** What people call accounts by: number and name of each. */
export async function accountNames(
  desk: Desk,
  ids: readonly bigint[],
): Promise<ReadonlyMap<bigint, { readonly number: string; readonly name: string }>> {
  if (ids.length === 0) return new Map();
  const accounts = await desk.trx
    .selectFrom("account")
    .select(["id", "number", "name"])
    .where("operator_id", "=", desk.operatorId)
    .where("id", "in", ids)
    .execute();
  return new Map(accounts.map((account) => [account.id, account]));
}

/** The place of account `a`: that of its first agreement, as `p (building, room)`. */
export const placeOfAccount = sql`left join lateral (
  select u.building, u.room from agreement g
    join usage_point u on u.operator_id = g.operator_id and u.id = g.usage_point_id
   where g.operator_id = a.operator_id and g.account_id = a.id order by g.id limit 1) p on true`;

/** What account `a` owes, as `b`; its supply, as `s`. */
export const standingOfAccount = (desk: Desk) => sql`
  left join customer_balance b on b.operator_id = a.operator_id and b.account_id = a.id and b.currency = ${desk.currency}
  left join supply s on s.operator_id = a.operator_id and s.account_id = a.id`;

export const accountColumns = sql`a.id, a.number, a.name, a.phone, a.payment_mode, a.closed_on, p.building, p.room,
  b.owed_minor, s.state as supply_state, s.reported`;

export const accountRow = (desk: Desk, row: AccountRow): AccountRowJson => ({
  id: String(row.id),
  number: row.number,
  name: row.name,
  phone: row.phone,
  building: row.building ?? "",
  room: row.room ?? "",
  paymentMode: row.payment_mode,
  balance: moneyOf(desk, -(row.owed_minor ?? 0n)),
  supplyState: row.supply_state,
  relay: row.reported,
  closedOn: row.closed_on,
});

/** For the counter, as one types: exact numbers first. */
export async function accounts(desk: Desk, query: AccountsQuery): Promise<AccountsJson> {
  const search = query.search.trim();
  const exact = search === "" ? sql`` : sql`(a.number = ${search} or a.phone = ${search} or a.name = ${search}) desc,`;
  const pageOf = (offset: number, limit: number) => sql<AccountRow & { total: bigint }>`
    with page as materialized (
      select a.*, count(*) over () as total from account a where a.operator_id = ${desk.operatorId} ${conditions(desk, query)}
       order by ${exact} a.number limit ${limit} offset ${offset})
    select ${accountColumns}, a.total from page a ${placeOfAccount} ${standingOfAccount(desk)} order by ${exact} a.number`;
  const { rows } = await pageOf(offsetOf(query), query.pageSize).execute(desk.trx);
  const { page, pageSize } = query;
  const total = await totalOf(rows, page, () => pageOf(0, 1).execute(desk.trx));
  return { items: rows.map((row) => accountRow(desk, row)), page, pageSize, total };
}

function conditions(desk: Desk, query: AccountsQuery): RawBuilder<unknown> {
  const all: RawBuilder<unknown>[] = [];
  if (query.paymentMode !== undefined) all.push(sql`and a.payment_mode = ${query.paymentMode}`);
  if (query.building !== undefined && query.building !== "") {
    all.push(sql`and a.id in (select g.account_id from usage_point u
      join agreement g on g.operator_id = u.operator_id and g.usage_point_id = u.id
      where u.operator_id = ${desk.operatorId} and u.building = ${query.building})`);
  }
  for (const word of wordsOf(query.search)) all.push(sql`and a.id in (select accounts_with(${word}, null))`);
  return sql.join(all, sql` `);
}

/** For the counter, as one types: what the text names itself, then what begins with it, then what has it anywhere. No total: it would be counted for nobody. */
export async function findAccounts(desk: Desk, { text, limit }: FindQuery): Promise<FoundAccountsJson> {
  const words = wordsOf(text);
  if (words.length === 0) return { items: [], more: false };
  const { rows } = await sql<AccountRow & { place: bigint }>`
    select ${accountColumns}, f.place from find_accounts(${arrayText(words)}::text[], ${limit + 1}) f
      join account a on a.operator_id = ${desk.operatorId} and a.id = f.account_id ${placeOfAccount} ${standingOfAccount(desk)}
     order by f.place`.execute(desk.trx);
  return { items: rows.slice(0, limit).map((row) => accountRow(desk, row)), more: rows.length > limit };
}
