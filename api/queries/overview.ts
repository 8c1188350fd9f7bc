import { type RawBuilder, sql } from "kysely";
import { DAY_MS, HOUR_MS, type Instant, instant } from "../../domain/instant.ts";
import { dayOf, monthOf, startOfDay } from "../../domain/period.ts";
import { BILLED_UNIT, UTILITIES } from "../../domain/unit.ts";
import { countPlansDue } from "../../ledger/planned-move-outs.ts";
import { timestamptz } from "../../schema/database.ts";
import { atText, type Desk, moneyOf, quantityOf } from "../desk.ts";
import type { UtilityName } from "../schemas/json.ts";
import type { OverviewJson } from "../schemas/overview.ts";
import { inMonth, monthNamed, openMinor, otherMinor, otherOpenMinor } from "./bills.ts";
import { billingCode } from "./latest.ts";
import { heardCounts } from "./meters.ts";
import { runRows } from "./operation.ts";
import { prepaidCounts } from "./supply.ts";

export async function overview(desk: Desk): Promise<OverviewJson> {
  const counted = await heardCounts(desk);
  const meters = UTILITIES.flatMap((utility) => counted.filter((row) => row.utility === utility));
  const runs = await runRows(desk, 12);
  const lastDone = runs.find((run) => run.state === "done");
  return {
    now: atText(desk, desk.now),
    meters,
    useToday: await useToday(desk, meters),
    moneyIn: await moneyIn(desk),
    billsLastMonth: await billsLastMonth(desk),
    prepaid: await prepaidCounts(desk),
    moveOutsDue: await countPlansDue(desk.trx, dayOf(desk.now, desk.zone)),
    refusedLast24h: await refusedLast24h(desk),
    runs: runs.filter((run) => run.state !== "done" || run === lastDone),
  };
}

const SERIES_METERS_MAX = 5_000;
/** A register that was not read for so long before an hour says nothing about that hour. */
const STEP_AGE_MS = 3 * DAY_MS;

/** Use of customers since local midnight. Up to `SERIES_METERS_MAX` meters by the hour, beyond that only the total. */
async function useToday(
  desk: Desk,
  meters: readonly { utility: UtilityName; total: number }[],
): Promise<OverviewJson["useToday"]> {
  const result: OverviewJson["useToday"] = [];
  const midnight = startOfDay(dayOf(desk.now, desk.zone), desk.zone);
  for (const { utility, total } of meters) {
    const inSeries = total <= SERIES_METERS_MAX;
    const hours = inSeries ? Math.ceil((desk.now - midnight) / HOUR_MS) : 1;
    const stepMs = inSeries ? HOUR_MS : Math.max(1, desk.now - midnight);
    const used = await usePerStep(desk, utility, midnight, hours, stepMs);
    const unit = BILLED_UNIT[utility];
    const at = (n: number) => atText(desk, instant(midnight + n * HOUR_MS));
    result.push({
      utility,
      total: quantityOf(
        used.reduce((sum, micro) => sum + micro, 0n),
        unit,
      ),
      series: inSeries ? used.map((micro, n) => ({ at: at(n), quantity: quantityOf(micro, unit) })) : [],
    });
  }
  return result;
}

/**
 * The register at each end of a step, by the primary key: between two readings on the straight line, after the last one its
 * value. A meter that speaks once a day then shows an even use, not one leap.
 */
