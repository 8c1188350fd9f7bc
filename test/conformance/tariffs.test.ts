import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { rate } from "../../billing/rate.ts";
import { ratePeriods } from "../../billing/rate/periods.ts";
import { monthsWithin } from "../../domain/period.ts";
import { tariffsOfJson } from "../../billing/rate/schema.ts";
import { usageOfJson } from "../../billing/rate/usage-file.ts";
import { tariffOf } from "../../catalog/tariffs/catalogue.ts";
import { Decimal } from "../../domain/decimal.ts";
import { amountText } from "../../domain/money.ts";
import type { GraduatedCharge, SurchargedCharge, Tariff } from "../../domain/tariff.ts";
import type { Usage } from "../../domain/usage.ts";
import { type NrelInputs, tariffOfNrel, usageOfKw, usageOfNet, usageOfTables } from "./nrel.ts";

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
  expect_error: boolean;
  load_csv: string;
  gen_year1_csv: string;
  inputs: NrelInputs;
  expected_year1: Record<string, number[]> & {
    energy_wo_sys_ec_period_by_tier_per_month: Record<string, number[][]>;
    utility_bill_wo_sys_year1: number;
    utility_bill_w_sys_year1: number;
  };
};
const nrel = load("nrel_utilityrate5_cases.json") as Nrel[];
const column = (name: string): string[] | null => {
  const path = join(FOLDER, `${name}.csv`);
  return existsSync(path) ? readFileSync(path, "utf8").trim().split("\n") : null;
};
const bills = nrel.filter(({ expect_error }) => !expect_error);
/** Bills with a system need its generation and the load themselves. */
const withSystem = bills.filter((one) => column(one.load_csv) !== null && column(one.gen_year1_csv) !== null);

/** Each month by group of charges, and its bill, against the engine's, which rounds nothing. */
function compare(one: Nrel, usage: Usage, side: "without_system" | "with_system"): void {
  const [tariff] = tariffsOfJson(tariffOfNrel(one.inputs));
  if (tariff === undefined) throw new Error("no tariff");
  const { expected_year1: expected } = one;
  const months = ratePeriods([tariff], usage, {}, monthsWithin(usage.servicePeriod, "UTC"));
  expect(months).toHaveLength(12);
  const groups: Record<string, (charge: string) => boolean> = {
    ec_charge: (charge) => ["energy", "export", "carried"].includes(charge),
    fixed: (charge) => charge === "fixed",
    dc_fixed: (charge) => /^demand_\d/.test(charge),
    dc_tou: (charge) => charge.startsWith("demand_tou"),
    minimum: (charge) => charge.startsWith("minimum"),
  };
  const paysCredit = side === "with_system" && [1, 3].includes(one.inputs.ur_metering_option ?? 0);
  let year = new Decimal(0);
  for (const [i, { lines, total }] of months.entries()) {
    let charges = 0;
    for (const [group, isOf] of Object.entries(groups)) {
      const own = lines.filter((line) => isOf(line.charge));
      let sum = own.reduce((all, line) => all.plus(amountText(line.amount)), new Decimal(0));
      // What the engine pays out of a money credit at its end is part of the bill, not of the energy charge.
      if (group === "ec_charge" && paysCredit && sum.isNegative()) sum = new Decimal(0);
      // A charge is rounded once, half a cent at most.
      const rounded = new Set(own.map((line) => line.charge)).size;
      charges += rounded;
      const answer = expected[`year1_monthly_${group}_${side}`]?.[i];
      expect
        .soft(
          sum
            .minus(answer ?? Number.NaN)
            .abs()
            .toNumber(),
          `${group} of month ${i + 1}: ${sum.toFixed()} ${answer}`,
        )
        .toBeLessThan(0.005 * Math.max(rounded, 1) + 1e-6);
    }
    const bill = expected[`year1_monthly_utility_bill_${side === "with_system" ? "w_sys" : "wo_sys"}`]?.[i];
    year = year.plus(amountText(total));
    expect
      .soft(
        new Decimal(amountText(total))
          .minus(bill ?? Number.NaN)
          .abs()
          .toNumber(),
        `bill of month ${i + 1}: ${amountText(total)} ${bill}`,
      )
      .toBeLessThan(0.005 * (charges + 1) + 1e-6);
  }
  const total = side === "with_system" ? expected.utility_bill_w_sys_year1 : expected.utility_bill_wo_sys_year1;
  expect(year.minus(total).abs().toNumber()).toBeLessThan(0.1); // the tolerance that the engine's own tests state
}

describe.skipIf(!present)("NREL's engine: monthly bills of its cases (skipped where the folder is not present)", () => {
  test.each(bills)("$case without a system", (one) => {
    const kw = column(one.load_csv);
    const { energy_wo_sys_ec_period_by_tier_per_month: table, year1_monthly_peak_wo_system: peaks } =
      one.expected_year1;
    compare(one, kw === null ? usageOfTables(table, peaks ?? []) : usageOfKw(kw, null, false), "without_system");
  });

  test.each(withSystem)("$case with a system", (one) => {
    const twoMeters = one.inputs.ur_metering_option === 4;
    compare(one, usageOfKw(column(one.load_csv) ?? [], column(one.gen_year1_csv), twoMeters), "with_system");
  });

  /** Net metering without the system's own intervals: its monthly net energy, kept and paid at the year's end. */
  const settled = bills.filter(
    ({ inputs }) => (inputs.ur_metering_option ?? 0) === 0 && (inputs.ur_nm_yearend_sell_rate ?? 0) > 0,
  );
  test.each(settled)("$case: what the year-end settlement pays", ({ inputs, expected_year1 }) => {
    const [tariff] = tariffsOfJson(tariffOfNrel(inputs));
    if (tariff === undefined) throw new Error("no tariff");
    const usage = usageOfNet(expected_year1["year1_monthly_electricity_to_grid"] ?? []);
    const months = ratePeriods([tariff], usage, {}, monthsWithin(usage.servicePeriod, "UTC"));
    for (const [i, { lines }] of months.entries()) {
      const paid = lines
        .filter((line) => line.charge === "settled")
        .reduce((sum, line) => sum - Number(amountText(line.amount)), 0);
      expect(Math.abs(paid - (expected_year1["year1_true_up_credits"]?.[i] ?? 0))).toBeLessThan(0.0051);
    }
  });

  test.each(nrel.filter(({ expect_error }) => expect_error))("$case is refused", ({ inputs }) => {
    expect(() => tariffOfNrel(inputs)).toThrow(/tiers within a month/);
  });

  test("a case whose system is left out has its load or generation missing from the folder", () => {
    for (const one of bills.filter((some) => !withSystem.includes(some)))
      expect([column(one.load_csv), column(one.gen_year1_csv)]).toContain(null);
  });
});
