import { sql } from "kysely";
import type { Day } from "../../domain/period.ts";
import { DEPOSIT, RECEIVABLE } from "../../ledger/chart.ts";
import { type Desk, moneyOf } from "../desk.ts";
import type { DepositListJson, DepositListQuery } from "../schemas/deposit.ts";

type Row = {
  account_id: bigint;
  number: string;
  name: string;
  closed_on: Day | null;
  held: bigint;
  owing: bigint;
  due: bigint;
  total: bigint;
  held_sum: bigint;
  due_sum: bigint;
};

/**
 * Accounts with a deposit, and closed ones that are to be given something back (as `refundDue` has it: each class's credit, and the
 * deposit once nothing is owed). What is due comes first, then by number.
 */
export async function depositList(desk: Desk, query: DepositListQuery): Promise<DepositListJson> {
  const { page, pageSize, refundDue } = query;
  const { rows } = await sql<Row>`
    with stands as (
      select s.account_id,
             coalesce(-sum(s.owed_minor) filter (where s.ledger_account = ${DEPOSIT}), 0)::bigint as held,
             coalesce(sum(s.owed_minor) filter (where s.ledger_account = ${RECEIVABLE.supply}), 0)::bigint as supply,
             coalesce(sum(s.owed_minor) filter (where s.ledger_account = ${RECEIVABLE.property}), 0)::bigint as property
        from (select account_id, ledger_account, owed_minor from subledger_balance
               where operator_id = ${desk.operatorId} and currency = ${desk.currency}
              union all
              select account_id, ${RECEIVABLE.supply}::text, owed_minor from customer_balance
               where operator_id = ${desk.operatorId} and currency = ${desk.currency}) s
       group by s.account_id
    ), judged as (
      select a.id as account_id, a.number, a.name, c.on_day as closed_on, s.held,
             greatest(s.supply, 0) + greatest(s.property, 0) as owing,
             case when c.on_day is null then 0
                  else greatest(-s.supply, 0) + greatest(-s.property, 0)
                       + case when s.supply > 0 or s.property > 0 then 0 else s.held end end as due
        from stands s
        join account a on a.operator_id = ${desk.operatorId} and a.id = s.account_id
        left join account_closing c on c.operator_id = a.operator_id and c.account_id = a.id
    ), wanted as (
      select * from judged where due > 0 or (held <> 0 and not ${refundDue ?? false}::boolean)
    ), sums as (
      select count(*) as total, coalesce(sum(held), 0)::bigint as held_sum, coalesce(sum(due), 0)::bigint as due_sum from wanted
    )
    select w.*, s.* from sums s left join lateral (
      select * from wanted order by (due > 0) desc, length(number), number, account_id
       limit ${pageSize} offset ${(page - 1) * pageSize}) w on true`.execute(desk.trx);
  const [first] = rows;
  return {
    total: Number(first?.total ?? 0),
    held: moneyOf(desk, first?.held_sum ?? 0n),
    refundDue: moneyOf(desk, first?.due_sum ?? 0n),
    items: rows
      .filter((row) => row.account_id !== null) // sums of a page beyond the end
      .map((row) => ({
        accountId: String(row.account_id),
        accountNumber: row.number,
        name: row.name,
        closedOn: row.closed_on,
        held: moneyOf(desk, row.held),
        owing: moneyOf(desk, row.owing),
        refundDue: moneyOf(desk, row.due),
      })),
  };
}
