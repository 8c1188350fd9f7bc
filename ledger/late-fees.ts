import { sql, type Transaction } from "kysely";
import type { CustomerClass, CustomerScope, DebtClass } from "../domain/charge.ts";
import { isoOf } from "../domain/instant.ts";
import { type Day, startOfDay, type Zone } from "../domain/period.ts";
import type { AccountId } from "../domain/reading.ts";
import type { Tables } from "../schema/tables.ts";
import { arrayText } from "./bulk-insert.ts";
import type { JournalKind } from "./journal.ts";
import type { Noted } from "./topology.ts";

type Trx = Transaction<Tables>;

export type LateFeeRuleRow = {
  readonly fromDay: Day;
  readonly debtClass: DebtClass;
  /** A rule for one class takes the place of the rule for all from its day on. */
  readonly customerClass: CustomerScope;
  readonly rate: string;
  readonly crossYearRate: string;
  readonly graceDays: number;
  readonly minimumMinor: bigint;
  readonly capShare: string;
  readonly source: string;
};

/** What holds from which day on, in the order of the days: for each debt, customers and day the last word. */
export async function readLateFeeRules(trx: Trx): Promise<LateFeeRuleRow[]> {
  const { rows } = await sql<LateFeeRuleRow>`
    select distinct on (from_day, debt_class, customer_class) from_day as "fromDay", debt_class as "debtClass",
           customer_class as "customerClass", trim_scale(rate)::text as rate,
           trim_scale(cross_year_rate)::text as "crossYearRate", grace_days as "graceDays", minimum_minor as "minimumMinor",
           trim_scale(cap_share)::text as "capShare", source
      from sanbiao.late_fee_rule where operator_id = sanbiao.operator_id()
     order by from_day, debt_class, customer_class, id desc`.execute(trx);
  return rows;
}

/** Two people at once wait for each other, so that the second sees what the first said. */
const lockRules = (trx: Trx) =>
  sql`select pg_advisory_xact_lock(hashtext('sanbiao.late_fee/' || sanbiao.operator_id()))`.execute(trx);

/** Says what overdue debts of a class cost from a day on. The same again is `already`; issued bills stay as they are. */
export async function noteLateFeeRule(trx: Trx, rule: LateFeeRuleRow, { at, by }: Noted): Promise<"noted" | "already"> {
  await lockRules(trx);
  const before = (await readLateFeeRules(trx)).find(
    (one) =>
      one.fromDay === rule.fromDay && one.debtClass === rule.debtClass && one.customerClass === rule.customerClass,
  );
  if (before !== undefined && sameRule(before, rule)) return "already";
  await sql`
    insert into sanbiao.late_fee_rule (operator_id, from_day, debt_class, customer_class, rate, cross_year_rate, grace_days, minimum_minor, cap_share,
           source, noted_at, noted_by)
    values (sanbiao.operator_id(), ${rule.fromDay}::date, ${rule.debtClass}, ${rule.customerClass}, ${rule.rate}::numeric, ${rule.crossYearRate}::numeric,
           ${rule.graceDays}, ${rule.minimumMinor}, ${rule.capShare}::numeric, ${rule.source}, ${isoOf(at)}::timestamptz, ${by})`.execute(
    trx,
  );
  return "noted";
}

const sameRule = (a: LateFeeRuleRow, b: LateFeeRuleRow): boolean =>
  Number(a.rate) === Number(b.rate) &&
  Number(a.crossYearRate) === Number(b.crossYearRate) &&
  a.graceDays === b.graceDays &&
  a.minimumMinor === b.minimumMinor &&
  Number(a.capShare) === Number(b.capShare) &&
  a.source === b.source;

/** Of these accounts those of which it was said, and what holds on a day. The others are homes. */
export async function customerClassesOn(
  trx: Trx,
  accountIds: readonly AccountId[],
  day: Day,
): Promise<Map<AccountId, CustomerClass>> {
  const { rows } = await sql<{ account: bigint; class: CustomerClass }>`
    select distinct on (account_id) account_id as account, class from sanbiao.customer_class
     where operator_id = sanbiao.operator_id() and account_id = any(${arrayText(accountIds)}::bigint[]) and from_day <= ${day}::date
     order by account_id, from_day desc, id desc`.execute(trx);
  return new Map(rows.map((row) => [row.account, row.class]));
}

export type CustomerClassWord = { readonly fromDay: Day; readonly class: CustomerClass };

/** What was said of an account, in the order of the days: for each day the last word. */
export async function readCustomerClass(trx: Trx, accountId: AccountId): Promise<CustomerClassWord[]> {
  const { rows } = await sql<CustomerClassWord>`
    select distinct on (from_day) from_day as "fromDay", class from sanbiao.customer_class
     where operator_id = sanbiao.operator_id() and account_id = ${accountId} order by from_day, id desc`.execute(trx);
  return rows;
}

/** Says what an account is from a day on. The same again is `already`; issued bills stay as they are. */
export async function noteCustomerClass(
  trx: Trx,
  accountId: AccountId,
  word: CustomerClassWord,
  { at, by }: Noted,
): Promise<"noted" | "already"> {
  await lockRules(trx);
  const said = await readCustomerClass(trx, accountId);
  if (said.some((one) => one.fromDay === word.fromDay && one.class === word.class)) return "already";
  await sql`
    insert into sanbiao.customer_class (operator_id, account_id, from_day, class, noted_at, noted_by)
    values (sanbiao.operator_id(), ${accountId}, ${word.fromDay}::date, ${word.class}, ${isoOf(at)}::timestamptz, ${by})`.execute(
    trx,
  );
  return "noted";
}

