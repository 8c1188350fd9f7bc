import { describe, expect, test } from "vitest";
import { HOUR_MS, MINUTE_MS, SECOND_MS } from "../../../domain/instant.ts";
import { type RegisterName } from "../../../domain/register.ts";
import { VEE_RULES, type VeeRuleName } from "../../../domain/vee.ts";
import { at } from "../readings.ts";
import {
  changed,
  DAILY,
  DAY,
  days,
  homeUse,
  judge,
  later,
  micro,
  one,
  QUARTER_MS,
  type Row,
  rows,
  type Situation,
} from "./day.ts";

/** Situation → how the rule answers: results and the inputs that matter, or nothing. */
type Case = readonly [
  title: string,
  situation: Situation,
  answer: readonly (readonly [string, Record<string, string>])[],
];

const from = (place: number, change: (row: Row, i: number) => Partial<Row>): Row[] =>
  changed(rows(), (row, i) => (i >= place ? change(row, i) : row));
const scaled = (factor: number): Row[] => rows((quarter) => homeUse(quarter) * factor);
const every = (minutes: number): Row[] => rows().filter((_, i) => (i * 15) % minutes === 0);
const steady = (units: number): Row[] => rows(() => 0).map((row) => ({ ...row, value: micro(units) }));
const part = (share: number): Row[] => rows((quarter) => homeUse(quarter) * share, 100);
const phases = (...shares: number[]): Partial<Record<RegisterName, Row[]>> =>
  Object.fromEntries(shares.map((share, i) => [`energy_import_l${i + 1}_kwh`, part(share)]));
const nearEnd = (use: number): Row[] =>
  rows(() => use, 999_999).map((row) => ({ ...row, value: row.value % micro(1_000_000) }));

