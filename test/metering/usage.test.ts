import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { usageOf } from "../../metering/usage.ts";
import type { Instant } from "../../domain/instant.ts";
import type { Micro } from "../../domain/quantity.ts";
import { at, between, meter, micro, readings, told } from "./readings.ts";

const MARCH = between("03-01", "04-01");
const usage = (installations: Parameters<typeof usageOf>[0]["installations"], period = MARCH) =>
  told(usageOf({ utility: "electricity", period, installations }));

test("a period between two readings on its ends is actual", () => {
  expect(usage([meter({ "03-01": 100, "04-01": 410 })])).toEqual({
    total: "310",
    basis: "actual",
    slices: ["03-01 .. 04-01 310 actual"],
    verdicts: [],
    gaps: [],
  });
});

test("readings outside the period bound it by interpolation", () => {
  expect(usage([meter({ "02-27": 100, "03-03": 140, "03-31": 400, "04-02": 420 })])).toMatchObject({
    total: "290",
    basis: "interpolated",
    slices: ["03-01 .. 03-03 20 interpolated", "03-03 .. 03-31 260 actual", "03-31 .. 04-01 10 interpolated"],
    gaps: [],
  });
});

test("without readings outside it, the use is partial and the gaps are named", () => {
  expect(usage([meter({ "03-03": 140, "03-31": 400 })])).toMatchObject({
    total: "260",
    gaps: ["no_reading_before 03-01 .. 03-03", "no_reading_after 03-31 .. 04-01"],
  });
});

test.each([
  ["no meter", [], "no_meter 03-01 .. 04-01"],
  ["a meter without readings", [meter({})], "no_readings 03-01 .. 04-01"],
  ["readings only before", [meter({ "02-01": 5, "02-02": 6 })], "no_reading_after 03-01 .. 04-01"],
  ["readings only after", [meter({ "04-02": 5, "04-03": 6 })], "no_reading_before 03-01 .. 04-01"],
  [
    "a meter that counts something else",
    [meter({}, { registers: [{ register: "volume_m3", readings: [] }] })],
    "no_readings 03-01 .. 04-01",
  ],
])("%s: nothing is used, and the whole period is a gap", (_, installations, gap) => {
  expect(usage(installations)).toEqual({ total: "0", basis: "actual", slices: [], verdicts: [], gaps: [gap] });
});

test("what is held is a gap, and the rest is billed", () => {
  expect(usage([meter({ "03-01": 100, "03-10": 190, "03-11": 50, "04-01": 260 })])).toMatchObject({
    total: "300",
    verdicts: ["backwards 03-10 .. 03-11"],
    gaps: ["held 03-10 .. 03-11"],
  });
});

describe("a meter exchanged at noon", () => {
  const old = meter({ "03-01": 5000, "03-15": 5140 }, { removedAt: at("03-15 12:00"), series: { final: micro(5145) } });
  const next = meter(
    { "03-16": 10, "04-01": 170 },
    { meterId: 2n, installedAt: at("03-15 12:00"), dialMax: micro(1000), series: { initial: micro(2) } },
  );

  test("is billed on both registers", () => {
    expect(usage([next, old])).toEqual({
      total: "313",
      basis: "actual",
      slices: [
        "03-01 .. 03-15 140 actual",
        "03-15 .. 03-15 12:00 5 actual",
        "03-15 12:00 .. 03-16 8 actual",
        "03-16 .. 04-01 160 actual",
      ],
      verdicts: ["exchange 03-15 12:00 .. 03-15 12:00"],
      gaps: [],
    });
  });

  test("without its final value leaves a gap and is held for a person", () => {
    const unread = meter({ "03-01": 5000, "03-15": 5140 }, { removedAt: at("03-15 12:00") });
    expect(usage([unread, next])).toMatchObject({
      total: "308",
      verdicts: ["exchange_incomplete 03-15 12:00 .. 03-15 12:00"],
      gaps: ["no_reading_after 03-15 .. 03-15 12:00"],
    });
  });

  test("with days between has no meter there", () => {
    const later = { ...next, installedAt: at("03-15 18:00") };
    expect(usage([old, later]).gaps).toEqual(["no_meter 03-15 12:00 .. 03-15 18:00"]);
  });

  test("never overlaps the one before", () => {
    expect(() => usage([old, { ...next, installedAt: at("03-14") }])).toThrow(/while another one still is/);
  });

  test("takes no readings from the shelf", () => {
    const shelf = {
      ...next,
      registers: [{ ...next.registers[0]!, readings: readings({ "03-02": 900, "03-16": 10, "04-01": 170 }) }],
    };
    expect(usage([old, shelf]).total).toBe("313");
  });
});

