import { describe, expect, test } from "vitest";
import { rate, rateWalk } from "../../../billing/rate.ts";
import { climb, thresholdsOf, WHOLE } from "../../../billing/rate/ladder.ts";
import { ratePeriods } from "../../../billing/rate/periods.ts";
import { monthsWithin } from "../../../domain/period.ts";
import { cutsOf } from "../../../billing/rate/stretch.ts";
import { amountText } from "../../../domain/money.ts";
import { isoIn } from "../../../domain/instant.ts";
import type { Day } from "../../../domain/period.ts";
import { lineText, tariffWith, tiered, usage } from "./tariffs.ts";

const unit = (n: number) => BigInt(n) * 1_000_000n;
const lines = (tariff: Parameters<typeof rate>[0], document: unknown, context = {}) =>
  rate(tariff, usage(document, Array.isArray(tariff) ? tariff[0] : tariff), context).map(lineText);

test.each([
  { position: 0, quantity: 0, parts: [0, 0, 0] },
  { position: 0, quantity: 100, parts: [100, 0, 0] },
  { position: 0, quantity: 101, parts: [100, 1, 0] },
  { position: 100, quantity: 1, parts: [0, 1, 0] },
  { position: 99, quantity: 102, parts: [1, 100, 1] },
  { position: 500, quantity: 7, parts: [0, 0, 7] },
])("from $position, $quantity units fall into tiers $parts", ({ position, quantity, parts }) => {
  expect(climb([unit(100), unit(200)], unit(position), unit(quantity))).toEqual(parts.map(unit));
});

test("a ladder goes on from what was used before the period in its year", () => {
  const tariff = tariffWith([tiered()]);
  expect(
    lines(tariff, { from: "2026-05-01", to: "2026-06-01", quantity: "50" }, { ladderUsedBefore: unit(90) }),
  ).toEqual(["energy/t1 2026-05-01: 10 × 1 = 10.00", "energy/t2 2026-05-01: 40 × 2 = 80.00"]);
});

test("nothing can have been used before a period with which the ladder begins", () => {
  const tariff = tariffWith([tiered()]);
  expect(() =>
    lines(tariff, { from: "2026-01-01", to: "2026-02-01", quantity: "50" }, { ladderUsedBefore: 1n }),
  ).toThrow(/ladderUsedBefore.*begins with this period/);
});

test("a period over the end of the ladder year is cut there, and the ladder begins again", () => {
  const tariff = tariffWith([tiered({ yearStart: "07-01" })]);
  expect(
    lines(tariff, { from: "2026-06-16", to: "2026-07-16", quantity: "60" }, { ladderUsedBefore: unit(190) }),
  ).toEqual([
    "energy/t2 2026-06-16: 10 × 2 = 20.00",
    "energy/t3 2026-06-16: 20 × 4 = 80.00",
    "energy/t1 2026-07-01: 30 × 1 = 30.00",
  ]);
});

test("a ladder year that begins in December holds the January after it", () => {
  const tariff = tariffWith([tiered({ yearStart: "12-01" })]);
  const [walk] = rateWalk(tariff, usage({ from: "2026-01-01", to: "2026-02-01", quantity: "1" })).ladders;
  expect(walk && isoIn(walk.ladderPeriod.from, tariff.zone)).toBe("2025-12-01T00:00:00+08:00");
});

test("a new version takes over on its day and the ladder goes on", () => {
  const old = tariffWith([tiered()], { effectiveTo: "2026-05-11" as Day });
  const dearer = tiered(
    {},
    {
      tiers: [
        { upTo: "100", price: "3" },
        { upTo: null, price: "5" },
      ],
    },
  );
  const next = tariffWith([dearer], { version: "2", effectiveFrom: "2026-05-11" as Day });
  const rated = rate([next, old], usage({ from: "2026-05-01", to: "2026-05-31", quantity: "150" }, old));
  expect(rated.map(lineText)).toEqual([
    "energy/t1 2026-05-01: 50 × 1 = 50.00",
    "energy/t1 2026-05-11: 50 × 3 = 150.00",
    "energy/t2 2026-05-11: 50 × 5 = 250.00",
  ]);
  expect(rated.map((line) => line.tariffVersion)).toEqual(["1", "2", "2"]);
  expect(rated[0]?.basis).toBe("interpolated");
});

test("an interval that begins at the change of version is not cut", () => {
  const old = tariffWith([tiered()], { effectiveTo: "2026-05-11" as Day });
  const next = tariffWith([tiered()], { version: "2", effectiveFrom: "2026-05-11" as Day });
  const days = { intervals: { from: "2026-05-10", minutes: 1440, values: ["3", "4"] } };
  expect(rate([old, next], usage(days, old)).map((line) => [lineText(line), line.basis])).toEqual([
    ["energy/t1 2026-05-10: 3 × 1 = 3.00", "actual"],
    ["energy/t1 2026-05-11: 4 × 1 = 4.00", "actual"],
  ]);
});

test("a day without a version in force is refused, and so are two versions at once", () => {
  const ended = tariffWith([tiered()], { effectiveTo: "2026-05-11" as Day });
  expect(() => lines(ended, { from: "2026-05-01", to: "2026-06-01", quantity: "1" })).toThrow(
    /no version is in force from 2026-05-11/,
  );
  const early = tariffWith([tiered()], { effectiveFrom: "2026-05-11" as Day });
  expect(() => lines(early, { from: "2026-05-01", to: "2026-06-01", quantity: "1" })).toThrow(
    /no version is in force from 2026-05-01/,
  );
  const other = tariffWith([tiered()], { version: "2", effectiveFrom: "2026-05-01" as Day });
  expect(() => lines([ended, other], { from: "2026-05-01", to: "2026-05-02", quantity: "1" })).toThrow(/overlaps/);
});

