import { sql, type Transaction } from "kysely";
import { isoOf } from "../domain/instant.ts";
import { type Day, startOfDay, type Zone } from "../domain/period.ts";
import type { AccountId } from "../domain/reading.ts";
import type { Tables } from "../schema/tables.ts";
import { arrayText } from "./bulk-insert.ts";
import type { Noted } from "./topology.ts";

type Trx = Transaction<Tables>;

export type BillingCycle = {
  readonly code: string;
  readonly titleZh: string;
  readonly titleEn: string;
  /** A bill covers so many calendar months. */
  readonly months: number;
  /** January = 1: bills begin with this month and every `months` after it. */
  readonly anchorMonth: number;
};

/** By which day of the month after a period its dials are read, and from which day on its bills go out. */
export type CycleConvention = { readonly readingDay: number; readonly issueDay: number };

export type CycleWithConvention = BillingCycle &
  CycleConvention & {
    /** Accounts that its last word is about. */
    readonly accounts: number;
  };

export async function readCycles(trx: Trx): Promise<CycleWithConvention[]> {
  const { rows } = await sql<CycleWithConvention>`
    select b.code, b.title_zh as "titleZh", b.title_en as "titleEn", b.months, b.anchor_month as "anchorMonth",
           coalesce(v.reading_day, 1) as "readingDay", coalesce(v.issue_day, 1) as "issueDay", coalesce(m.accounts, 0) as accounts
      from sanbiao.billing_cycle b
      left join lateral (select reading_day, issue_day from sanbiao.cycle_convention c
                          where c.operator_id = b.operator_id and c.code = b.code order by c.id desc limit 1) v on true
      left join (select code, count(*)::int as accounts from (
                   select distinct on (account_id) account_id, code from sanbiao.account_cycle
                    where operator_id = sanbiao.operator_id() order by account_id, from_day desc, id desc) w group by code) m
             on m.code = b.code
     where b.operator_id = sanbiao.operator_id() order by b.code`.execute(trx);
  return rows;
}

/** Says when the dials of a cycle are read and its bills go out, from now on. The same again is `already`. */
export async function noteConvention(
  trx: Trx,
  code: string,
  { readingDay, issueDay }: CycleConvention,
  { at, by }: Noted,
): Promise<"noted" | "already" | "no_such_cycle"> {
  await lockCycles(trx);
  const before = (await readCycles(trx)).find((cycle) => cycle.code === code);
  if (before === undefined) return "no_such_cycle";
  if (before.readingDay === readingDay && before.issueDay === issueDay) return "already";
  await sql`
    insert into sanbiao.cycle_convention (operator_id, code, reading_day, issue_day, noted_at, noted_by)
    values (sanbiao.operator_id(), ${code}, ${readingDay}, ${issueDay}, ${isoOf(at)}::timestamptz, ${by})`.execute(trx);
  return "noted";
}

/** Two people at once wait for each other, so that the second sees what the first said. */
const lockCycles = (trx: Trx) =>
  sql`select pg_advisory_xact_lock(hashtext('sanbiao.cycles/' || sanbiao.operator_id()))`.execute(trx);

/** Declares a cycle: its code stands for it for ever. */
export async function noteCycle(
  trx: Trx,
  cycle: BillingCycle,
  { at, by }: Noted,
): Promise<"noted" | "already" | "different"> {
  await lockCycles(trx);
  const before = (await readCycles(trx)).find(({ code }) => code === cycle.code);
  if (before !== undefined) {
    const same = (["titleZh", "titleEn", "months", "anchorMonth"] as const).every((key) => before[key] === cycle[key]);
    return same ? "already" : "different";
  }
  await sql`
    insert into sanbiao.billing_cycle (operator_id, code, title_zh, title_en, months, anchor_month, noted_at, noted_by)
    values (sanbiao.operator_id(), ${cycle.code}, ${cycle.titleZh}, ${cycle.titleEn}, ${cycle.months}, ${cycle.anchorMonth},
            ${isoOf(at)}::timestamptz, ${by})`.execute(trx);
  return "noted";
}

export type CycleWord = { readonly code: string; readonly fromDay: Day };

/** By which cycle an account is billed, from which day on: for each day the last word. None = each month. */
export async function readCycleWords(trx: Trx, accountId: AccountId): Promise<CycleWord[]> {
  const { rows } = await sql<CycleWord>`
    select distinct on (from_day) code, from_day as "fromDay" from sanbiao.account_cycle
     where operator_id = sanbiao.operator_id() and account_id = ${accountId} order by from_day, id desc`.execute(trx);
  return rows;
}