test("registers of a time of use make slices of their own", () => {
  const registers = [
    { register: "energy_import_kwh", readings: readings({ "03-01": 0, "04-01": 30 }) },
    { register: "energy_import_peak_kwh", readings: readings({ "03-01": 0, "04-01": 20 }) },
    { register: "energy_import_t2_kwh", tou: "valley", readings: readings({ "03-01": 0, "04-01": 10 }) },
  ] as const;
  const installations = [meter({}, { registers })];
  expect(told(usageOf({ utility: "electricity", period: MARCH, installations, by: "tou" }))).toMatchObject({
    total: "30",
    slices: ["03-01 .. 04-01 20 peakactual", "03-01 .. 04-01 10 valleyactual"],
  });
  expect(told(usageOf({ utility: "electricity", period: MARCH, installations })).total).toBe("30");
});

test("every verdict has its rule, version, inputs and threshold", () => {
  const { verdicts } = usageOf({
    utility: "electricity",
    period: MARCH,
    installations: [meter({ "03-01": 99_900, "03-20": 100, "04-01": 310 })],
  });
  expect(verdicts).toEqual([
    {
      rule: "difference.rollover",
      version: 1,
      result: "rollover",
      meterId: 1n,
      register: "energy_import_kwh",
      period: between("03-01", "03-20"),
      inputs: { from: "99900", to: "100", grown: "200" },
      threshold: { dial_max: "100000", max_per_hour: "10" },
    },
    expect.objectContaining({ rule: "difference.normal", inputs: { from: "99900", to: "310", differences: "1" } }),
  ]);
});

describe("whatever is read", () => {
  const SEED = { seed: 20_260_302, numRuns: 200 };
  const QUARTER_MS = 900_000;
  /** Growth per quarter of an hour over some days, from a value near the dial's end or far from it. */
  const courses = fc.record({
    start: fc.constantFrom(micro(10), micro(99_999)),
    grown: fc.array(fc.bigInt({ min: 0n, max: micro("2.5") }), { minLength: 2, maxLength: 300 }),
  });
  const DIAL = micro(100_000);
  const course = ({ start, grown }: { start: Micro; grown: readonly Micro[] }) => {
    let value = start;
    return [
      { at: MARCH.from, value },
      ...grown.map((step, i) => {
        value = (value + step) % DIAL;
        return { at: (MARCH.from + (i + 1) * QUARTER_MS) as Instant, value };
      }),
    ];
  };
  const sum = (all: readonly Micro[]) => all.reduce((a, b) => a + b, 0n);
  const end = (grown: readonly Micro[]) => (MARCH.from + grown.length * QUARTER_MS) as Instant;
  const used = (list: readonly { at: Instant; value: Micro }[], period: { from: Instant; to: Instant }) =>
    usageOf({ utility: "electricity", period, installations: [meter({}, { series: { readings: list } })] });

  test("the use is what flowed, also over the dial's end", () => {
    fc.assert(
      fc.property(courses, (flow) => {
        const result = used(course(flow), { from: MARCH.from, to: end(flow.grown) });
        expect(result.usage.total).toBe(sum(flow.grown));
        expect(result.gaps).toEqual([]);
      }),
      SEED,
    );
  });

  test("the order of arrival changes nothing", () => {
    const shuffled = courses.chain((flow) => {
      const list = course(flow);
      return fc.tuple(fc.constant(flow), fc.shuffledSubarray(list, { minLength: list.length }));
    });
    fc.assert(
      fc.property(shuffled, ([flow, list]) => {
        const period = { from: MARCH.from, to: end(flow.grown) };
        expect(used(list, period)).toEqual(used(course(flow), period));
        expect(used([...list, ...list], period)).toEqual(used(course(flow), period));
      }),
      SEED,
    );
  });

  test("periods that touch add up to the whole, wherever they touch", () => {
    fc.assert(
      fc.property(courses, fc.double({ min: 0.01, max: 0.99, noNaN: true }), (flow, share) => {
        const to = end(flow.grown);
        const cut = (MARCH.from + Math.floor((to - MARCH.from) * share)) as Instant;
        const list = course(flow);
        const parts = [used(list, { from: MARCH.from, to: cut }), used(list, { from: cut, to })];
        expect(sum(parts.map((part) => part.usage.total))).toBe(sum(flow.grown));
      }),
      SEED,
    );
  });

  test("a single wrong value between two right ones changes no kilowatt-hour", () => {
    fc.assert(
      fc.property(courses, fc.nat(), fc.constantFrom(0n, micro(50_000)), (flow, where, wrong) => {
        if (flow.start !== micro(10) || flow.grown.length < 3) return;
        const list = course(flow);
        const i = 1 + (where % (list.length - 2));
        list[i] = { at: list[i]!.at, value: wrong };
        expect(used(list, { from: MARCH.from, to: end(flow.grown) }).usage.total).toBe(sum(flow.grown));
      }),
      SEED,
    );
  });
});
