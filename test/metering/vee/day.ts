import { DAY_MS, HOUR_MS, type Instant, instant, MINUTE_MS } from "../../../domain/instant.ts";
import type { Period } from "../../../domain/period.ts";
import { READING_SOURCES, type ReadingSource } from "../../../domain/reading.ts";
import type { RegisterName } from "../../../domain/register.ts";
import { BILLED_UNIT, type Utility } from "../../../domain/unit.ts";
import type { VeeRuleName } from "../../../domain/vee.ts";
import type { Verdict } from "../../../domain/verdict.ts";
import { RULES } from "../../../metering/vee/catalogue.ts";
import { defaultsOf } from "../../../metering/vee/group.ts";
import { type History, type MeterFacts, type VeeInput, veeInput } from "../../../metering/vee/input.ts";
import { type Columns, type Series, seriesOf } from "../../../metering/vee/series.ts";
import { at } from "../readings.ts";

/** One day of a meter that reads every quarter of an hour; amounts in units as people write them. */
export const DAY: Period = { from: at("03-10"), to: at("03-11") };
export const NIGHT: Period = { from: at("03-10"), to: at("03-10 05:00") };
export const QUARTER_MS = 15 * MINUTE_MS;
const COUNT = 97; // both midnights

export type Row = { at: number; receivedAt: number; value: number; source: ReadingSource };
export const micro = (units: number): number => Math.round(units * 1e6);

/** A home's use in a quarter of an hour: still in the night, a wave in the day; 8 units a day in all. */
export const homeUse = (quarter: number): number => (quarter < 20 ? 0 : 0.1 + 0.03 * Math.sin(quarter / 7));

export function rows(use: (quarter: number) => number = homeUse, start = 1000): Row[] {
  let value = micro(start);
  return Array.from({ length: COUNT }, (_, i) => {
    if (i > 0) value += micro(use(i - 1));
    const measured = DAY.from + i * QUARTER_MS;
    return { at: measured, receivedAt: measured + 2000, value, source: "mqtt" as const };
  });
}

export const columnsOf = (all: readonly Row[]): Columns => ({
  at: all.map((row) => row.at),
  receivedAt: all.map((row) => row.receivedAt),
  value: all.map((row) => row.value),
  source: all.map((row) => READING_SOURCES[row.source]),
});

export type Situation = {
  rows?: readonly Row[];
  register?: RegisterName;
  utility?: Utility;
  meter?: Partial<MeterFacts>;
  history?: Partial<History>;
  neighbours?: Partial<Record<RegisterName, readonly Row[]>>;
  check?: readonly Row[];
  nights?: readonly Period[];
  period?: Period;
};

export const DAILY = micro(8);
const REGISTER = { electricity: "energy_import_kwh", gas: "volume_m3", water: "volume_m3", heat: "heat_kwh" } as const;

export function situation(of: Situation = {}): VeeInput {
  const utility = of.utility ?? "electricity";
  const register = of.register ?? REGISTER[utility];
  const meter: MeterFacts = {
    meterId: 1n,
    utility,
    installedAt: at("01-01"),
    removedAt: null,
    dialMax: micro(1_000_000),
    capacityPerHour: micro(10),
    readEvery_ms: QUARTER_MS,
    statedUnit: BILLED_UNIT[utility],
    ratios: [{ from: at("01-01"), ratio: 1 }],
    vacant: [],
    ...of.meter,
  };
  const series = (name: RegisterName, all: readonly Row[]): Series => seriesOf(name, columnsOf(all), meter);
  return veeInput({
    meter,
    period: of.period ?? DAY,
    series: series(register, of.rows ?? rows()),
    neighbours: new Map(
      Object.entries(of.neighbours ?? {}).map(([name, all]) => [
        name as RegisterName,
        series(name as RegisterName, all),
      ]),
    ),
    history: {
      recentDaily: Array<number>(14).fill(DAILY),
      seasonDaily: DAILY,
      lastActualAt: instant(DAY.from - HOUR_MS),
      ...of.history,
    },
    check: of.check === undefined ? null : series(register, of.check),
    nights: of.nights ?? [NIGHT],
  });
}

export const judge = (rule: VeeRuleName, of: Situation = {}, changed: Record<string, number> = {}): Verdict[] =>
  RULES[rule].judge(situation(of), { ...defaultsOf(RULES[rule]), ...changed });

/** Rows with some changed, taken out or put in. */
export const changed = (
  all: readonly Row[],
  change: (row: Row, i: number) => Partial<Row> | null | readonly Row[],
): Row[] =>
  all.flatMap((row, i) => {
    const answer = change(row, i);
    if (answer === null) return [];
    return Array.isArray(answer) ? (answer as Row[]) : [{ ...row, ...(answer as Partial<Row>) }];
  });

export const one = (place: number, change: (row: Row) => Partial<Row>): Row[] =>
  changed(rows(), (row, i) => (i === place ? change(row) : row));

export const days = (n: number): number => n * DAY_MS;
export const later = (moment: Instant, ms: number): Instant => instant(moment + ms);
