import { sql, type Transaction } from "kysely";
import { DEBT_CLASSES, type DebtClass } from "../domain/charge.ts";
import type { Tables } from "../schema/tables.ts";
import { RECEIVABLE } from "./chart.ts";

/** Of one class, in minor units: owed positive, credit negative. `previous − paid + other + billed = balance`. */
export type Statement = {
  /** Owed after the bill before. */
  readonly previous: bigint;
  /** Payments since, what a deposit paid, less what was reversed or given back. */
  readonly paid: bigint;
  /** Everything else since: adjustments, what was taken over. */
  readonly other: bigint;
  /** What this bill asks for. */
  readonly billed: bigint;
  /** Owed after this bill. */
  readonly balance: bigint;
};

/** What of the bill an earlier credit has paid already, minor units. */
export const creditUsed = ({ billed, balance }: Statement): bigint => {
  const credit = billed - balance;
  if (credit <= 0n || billed <= 0n) return 0n;
  return credit < billed ? credit : billed;
};

/**
 * The statements of bills as of their issue, one query whatever their number: the entries from the one of the account's bill before
 * to the bill's own, in the order in which they were entered. What comes later changes none of them.
 */
export async function statementsOf(
  trx: Transaction<Tables>,
  billIds: readonly bigint[],
): Promise<Map<bigint, Readonly<Record<DebtClass, Statement>>>> {
  const { rows } = await sql<{
    id: bigint;
    ledger_account: string | null;
    previous: bigint;
    paid: bigint;
    other: bigint;
    billed: bigint;
  }>`
    with wanted as (
      select b.*, (select p.id from sanbiao.bill p where p.operator_id = b.operator_id and p.account_id = b.account_id
                      and p.id < b.id order by p.id desc limit 1) as before_id
        from sanbiao.bill b where b.operator_id = sanbiao.operator_id() and b.id = any(${`{${billIds.join(",")}}`}::bigint[])
    ), ends as (
      select b.id, coalesce(b.journal_id, (
               -- a bill of nothing has no entry: it stands at the end of its day
               select max(p.journal_id) from sanbiao.posting p
                 join sanbiao.journal j on j.operator_id = p.operator_id and j.id = p.journal_id
                where p.operator_id = b.operator_id and p.account_id = b.account_id
                  and j.posted_at < (b.issued_on + 1)::timestamp at time zone o.zone), 0) as entry_id
        from sanbiao.bill b join sanbiao.operator o on o.operator_id = b.operator_id
       where b.operator_id = sanbiao.operator_id() and b.id in (select id from wanted union select before_id from wanted)
    ), asked as (
      select w.id, w.operator_id, w.account_id, w.currency, w.journal_id, own.entry_id as upto,
             least(coalesce(before.entry_id, 0), own.entry_id - (w.journal_id is not null)::int) as since
        from wanted w join ends own on own.id = w.id left join ends before on before.id = w.before_id
    )
    select a.id, p.ledger_account,
           coalesce(sum(p.amount_minor) filter (where p.journal_id <= a.since), 0)::bigint as previous,
           coalesce(-sum(p.amount_minor) filter (where p.journal_id > a.since and j.kind in ('payment', 'reversal', 'refund', 'deposit', 'set_off')), 0)::bigint as paid,
           coalesce(sum(p.amount_minor) filter (where p.journal_id > a.since and p.journal_id is distinct from a.journal_id
                      and j.kind not in ('payment', 'reversal', 'refund', 'deposit', 'set_off')), 0)::bigint as other,
           coalesce(sum(p.amount_minor) filter (where p.journal_id = a.journal_id), 0)::bigint as billed
      from asked a
      left join sanbiao.posting p on p.operator_id = a.operator_id and p.account_id = a.account_id and p.currency = a.currency
                                 and p.journal_id <= a.upto
      left join sanbiao.journal j on j.operator_id = p.operator_id and j.id = p.journal_id
     group by a.id, p.ledger_account`.execute(trx);
  const byBill = Map.groupBy(rows, ({ id }) => id);
  return new Map(
    [...byBill].map(([id, own]) => {
      const of = (one: DebtClass): Statement => {
        const row = own.find(({ ledger_account: account }) => account === RECEIVABLE[one]);
        const { previous = 0n, paid = 0n, other = 0n, billed = 0n } = row ?? {};
        return { previous, paid, other, billed, balance: previous - paid + other + billed };
      };
      return [id, Object.fromEntries(DEBT_CLASSES.map((one) => [one, of(one)])) as Record<DebtClass, Statement>];
    }),
  );
}
