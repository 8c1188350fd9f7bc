import { sql, type Transaction } from "kysely";
import type { Instant } from "../domain/instant.ts";
import { type Currency, type Money, money } from "../domain/money.ts";
import type { AccountId } from "../domain/reading.ts";
import type { Tables } from "../schema/tables.ts";
import { arrayText } from "./bulk-insert.ts";
import { DEPOSIT } from "./chart.ts";

type Trx = Transaction<Tables>;

/** The deposit that is held of an account. */
export async function depositOf(trx: Trx, accountId: AccountId, currency: Currency): Promise<Money> {
  const { rows } = await sql<{ owed: bigint }>`
    select owed_minor as owed from sanbiao.subledger_balance
     where operator_id = sanbiao.operator_id() and account_id = ${accountId} and ledger_account = ${DEPOSIT}
       and currency = ${currency}`.execute(trx);
  return money(currency, -(rows[0]?.owed ?? 0n));
}

/** What can happen to a deposit: taken, given back, or applied to what is owed. */
export const DEPOSIT_MOVES = ["take", "refund", "apply"] as const;
export type DepositMoveKind = (typeof DEPOSIT_MOVES)[number];

export type DepositEntry = {
  readonly journalId: bigint;
  readonly at: Instant;
  readonly kind: DepositMoveKind;
  /** By how much the deposit grew, minor units. */
  readonly minor: bigint;
  /** What is held after it, minor units. */
  readonly held: bigint;
  readonly channel: string | null;
  readonly by: string | null;
};

/** Everything that moved an account's deposit, the last one first. */
export async function readDepositEntries(trx: Trx, accountId: AccountId, currency: Currency): Promise<DepositEntry[]> {
  const { rows } = await sql<DepositEntry>`
    select j.id as "journalId", j.occurred_at as at, j.cause ->> 'deposit' as kind, -p.amount_minor as minor,
           (-sum(p.amount_minor) over (order by j.id))::bigint as held, j.cause ->> 'payment' as channel, u.name as by
      from sanbiao.posting p join sanbiao.journal j on j.operator_id = p.operator_id and j.id = p.journal_id
      left join sanbiao.app_user u on u.operator_id = j.operator_id and u.id = j.posted_by
     where p.operator_id = sanbiao.operator_id() and p.account_id = ${accountId} and p.ledger_account = ${DEPOSIT}
       and p.currency = ${currency}
     order by j.id desc`.execute(trx);
  return rows;
}

/** A deposit from one bill to the next, minor units: `before + taken − applied − returned = held`. */
export type DepositStatement = {
  readonly before: bigint;
  readonly taken: bigint;
  /** Paid debts, with a final bill its own. */
  readonly applied: bigint;
  readonly returned: bigint;
  readonly held: bigint;
};

export const NO_DEPOSIT: DepositStatement = { before: 0n, taken: 0n, applied: 0n, returned: 0n, held: 0n };

/**
 * The deposits of bills as of their issue, of a final bill with what it took of it: one query whatever their number. What came later
 * changes none of them; a bill of an account that never had a deposit is not in it.
 */
export async function depositStatementsOf(
  trx: Trx,
  billIds: readonly bigint[],
): Promise<Map<bigint, DepositStatement>> {
  const { rows } = await sql<DepositStatement & { id: bigint }>`
    with wanted as (
      select b.id, (select p.id from sanbiao.bill p where p.operator_id = b.operator_id and p.account_id = b.account_id
                       and p.id < b.id order by p.id desc limit 1) as before_id
        from sanbiao.bill b where b.operator_id = sanbiao.operator_id() and b.id = any(${arrayText(billIds)}::bigint[])
    ), ends as (
      select b.*, greatest(k.deposit_journal_id, coalesce(b.journal_id, (
               -- a bill of nothing has no entry: it stands at the end of its day
               select max(p.journal_id) from sanbiao.posting p
                 join sanbiao.journal j on j.operator_id = p.operator_id and j.id = p.journal_id
                where p.operator_id = b.operator_id and p.account_id = b.account_id
                  and j.posted_at < (b.issued_on + 1)::timestamp at time zone o.zone), 0)) as upto
        from sanbiao.bill b join sanbiao.operator o on o.operator_id = b.operator_id
        left join sanbiao.account_closing k on k.operator_id = b.operator_id and k.bill_id = b.id
       where b.operator_id = sanbiao.operator_id() and b.id in (select id from wanted union select before_id from wanted)
    ), asked as (
      select own.*, coalesce(before.upto, 0) as since
        from wanted w join ends own on own.id = w.id left join ends before on before.id = w.before_id
    ), moved as (
      select a.id, p.journal_id > a.since as now, j.cause ->> 'deposit' as kind, -p.amount_minor as minor
        from asked a
        join sanbiao.posting p on p.operator_id = a.operator_id and p.account_id = a.account_id and p.ledger_account = ${DEPOSIT}
                              and p.currency = a.currency and p.journal_id <= a.upto
        join sanbiao.journal j on j.operator_id = p.operator_id and j.id = p.journal_id
    )
    select id, coalesce(sum(minor) filter (where not now), 0)::bigint as before,
           coalesce(sum(minor) filter (where now and kind = 'take'), 0)::bigint as taken,
           coalesce(-sum(minor) filter (where now and kind = 'apply'), 0)::bigint as applied,
           coalesce(-sum(minor) filter (where now and kind = 'refund'), 0)::bigint as returned,
           sum(minor)::bigint as held
      from moved group by id`.execute(trx);
  return new Map(rows.map(({ id, ...one }) => [id, one]));
}
