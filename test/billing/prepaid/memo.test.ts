import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type AccrualBasis, accrualOf } from "../../../billing/prepaid/accrual.ts";
import { daysLeftOf, habitsOf, midnightsBefore } from "../../../billing/prepaid/days-left.ts";
import { AccrualMemo } from "../../../billing/prepaid/memo.ts";
import { DAY_MS, HOUR_MS, type Instant, instant, instantOfIso, MINUTE_MS } from "../../../domain/instant.ts";
import { day } from "../../../domain/period.ts";
import type { Reading } from "../../../domain/reading.ts";
import { type RegisterName, REGISTERS } from "../../../domain/register.ts";
import type { Tariff } from "../../../domain/tariff.ts";
import type { BookedReading } from "../../../ledger/usage.ts";

const title = { zh: "测试", en: "test" };
const zone = "Asia/Shanghai";
const base = {
  version: "1",
  utility: "electricity",
  unit: "kWh",
  currency: "CNY",
  effectiveFrom: day("2026-01-01"),
  zone,
  title,
  source: ["invented for the test"],
} as const;
const standing = { kind: "standing", id: "standing", title, per: "day", price: "0.1" } as const;
const ladder: Tariff = {
  ...base,
  id: "ladder",
  charges: [
    {
      kind: "energy",
      form: "graduated",
      id: "energy",
      title,
      ladder: { basis: "month" },
      tiers: [
        { upTo: "100", price: "0.5283" },
        { upTo: null, price: "0.8283" },
      ],
    },
    standing,
  ],
};
const hours: Tariff = {
  ...base,
  id: "hours",
  tou: {
    rules: [
      { from: "08:00", to: "11:00", period: "peak" },
      { from: "18:30", to: "22:00", period: "peak" },
      { from: "23:00", to: "07:00", period: "valley" },
    ],
    otherwise: "flat",
  },
  charges: [
    { kind: "energy", form: "flat", id: "energy", title, price: { peak: "0.9", flat: "0.6", valley: "0.3" } },
    standing,
  ],
} as Tariff;

const METER = 7n;
const FROM = instantOfIso("2026-10-20T00:00:00+08:00") as Instant;
const of = (minutes: number, value: bigint, register: RegisterName = "energy_import_kwh"): BookedReading => ({
  meterId: METER,
  register,
  at: instant(FROM + minutes * MINUTE_MS),
  value,
  source: "mqtt",
});
const asReading = (one: BookedReading): Reading => ({
  operatorId: 1n,
  meterId: one.meterId,
  register: REGISTERS[one.register].code,
  measuredAt: one.at,
  receivedAt: one.at,
  value: one.value,
  source: one.source,
});

const basisOf = (tariff: Tariff, readings: readonly BookedReading[], to: Instant): AccrualBasis => ({
  accountId: 1n,
  meterId: METER,
  billedUntil: FROM,
  zone,
  currency: "CNY",
  corrections: [],
  hasEstimatedBills: false,
  withoutTariff: [],
  inputs: [
    {
      agreement: {
        accountId: 1n,
        usagePointId: 3n,
        utility: "electricity",
        tariffId: tariff.id,
        fromDay: day("2026-01-01"),
        toDay: null,
        sinceDay: day("2026-01-01"),
        stays: [
          {
            usagePointId: 3n,
            meterId: METER,
            serial: "7",
            profileId: "p",
            installedAt: instantOfIso("2026-01-01T00:00:00+08:00") as Instant,
            removedAt: null,
            maxPerHour: 20_000_000n,
            decided: [],
          },
        ],
      },
      stretch: { from: FROM, to: instant(to + 1) },
      parts: [],
      versions: [tariff],
      household: [],
      readings: new Map([[METER, readings]]),
      dials: () => null,
    },
  ],
});

/** Readings from before the stretch to weeks into it, minutes apart, each some use after the last. */
const lives = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 110 }), fc.integer({ min: 0, max: 2_000_000 })), {
    minLength: 8,
    maxLength: 220,
  })
  .map((steps) => {
    let [minutes, value] = [-60 * 24 * 20, 1_000_000_000n];
    const life = [of(minutes, value), of(-95, value + 50_000_000n), of(0, value + 50_400_000n)];
    [minutes, value] = [0, value + 50_400_000n];
    for (const [apart, use] of steps) {
      minutes += apart;
      value += (BigInt(use) * BigInt(apart)) / 110n;
      life.push(of(minutes, value));
    }
    return life;
  });