export type WaivedDays = { readonly from: Day; readonly to: Day; readonly reason: string };

/** Days that cost these accounts nothing. */
export async function readWaivers(trx: Trx, accountIds: readonly AccountId[]): Promise<Map<AccountId, WaivedDays[]>> {
  const { rows } = await sql<WaivedDays & { account: bigint }>`
    select account_id as account, from_day as from, to_day as to, reason from sanbiao.late_fee_waiver
     where operator_id = sanbiao.operator_id() and account_id = any(${arrayText(accountIds)}::bigint[])
     order by account_id, from_day, to_day, id`.execute(trx);
  const by = Map.groupBy(rows, ({ account }) => account);
  return new Map([...by].map(([id, own]) => [id, own.map(({ from, to, reason }) => ({ from, to, reason }))]));
}

/** Waives the fee of an account for days `[from, to)` that no bill has charged yet. The same again is `already`. */
export async function noteWaiver(
  trx: Trx,
  accountId: AccountId,
  { from, to, reason }: WaivedDays,
  { at, by }: Noted,
): Promise<"noted" | "already" | "no_such_account"> {
  await lockRules(trx);
  const { rows } = await sql<{ n: number }>`select 1 as n from sanbiao.account
     where operator_id = sanbiao.operator_id() and id = ${accountId}`.execute(trx);
  if (rows.length === 0) return "no_such_account";
  const said = (await readWaivers(trx, [accountId])).get(accountId) ?? [];
  if (said.some((one) => one.from === from && one.to === to && one.reason === reason)) return "already";
  await sql`
    insert into sanbiao.late_fee_waiver (operator_id, account_id, from_day, to_day, reason, noted_at, noted_by)
    values (sanbiao.operator_id(), ${accountId}, ${from}::date, ${to}::date, ${reason}, ${isoOf(at)}::timestamptz, ${by})`.execute(
    trx,
  );
  return "noted";
}

/** One entry's share in what an account owes in a class, as the books hold it. */
export type MoveRow = {
  readonly account: AccountId;
  readonly debtClass: DebtClass;
  readonly day: Day;
  readonly minor: bigint;
  readonly kind: JournalKind;
  /** The bill of this entry, if it is one's. */
  readonly bill: bigint | null;
  readonly number: string | null;
  readonly dueOn: Day | null;
  /** Late fees that are part of `minor`. */
  readonly fees: bigint;
  /** Late fees that later bills have charged on this bill's debt of the class. */
  readonly charged: bigint;
};

/**
 * Of these accounts those that have a bill which is past its due date, with the day of their last bill, and everything that
 * moved what they owe before a day: two queries whatever their number.
 */
export async function readOverdue(
  trx: Trx,
  accountIds: readonly AccountId[],
  issuedOn: Day,
  zone: Zone,
): Promise<{ readonly since: ReadonlyMap<AccountId, Day>; readonly moves: ReadonlyMap<AccountId, MoveRow[]> }> {
  const { rows: lasts } = await sql<{ account: bigint; since: Day }>`
    select account_id as account, max(issued_on) as since from sanbiao.bill
     where operator_id = sanbiao.operator_id() and account_id = any(${arrayText(accountIds)}::bigint[])
     group by account_id having min(due_on) < ${issuedOn}::date and max(issued_on) < ${issuedOn}::date`.execute(trx);
  const since = new Map(lasts.map((row) => [row.account, row.since]));
  if (since.size === 0) return { since, moves: new Map() };
  const { rows } = await sql<MoveRow>`
    select p.account_id as account, case p.ledger_account when 'customer' then 'supply' else 'property' end as "debtClass",
           (j.posted_at at time zone ${zone})::date as day, p.amount_minor as minor, j.kind,
           b.id as bill, b.number, b.due_on as "dueOn",
           case when p.ledger_account = 'customer' then 0 else coalesce(own.fees, 0) end::bigint as fees,
           coalesce(later.charged, 0)::bigint as charged
      from sanbiao.posting p
      join sanbiao.journal j on j.operator_id = p.operator_id and j.id = p.journal_id
      left join sanbiao.bill b on j.kind = 'bill' and b.operator_id = p.operator_id and b.account_id = p.account_id and b.journal_id = p.journal_id
      left join lateral (select sum(c.amount_minor) as fees from sanbiao.bill_charge c
                          where c.operator_id = b.operator_id and c.bill_id = b.id and c.of_bill_id is not null) own on true
      left join lateral (select sum(c.amount_minor + coalesce((
                            select sum(x.amount_minor) from sanbiao.correction_charge x
                             where x.operator_id = c.operator_id and x.bill_id = c.bill_id and x.line = c.line), 0)) as charged
                           from sanbiao.bill_charge c
                          where c.operator_id = b.operator_id and c.of_bill_id = b.id
                            and (c.code = 'late_fee') = (p.ledger_account = 'customer')) later on true
     where p.operator_id = sanbiao.operator_id() and p.account_id = any(${arrayText([...since.keys()])}::bigint[])
       and p.ledger_account in ('customer', 'customer_property')
       and j.posted_at < ${isoOf(startOfDay(issuedOn, zone))}::timestamptz
     order by p.account_id, p.journal_id, p.line`.execute(trx);
  return { since, moves: Map.groupBy(rows, ({ account }) => account) };
}