const CASES: Record<VeeRuleName, readonly Case[]> = {
  duplicate: [
    [
      "the same value again",
      { rows: changed(rows(), (row, i) => (i === 8 ? [row, row] : row)) },
      [["noted", { values: "1000 1000" }]],
    ],
    [
      "another value",
      { rows: changed(rows(), (row, i) => (i === 8 ? [row, { ...row, value: row.value + 1 }] : row)) },
      [["suspect", { values: "1000 1000.000001" }]],
    ],
    ["each instant once", {}, []],
  ],
  inactive_meter: [
    ["use before installation", { meter: { installedAt: at("03-10 06:00") } }, [["suspect", { readings: "4" }]]],
    ["use after removal", { meter: { removedAt: at("03-10 23:00") } }, [["suspect", { readings: "4" }]]],
    ["a removed meter that stands still", { rows: steady(5), meter: { removedAt: at("03-10 12:00") } }, []],
    ["a meter in its place", {}, []],
  ],
  negative: [
    [
      "below zero for two readings",
      { rows: changed(rows(), (row, i) => (i === 8 || i === 9 ? { value: -1_500_000 } : row)) },
      [["suspect", { value: "-1.5", readings: "2" }]],
    ],
    ["zero is a value", { rows: rows(homeUse, 0) }, []],
  ],
  decreasing: [
    [
      "a step back that stays",
      { rows: from(40, (row) => ({ value: row.value - micro(50) })) },
      [["suspect", { readings: "1" }]],
    ],
    [
      "an actual below an estimate",
      { rows: changed(rows(), (row, i) => (i === 39 ? { source: "estimate", value: row.value + micro(9) } : row)) },
      [["noted", {}]],
    ],
    ["the dial's end", { rows: nearEnd(0.1) }, []],
    ["a counter that grows", {}, []],
  ],
  rollover: [
    ["the dial's end", { rows: nearEnd(0.1) }, [["noted", { grown: "0.1", dial_max: "1000000" }]]],
    ["the dial's end at nearly all that can flow", { rows: nearEnd(2) }, [["suspect", { grown: "2" }]]],
    ["a dial whose end nobody knows", { rows: nearEnd(0.1), meter: { dialMax: null } }, []],
    ["far from the dial's end", { rows: from(40, (row) => ({ value: row.value - micro(50) })) }, []],
  ],
  spike: [
    [
      "one interval far above the rest",
      { rows: from(40, (row) => ({ value: row.value + micro(2) })) },
      [["suspect", { third_per_hour: "0.518832" }]],
    ],
    ["a kettle", { rows: from(40, (row) => ({ value: row.value + micro(0.4) })) }, []],
    ["a peak that lasts", { rows: rows((quarter) => (quarter > 40 && quarter < 46 ? 2 : 0.1)) }, []],
    [
      "too few intervals",
      { rows: [...rows().slice(0, 3), ...from(3, (row) => ({ value: row.value + micro(2) })).slice(3, 8)] },
      [],
    ],
  ],
  high_low: [
    ["five times the usual", { rows: scaled(5) }, [["suspect", { recent_daily: "8", season_daily: "8" }]]],
    ["a twentieth of the usual", { rows: scaled(0.05) }, [["suspect", {}]]],
    ["much, as in this season of last year", { rows: scaled(5), history: { seasonDaily: DAILY * 4 } }, []],
    ["much, of a meter without history", { rows: scaled(5), history: { recentDaily: [DAILY] } }, []],
    ["a short day", { rows: scaled(5).slice(0, 40) }, []],
    ["as usual", {}, []],
  ],
  zero_use: [
    [
      "the third day without use",
      { rows: steady(5), history: { recentDaily: [DAILY, DAILY, 0, 0] } },
      [["suspect", { days_without_use: "3" }]],
    ],
    ["the second day", { rows: steady(5), history: { recentDaily: [DAILY, DAILY, 0] } }, []],
    [
      "a home that nobody lives in",
      { rows: steady(5), history: { recentDaily: [DAILY, 0, 0] }, meter: { vacant: [DAY] } },
      [],
    ],
    ["a supply that was never used", { rows: steady(5), history: { recentDaily: [0, 0, 0] } }, []],
  ],
  missing: [
    ["an hour without readings", { rows: rows().filter((_, i) => i < 40 || i > 42) }, [["suspect", { missing: "3" }]]],
    [
      "a wire that comes and goes",
      { rows: rows().filter((_, i) => i % 5 < 3) },
      [["suspect", { silences: "19", missing: "38" }]],
    ],
    ["nothing at all", { rows: [] }, [["suspect", { missing: "95" }]]],
    ["silent from noon on", { rows: rows().slice(0, 48) }, [["suspect", { missing: "48" }]]],
    ["removed at noon", { rows: rows().slice(0, 48), meter: { removedAt: at("03-10 12:00") } }, []],
    ["no interval agreed", { rows: rows().slice(0, 48), meter: { readEvery_ms: null } }, []],
    ["a reading late by five minutes", { rows: one(40, (row) => ({ at: row.at + 5 * MINUTE_MS })) }, []],
  ],
  interval_size: [
    [
      "hourly instead of quarter-hourly",
      { rows: every(60) },
      [["suspect", { usual_ms: "3600000", read_every_ms: "900000" }]],
    ],
    ["quarter-hourly instead of hourly", { meter: { readEvery_ms: HOUR_MS } }, [["suspect", { usual_ms: "900000" }]]],
    ["more often, where that is allowed", { meter: { readEvery_ms: HOUR_MS, mayReadMore: true } }, []],
    ["some holes", { rows: rows().filter((_, i) => i % 5 !== 0) }, []],
    ["as agreed", {}, []],
  ],
  sum: [
    [
      "a phase that is not counted",
      { neighbours: phases(0.4, 0.3, 0) },
      [["suspect", { parts: "phases", registers: "3" }]],
    ],
    [
      "times of use that add up to more",
      { neighbours: { energy_import_peak_kwh: part(0.9), energy_import_valley_kwh: part(0.5) } },
      [["suspect", { parts: "times_of_use" }]],
    ],
    [
      "phases read only in half of the day",
      {
        neighbours: Object.fromEntries(
          Object.entries(phases(0.4, 0.3, 0.3)).map(([name, all]) => [name, (all ?? []).slice(10, 60)]),
        ),
      },
      [],
    ],
    ["two phases known of three", { neighbours: phases(0.4, 0.3) }, []],
    ["parts that add up", { neighbours: phases(0.4, 0.3, 0.3) }, []],
  ],
  multiplier: [
    [
      "ratio applied twice",
      { rows: scaled(20), meter: { ratios: [{ from: at("01-01"), ratio: 20 }] } },
      [["suspect", { factor: "20" }]],
    ],
    [
      "ratio not applied",
      { rows: scaled(1 / 20), meter: { ratios: [{ from: at("01-01"), ratio: 20 }] } },
      [["suspect", { factor: "0.05" }]],
    ],
    [
      "the old ratio after a change",
      {
        rows: scaled(1 / 4),
        meter: {
          ratios: [
            { from: at("01-01"), ratio: 30 },
            { from: at("03-10"), ratio: 120 },
          ],
        },
      },
      [["suspect", { factor: "0.25" }]],
    ],
    ["twenty times the use of a meter without ratio", { rows: scaled(20) }, []],
    ["a ratio that was always right", { meter: { ratios: [{ from: at("01-01"), ratio: 20 }] } }, []],
  ],
  unit: [
    [
      "the level moves a thousandfold",
      { rows: from(40, (row) => ({ value: row.value * 1000 })) },
      [["suspect", { factor: "1000" }]],
    ],
    ["a young counter grows a thousandfold", { rows: rows(homeUse, 0.05) }, []],
    [
      "kWh of a grown counter became GJ",
      {
        rows: rows(homeUse, 100_000).map((row, i) =>
          i < 40 ? row : { ...row, value: Math.round(row.value / 277.7777778) },
        ),
        utility: "heat",
      },
      [["suspect", { factor: "277.7777778" }]],
    ],
    [
      "the source names another unit",
      { meter: { statedUnit: "GJ" } },
      [["suspect", { stated: "GJ", register: "kWh" }]],
    ],
    ["the source names none", { meter: { statedUnit: null } }, []],
  ],
  clock: [
    [
      "a clock an hour slow",
      { rows: rows().map((row) => ({ ...row, receivedAt: row.at + HOUR_MS })) },
      [["suspect", { delay_least_ms: "3600000" }]],
    ],
    [
      "a clock two minutes fast",
      { rows: rows().map((row) => ({ ...row, receivedAt: row.at - 2 * MINUTE_MS })) },
      [["suspect", { delay_most_ms: "-120000" }]],
    ],
    ["a day that arrives as a backlog", { rows: rows().map((row) => ({ ...row, receivedAt: DAY.to + HOUR_MS })) }, []],
    ["a clock that is kept", {}, []],
  ],
  future: [
    [
      "one reading from tomorrow",
      { rows: one(40, (row) => ({ receivedAt: row.at - days(1) })) },
      [["suspect", { ahead_ms: "86400000", readings: "1" }]],
    ],
    [
      "ahead by less than clocks differ",
      { rows: rows().map((row) => ({ ...row, receivedAt: row.at - 20 * SECOND_MS })) },
      [],
    ],
  ],
  stale: [
    [
      "a counter still while power flows",
      { rows: steady(7), neighbours: { power_w: steady(400) } },
      [["suspect", { by: "power_w", flow_per_hour: "0.4" }]],
    ],
    [
      "a voltage that keeps all its digits",
      { neighbours: { voltage_l1_v: steady(231.4) } },
      [["suspect", { register: "voltage_l1_v", readings: "96" }]],
    ],
    ["a phase without supply", { neighbours: { voltage_l1_v: steady(0) } }, []],
    ["still, and nothing flows", { rows: steady(7), neighbours: { power_w: steady(3) } }, []],
    ["still, and the meter tells nothing else", { rows: steady(7) }, []],
  ],
  sentinel: [
    [
      "all ones for one reading",
      { rows: one(40, () => ({ value: micro(42_949_672.95) })) },
      [["suspect", { value: "42949672.95" }]],
    ],
    ["all nines", { rows: one(40, () => ({ value: micro(999_999.99) })) }, [["suspect", {}]]],
    ["a counter that passes 655.35", { rows: rows(() => 0.05, 655) }, []],
    [
      "all nines before the dial's end",
      { rows: rows(() => 0.01, 999_999.5).map((row) => ({ ...row, value: row.value % micro(1_000_000) })) },
      [],
    ],
  ],
  prolonged_estimation: [
    [
      "estimates for three months",
      { rows: rows().map((row) => ({ ...row, source: "estimate" as const })), history: { lastActualAt: at("01-01") } },
      [["suspect", { days: "69" }]],
    ],
    [
      "estimates since last month",
      { rows: rows().map((row) => ({ ...row, source: "estimate" as const })), history: { lastActualAt: at("02-01") } },
      [],
    ],
    ["an actual reading today", { history: { lastActualAt: null } }, []],
  ],
  over_capacity: [
    [
      "twelve an hour through a supply for ten",
      { rows: rows((quarter) => (quarter === 40 ? 3 : 0.1)) },
      [["suspect", { per_hour: "12", capacity_per_hour: "10" }]],
    ],
    [
      "a step within seconds",
      {
        rows: changed(rows(), (row, i) =>
          i === 40
            ? [row, { ...row, at: row.at + 1000, value: row.value + micro(0.05) }]
            : i > 40
              ? { value: row.value + micro(0.05) }
              : row,
        ),
      },
      [],
    ],
    ["unknown capacity", { rows: rows(() => 30), meter: { capacityPerHour: null } }, []],
  ],
  check_meter: [
    ["a tenth less than the check meter", { rows: scaled(0.9), check: rows() }, [["suspect", {}]]],
    ["two per cent less", { rows: scaled(0.98), check: rows() }, []],
    ["a check meter read half the day", { check: rows().slice(20, 60) }, []],
    ["no check meter", {}, []],
  ],
  leak: [
    [
      "water that runs all night",
      { utility: "water", rows: rows(() => 0.004) },
      [["suspect", { nights: "1", per_hour: "0.016" }]],
    ],
    ["gas that runs all night", { utility: "gas", rows: rows(() => 0.004) }, [["suspect", {}]]],
    [
      "an hour of rest at three",
      { utility: "water", rows: rows((quarter) => (quarter >= 12 && quarter < 16 ? 0 : 0.004)) },
      [],
    ],
    ["a night read once", { utility: "water", rows: rows(() => 0.004).slice(20) }, []],
    ["a still night", { utility: "water" }, []],
  ],
  vacancy_use: [
    [
      "use in an empty home",
      { meter: { vacant: [{ from: later(DAY.from, -days(9)), to: DAY.to }] } },
      [["suspect", {}]],
    ],
    [
      "moved in at noon, used since",
      {
        rows: rows((quarter) => (quarter < 48 ? 0 : 0.2)),
        meter: { vacant: [{ from: DAY.from, to: at("03-10 12:00") }] },
      },
      [],
    ],
    ["a lamp at a viewing", { rows: rows((quarter) => (quarter === 44 ? 0.1 : 0)), meter: { vacant: [DAY] } }, []],
  ],
};

