import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { rate } from "../../billing/rate.ts";
import { ratePeriods, monthsWithin } from "../../billing/rate/periods.ts";
import { tariffsOfJson } from "../../billing/rate/schema.ts";
import { usageOfJson } from "../../billing/rate/usage-file.ts";
import { tariffOf } from "../../catalog/tariffs/catalogue.ts";
import { Decimal } from "../../domain/decimal.ts";
import type { Instant } from "../../domain/instant.ts";
import { amountText } from "../../domain/money.ts";
import type { GraduatedCharge, SurchargedCharge, Tariff } from "../../domain/tariff.ts";
import type { Usage } from "../../domain/usage.ts";

const FOLDER = join(
  process.env["SANBIAO_REFERENCE"] ?? join(import.meta.dirname, "../../../shared/reference"),
  "tariffs",
);
const present = existsSync(FOLDER);
const load = (name: string): unknown => (present ? JSON.parse(readFileSync(join(FOLDER, name), "utf8")) : []);

type Case = {
  id: string;
  kind: string;
  tariff: string | { tiers: [number | null, number][] };
  usage: { kwh?: number; therms_total?: number; at?: string };
  expected: { energy?: string; charge?: string; rate?: Record<string, number> };
};
const cases = load("worked_cases.json") as Case[];

const one = (charges: unknown, more: object = {}): Tariff => {
  const [tariff] = tariffsOfJson({
    id: "conformance",
    version: "1",
    utility: "electricity",
    unit: "kWh",
    currency: "CNY",
    effectiveFrom: "2020-01-01",
    zone: "UTC",
    title: { zh: "例", en: "case" },
    source: ["worked_cases.json"],
    charges,
    ...more,
  });
  if (tariff === undefined) throw new Error("no tariff");
  return tariff;
};
const title = { zh: "费", en: "charge" };
const ladderOf = (tiers: [number | null, number][]) => [
  {
    kind: "energy",
    form: "graduated",
    id: "energy",
    title,
    ladder: { basis: "month" },
    tiers: tiers.map(([upTo, price]) => ({ upTo, price })),
  },
];
const MARCH = { from: "2026-03-01", to: "2026-04-01" };
const totalOf = (tariff: Tariff, document: object): string => {
  const usage = usageOfJson(document, tariff);
  const [rated] = ratePeriods([tariff], usage, {}, [usage.servicePeriod]);
  return amountText(rated?.total ?? { currency: "CNY", minor: -1n });
};

describe.skipIf(!present)("worked cases (skipped where the reference folder is not present)", () => {
  const tiered = cases.filter(({ tariff }) => typeof tariff !== "string");
  test.each(tiered)("$id", ({ tariff, usage, expected }) => {
    if (typeof tariff === "string") throw new Error("not tiered");
    const run = () => totalOf(one(ladderOf(tariff.tiers)), { ...MARCH, quantity: usage.kwh });
    const answer = expected.energy ?? expected.charge ?? "";
    if (answer === "Invalid Value!") expect(run).toThrow(/quantity: -1 is below zero/);
    else expect(run()).toBe(new Decimal(answer).toFixed(2));
  });

  // The rule of the file that these name (0 up to 5000 therms, then 0.591) stands in `kind`; the file itself is not there.
  test.each(cases.filter(({ usage }) => usage.therms_total !== undefined))("$id", ({ usage, expected }) => {
    const gas = one(
      ladderOf([
        [5000, 0],
        [null, 0.591],
      ]),
      { utility: "gas", unit: "therm", currency: "USD" },
    );
    expect(totalOf(gas, { ...MARCH, quantity: usage.therms_total })).toBe(
      new Decimal(expected.energy ?? "").toFixed(2),
    );
  });

  // Prices looked up at an instant over the bounds of a season and a year. The tariff file is not there: its prices are
  // taken from the cases, so what is shown is that each instant finds the version and the season it belongs to.
  const at = (text: string, what: string) => cases.find(({ usage }) => usage.at === text)?.expected.rate?.[what];
  const flat = (price: unknown) => [{ kind: "energy", form: "flat", id: "energy", title, price }];
  test.each(cases.filter(({ usage }) => usage.at !== undefined))("$id", ({ usage: { at: when = "" }, expected }) => {
    const lastYear = { effectiveFrom: "2023-01-01", effectiveTo: "2024-01-01" };
    const thisYear = { version: "2", effectiveFrom: "2024-01-01" };
    const summer = {
      tou: { rules: [{ period: "summer", months: [6, 7, 8, 9] }], otherwise: "winter" },
    };
    const [winter, june] = [at("2024-01-01T12:00", "electric"), at("2024-06-01T12:00", "electric")];
    const electric = [
      one(flat(at("2023-12-31T12:00", "electric")), lastYear),
      one(flat({ winter, summer: june }), { ...thisYear, ...summer }),
    ];
    const gas = [
      one(flat(at("2023-12-31T12:00", "gas")), lastYear),
      one(flat(at("2024-01-01T12:00", "gas")), thisYear),
    ];
    for (const [what, versions] of Object.entries({ electric, gas })) {
      const price = expected.rate?.[what];
      if (price === undefined) continue;
      const usage = usageOfJson({ intervals: { from: when, minutes: 15, values: [1] } }, versions[0] as Tariff);
      expect(rate(versions, usage).map((line) => line.price)).toEqual([`${price}`]);
    }
  });

  test("no case is left out", () => {
    const covered = cases.filter(
      ({ tariff, usage }) => typeof tariff !== "string" || usage.therms_total !== undefined || usage.at !== undefined,
    );
    expect(covered.map(({ id }) => id)).toEqual(cases.map(({ id }) => id));
  });
});

