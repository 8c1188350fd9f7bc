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

/** Accounts and their places in the answer; as `f`. */
type Found = RawBuilder<unknown>;

/** What `find_accounts` would answer first of several words: what begins with the leading one and has the others. As many at a time as it looks at. */
const beginningWithAll = (desk: Desk, words: readonly string[], limit: number): Found => sql`(
  with lead as (
    select w.word from unnest(${arrayText(words)}::text[]) with ordinality w (word, no)
     order by cardinality(search_grams(lower(w.word))) > 0 desc, octet_length(w.word) desc, w.no limit 1
  )
  select a.id as account_id, row_number() over (
           order by (a.number = l.word or a.name = l.word or a.phone = l.word) desc, a.closed_on is not null, a.number) as place
    from lead l
   cross join lateral unnest(array(select accounts_beginning(l.word, 2000))) b (id) -- an array: few, where a function is a thousand
    join account a on a.operator_id = ${desk.operatorId} and a.id = b.id
   where not exists (
     select from unnest(array_remove(${arrayText(words)}::text[], l.word)) o (word)
      where position(lower(o.word) in lower(a.number || chr(10) || a.name || chr(10) || a.phone)) = 0
        and not exists (
          select from agreement g join usage_point u on u.operator_id = g.operator_id and u.id = g.usage_point_id
            left join installation i on i.operator_id = u.operator_id and i.usage_point_id = u.id and i.removed_at is null
            left join meter m on m.operator_id = i.operator_id and m.id = i.meter_id
           where g.operator_id = ${desk.operatorId} and g.account_id = a.id
             and position(lower(o.word) in lower(u.building || '-' || u.room || chr(10) || coalesce(m.serial, ''))) > 0))
   order by place limit ${limit})`;

const anywhere = (words: readonly string[], limit: number): Found =>
  sql`find_accounts(${arrayText(words)}::text[], ${limit})`;

/** Whether a word has what `search_grams` makes of a text: without it nothing is looked for inside of others. */
// oxlint-disable-next-line no-control-regex
const isFoundAnywhere = (word: string): boolean => /^.{3}|^(?=.*[^\u0000-\u007f]).{2}/su.test(word.toLowerCase());

/** For the counter, as one types: what the text names itself, then what begins with it, then what has it anywhere. No total: it would be counted for nobody. */
export async function findAccounts(desk: Desk, { text, limit }: FindQuery): Promise<FoundAccountsJson> {
  const words = wordsOf(text);
  if (words.length === 0) return { items: [], more: false };
  const rowsOf = async (found: Found) =>
    (
      await sql<AccountRow & { place: bigint }>`
        select ${accountColumns}, f.place from ${found} f
          join account a on a.operator_id = ${desk.operatorId} and a.id = f.account_id ${placeOfAccount} ${standingOfAccount(desk)}
         order by f.place`.execute(desk.trx)
    ).rows;
  // Of several words those that have the leading one anywhere are many more, and come last: they are looked at where the page is not full.
  const first = words.length === 1 ? [] : await rowsOf(beginningWithAll(desk, words, limit + 1));
  const rows =
    first.length > limit || (words.length > 1 && !words.some(isFoundAnywhere))
      ? first
      : await rowsOf(anywhere(words, limit + 1));
  return { items: rows.slice(0, limit).map((row) => accountRow(desk, row)), more: rows.length > limit };
}
