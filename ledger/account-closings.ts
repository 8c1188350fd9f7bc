import { sql, type Transaction } from "kysely";
import { type Instant, isoOf } from "../domain/instant.ts";
import type { Day } from "../domain/period.ts";
import type { AccountId } from "../domain/reading.ts";
import type { Tables } from "../schema/tables.ts";
import { arrayText } from "./bulk-insert.ts";
import type { Noted } from "./topology.ts";

type Trx = Transaction<Tables>;

/** What stood on an account when it was closed, minor units: fixed then, whatever is paid later. */
export type ClosingFigures = {
  /** The deposit held when the final bill was posted. */
  readonly deposit: bigint;
  /** Owed with the bill, before the deposit; negative = credit. */
  readonly supplyOwed: bigint;
  readonly propertyOwed: bigint;
  /** What the deposit paid of it. */
  readonly supplyPaid: bigint;
  readonly propertyPaid: bigint;
  /** What credit of the other class paid of it after the deposit, where a set-off was allowed; one of them is zero. */
  readonly supplySetOff: bigint;
  readonly propertySetOff: bigint;
};

/** What stands on each class once deposit and set-off have paid; negative = credit. Pure. */
export function creditsAndDebts(figures: ClosingFigures): { readonly supply: bigint; readonly property: bigint } {
  const { supplyOwed, propertyOwed, supplyPaid, propertyPaid } = figures;
  const toSupply = figures.supplySetOff - figures.propertySetOff;
  return { supply: supplyOwed - supplyPaid - toSupply, property: propertyOwed - propertyPaid + toSupply };
}

/** What is left either way: beyond a set-off, credit of one class never pays another's debt. Pure. */
export function restOf(figures: ClosingFigures): {
  readonly paid: bigint;
  readonly stillOwed: bigint;
  readonly refundDue: bigint;
} {
  const { deposit, supplyPaid, propertyPaid } = figures;
  const rests = Object.values(creditsAndDebts(figures));
  const sum = (minors: readonly bigint[]): bigint => minors.reduce((a, b) => a + b, 0n);
  const paid = supplyPaid + propertyPaid;
  const credit = -sum(rests.filter((minor) => minor < 0n));
  return { paid, stillOwed: sum(rests.filter((minor) => minor > 0n)), refundDue: deposit - paid + credit };
}

export type AccountClosing = ClosingFigures & {
  readonly id: bigint;
  readonly accountId: AccountId;
  /** Half-open: the first day that is no longer this customer's. */
  readonly onDay: Day;
  /** The final bill; `null` where everything was billed already. */
  readonly billId: bigint | null;
  readonly billNumber: string | null;
  readonly depositJournalId: bigint | null;
  readonly setOffJournalId: bigint | null;
  /** The customer's word to it; `null` where there was none, or the contracts say it. */
  readonly setOffConsent: SetOffConsent | null;
  readonly closedAt: Instant;
};

/** Who agreed, when, and where it is written. */
export type SetOffConsent = { readonly by: string; readonly on: Day; readonly reference: string };

const COLUMNS = sql`c.id, c.account_id as "accountId", c.on_day as "onDay", c.bill_id as "billId", b.number as "billNumber",
  c.deposit_minor as deposit, c.supply_owed_minor as "supplyOwed", c.property_owed_minor as "propertyOwed",
  c.supply_paid_minor as "supplyPaid", c.property_paid_minor as "propertyPaid", c.deposit_journal_id as "depositJournalId",
  c.supply_set_off_minor as "supplySetOff", c.property_set_off_minor as "propertySetOff", c.set_off_journal_id as "setOffJournalId",
  c.set_off_consent as "setOffConsent",
  c.closed_at as "closedAt"`;
const FROM = sql`sanbiao.account_closing c left join sanbiao.bill b on b.operator_id = c.operator_id and b.id = c.bill_id`;

/** The last closing of an account; `null` = it was never closed. */
export async function readClosing(trx: Trx, accountId: AccountId): Promise<AccountClosing | null> {
  const { rows } = await sql<AccountClosing>`
    select ${COLUMNS} from ${FROM} where c.operator_id = sanbiao.operator_id() and c.account_id = ${accountId}
     order by c.id desc limit 1`.execute(trx);
  return rows[0] ?? null;
}

/** Those of these bills that are final, with their closings. */
export async function closingsOf(trx: Trx, billIds: readonly bigint[]): Promise<Map<bigint, AccountClosing>> {
  const { rows } = await sql<AccountClosing & { billId: bigint }>`
    select ${COLUMNS} from ${FROM}
     where c.operator_id = sanbiao.operator_id() and c.bill_id = any(${arrayText(billIds)}::bigint[])`.execute(trx);
  return new Map(rows.map((row) => [row.billId, row]));
}