type City = {
  id: string;
  tiers?: Tier[];
  tiers_may_oct?: Tier[];
  tiers_nov_apr?: Tier[];
  tiers_other?: Tier[];
  tou_option?: Record<string, unknown>;
};
type Tier = { up_to: number | null; price: string };
const cities = present ? (load("china_tariffs.json") as { tariffs: City[] }).tariffs : [];

/** Of the cities' tariffs, those that the catalogue holds; a volume charge on every unit counts into each tier's price. */
const CATALOGUED: Record<string, string> = {
  zhejiang_electricity_residential: "zhejiang.electricity.residential",
  ningbo_water_residential: "ningbo.water.residential",
  ningbo_gas_residential: "ningbo.gas.residential",
  beijing_electricity: "beijing.electricity.residential",
  beijing_water: "beijing.water.residential",
  guangzhou_electricity: "guangzhou.electricity.residential",
  shenzhen_electricity: "shenzhen.electricity.residential",
};
/** Not in the catalogue, with the reason. */
const NOT_CATALOGUED: Record<string, string> = {
  shanghai_electricity: "its sources contradict each other on the peak and valley prices of tiers 2 and 3",
  guangzhou_water: "confidence LOW, and a second source has other prices",
  jiangsu_electricity:
    "only its peak and valley prices are sourced: in the catalogue as jiangsu.electricity.residential_tou",
  others_summary: "one-line summaries without sources",
};

describe.skipIf(!present)("tariffs of Chinese cities (skipped where the reference folder is not present)", () => {
  const tiersOf = (tariff: Tariff, season?: number) => {
    const ladder = tariff.charges.find(
      (charge): charge is GraduatedCharge => charge.kind === "energy" && charge.form === "graduated",
    );
    const tiers = (season === undefined ? undefined : ladder?.seasons?.[season]?.tiers) ?? ladder?.tiers ?? [];
    const perUnit = tariff.charges.flatMap((charge) => (charge.kind === "volume" ? [charge.price] : []));
    return tiers.map(({ upTo, price }) => ({
      upTo,
      price: perUnit
        .reduce((sum, more) => sum.plus(more), new Decimal(typeof price === "string" ? price : 0))
        .toString(),
    }));
  };
  const published = (tiers: Tier[] = []) =>
    tiers.map(({ up_to, price }) => ({
      upTo: up_to === null ? null : `${up_to}`,
      price: new Decimal(price).toString(),
    }));

  test.each(cities.filter(({ id }) => id in CATALOGUED))("$id", (city) => {
    const tariff = tariffOf(CATALOGUED[city.id] ?? "");
    if (tariff === null) throw new Error("not in the catalogue");
    if (city.tiers !== undefined) expect(tiersOf(tariff)).toEqual(published(city.tiers));
    else {
      expect(tiersOf(tariff, 0)).toEqual(published(city.tiers_may_oct));
      expect(tiersOf(tariff)).toEqual(published(city.tiers_nov_apr ?? city.tiers_other));
    }
  });

  test("Zhejiang's peak and valley", () => {
    const city = cities.find(({ id }) => id === "zhejiang_electricity_residential");
    const tariff = tariffOf("zhejiang.electricity.residential_tou");
    const [charge] = (tariff?.charges ?? []) as GraduatedCharge[];
    const option = city?.tou_option as Record<"peak" | "valley", { prices: string[] }>;
    expect(charge?.tiers.map((tier) => tier.price)).toEqual(
      option.peak.prices.map((peak, i) => ({ peak, valley: option.valley.prices[i] })),
    );
  });

  test("Jiangsu's peak and valley before the ladder", () => {
    const city = cities.find(({ id }) => id === "jiangsu_electricity");
    const [charge] = (tariffOf("jiangsu.electricity.residential_tou")?.charges ?? []) as SurchargedCharge[];
    expect(charge?.price).toEqual({
      peak: city?.tou_option?.["peak 08-21"],
      valley: city?.tou_option?.["valley 21-08"],
    });
    expect(charge?.tiers.map((tier) => tier.upTo)).toEqual(published(city?.tiers).map((tier) => tier.upTo));
  });

  test("every other city has a reason to be left out", () => {
    expect(cities.map(({ id }) => id).filter((id) => !(id in CATALOGUED) && !(id in NOT_CATALOGUED))).toEqual([]);
  });
});

