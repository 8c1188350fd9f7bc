import { describe, expect, test } from "vitest";
import { billOf } from "../../../billing/bill.ts";
import { rate } from "../../../billing/rate.ts";
import { amountOf, containedIn, divideRounded } from "../../../billing/rate/price.ts";
import { amountText, money } from "../../../domain/money.ts";
import type { Day } from "../../../domain/period.ts";
import type { Charge, FlatCharge, RoundingMode } from "../../../domain/tariff.ts";
import { lineText, tariffWith, tiered, usage } from "./tariffs.ts";

const title = { zh: "费", en: "fee" };
const flat = (price: FlatCharge["price"], id = "energy"): Charge => ({
  kind: "energy",
  form: "flat",
  id,
  title,
  price,
});
const lines = (charges: readonly Charge[], document: unknown, more = {}) => {
  const tariff = tariffWith(charges, more);
  return rate(tariff, usage(document, tariff)).map(lineText);
};
const MARCH = { from: "2026-03-01", to: "2026-04-01" };

describe("rounding", () => {
  const rows: [bigint, RoundingMode, bigint][] = [
    [25n, "half_away", 3n],
    [-25n, "half_away", -3n],
    [25n, "half_even", 2n],
    [35n, "half_even", 4n],
    [26n, "half_even", 3n],
    [21n, "up", 3n],
    [-21n, "up", -3n],
    [20n, "up", 2n],
    [29n, "down", 2n],
    [-29n, "down", -2n],
  ];
  test.each(rows)("%d tenths, %s → %d", (value, mode, rounded) =>
    expect(divideRounded(value, 10n, mode)).toBe(rounded),
  );

  test("happens once, on the exact product", () => {
    expect(amountText(amountOf("CNY", 1_005_000n, "1"))).toBe("1.01");
    expect(amountText(amountOf("CNY", 1n, "5000"))).toBe("0.01");
    expect(amountText(amountOf("JPY", 1_500_000n, "1"))).toBe("2");
    expect(amountText(amountOf("CNY", 2_000_000n, "-0.335"))).toBe("-0.67");
  });

  test("the tax in a price is what is left when it is taken out", () => {
    expect(containedIn(money("CNY", 11300n), "0.13")).toEqual(money("CNY", 1300n));
  });
});

describe("a standing charge by capacity or bracket", () => {
  const perKva: Charge = { kind: "standing", id: "c", title, per: "day", price: "0.5", capacity: "kVA" };
  const brackets: Charge = {
    kind: "standing",
    id: "c",
    title,
    per: "month",
    tiers: [
      { upTo: "100", price: "10" },
      { upTo: null, price: "40" },
    ],
  };
  const rated = (charge: Charge, document: object, context: Parameters<typeof rate>[2] = {}) => {
    const tariff = tariffWith([charge]);
    return rate(tariff, usage(document, tariff), context).map(lineText);
  };
  const FEB_TO_MARCH = { from: "2026-02-15", to: "2026-03-31", quantity: "132" }; // 3 a day: 42 and 90

  test("counts each capacity from its day on; the same said again cuts nothing", () => {
    const contractedKva = [
      { from: "2026-01-01" as Day, value: 10_000_000n },
      { from: "2026-03-05" as Day, value: 10_000_000n },
      { from: "2026-03-11" as Day, value: 20_000_000n },
    ];
    expect(rated(perKva, { ...MARCH, quantity: "1" }, { contractedKva })).toEqual([
      "c 2026-03-01: 100 × 0.5 = 50.00",
      "c 2026-03-11: 420 × 0.5 = 210.00",
    ]);
    expect(() => rated(perKva, { ...MARCH, quantity: "1" })).toThrow(/contractedKva: `c` is charged/);
    expect(() => rated(perKva, { ...MARCH, quantity: "1" }, { contractedKva: contractedKva.slice(2) })).toThrow(
      /give it/,
    );
  });

  test("asks each month's use for its bracket; limits of a part month are whole, or by days", () => {
    expect(rated(brackets, FEB_TO_MARCH)).toEqual([
      "c/t1 2026-02-15: 0.5 × 10 = 5.00",
      "c/t1 2026-03-01: 0.967742 × 10 = 9.68",
    ]);
    expect(rated({ ...brackets, part: "by_days" } as Charge, { ...FEB_TO_MARCH, quantity: "176" })).toEqual([
      "c/t2 2026-02-15: 0.5 × 40 = 20.00", // 56 against 50
      "c/t2 2026-03-01: 0.967742 × 40 = 38.71", // 120 against 96.77
    ]);
  });

  test("a change of capacity within a month leaves the month its bracket", () => {
    const contractedKw = [
      { from: "2026-01-01" as Day, value: 1_000_000n },
      { from: "2026-03-16" as Day, value: 2_000_000n },
    ];
    const each = { ...brackets, per: "day", capacity: "kW" } as Charge;
    expect(rated(each, { ...MARCH, quantity: "150" }, { contractedKw })).toEqual([
      "c/t2 2026-03-01: 15 × 40 = 600.00",
      "c/t2 2026-03-16: 32 × 40 = 1280.00",
    ]);
  });
});