export async function writeClosing(
  trx: Trx,
  closing: Omit<AccountClosing, "id" | "billNumber" | "closedAt">,
  { at, by }: Noted,
): Promise<void> {
  const one = closing;
  await sql`
    insert into sanbiao.account_closing (operator_id, account_id, on_day, bill_id, deposit_minor, supply_owed_minor,
           property_owed_minor, supply_paid_minor, property_paid_minor, deposit_journal_id, supply_set_off_minor,
           property_set_off_minor, set_off_journal_id, set_off_consent, closed_at, closed_by)
    values (sanbiao.operator_id(), ${one.accountId}, ${one.onDay}::date, ${one.billId}, ${one.deposit}, ${one.supplyOwed},
            ${one.propertyOwed}, ${one.supplyPaid}, ${one.propertyPaid}, ${one.depositJournalId},
            ${one.supplySetOff}, ${one.propertySetOff}, ${one.setOffJournalId},
            ${one.setOffConsent === null ? null : JSON.stringify(one.setOffConsent)}::jsonb, ${isoOf(at)}::timestamptz,
            ${by})`.execute(trx);
}

/** What is known of an account before it is closed, its row locked: bill runs, deposits and a second clerk wait. */
export type AccountToClose = {
  readonly accountId: AccountId;
  readonly number: string;
  /** Of its agreements: the first day of the latest, and the day on which the last one ends (`null` = it goes on). */
  readonly lastBegins: Day | null;
  readonly ends: Day | null;
  /** The day at which its last bill ends, and the first day with an agreement that no bill covers. */
  readonly billedUntil: Day | null;
  readonly unbilledFrom: Day | null;
};

export async function lockAccountToClose(trx: Trx, accountId: AccountId): Promise<AccountToClose | null> {
  const locked = await sql<{ number: string }>`select number from sanbiao.account
    where operator_id = sanbiao.operator_id() and id = ${accountId} for no key update`.execute(trx);
  const account = locked.rows[0];
  if (account === undefined) return null;
  // A statement of its own: it sees what the last holder of the lock committed.
  const { rows } = await sql<Omit<AccountToClose, "accountId" | "number">>`
    with billed as (
      select (max(b.period_to) at time zone o.zone)::date as until
        from sanbiao.operator o left join sanbiao.bill b on b.operator_id = o.operator_id and b.account_id = ${accountId}
       where o.operator_id = sanbiao.operator_id() group by o.zone)
    select max(g.from_day) as "lastBegins", case when bool_or(g.to_day is null) then null else max(g.to_day) end as ends,
           min(b.until) as "billedUntil",
           min(greatest(g.from_day, b.until)) filter (where coalesce(g.to_day, 'infinity') > coalesce(b.until, '-infinity')) as "unbilledFrom"
      from billed b left join sanbiao.agreement g on g.operator_id = sanbiao.operator_id() and g.account_id = ${accountId}`.execute(
    trx,
  );
  const row = rows[0] ?? { lastBegins: null, ends: null, billedUntil: null, unbilledFrom: null };
  return { accountId, number: account.number, ...row };
}

/** Ends every agreement of an account that goes on after a day, and the account. */
export async function endAgreements(trx: Trx, accountId: AccountId, onDay: Day): Promise<void> {
  await sql`update sanbiao.agreement set to_day = ${onDay}::date
             where operator_id = sanbiao.operator_id() and account_id = ${accountId} and (to_day is null or to_day > ${onDay}::date)`.execute(
    trx,
  );
  await sql`update sanbiao.account set closed_on = ${onDay}::date
             where operator_id = sanbiao.operator_id() and id = ${accountId}`.execute(trx);
}

/** First day of the bill that the account's cycle makes of a day. */
export async function cycleBegin(trx: Trx, accountId: AccountId, ofDay: Day): Promise<Day> {
  const { rows } = await sql<{ from: Day }>`
    select from_day as from from sanbiao.cycle_period(sanbiao.operator_id(), ${accountId}, ${ofDay}::date)`.execute(
    trx,
  );
  const row = rows[0];
  if (row === undefined) throw new Error(`no cycle for account ${accountId}`);
  return row.from;
}

/** Runs that this account waited in for a bill of these times have nothing to wait for any more. */
export async function settleWaiting(
  trx: Trx,
  accountId: AccountId,
  { from, to }: { readonly from: Instant; readonly to: Instant },
  at: Instant,
): Promise<void> {
  const runs = sql`select id from sanbiao.due_run where operator_id = sanbiao.operator_id()
    and period_from < ${isoOf(to)}::timestamptz and period_to > ${isoOf(from)}::timestamptz`;
  await sql`update sanbiao.run_exception set settled_at = ${isoOf(at)}::timestamptz
             where operator_id = sanbiao.operator_id() and account_id = ${accountId} and settled_at is null and run_id in (${runs})`.execute(
    trx,
  );
  await sql`update sanbiao.held_bill set state = 'cleared', decided_at = null, decided_by = null
             where operator_id = sanbiao.operator_id() and account_id = ${accountId} and state in ('held', 'work') and run_id in (${runs})`.execute(
    trx,
  );
}