test("every rule has its table, with a fault that it finds and a day on which it is quiet", () => {
  expect(Object.keys(CASES)).toEqual([...VEE_RULES]);
  const thin = VEE_RULES.filter((rule) => {
    const answers = CASES[rule].map(([, , answer]) => answer.length);
    return !answers.includes(0) || !answers.some((n) => n > 0);
  });
  expect(thin).toEqual([]);
});

describe.each(VEE_RULES)("%s", (rule) => {
  test.each(CASES[rule])("%s", (_, of, answer) => {
    const verdicts = judge(rule, of);
    expect(verdicts.map(({ result }) => result)).toEqual(answer.map(([result]) => result));
    for (const [i, [, inputs]] of answer.entries()) expect(verdicts[i]?.inputs).toMatchObject(inputs);
  });
});

test("a threshold decides: the same day is quiet or doubtful by it, and the verdict keeps it", () => {
  const hot: Situation = { rows: scaled(5) };
  expect(judge("high_low", hot, { high_percent: 600 })).toEqual([]);
  expect(judge("high_low", hot, { high_percent: 300 })[0]?.threshold).toMatchObject({ high_percent: "300", days: "7" });
});

test("a verdict names rule, version, meter, register and the stretch", () => {
  expect(judge("spike", { rows: from(40, (row) => ({ value: row.value + micro(2) })) })).toMatchObject([
    {
      rule: "vee.spike",
      version: 1,
      meterId: 1n,
      register: "energy_import_kwh",
      period: { from: DAY.from + 39 * QUARTER_MS, to: DAY.from + 40 * QUARTER_MS },
    },
  ]);
});