describe("demand in hours that the operator names", () => {
  const named = (more: object = {}, hours = [{ from: "2026-03-02T17:30", to: "2026-03-02T18:30" }]): Charge =>
    ({ kind: "demand", id: "d", title, price: "1", coincident: { hours }, ...more }) as Charge;
  const quarters = (values: number[], from = "2026-03-02T17:00") => ({
    ...MARCH,
    intervals: { from, minutes: 15, unit: "kW", values },
  });

  test("is their mean power: each counts whole, and what lies beside does not", () => {
    expect(lines([named()], quarters([99, 99, 10, 20, 30, 40, 99]))).toEqual(["d 2026-03-01: 25 × 1 = 25.00"]);
    const half = quarters([8, 8], "2026-03-02T17:30");
    expect(() => lines([named()], half)).toThrow(
      /2026-03-02T17:30:00\+08:00: `d` is charged by the power of this hour/,
    );
    expect(() => lines([named()], { ...MARCH, quantity: "744" })).toThrow(/give intervals of at most an hour/);
  });

  test("a month without one is not charged, unless a ratchet remembers", () => {
    const april = { from: "2026-04-01", to: "2026-05-01", intervals: { from: "2026-04-01", minutes: 60, values: [7] } };
    expect(lines([named()], april)).toEqual([]);
    const tariff = tariffWith([named({ ratchet: [{ percent: "1", months: 11 }] })]);
    const state = { peaks: { d: [{ month: "2026-03", kw: 25_000_000n }] } };
    expect(rate(tariff, usage(april, tariff), { state }).map(lineText)).toEqual(["d 2026-04-01: 25 × 1 = 25.00"]);
  });
});

describe("a standing charge", () => {
  const daily: Charge = { kind: "standing", id: "standing", title, per: "day", price: "0.30" };
  const monthly: Charge = { kind: "standing", id: "standing", title, per: "month", price: "31" };

  test.each([
    { charge: daily, from: "2026-03-01", to: "2026-04-01", line: "standing 2026-03-01: 31 × 0.30 = 9.30" },
    { charge: monthly, from: "2026-03-01", to: "2026-04-01", line: "standing 2026-03-01: 1 × 31 = 31.00" },
    { charge: monthly, from: "2026-03-01", to: "2026-05-01", line: "standing 2026-03-01: 2 × 31 = 62.00" },
    { charge: monthly, from: "2026-03-01", to: "2026-03-11", line: "standing 2026-03-01: 0.322581 × 31 = 10.00" },
  ])("per $charge.per from $from to $to", ({ charge, from, to, line }) => {
    expect(lines([charge], { from, to, quantity: "0" })).toEqual([line]);
  });

  test("counts each day once, also where a period is cut within a day", () => {
    const noon = "2026-03-10T12:00";
    const days = [
      lines([daily], { from: "2026-03-01", to: noon, quantity: "1" }),
      lines([daily], { from: noon, to: "2026-04-01", quantity: "1" }),
    ];
    expect(days).toEqual([["standing 2026-03-01: 10 × 0.30 = 3.00"], ["standing 2026-03-10T12:00: 21 × 0.30 = 6.30"]]);
  });

  test("is cut with the version of the tariff", () => {
    const old = tariffWith([daily], { effectiveTo: "2026-03-11" as Day });
    const next = tariffWith([{ ...daily, price: "0.50" }], { version: "2", effectiveFrom: "2026-03-11" as Day });
    expect(rate([old, next], usage({ ...MARCH, quantity: "0" }, old)).map(lineText)).toEqual([
      "standing 2026-03-01: 10 × 0.30 = 3.00",
      "standing 2026-03-11: 21 × 0.50 = 10.50",
    ]);
  });
});