type Nrel = {
  case: string;
  load_csv: string;
  inputs: {
    ur_ec_sched_weekday: number[][];
    ur_ec_sched_weekend: number[][];
    ur_ec_tou_mat: (number | null)[][];
    ur_monthly_fixed_charge: number;
  };
  expected_year1: { year1_monthly_ec_charge_without_system: number[]; year1_monthly_fixed_without_system: number[] };
};
/** Rates of a year with exports, demand or tiers per period, or whose load is not in the folder, are not expressed yet. */
const nrel = (load("nrel_utilityrate5_cases.json") as Nrel[]).filter(({ load_csv }) =>
  existsSync(join(FOLDER, `${load_csv}.csv`)),
);

describe.skipIf(!present)(
  "energy and fixed charges of NREL's engine, of homes without a system (skipped where the folder is not present)",
  () => {
    test.each(nrel)("$case", ({ load_csv, inputs, expected_year1 }) => {
      const price = Object.fromEntries(inputs.ur_ec_tou_mat.map((row) => [`p${row[0]}`, row[4] ?? 0]));
      const fixed = { kind: "standing", id: "fixed", title, per: "month", price: inputs.ur_monthly_fixed_charge };
      const tariff = one([{ kind: "energy", form: "flat", id: "energy", title, price }, fixed], {
        currency: "USD",
        effectiveFrom: "2018-01-01",
        tou: clockOf(inputs.ur_ec_sched_weekday, inputs.ur_ec_sched_weekend),
      });
      const usage = usageOfKw(
        readFileSync(join(FOLDER, `${load_csv}.csv`), "utf8")
          .trim()
          .split("\n"),
      );
      const months = ratePeriods([tariff], usage, {}, monthsWithin(usage.servicePeriod, "UTC"));
      expect(months).toHaveLength(12);
      for (const [i, { lines }] of months.entries()) {
        const sum = (charge: string) =>
          lines
            .filter((line) => line.charge === charge)
            .reduce((total, line) => total.plus(amountText(line.amount)), new Decimal(0));
        const cents = 0.005 * lines.length; // each line is rounded; the engine rounds nothing
        expect(
          sum("energy")
            .minus(expected_year1.year1_monthly_ec_charge_without_system[i] ?? -1)
            .abs()
            .toNumber(),
        ).toBeLessThan(cents);
        expect(sum("fixed").toNumber()).toBe(expected_year1.year1_monthly_fixed_without_system[i]);
      }
    });
  },
);

/** Hour by hour schedules of twelve months as rules. */
function clockOf(weekday: number[][], weekend: number[][]) {
  const two = (hour: number) => `${hour}`.padStart(2, "0");
  const rules = [
    { schedule: weekday, weekdays: [1, 2, 3, 4, 5] },
    { schedule: weekend, weekdays: [6, 7] },
  ].flatMap(({ schedule, weekdays }) =>
    schedule.flatMap((hours, month) =>
      hours.map((period, hour) => ({
        period: `p${period}`,
        months: [month + 1],
        weekdays,
        from: `${two(hour)}:00`,
        to: `${two(hour + 1)}:00`,
      })),
    ),
  );
  return { rules, otherwise: rules[0]?.period };
}

/** Mean kW of a year of equal intervals; the engine's year begins on a Monday, as 2018 did. */
function usageOfKw(kw: readonly string[]): Usage {
  const start = Date.UTC(2018, 0, 1);
  const step_ms = (365 * 86_400_000) / kw.length;
  const slices = kw.map((value, i) => ({
    period: { from: (start + i * step_ms) as Instant, to: (start + (i + 1) * step_ms) as Instant },
    quantity: BigInt(new Decimal(value).times(1_000_000 * (step_ms / 3_600_000)).toFixed(0)),
    basis: "actual" as const,
  }));
  const servicePeriod = { from: start as Instant, to: (start + 365 * 86_400_000) as Instant };
  const total = slices.reduce((sum, slice) => sum + slice.quantity, 0n);
  return { utility: "electricity", unit: "kWh", servicePeriod, slices, total, basis: "actual" };
}
