import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RULE_GROUPS } from "../../../catalog/vee/catalogue.ts";
import { headEnd } from "../../../catalog/vee/head-end.ts";
import { HOUR_MS, type Instant } from "../../../domain/instant.ts";
import { READING_SOURCES, type ReadingSource } from "../../../domain/reading.ts";
import { type RegisterName, REGISTERS } from "../../../domain/register.ts";
import { UTILITIES } from "../../../domain/unit.ts";
import type { VeeRuleName } from "../../../domain/vee.ts";
import { runGroup } from "../../../metering/vee/group.ts";
import { changed, DAY, micro, type Row, rows, type Situation, situation } from "./day.ts";

const found = (of: Situation): string[] =>
  runGroup(headEnd, situation(of)).map(({ rule }) => rule.slice("vee.".length));

/** An honest home: still at night, any use by day that a supply carries and that lasts; the history is its own day. */
const home = fc
  .record({
    start: fc.integer({ min: 0, max: 900_000 }),
    levels: fc.array(fc.integer({ min: 50, max: 400 }), { minLength: 8, maxLength: 8 }),
    noise: fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 96, maxLength: 96 }),
  })
  .map(({ start, levels, noise }): Row[] =>
    rows((quarter) => {
      const level = levels[Math.floor((quarter - 20) / 10)];
      return level === undefined ? 0 : (level + (noise[quarter] ?? 0)) / 1000;
    }, start),
  );
const dailyOf = (day: readonly Row[]): number => (day.at(-1)?.value ?? 0) - (day[0]?.value ?? 0);
const ofItself = (day: readonly Row[]): Situation["history"] => ({
  recentDaily: Array<number>(14).fill(dailyOf(day)),
  seasonDaily: dailyOf(day),
});
/** Phases in thirds, a power and a voltage that live. */
const company = (day: readonly Row[]): Situation["neighbours"] => {
  const third = day.map((row) => ({ ...row, value: Math.floor(row.value / 3) }));
  const wavy = day.map((row, i) => ({ ...row, value: micro(231 + (i % 7) / 10) }));
  return { energy_import_l1_kwh: third, energy_import_l2_kwh: third, energy_import_l3_kwh: third, voltage_l1_v: wavy };
};

test("an honest day of any utility is not doubted by any rule of any group", () => {
  fc.assert(
    fc.property(home, fc.constantFrom(...UTILITIES), fc.constantFrom(...RULE_GROUPS), (day, utility, group) => {
      const neighbours = utility === "electricity" ? (company(day) ?? {}) : {};
      const verdicts = runGroup(
        group,
        situation({ rows: day, utility, history: ofItself(day) ?? {}, neighbours, check: day }),
      );
      expect(verdicts).toEqual([]);
    }),
  );
});

/** What is done to a day from place `k` on, and the rule that must find it. */
const FAULTS: Record<string, { rule: VeeRuleName; make: (day: readonly Row[], k: number) => Situation }> = {
  "another value for an instant": {
    rule: "duplicate",
    make: (day, k) => ({ rows: [...day, { ...(day[k] as Row), value: (day[k] as Row).value + 1 }] }),
  },
  "read before it was installed": {
    rule: "inactive_meter",
    make: (day, k) => ({ rows: day, meter: { installedAt: (day[k + 15] as Row).at as Instant } }),
  },
  "reversed sign": {
    rule: "negative",
    make: (day, k) => ({ rows: changed(day, (row, i) => (i === k ? { value: -row.value - 1 } : row)) }),
  },
  "a counter set back": {
    rule: "decreasing",
    make: (day, k) => ({ rows: changed(day, (row, i) => (i >= k ? { value: row.value - dailyOf(day) - 1 } : row)) }),
  },
  rollover: {
    rule: "rollover",
    make: (day, k) => {
      const shift = micro(1_000_000) - (day[k] as Row).value;
      return { rows: day.map((row) => ({ ...row, value: (row.value + shift) % micro(1_000_000) })) };
    },
  },
  jump: {
    rule: "over_capacity",
    make: (day, k) => ({ rows: changed(day, (row, i) => (i >= k ? { value: row.value + micro(500) } : row)) }),
  },
  spike: {
    rule: "spike",
    make: (day, k) => ({ rows: changed(day, (row, i) => (i >= k ? { value: row.value + micro(2.4) } : row)) }),
  },
  "five times the use": {
    rule: "high_low",
    make: (day) => ({
      rows: day.map((row, i) => ({ ...row, value: row.value + 4 * (row.value - (day[0] as Row).value) + i })),
    }),
  },
  stuck: {
    rule: "zero_use",
    make: (day) => ({
      rows: day.map((row) => ({ ...row, value: (day[0] as Row).value })),
      history: { recentDaily: [1, 1, 0, 0] },
    }),
  },
  "lost readings": { rule: "missing", make: (day, k) => ({ rows: day.filter((_, i) => i < k || i > k + 2) }) },
  "stuck while power flows": {
    rule: "stale",
    make: (day) => ({
      rows: day.map((row) => ({ ...row, value: 7 })),
      neighbours: { power_w: day.map((row) => ({ ...row, value: micro(500) })) },
    }),
  },
  "a clock an hour slow": {
    rule: "clock",
    make: (day) => ({ rows: day.map((row) => ({ ...row, receivedAt: row.at + HOUR_MS })) }),
  },
  "a time of tomorrow": {
    rule: "future",
    make: (day, k) => ({ rows: changed(day, (row, i) => (i === k ? { receivedAt: row.at - HOUR_MS } : row)) }),
  },
  "all ones": {
    rule: "sentinel",
    make: (day, k) => ({ rows: changed(day, (row, i) => (i === k ? { value: micro(4_294_967.295) } : row)) }),
  },
  "kilo forgotten": {
    rule: "unit",
    make: (day, k) => ({
      rows: day.map((row, i) => ({ ...row, value: (row.value + micro(1000)) * (i >= k ? 1000 : 1) })),
    }),
  },
  "a tap that drips": {
    rule: "leak",
    make: (day) => ({ utility: "water", rows: day.map((row, i) => ({ ...row, value: row.value + i * micro(0.002) })) }),
  },
  "an empty home with light": {
    rule: "vacancy_use",
    make: (day) => ({
      rows: day.map((row, i) => ({ ...row, value: row.value + i * micro(0.01) })),
      meter: { vacant: [DAY] },
    }),
  },
  "a check meter that counts more": {
    rule: "check_meter",
    make: (day) => ({ rows: day, check: day.map((row, i) => ({ ...row, value: row.value + i * micro(0.05) })) }),
  },
};