describe("the household's size", () => {
  const household = [{ fromPersons: 4, each: "person", add: "5", per: "month" }] as const;
  const ningbo = tariffWith([tiered({ household })]);

  test.each([
    { persons: null, thresholds: [100, 200] },
    { persons: 3, thresholds: [100, 200] },
    { persons: 4, thresholds: [160, 260] },
    { persons: 6, thresholds: [280, 380] },
  ])("of $persons makes thresholds $thresholds", ({ persons, thresholds }) => {
    expect(thresholdsOf(tiered().tiers, { basis: "year", household }, { persons, kw: null, times: WHOLE })).toEqual(
      thresholds.map(unit),
    );
  });

  test("may move the first threshold only, and never above the next", () => {
    const first = [{ fromPersons: 5, each: "household", add: "150", per: "month", thresholds: [1] }] as const;
    expect(
      thresholdsOf(tiered().tiers, { basis: "month", household: first }, { persons: 5, kw: null, times: WHOLE }),
    ).toEqual([unit(250), unit(250)]);
  });

  test("counts from the day it changes; what was used stays where it was", () => {
    const sizes = [
      { from: "2020-01-01" as Day, persons: 2 },
      { from: "2026-05-16" as Day, persons: 5 },
    ];
    const document = { from: "2026-05-01", to: "2026-05-31", quantity: "60" };
    expect(lines(ningbo, document, { ladderUsedBefore: unit(90), householdSize: sizes })).toEqual([
      "energy/t1 2026-05-01: 10 × 1 = 10.00",
      "energy/t2 2026-05-01: 20 × 2 = 40.00",
      "energy/t1 2026-05-16: 30 × 1 = 30.00",
    ]);
    const at = cutsOf([ningbo], usage(document, ningbo).servicePeriod, sizes);
    expect(at.map((cut) => isoIn(cut, ningbo.zone))).toEqual(["2026-05-16T00:00:00+08:00"]);
  });
});

describe("a ladder by month", () => {
  const monthly = tariffWith([tiered({ basis: "month" })]);

  test("begins again with each calendar month", () => {
    const days = {
      from: "2026-02-01",
      to: "2026-04-01",
      intervals: { from: "2026-02-01", minutes: 1440, values: Array<string>(59).fill("4") },
    };
    expect(lines(monthly, days)).toEqual([
      "energy/t1 2026-02-01: 100 × 1 = 100.00",
      "energy/t2 2026-02-01: 12 × 2 = 24.00",
      "energy/t1 2026-03-01: 100 × 1 = 100.00",
      "energy/t2 2026-03-01: 24 × 2 = 48.00",
    ]);
  });

  test("counts what was used earlier in the month", () => {
    expect(
      lines(
        monthly,
        { from: "2026-02-15", to: "2026-03-01", quantity: "20" },
        { ladderUsedBefore: { energy: unit(95) } },
      ),
    ).toEqual(["energy/t1 2026-02-15: 5 × 1 = 5.00", "energy/t2 2026-02-15: 15 × 2 = 30.00"]);
  });

  test("may have other tiers in a season", () => {
    const summer = {
      months: [7],
      tiers: [
        { upTo: "150", price: "1" },
        { upTo: null, price: "3" },
      ],
    };
    const seasonal = tariffWith([tiered({ basis: "month" }, { seasons: [summer] })]);
    expect(lines(seasonal, { from: "2026-07-01", to: "2026-08-01", quantity: "160" })).toEqual([
      "energy/t1 2026-07-01: 150 × 1 = 150.00",
      "energy/t2 2026-07-01: 10 × 3 = 30.00",
    ]);
  });
});

test("a ladder by rated period begins with it, wherever it begins", () => {
  const tariff = tariffWith([tiered({ basis: "period" })]);
  expect(lines(tariff, { from: "2026-01-20", to: "2026-03-20", quantity: "150" })).toEqual([
    "energy/t1 2026-01-20: 100 × 1 = 100.00",
    "energy/t2 2026-01-20: 50 × 2 = 100.00",
  ]);
});

test("bills month by month climb one ladder, and come to the same as one bill", () => {
  const tariff = tariffWith([tiered({ yearStart: "03-01" })]);
  const year = usage({ intervals: { from: "2026-01-01", minutes: 1440, values: Array<string>(90).fill("3") } });
  const months = ratePeriods(
    [tariff],
    year,
    { ladderUsedBefore: unit(50) },
    monthsWithin(year.servicePeriod, tariff.zone),
  );
  expect(months.map((month) => amountText(month.total))).toEqual(["136.00", "222.00", "93.00"]);
  const [whole] = ratePeriods([tariff], year, { ladderUsedBefore: unit(50) }, [year.servicePeriod]);
  expect(whole && amountText(whole.total)).toBe("451.00");
});

test("a period in which nothing was used says so in one line", () => {
  expect(lines(tariffWith([tiered()]), { from: "2026-05-01", to: "2026-06-01", quantity: "0" })).toEqual([
    "energy/t1 2026-05-01: 0 × 1 = 0.00",
  ]);
});
