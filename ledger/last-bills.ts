import { sql, type Transaction } from "kysely";
import { isoOf } from "../domain/instant.ts";
import type { Day, Period } from "../domain/period.ts";
import type { AccountId } from "../domain/reading.ts";
import type { Utility } from "../domain/unit.ts";
import type { Tables } from "../schema/tables.ts";
import { inItsCycle, type RunScope } from "./runs.ts";

export type AccountToBill = { readonly accountId: AccountId; readonly number: string };

/** The next accounts with an agreement on the days and no bill that touches the period, by id; nothing is locked. */
export async function accountsToBill(
  trx: Transaction<Tables>,
  period: Period,
  days: { readonly from: Day; readonly to: Day },
  page: { readonly after: AccountId; readonly limit: number },
  scope: RunScope = {},
): Promise<AccountToBill[]> {
  const { rows } = await sql<{ id: bigint; number: string }>`
    select a.id, a.number from sanbiao.account a
     where a.operator_id = sanbiao.operator_id() and a.id > ${page.after}
       and exists (select 1 from sanbiao.agreement g where g.operator_id = a.operator_id and g.account_id = a.id
             and g.from_day < ${days.to}::date and (g.to_day is null or g.to_day > ${days.from}::date))
       and not exists (select 1 from sanbiao.bill b where b.operator_id = a.operator_id and b.account_id = a.id
             and b.period_from < ${isoOf(period.to)}::timestamptz and b.period_to > ${isoOf(period.from)}::timestamptz)
       and ${inItsCycle(days.from, days.to, scope)}
     order by a.id limit ${page.limit}`.execute(trx);
  return rows.map(({ id, number }) => ({ accountId: id, number }));
}

/** The last bill of an account, minor units. */
export type LastBill = {
  readonly number: string;
  readonly supply: bigint;
  readonly property: bigint;
  readonly utilities: ReadonlyMap<Utility, bigint>;
};

/** Each account's last bill that ended by the beginning of the period. */
export async function lastBills(
  trx: Transaction<Tables>,
  accountIds: readonly AccountId[],
  { from }: Period,
): Promise<Map<AccountId, LastBill>> {
  const { rows } = await sql<{
    account_id: bigint;
    number: string;
    supply: bigint;
    property: bigint;
    utilities: Partial<Record<Utility, string>>;
  }>`
    select b.account_id, b.number, b.total_minor as supply,
           coalesce((select sum(c.amount_minor) from sanbiao.bill_charge c
                      where c.operator_id = b.operator_id and c.bill_id = b.id), 0)::bigint as property,
           coalesce((select jsonb_object_agg(u.utility, u.sum::text) from (
                select l.utility, sum(l.amount_minor) from sanbiao.bill_line l
                 where l.operator_id = b.operator_id and l.bill_id = b.id group by l.utility) u), '{}') as utilities
      from (select distinct on (account_id) * from sanbiao.bill
             where operator_id = sanbiao.operator_id() and account_id = any(${`{${accountIds.join(",")}}`}::bigint[])
               and period_to <= ${isoOf(from)}::timestamptz
             order by account_id, period_to desc) b`.execute(trx);
  return new Map(
    rows.map(({ account_id: accountId, utilities, ...row }) => [
      accountId,
      {
        ...row,
        utilities: new Map(
          Object.entries(utilities).map(([utility, minor]) => [utility as Utility, BigInt(minor)] as const),
        ),
      },
    ]),
  );
}