describe("an accrual kept in memory", () => {
  test.for([
    ["ladder", ladder],
    ["hours", hours],
  ] as const)("under a tariff by %s is the books' own after every reading, over fewer readings", ([, tariff]) => {
    let [thinned, whole] = [0, 0];
    fc.assert(
      fc.property(lives, fc.integer({ min: 4, max: 8 }), (life, known) => {
        const memo = AccrualMemo.of(basisOf(tariff, life.slice(0, known), life[known - 1]?.at as Instant));
        if (memo === null) throw new Error("an ordinary life was refused");
        for (let i = known; i < life.length; i++) {
          const now = instant((life[i] as BookedReading).at + 1000);
          expect(memo.take(asReading(life[i] as BookedReading))).toBe(true);
          if (i % 9 !== 0 && i !== life.length - 1) continue;
          expect(memo.accrual(now)).toEqual(accrualOf(basisOf(tariff, life.slice(0, i + 1), now)));
        }
        [thinned, whole] = [thinned + memo.size, whole + life.length];
      }),
      { numRuns: 40, seed: 20261101 },
    );
    expect(thinned).toBeLessThan(whole * 0.8);
  });

  const life = [of(-60, 0n), of(0, 1_000_000n), of(60, 2_000_000n), of(120, 3_000_000n)];
  const memo = () => AccrualMemo.of(basisOf(ladder, life, instant(FROM + 2 * HOUR_MS))) as AccrualMemo;

  test.for([
    ["a lower one", of(180, 2_500_000n)],
    ["one that comes late", of(90, 2_500_000n)],
    ["an estimate", { ...of(180, 4_000_000n), source: "estimate" }],
    ["one by hand", { ...of(180, 4_000_000n), source: "manual" }],
  ] as const)("gives up at a reading that is no ordinary next one: %s", ([, reading]) => {
    expect(memo().take(asReading(reading))).toBe(false);
  });

  test("gives up at a jump that nobody could have used", () => {
    const one = memo();
    expect(one.take(asReading(of(180, 900_000_000n)))).toBe(true);
    expect(one.accrual(instant(FROM + 3 * HOUR_MS))).toBeNull();
  });

  test("takes the same reading again as nothing new, and does not look at registers without a price", () => {
    const one = memo();
    const before = one.accrual(instant(FROM + 2 * HOUR_MS));
    expect(one.take(asReading(of(120, 3_000_000n)))).toBe(true);
    expect(one.take(asReading(of(180, 5n, "voltage_l1_v")))).toBe(true);
    expect(one.accrual(instant(FROM + 2 * HOUR_MS))).toEqual(before);
  });

  test("is not made where a doubt, an estimate or a true-up stands", () => {
    const to = instant(FROM + 2 * HOUR_MS);
    expect(AccrualMemo.of(basisOf(ladder, [...life.slice(0, 3), of(120, 1_000n)], to))).toBeNull();
    expect(AccrualMemo.of({ ...basisOf(ladder, life, to), hasEstimatedBills: true })).toBeNull();
    expect(AccrualMemo.of({ ...basisOf(ladder, life, to), withoutTariff: ["gone"] })).toBeNull();
  });
});

describe("days of supply left", () => {
  const now = instant(FROM + 30 * DAY_MS + 12 * HOUR_MS);
  /** Ten kWh a day, but every third day `odd`; the first of the month is on the twelfth day. */
  const life = (odd: number, days = 31): BookedReading[] => {
    let value = 0;
    return Array.from({ length: days }, (_, d) => {
      const reading = of(d * 24 * 60, BigInt(value * 1_000_000));
      value += d % 3 === 0 ? odd : 10;
      return reading;
    });
  };
  const leftOf = (readings: readonly BookedReading[], yuan: number, seen = readings) => {
    const basis = basisOf(ladder, readings, now);
    const habits = habitsOf(basis.inputs, new Map([[METER, seen]]), midnightsBefore(now, zone));
    return daysLeftOf(basis, habits, BigInt(yuan * 100));
  };

  test("are what the bill's own functions would take, ladder and daily charges with them", () => {
    // From 19 November with 180 kWh counted: 12 days at 8.383, of December 10 days at 5.383, then 8.383 again; 45.574 pay for 5.
    expect(leftOf(life(10), 200)).toEqual({ low: 27, expected: 27, high: 27 });
  });

  test("have a band as wide as the days differ, and a wide one while few days are known", () => {
    const uneven = leftOf(life(1), 100);
    expect(uneven?.low).toBeLessThan(uneven?.expected as number);
    expect(uneven?.high).toBeGreaterThan(uneven?.expected as number);
    const few = leftOf(life(10), 200, life(10).slice(-4));
    expect(few?.low).toBeLessThan(18);
    expect(few?.high).toBeGreaterThan(45);
  });

  test("are none without money, a year at most, and unknown without use", () => {
    expect(leftOf(life(10), 0)?.expected).toBe(0);
    expect(leftOf(life(10), 1_000_000)).toEqual({ low: 365, expected: 365, high: 365 });
    expect(leftOf([of(0, 0n), of(60, 0n)], 100)).toBeNull();
  });
});