async function usePerStep(
  desk: Desk,
  utility: UtilityName,
  from: Instant,
  steps: number,
  stepMs: number,
): Promise<bigint[]> {
  if (steps < 1) return [];
  // Of a meter whose ratio changed, or came late, all values as at the ratio of now: a new ratio is no use.
  const value = sql`case when rr.ratio is null then r.value else round(r.value * rr.ratio
    / applied_ratio(r.operator_id, r.meter_id, r.measured_at, r.received_at, r.source))::bigint end`;
  const reading = (where: RawBuilder<unknown>) => sql`select ${value} as value, r.measured_at as at from reading r
    where r.operator_id = m.operator_id and r.meter_id = m.id and r.register = ${billingCode} and ${where}`;
  const age = sql`${`${STEP_AGE_MS} ms`}::interval`;
  const { rows } = await sql<{ n: number; used: bigint }>`
    select n, sum(greatest(value - before, 0))::bigint as used from (
      select s.n, v.value, lag(v.value) over (partition by m.id order by s.n) as before
        from meter m
        join installation i on i.operator_id = m.operator_id and i.meter_id = m.id and i.removed_at is null
        join usage_point u on u.operator_id = i.operator_id and u.id = i.usage_point_id and u.role = 'customer'
       left join lateral (select i.ratio from meter_ratio x where x.operator_id = m.operator_id and x.meter_id = m.id
                             and (x.ratio <> i.ratio or (x.ratio <> 1 and x.applies_to_received_from > x.from_at)) limit 1) rr on true
       cross join lateral (select n, ${timestamptz(from)}::timestamptz + n * ${`${stepMs} ms`}::interval as at
                             from generate_series(0, ${steps}) as n) s
       cross join lateral (${reading(sql`r.measured_at <= s.at and r.measured_at > s.at - ${age}`)}
                            order by r.measured_at desc limit 1) p
       left join lateral (${reading(sql`r.measured_at > s.at and r.measured_at < s.at + ${age}`)}
                           order by r.measured_at limit 1) q on true
       cross join lateral (select case when q.value is null then p.value else round(p.value + (q.value - p.value)
           * extract(epoch from s.at - p.at) / extract(epoch from q.at - p.at))::bigint end as value) v
       where m.operator_id = ${desk.operatorId} and m.utility = ${utility}) d
     where before is not null group by n`.execute(desk.trx);
  const used = new Map(rows.map((row) => [row.n, row.used]));
  return Array.from({ length: steps }, (_, n) => used.get(n + 1) ?? 0n);
}

/** Payments less their reversals, by when they were taken. */
async function moneyIn(desk: Desk): Promise<OverviewJson["moneyIn"]> {
  const month = monthOf(desk.now, desk.zone);
  const today = startOfDay(dayOf(desk.now, desk.zone), desk.zone);
  const { rows } = await sql<{ today: bigint; today_count: bigint; month: bigint; month_count: bigint }>`
    select coalesce(-sum(p.amount_minor) filter (where j.occurred_at >= ${timestamptz(today)}), 0)::bigint as today,
           count(distinct j.id) filter (where j.kind = 'payment' and j.occurred_at >= ${timestamptz(today)}) as today_count,
           coalesce(-sum(p.amount_minor), 0)::bigint as month, count(distinct j.id) filter (where j.kind = 'payment') as month_count
      from journal j
      join posting p on p.operator_id = j.operator_id and p.journal_id = j.id and p.account_id is not null
     where j.operator_id = ${desk.operatorId} and j.kind in ('payment', 'reversal') and p.currency = ${desk.currency}
       and j.occurred_at >= ${timestamptz(month.from)} and j.occurred_at < ${timestamptz(month.to)}`.execute(desk.trx);
  const row = rows[0];
  return {
    today: moneyOf(desk, row?.today ?? 0n),
    todayCount: Number(row?.today_count ?? 0n),
    month: moneyOf(desk, row?.month ?? 0n),
    monthCount: Number(row?.month_count ?? 0n),
  };
}

async function billsLastMonth(desk: Desk): Promise<OverviewJson["billsLastMonth"]> {
  const month = monthNamed(desk, undefined);
  const { rows } = await sql<{ count: bigint; total: bigint; open_count: bigint; open: bigint }>`
    select count(*) as count, coalesce(sum(total_minor), 0)::bigint as total, count(*) filter (where open > 0) as open_count,
           coalesce(sum(open), 0)::bigint as open
      from (select l.total_minor + ${otherMinor} as total_minor, ${openMinor} + ${otherOpenMinor} as open from bill l where ${inMonth(desk, month.period)}) b`.execute(
    desk.trx,
  );
  const row = rows[0];
  return {
    period: month.name,
    count: Number(row?.count ?? 0n),
    total: moneyOf(desk, row?.total ?? 0n),
    openCount: Number(row?.open_count ?? 0n),
    open: moneyOf(desk, row?.open ?? 0n),
  };
}

/** A row stands for at most an hour of the same refusal, so the last 24 hours lie in rows of the last 25. */
async function refusedLast24h(desk: Desk): Promise<OverviewJson["refusedLast24h"]> {
  const { rows } = await sql<{ reason: string; times: bigint }>`
    select reason, sum(times) as times from refused_frame
     where operator_id = ${desk.operatorId} and received_at >= ${timestamptz(instant(desk.now - 25 * HOUR_MS))}
       and last_at >= ${timestamptz(instant(desk.now - DAY_MS))}
     group by reason order by times desc, reason`.execute(desk.trx);
  return rows.map((row) => ({ reason: row.reason, times: Number(row.times) }));
}
