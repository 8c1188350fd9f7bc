import { sql, type Transaction } from "kysely";
import { type Instant, isoOf } from "../domain/instant.ts";
import type { Currency } from "../domain/money.ts";
import type { Day } from "../domain/period.ts";
import type { AccountId } from "../domain/reading.ts";
import type { Tables } from "../schema/tables.ts";
import { receiptNumber } from "./receipts.ts";

type Trx = Transaction<Tables>;

/** A payment, or the taking back of one, of which no notice was written yet. */
export type UntoldEntry = {
  readonly id: bigint;
  readonly accountId: AccountId;
  readonly kind: "payment" | "reversal";
  readonly currency: Currency;
  /** Of the payment, above zero. */
  readonly amountMinor: bigint;
  /** Of the payment. */
  readonly paidAt: Instant;
  /** `2026-000123`, `null` where none was made out. */
  readonly receipt: string | null;
  /** Of a prepaid supply: ledger balance now less what was unbilled at the last look; `null` = unknown, or postpaid. */
  readonly availableMinor: bigint | null;
  /** Of a prepaid supply, by its class or its own. */
  readonly policyId: string | null;
};

/** Where the next look begins: every entry up to `doneId` was looked at, and none of them can still come. */
export type UntoldCursor = { readonly doneId: bigint; readonly settledId: bigint | null };

/** The notice of an entry: one for each, whichever process writes it. */
export const entryNoticeKey = (id: bigint): string => `entry/${id}`;

/**
 * The operator's place in its money book, locked until the transaction ends. `settledId`: the numbers up to it are settled as of now,
 * and may be left behind once they are looked at.
 * @returns `null` while another process is at it
 */
export async function holdCursor(trx: Trx): Promise<UntoldCursor | null> {
  await sql`insert into sanbiao.told_entry (operator_id, done_id) values (sanbiao.operator_id(), 0)
            on conflict (operator_id) do nothing`.execute(trx);
  const { rows } = await sql<{ doneId: bigint; settledId: bigint | null }>`
    select done_id as "doneId",
           case when mark_xid <= pg_snapshot_xmin(pg_current_snapshot()) then mark_id end as "settledId"
      from sanbiao.told_entry where operator_id = sanbiao.operator_id() for update skip locked`.execute(trx);
  return rows[0] ?? null;
}

/**
 * An entry's number is drawn a moment before its transaction gets its own: the transactions under way are counted this much later.
 * By the database's clock. Our choice.
 */
const DRAWN_WITHIN = "5 seconds";

/** After a look that found everything: leaves behind what is settled, and marks what may be settled next. */
export async function moveCursor(trx: Trx, { settledId }: UntoldCursor): Promise<void> {
  await sql`
    update sanbiao.told_entry t set
           done_id = greatest(done_id, ${settledId}::bigint),
           mark_id = case when ${settledId}::bigint is not null then null else coalesce(mark_id, last.id) end,
           marked_at = case when ${settledId}::bigint is not null then null else coalesce(marked_at, clock_timestamp()) end,
           mark_xid = case when ${settledId}::bigint is not null then null
                           else coalesce(mark_xid, case when marked_at < clock_timestamp() - ${DRAWN_WITHIN}::interval
                                                        then pg_snapshot_xmax(pg_current_snapshot()) end) end
      from (select max(id) as id from sanbiao.journal where operator_id = sanbiao.operator_id()) last
     where t.operator_id = sanbiao.operator_id() and last.id > t.done_id`.execute(trx);
}

/** Payments and reversals of payments after `after` that are not told, in the order of their numbers. Those before `since` are stale. */
export async function untoldEntries(
  trx: Trx,
  { after, since, today, limit }: { after: bigint; since: Instant; today: Day; limit: number },
): Promise<UntoldEntry[]> {
  const { rows } = await sql<Omit<UntoldEntry, "receipt"> & { year: number | null; number: number | null }>`
    select j.id, j.kind, paid.account_id as "accountId", paid.currency, paid.minor as "amountMinor", p.occurred_at as "paidAt",
           r.year, r.number, s.policy_id as "policyId",
           case when s.account_id is not null then
             (select -coalesce(sum(b.owed_minor), 0)::bigint from sanbiao.customer_balance b
               where b.operator_id = j.operator_id and b.account_id = paid.account_id and b.currency = paid.currency)
             - s.unbilled_minor end as "availableMinor"
      from sanbiao.journal j
      join sanbiao.journal p on p.operator_id = j.operator_id and p.kind = 'payment'
       and p.id = case when j.kind = 'reversal' then (j.cause ->> 'reverses')::bigint else j.id end
     cross join lateral (
       select o.account_id, o.currency, -sum(o.amount_minor)::bigint as minor from sanbiao.posting o
        where o.operator_id = p.operator_id and o.journal_id = p.id and o.ledger_account in ('customer', 'customer_property')
        group by o.account_id, o.currency having sum(o.amount_minor) < 0) paid
      left join sanbiao.receipt r on r.operator_id = j.operator_id and r.journal_id = j.id
      left join lateral (
       select u.account_id, u.unbilled_minor,
              sanbiao.policy_of_supply(u.operator_id, u.account_id, u.policy_id, ${today}::date) as policy_id
         from sanbiao.supply u where u.operator_id = j.operator_id and u.account_id = paid.account_id limit 1) s on true
     where j.operator_id = sanbiao.operator_id() and j.id > ${after} and j.kind in ('payment', 'reversal')
       and j.posted_at > ${isoOf(since)}
       and not exists (select from sanbiao.notice n where n.operator_id = j.operator_id and n.key = 'entry/' || j.id)
     order by j.id limit ${limit}`.execute(trx);
  return rows.map(({ year, number, ...entry }) => ({
    ...entry,
    receipt: year === null || number === null ? null : receiptNumber(year, number),
  }));
}
