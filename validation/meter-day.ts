import { ruleGroupOf } from "../catalog/vee/catalogue.ts";
import { DAY_MS, HOUR_MS, type Instant, instant, SECOND_MS } from "../domain/instant.ts";
import type { Period } from "../domain/period.ts";
import type { Micro } from "../domain/quantity.ts";
import { READING_SOURCES, type ReadingSource } from "../domain/reading.ts";
import type { RegisterName } from "../domain/register.ts";
import type { Verdict } from "../domain/verdict.ts";
import { BILLING_REGISTERS } from "../ledger/heard.ts";
import type { Mark, MeterOnRecord, SeriesRows } from "../ledger/vee.ts";
import { DEMAND_REGISTER, MAIN_REGISTER } from "../metering/register.ts";
import { runGroup } from "../metering/vee/group.ts";
import { type History, type MeterFacts, veeInput } from "../metering/vee/input.ts";
import { type Columns, type Series, seriesOf, type Twins } from "../metering/vee/series.ts";

/** Registers that are judged, each by itself. */
export const JUDGED: readonly RegisterName[] = [...BILLING_REGISTERS, ...Object.values(DEMAND_REGISTER)];
/** Registers that are evidence about those. */
export const EVIDENCE: readonly RegisterName[] = [
  "energy_import_t1_kwh",
  "energy_import_t2_kwh",
  "energy_import_t3_kwh",
  "energy_import_t4_kwh",
  "energy_import_l1_kwh",
  "energy_import_l2_kwh",
  "energy_import_l3_kwh",
  "power_w",
  "voltage_l1_v",
  "frequency_hz",
  "flow_m3_per_h",
];

/** All that is read of one meter for one day. */
export type MeterDay = {
  readonly meter: MeterOnRecord;
  readonly period: Period;
  readonly series: readonly SeriesRows[];
  /** Of the main register, before the day and at its beginning, oldest first. */
  readonly marks: readonly Mark[];
  /** Of the main register, around the same days a year ago. */
  readonly season: readonly Mark[];
  readonly lastActualAt: Instant | null;
  /** The main register of the check meter, with its last reading before the day. */
  readonly check: Columns | null;
  readonly conflicts: readonly { readonly register: RegisterName; readonly at: Instant; readonly values: number[] }[];
  readonly dial: (profileId: string, register: RegisterName) => Micro | null;
};

/** A reading stands for a midnight when it is no older than this. */
export const MARK_AGE_MS = DAY_MS;
const NIGHT_HOURS = 5;
/** A bus is asked more often for the live picture; bills and balances stand on hours. Our choice. */
const BILLING_EVERY_MS = HOUR_MS;

/** How often bills and balances may count on a value; `null` where nothing was agreed. */
export const readEveryOf = ({ reportEvery_s }: MeterOnRecord): number | null =>
  reportEvery_s === null ? null : Math.max(reportEvery_s * SECOND_MS, BILLING_EVERY_MS);

export const mainRegisterOf = (meter: MeterOnRecord): RegisterName => MAIN_REGISTER[meter.utility];

/** What the rules say of one meter's day: each billing register that was heard, or the main one, whose silence is judged too. */
export function verdictsOf(day: MeterDay): Verdict[] {
  const { meter, period } = day;
  const main = mainRegisterOf(meter);
  const heard = day.series.filter(({ register }) => JUDGED.includes(register)).map(({ register }) => register);
  const judged = heard.some((register) => BILLING_REGISTERS.includes(register)) ? heard : [main, ...heard];
  const all = new Map(day.series.map((rows) => [rows.register, rows]));
  const base = day.marks.findLast((mark) => mark.asked === period.from);
  const neighbours = new Map<RegisterName, Series>();
  for (const [register, rows] of all) neighbours.set(register, seriesOf(register, rows, factsOf(day, register)));
  return judged.flatMap((register) => {
    const facts = factsOf(day, register);
    const own = seriesOf(register, withBase(all.get(register) ?? EMPTY, register === main ? base : undefined), facts);
    const twins: Twins[] = day.conflicts.filter((conflict) => conflict.register === register);
    const source = own.source[own.count - 1];
    const input = veeInput({
      meter: facts,
      period,
      series: twins.length === 0 ? own : { ...own, twins: [...own.twins, ...twins] },
      ...(register === main ? { neighbours, history: historyOf(day), check: checkOf(day, main) } : {}),
      nights: [{ from: period.from, to: instant(period.from + NIGHT_HOURS * HOUR_MS) }],
    });
    return runGroup(ruleGroupOf(SOURCE_BY_CODE.get(source ?? 0) ?? "modbus"), input);
  });
}

/** Two meters of one supply share its dials' limits well enough to compare a day's growth. */
const checkOf = (day: MeterDay, main: RegisterName): Series | null =>
  day.check === null || day.check.at.length === 0 ? null : seriesOf(main, day.check, factsOf(day, main));

const EMPTY: Columns = { at: [], receivedAt: [], value: [], source: [] };
const SOURCE_BY_CODE = new Map<number, ReadingSource>(
  Object.entries(READING_SOURCES).map(([name, code]) => [code, name as ReadingSource]),
);

export function withBase(rows: Columns, base: Mark | undefined): Columns {
  if (base === undefined) return rows;
  return {
    at: [base.at, ...rows.at],
    receivedAt: [base.receivedAt, ...rows.receivedAt],
    value: [base.value, ...rows.value],
    source: [base.source, ...rows.source],
  };
}

function factsOf({ meter, period, dial }: MeterDay, register: RegisterName): MeterFacts {
  const stay = meter.stays.at(-1);
  const dialMax = dial(meter.profileId, register);
  return {
    meterId: meter.meterId,
    utility: meter.utility,
    installedAt: stay?.installedAt ?? period.to,
    removedAt: stay?.removedAt ?? null,
    dialMax: dialMax === null ? null : (Number(dialMax) * Number(stay?.ratio ?? 1_000_000n)) / 1e6,
    capacityPerHour: stay === undefined ? null : Number(stay.maxPerHour),
    readEvery_ms: readEveryOf(meter),
    mayReadMore: true,
    statedUnit: null, // whatever a source says is converted at the door
    ratios: meter.stays.map(({ installedAt, ratio }) => ({ from: installedAt, ratio: Number(ratio) / 1e6 })),
    vacant: meter.vacant ? [period] : [],
  };
}

/** Use per day between the marks, scaled to a day; of a register that fell nothing is said. */
function historyOf({ marks, season, lastActualAt }: MeterDay): History {
  const recentDaily: number[] = [];
  for (let i = 1; i < marks.length; i++) {
    const daily = dailyBetween(marks[i - 1], marks[i]);
    if (daily !== null) recentDaily.push(daily);
  }
  return { recentDaily, seasonDaily: dailyBetween(season[0], season.at(-1)), lastActualAt };
}

function dailyBetween(before: Mark | undefined, after: Mark | undefined): number | null {
  if (before === undefined || after === undefined) return null;
  if (after.at <= before.at || after.value < before.value) return null;
  return Math.round(((after.value - before.value) * DAY_MS) / (after.at - before.at));
}