describe("a fault in an honest day is found by its rule, wherever it falls", () => {
  test.each(Object.keys(FAULTS))("%s", (name) => {
    const fault = FAULTS[name];
    fc.assert(
      fc.property(home, fc.integer({ min: 22, max: 80 }), (day, k) => {
        const of = fault?.make(day, k) ?? {};
        expect(found({ ...of, history: { ...ofItself(day), ...of.history } })).toContain(fault?.rule);
      }),
    );
  });
});

const wild: fc.Arbitrary<Row> = fc.record({
  at: fc.oneof(
    fc.integer({ min: DAY.from - HOUR_MS, max: DAY.to + HOUR_MS }),
    fc.integer({ min: 0, max: 95 }).map((quarter) => DAY.from + quarter * 900_000),
  ),
  receivedAt: fc.integer({ min: 0, max: 8.64e15 }),
  value: fc.oneof(
    fc.maxSafeInteger(),
    fc.integer({ min: 0, max: 2_000_000 }),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(Number),
    fc.constantFrom(0, 999_999_990_000, 4_294_967_295_000, 655_350_000),
  ),
  source: fc.constantFrom(...(Object.keys(READING_SOURCES) as ReadingSource[])),
});
const wildDay = fc.array(wild, { maxLength: 60 });
const maybe = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: null });
const wildSituation: fc.Arbitrary<Situation> = fc
  .record({
    rows: wildDay,
    utility: fc.constantFrom(...UTILITIES),
    register: fc.constantFrom(...(Object.keys(REGISTERS) as RegisterName[])),
    neighbours: fc.dictionary(
      fc.constantFrom(
        "power_w",
        "voltage_l1_v",
        "energy_import_l1_kwh",
        "energy_import_l2_kwh",
        "energy_import_l3_kwh",
      ),
      wildDay,
    ),
    check: wildDay,
    history: fc.record({
      recentDaily: fc.array(fc.maxSafeInteger(), { maxLength: 20 }),
      seasonDaily: maybe(fc.maxSafeInteger()),
      lastActualAt: maybe(fc.integer({ min: 0, max: DAY.to }).map((ms) => ms as Instant)),
    }),
    meter: fc.record({
      readEvery_ms: maybe(fc.integer({ min: 0, max: 90_000_000 })),
      dialMax: maybe(fc.integer({ min: 0, max: 2_000_000 })),
      capacityPerHour: maybe(fc.integer({ min: 0, max: 90_000_000 })),
      removedAt: maybe(fc.integer({ min: DAY.from - HOUR_MS, max: DAY.to }).map((ms) => ms as Instant)),
      ratios: fc.array(fc.record({ from: fc.constant(DAY.from), ratio: fc.double({ noNaN: true }) }), { maxLength: 3 }),
      vacant: fc.constantFrom([], [DAY]),
    }),
  })
  .map((of) => of as Situation);

test("rules are total: whatever the readings, they answer, in texts", () => {
  fc.assert(
    fc.property(wildSituation, fc.constantFrom(...RULE_GROUPS), (of, group) => {
      for (const verdict of runGroup(group, situation(of))) {
        expect(verdict.period.from).toBeLessThanOrEqual(verdict.period.to);
        for (const text of [...Object.values(verdict.inputs), ...Object.values(verdict.threshold)]) {
          expect(text).toMatch(/^[\w .:+-]+$/);
          expect(text).not.toMatch(/NaN|undefined/);
        }
      }
    }),
    { numRuns: 500 },
  );
});

test("the order in which readings arrive changes no verdict", () => {
  const shuffled = wildSituation.chain((of) =>
    fc
      .shuffledSubarray([...(of.rows ?? [])], { minLength: of.rows?.length ?? 0 })
      .map((all) => [of, { ...of, rows: all }] as const),
  );
  fc.assert(
    fc.property(shuffled, ([one, other]) => {
      expect(runGroup(headEnd, situation(other))).toEqual(runGroup(headEnd, situation(one)));
    }),
    { numRuns: 300 },
  );
});