/** Which accounts come to a cycle: these, those with a supply in a building, or those of a walk of readings. */
export type CycleMembers =
  | { readonly accountIds: readonly AccountId[] }
  | { readonly building: string }
  | { readonly routeId: bigint };

export type CycleChange = {
  readonly noted: number;
  readonly already: number;
  /** Accounts that have a bill for that day or later: they cannot come to the cycle so early. */
  readonly billed: readonly string[];
};

/**
 * Accounts are billed by a cycle from the first of a month on. The bill before ends on that day, so that no day is billed twice or
 * never. The same again adds nothing.
 */
export async function noteCycleOf(
  trx: Trx,
  { code, fromDay }: CycleWord,
  members: CycleMembers,
  { at, by }: Noted,
  zone: Zone,
): Promise<CycleChange | "no_such_cycle"> {
  await lockCycles(trx);
  if (!(await readCycles(trx)).some((cycle) => cycle.code === code)) return "no_such_cycle";
  // A run that is under way locks its accounts: it ends first, or sees the new word.
  const { rows } = await sql<{ id: bigint; number: string; billed: boolean; said: string | null }>`
    select a.id, a.number,
           exists (select from sanbiao.bill b where b.operator_id = a.operator_id and b.account_id = a.id
                      and b.period_to > ${isoOf(startOfDay(fromDay, zone))}::timestamptz) as billed,
           (select w.code from sanbiao.account_cycle w where w.operator_id = a.operator_id and w.account_id = a.id
              and w.from_day = ${fromDay}::date order by w.id desc limit 1) as said
      from (select * from sanbiao.account where operator_id = sanbiao.operator_id() and ${among(members)}
             order by id for no key update) a`.execute(trx);
  const billed = rows.filter((row) => row.billed && row.said !== code);
  const already = rows.filter((row) => row.said === code);
  const coming = rows.filter((row) => !row.billed && row.said !== code).map(({ id }) => id);
  if (coming.length > 0)
    await sql`
      insert into sanbiao.account_cycle (operator_id, account_id, code, from_day, noted_at, noted_by)
      select sanbiao.operator_id(), u, ${code}, ${fromDay}::date, ${isoOf(at)}::timestamptz, ${by}
        from unnest(${arrayText(coming)}::bigint[]) u`.execute(trx);
  return { noted: coming.length, already: already.length, billed: billed.map(({ number }) => number) };
}

function among(members: CycleMembers) {
  if ("accountIds" in members) return sql`id = any(${arrayText(members.accountIds)}::bigint[])`;
  const point =
    "building" in members
      ? sql`select p.id from sanbiao.usage_point p where p.operator_id = sanbiao.operator_id() and p.building = ${members.building}`
      : sql`select s.usage_point_id from sanbiao.route_stop s where s.operator_id = sanbiao.operator_id() and s.route_id = ${members.routeId}
            union select i.usage_point_id from sanbiao.route_stop s
              join sanbiao.installation i on i.operator_id = s.operator_id and i.meter_id = s.meter_id and i.removed_at is null
             where s.operator_id = sanbiao.operator_id() and s.route_id = ${members.routeId}`;
  return sql`id in (select g.account_id from sanbiao.agreement g
                     where g.operator_id = sanbiao.operator_id() and g.to_day is null and g.usage_point_id in (${point}))`;
}

/**
 * The periods of all cycles, or of one, in days, from their first word on and begun before a day. Accounts with the same history are looked at once.
 */
export async function cyclePeriods(
  trx: Trx,
  before: Day,
  code: string | null = null,
): Promise<{ readonly from: Day; readonly to: Day }[]> {
  const { rows } = await sql<{ from: Day; to: Day }>`
    with history as (
      select min(account_id) as account_id, min(since) as since
        from (select account_id, min(from_day) as since, array_agg(from_day || ' ' || code order by from_day) as words
                from (select account_id, from_day, (array_agg(code order by id desc))[1] as code
                        from sanbiao.account_cycle where operator_id = sanbiao.operator_id() group by 1, 2) w
               group by account_id) h
       group by words
    )
    select distinct c.from_day as from, c.to_day as to
      from history h
     cross join lateral generate_series(h.since, ${before}::date - 1, interval '1 month') m (day)
     cross join lateral sanbiao.cycle_period(sanbiao.operator_id(), h.account_id, m.day::date) c
     where ${code}::text is null or sanbiao.cycle_code(sanbiao.operator_id(), h.account_id, c.from_day) = ${code}
     order by 1, 2`.execute(trx);
  return rows;
}
