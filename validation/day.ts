import type { Transaction } from "kysely";
import type { Logger } from "pino";
import type { Clock, Instant } from "../domain/instant.ts";
import { addDays, type Day, type Period, periodOfDays, startOfDay, type Zone } from "../domain/period.ts";
import type { Micro } from "../domain/quantity.ts";
import { type MeterId, type OperatorId, READING_SOURCES } from "../domain/reading.ts";
import type { RegisterName } from "../domain/register.ts";
import { keepFoundGaps } from "../ledger/gap-work.ts";
import { writeHeard } from "../ledger/heard.ts";
import { judgeAgain } from "../ledger/verdicts.ts";
import { conflictsWithin, type MeterOnRecord, marksOf, nextMeters, seriesWithin, zoneOf } from "../ledger/vee.ts";
import type { Columns } from "../metering/vee/series.ts";
import type { Database } from "../schema/database.ts";
import type { Tables } from "../schema/tables.ts";
import { gapsOf, heardOf } from "./heard-day.ts";
import { EVIDENCE, JUDGED, MARK_AGE_MS, type MeterDay, mainRegisterOf, verdictsOf, withBase } from "./meter-day.ts";

export type ValidationDeps = {
  readonly db: Database;
  readonly clock: Clock;
  readonly log?: Logger;
  /** Where a profile's register begins again at zero. */
  readonly dials: (profileId: string, register: RegisterName) => Micro | null;
};

export type ValidatedDay = {
  readonly day: Day;
  readonly meters: number;
  readonly readings: number;
  /** Found now; those that stood already are among them. */
  readonly verdicts: number;
};

/** Meters per transaction: some megabytes of readings of a bus that is asked each minute. Our choice. */
const METERS = 100;
/** Two weeks hold every weekday twice. Our choice. */
const HISTORY_DAYS = 14;
/** The same season: a week before to a week after the day, a year ago. Our choice. */
const SEASON_DAYS = 7;
const YEAR_DAYS = 365;
const YEARS_BACK_MS = 2 * YEAR_DAYS * MARK_AGE_MS;

/**
 * Judges every meter's day and keeps the verdicts, meters in order of their ids, some in each transaction. The same day
 * again adds nothing unless readings came in since.
 */
export async function validateDay(
  deps: ValidationDeps,
  operatorId: OperatorId,
  day: Day,
  { meters: limit = METERS, stop = () => false }: { meters?: number; stop?: () => boolean } = {},
): Promise<ValidatedDay> {
  const zone = await deps.db.as(operatorId, zoneOf);
  const period = periodOfDays(day, addDays(day, 1), zone);
  const done = { day, meters: 0, readings: 0, verdicts: 0 };
  let after: MeterId = 0n;
  while (!stop()) {
    const seen = await deps.db.as(operatorId, async (trx) => {
      const meters = await nextMeters(trx, { after, limit, period, day });
      if (meters.length === 0) return null;
      const days = await readDays(trx, meters, { period, day, zone }, deps.dials);
      const verdicts = days.flatMap(verdictsOf);
      const looked = meters.map(({ meterId }) => ({ meterId, period }));
      await judgeAgain(trx, looked, verdicts, { rules: ["vee"], touches: "ends", at: deps.clock.now() });
      await writeHeard(trx, day, days.flatMap(heardOf));
      await keepFoundGaps(trx, days.flatMap(gapsOf));
      for (const { series } of days) for (const { at } of series) done.readings += at.length;
      done.verdicts += verdicts.length;
      return meters;
    });
    if (seen === null) break;
    done.meters += seen.length;
    after = seen.at(-1)?.meterId ?? after;
  }
  return done;
}

/** All that is needed to judge these meters' day, in a handful of queries whatever their number. */
async function readDays(
  trx: Transaction<Tables>,
  meters: readonly MeterOnRecord[],
  { period, day, zone }: { period: Period; day: Day; zone: Zone },
  dial: ValidationDeps["dials"],
): Promise<MeterDay[]> {
  const ids = meters.map(({ meterId }) => meterId);
  const mains = meters.map((meter) => ({ meterId: meter.meterId, register: mainRegisterOf(meter) }));
  const midnights = Array.from({ length: HISTORY_DAYS + 1 }, (_, i) =>
    startOfDay(addDays(day, i - HISTORY_DAYS), zone),
  );
  const lastYear = addDays(day, -YEAR_DAYS);
  const edges = [-SEASON_DAYS, SEASON_DAYS].map((days) => startOfDay(addDays(lastYear, days), zone));
  const age = { notOlder_ms: MARK_AGE_MS, asOf: period.to };
  const series = Map.groupBy(await seriesWithin(trx, ids, [...JUDGED, ...EVIDENCE], period), (row) => row.meterId);
  const marks = Map.groupBy(await marksOf(trx, mains, midnights, age), (mark) => mark.meterId);
  const season = Map.groupBy(await marksOf(trx, mains, edges, age), (mark) => mark.meterId);
  const conflicts = Map.groupBy(await conflictsWithin(trx, ids, period), (conflict) => conflict.meterId);
  const base = (id: MeterId) => marks.get(id)?.findLast((mark) => mark.asked === period.from);
  // Only of meters that were silent or estimated yesterday it is worth looking far back.
  const estimated = mains.filter(({ meterId }) => (base(meterId)?.source ?? 4) === READING_SOURCES.estimate);
  const far = { notOlder_ms: YEARS_BACK_MS, actual: true, asOf: period.to };
  const actual = estimated.length === 0 ? [] : await marksOf(trx, estimated, [period.from], far);
  const lastActual = new Map(actual.map((mark) => [mark.meterId, mark.at]));
  const checks = await checksOf(trx, meters, period, age);
  return meters.map((meter) => ({
    meter,
    check: checks.get(meter.meterId) ?? null,
    period,
    dial,
    series: series.get(meter.meterId) ?? [],
    marks: marks.get(meter.meterId) ?? [],
    season: (season.get(meter.meterId) ?? []).length < 2 ? [] : (season.get(meter.meterId) ?? []),
    conflicts: conflicts.get(meter.meterId) ?? [],
    lastActualAt: lastActual.get(meter.meterId) ?? base(meter.meterId)?.at ?? null,
  }));
}

/** Of each meter that has one, its check meter's day. */
async function checksOf(
  trx: Transaction<Tables>,
  meters: readonly MeterOnRecord[],
  period: Period,
  age: { readonly notOlder_ms: number; readonly asOf: Instant },
): Promise<Map<MeterId, Columns>> {
  const checked = meters.flatMap((meter) =>
    meter.checkMeterId === null
      ? []
      : [{ of: meter.meterId, meterId: meter.checkMeterId, register: mainRegisterOf(meter) }],
  );
  const days = new Map<MeterId, Columns>();
  if (checked.length === 0) return days;
  const ids = checked.map(({ meterId }) => meterId);
  const registers = [...new Set(checked.map(({ register }) => register))];
  const rows = await seriesWithin(trx, ids, registers, period);
  const marks = await marksOf(trx, checked, [period.from], age);
  for (const { of, meterId, register } of checked) {
    const own = rows.find((row) => row.meterId === meterId && row.register === register);
    const base = marks.find((mark) => mark.meterId === meterId);
    if (own !== undefined) days.set(of, withBase(own, base));
  }
  return days;
}
