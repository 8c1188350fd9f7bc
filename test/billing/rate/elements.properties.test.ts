import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { accountOfJson, stateJson } from "../../../billing/rate/account-file.ts";
import { ratePeriods, type RatedPeriod } from "../../../billing/rate/periods.ts";
import { tariffsOfJson } from "../../../billing/rate/schema.ts";
import { HOUR_MS, type Instant } from "../../../domain/instant.ts";
import { type Day, monthsWithin, type Period, periodOfDays } from "../../../domain/period.ts";
import { decimalText } from "../../../domain/quantity.ts";
import type { Tariff } from "../../../domain/tariff.ts";
import type { Usage, UsageSlice } from "../../../domain/usage.ts";
import { tariffWith } from "./tariffs.ts";

const SEED = { seed: 20_261_123, numRuns: 60 }; // the seed is printed with a counterexample; change it to look elsewhere
const title = { zh: "费", en: "charge" };
const tou = { rules: [{ period: "peak", from: "08:00", to: "22:00" }], otherwise: "valley" };
const price = { peak: "0.61", valley: "0.27" };
const tiers = [
  { upTo: "400", price },
  { upTo: "900", price: { peak: "0.75", valley: "0.4" } },
  { upTo: null, price: { peak: "1.1", valley: "0.9" } },
];
const made = (charges: object[], more: object = {}): Tariff =>
  tariffsOfJson({ ...tariffWith([]), tou, ...more, charges })[0] as Tariff;

const ladder = { kind: "energy", form: "graduated", id: "energy", title, ladder: { basis: "year" }, tiers };
const monthly = { ...ladder, ladder: { basis: "month" } };
const slab = { ...monthly, form: "slab" };
const demand = {
  kind: "demand",
  id: "demand",
  title,
  price: "12",
  ratchet: [{ percent: "0.7", months: 3 }],
  minimumKw: "1",
};
const flat = { kind: "energy", form: "flat", id: "energy", title, price };
const feedIn = { kind: "export", form: "flat", id: "feed_in", title, price: "0.3" };
const standing = { kind: "standing", id: "standing", title, per: "month", price: "7.3" };
const least = { kind: "minimum", id: "least", title, amount: "60", per: "month" };
const leastYear = { kind: "minimum", id: "least_year", title, amount: "900", per: "year" };

const TARIFFS: Record<string, Tariff> = {
  "a yearly ladder with ratchet and minimums": made([ladder, demand, standing, least, leastYear]),
  "net metering": made([monthly, standing, leastYear, { kind: "surplus", id: "end", title, month: 3, price: "0.1" }], {
    netting: { by: "period", surplus: "carry" },
  }),
  "net billing": made([flat, feedIn, { kind: "carry", id: "kept", title, of: ["energy", "feed_in"], settleMonth: 4 }], {
    netting: { by: "interval" },
  }),
};

const MONTHS = 5;
const YEAR = periodOfDays("2025-12-01" as Day, "2026-05-01" as Day, "Asia/Shanghai");

/** Five months of four-hour intervals, taken and given back, of a home that may give back more than it takes. */
const usages: fc.Arbitrary<Usage> = fc
  .record({
    seed: fc.integer({ min: 1, max: 1_000_000 }),
    taken: fc.integer({ min: 0, max: 9 }),
    given: fc.integer({ min: 0, max: 9 }),
  })
  .map(({ seed, taken, given }) => {
    const [slices, exported]: [UsageSlice[], UsageSlice[]] = [[], []];
    let state = seed;
    const next = (): bigint => BigInt((state = (state * 48_271) % 2_147_483_647) % 500_000);
    for (let at: number = YEAR.from; at < YEAR.to; at += HOUR_MS) {
      const period = { from: at as Instant, to: (at + HOUR_MS) as Instant };
      slices.push({ period, quantity: next() * BigInt(taken), basis: "actual" });
      exported.push({ period, quantity: next() * BigInt(given), basis: "actual" });
    }
    return { ...usageOf(slices, YEAR), exported };
  });

const usageOf = (slices: readonly UsageSlice[], servicePeriod: Period): Usage => ({
  utility: "electricity",
  unit: "kWh",
  servicePeriod,
  slices,
  total: slices.reduce((sum, slice) => sum + slice.quantity, 0n),
  basis: "actual",
});

const within = (usage: Usage, period: Period): Usage => {
  const inside = (slice: UsageSlice) => slice.period.from >= period.from && slice.period.to <= period.to;
  return { ...usageOf(usage.slices.filter(inside), period), exported: (usage.exported ?? []).filter(inside) };
};

const linesOf = (rated: readonly RatedPeriod[]) => rated.flatMap((one) => one.lines);
const rateMonths = (tariff: Tariff, usage: Usage) =>
  ratePeriods([tariff], usage, {}, monthsWithin(usage.servicePeriod, tariff.zone));