test("a volume surcharge is on every unit, whatever its tier", () => {
  const sewage: Charge = { kind: "volume", id: "sewage", title, price: "1.10" };
  expect(lines([tiered({ basis: "month" }), sewage], { ...MARCH, quantity: "150" })).toEqual([
    "energy/t1 2026-03-01: 100 × 1 = 100.00",
    "energy/t2 2026-03-01: 50 × 2 = 100.00",
    "sewage 2026-03-01: 150 × 1.10 = 165.00",
  ]);
});

test("a percentage is on the charges it names, a tax on all before it", () => {
  const charges: Charge[] = [
    { kind: "standing", id: "standing", title, per: "month", price: "10" },
    flat("0.5"),
    { kind: "percentage", id: "fund", title, rate: "0.05", of: ["energy"] },
    { kind: "tax", id: "vat", title, rate: "0.10", mode: "exclusive" },
  ];
  expect(lines(charges, { ...MARCH, quantity: "100" })).toEqual([
    "standing 2026-03-01: 1 × 10 = 10.00",
    "energy 2026-03-01: 100 × 0.5 = 50.00",
    "fund 2026-03-01:  × 0.05 = 2.50",
    "vat 2026-03-01:  × 0.10 = 6.25",
  ]);
});

test("an included tax is told and not added", () => {
  const tariff = tariffWith([flat("1.13"), { kind: "tax", id: "vat", title, rate: "0.13", mode: "inclusive" }]);
  const [energy, vat] = rate(tariff, usage({ ...MARCH, quantity: "100" }, tariff));
  expect([energy?.amount, vat?.amount, vat?.included].map((m) => m && amountText(m))).toEqual([
    "113.00",
    "0.00",
    "13.00",
  ]);
});

test("time of use before the ladder: the surcharge is on the units in the upper tiers only", () => {
  const charge: Charge = {
    kind: "energy",
    form: "surcharged",
    id: "energy",
    title,
    ladder: { basis: "month" },
    price: { peak: "2", valley: "1" },
    tiers: [
      { upTo: "100", add: "0" },
      { upTo: "150", add: "0.10" },
      { upTo: null, add: "0.50" },
    ],
  };
  expect(lines([charge], { ...MARCH, registers: { peak: "90", valley: "80" } })).toEqual([
    "energy/-/peak 2026-03-01: 90 × 2 = 180.00",
    "energy/-/valley 2026-03-01: 80 × 1 = 80.00",
    "energy/t2 2026-03-01: 50 × 0.10 = 5.00",
    "energy/t3 2026-03-01: 20 × 0.50 = 10.00",
  ]);
});

test("a usage of another utility or unit is refused", () => {
  expect(() => lines([flat("1")], { ...MARCH, quantity: "1", utility: "water" })).toThrow(
    /water is not priced by test/,
  );
  expect(() => lines([flat("1")], { ...MARCH, quantity: "1", unit: "m3" })).toThrow(/m3 is not the unit of test/);
});

describe("a combined bill", () => {
  const tariff = tariffWith([flat("0.333")]);
  const own = rate(tariff, usage({ ...MARCH, quantity: "5" }, tariff));
  const input = {
    accountId: 7n,
    currency: "CNY",
    period: usage({ ...MARCH, quantity: "5" }, tariff).servicePeriod,
    issuedOn: "2026-04-01" as Day,
    dueOn: "2026-04-15" as Day,
  } as const;

  test("adds up the rounded lines of all usage points, each line with its own key", () => {
    const bill = billOf({
      ...input,
      usagePoints: [
        { usagePointId: 1n, lines: own },
        { usagePointId: 2n, lines: own },
      ],
    });
    expect(amountText(bill.total)).toBe("3.34"); // 1.67 twice, not 3.33
    expect(bill.lines.map((line) => line.key)).toEqual([
      "1/test/energy/-/-/2026-03-01",
      "2/test/energy/-/-/2026-03-01",
    ]);
  });

  test("never has two lines of one key", () => {
    expect(() => billOf({ ...input, usagePoints: [{ usagePointId: 1n, lines: [...own, ...own] }] })).toThrow(/one key/);
  });
});