/** As a shell would do it: each month's state goes through the account file of the next. */
function byFiles(tariff: Tariff, usage: Usage): RatedPeriod[] {
  const all: RatedPeriod[] = [];
  let document: object = {};
  for (const month of monthsWithin(usage.servicePeriod, tariff.zone)) {
    const { zone: _, ...context } = accountOfJson(JSON.parse(JSON.stringify(document)));
    const [one] = ratePeriods([tariff], within(usage, month), context, [month]);
    if (one === undefined) throw new Error("not rated");
    all.push(one);
    document = {
      ladderUsedBefore: Object.fromEntries(Object.entries(one.ladderUsed).map(([id, used]) => [id, decimalText(used)])),
      state: stateJson(one.state),
    };
  }
  return all;
}

describe.each(Object.entries(TARIFFS))("%s", (_, tariff) => {
  test("month after month with the state handed on is the whole time at once", () => {
    fc.assert(
      fc.property(usages, (usage) => {
        const months = byFiles(tariff, usage);
        expect(months).toHaveLength(MONTHS);
        expect(linesOf(months)).toEqual(linesOf(rateMonths(tariff, usage)));
      }),
      { ...SEED, numRuns: 15 },
    );
  });

  test("the order in which intervals come changes nothing", () => {
    fc.assert(
      fc.property(usages, (usage) => {
        const turned = {
          ...usage,
          slices: [...usage.slices].reverse(),
          exported: [...(usage.exported ?? [])].reverse(),
        };
        expect(linesOf(rateMonths(tariff, turned))).toEqual(linesOf(rateMonths(tariff, usage)));
      }),
      { ...SEED, numRuns: 10 },
    );
  });
});

const PRICED: Record<string, Tariff> = {
  ladder: made([ladder, standing, least]),
  slab: made([slab, { kind: "volume", id: "fund", title, price: "0.02" }]),
  "pro rata": made([
    { ...monthly, allocation: "pro_rata" },
    { kind: "tax", id: "vat", title, rate: "0.13", mode: "exclusive" },
  ]),
  series: made([
    {
      kind: "energy",
      form: "series",
      id: "energy",
      title,
      series: {
        from: "2025-12-01",
        minutes: 60,
        values: Array.from({ length: 3_700 }, (_, i) => `0.${10 + (i % 80)}`),
      },
    },
  ]),
};

describe.each(Object.entries(PRICED))("a tariff without demand: %s", (_, tariff) => {
  test("a finer grid of the same profile changes nothing", () => {
    fc.assert(
      fc.property(usages, ({ slices }) => {
        const even = slices.map((slice) => ({ ...slice, quantity: slice.quantity * 4n }));
        const finer = even.flatMap(({ period, quantity, basis }) =>
          [0, 1, 2, 3].map((i) => {
            const from = (period.from + (i * HOUR_MS) / 4) as Instant;
            return { period: { from, to: (from + HOUR_MS / 4) as Instant }, quantity: quantity / 4n, basis };
          }),
        );
        const amounts = (all: readonly UsageSlice[]) =>
          linesOf(rateMonths(tariff, usageOf(all, YEAR))).map(({ key, quantity, amount }) => ({
            key,
            quantity,
            amount,
          }));
        expect(amounts(finer)).toEqual(amounts(even));
      }),
      { ...SEED, numRuns: 5 },
    );
  });

  test("no bill is below zero, and what lines of use count is the use", () => {
    fc.assert(
      fc.property(usages, ({ slices, servicePeriod, total }) => {
        const rated = rateMonths(tariff, usageOf(slices, servicePeriod));
        expect(rated.every((one) => one.total.minor >= 0n)).toBe(true);
        const counted = linesOf(rated).filter((line) => line.charge === "energy" && line.kind === "usage");
        expect(counted.reduce((sum, line) => sum + (line.quantity ?? 0n), 0n)).toBe(total);
      }),
      { ...SEED, numRuns: 15 },
    );
  });
});

test("splitting a period where a reading is changes nothing where nothing is rounded", () => {
  const flatOnly = made([{ ...flat, price: { peak: "1", valley: "2" } }]);
  fc.assert(
    fc.property(usages, fc.integer({ min: 1, max: 148 }), (usage, days) => {
      const whole = {
        ...usage,
        slices: usage.slices.map((slice) => ({ ...slice, quantity: (slice.quantity / 10_000n) * 10_000n })),
      };
      const cut = (YEAR.from + days * 24 * HOUR_MS) as Instant;
      const sum = (periods: readonly Period[]) =>
        ratePeriods([flatOnly], { ...usageOf(whole.slices, YEAR) }, {}, periods).reduce(
          (all, one) => all + one.total.minor,
          0n,
        );
      expect(
        sum([
          { from: YEAR.from, to: cut },
          { from: cut, to: YEAR.to },
        ]),
      ).toBe(sum([YEAR]));
    }),
    { ...SEED, numRuns: 20 },
  );
});
