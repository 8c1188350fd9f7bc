import { describe, expect, test } from "vitest";
import { ratePeriods } from "../../billing/rate/periods.ts";
import { tariffsOfJson } from "../../billing/rate/schema.ts";
import { Decimal } from "../../domain/decimal.ts";
import { amountText } from "../../domain/money.ts";
import { type Day, monthsWithin } from "../../domain/period.ts";
import type { Usage } from "../../domain/usage.ts";
import { type NrelInputs, tariffOfNrel, usageOfKw, usageOfNet, usageOfTables } from "./nrel.ts";
import { column, LEFT_OUT, load, one, present, title } from "./tariff-cases.ts";

/** A large-power tariff as a table: each row is a price of its own in some months, hours and days, energy or demand. */
describe.skipIf(!present)("a tariff that others keep as a table of hours", () => {
  const [head = "", ...table] = column("tariff_example") ?? [];
  const names = head.split(",");
  const lines = table.map((line) => {
    const cells = line.split(",");
    const cell = (name: string) => cells[names.indexOf(name)] ?? "";
    const days = [Number(cell("weekday_start")), Number(cell("weekday_end"))] as const;
    return {
      type: cell("type"),
      price: cell("charge (metric)"),
      months: [Number(cell("month_start")), Number(cell("month_end"))] as const,
      hours: [Number(cell("hour_start")), Number(cell("hour_end"))] as const,
      days,
    };
  });
  const holds = ({ months, hours, days }: (typeof lines)[number], at: Date) =>
    at.getUTCMonth() + 1 >= months[0] &&
    at.getUTCMonth() + 1 <= months[1] &&
    at.getUTCHours() >= hours[0] &&
    at.getUTCHours() < hours[1] &&
    (at.getUTCDay() + 6) % 7 >= days[0] &&
    (at.getUTCDay() + 6) % 7 <= days[1];
  const many = ([from, to]: readonly [number, number], first = 0) =>
    Array.from({ length: to - from + 1 }, (_, i) => from + i + first);
  const clock = (some: readonly (typeof lines)[number][], name: (i: number) => string) => ({
    rules: some.map((row, i) => ({
      period: name(i),
      months: many(row.months),
      weekdays: many(row.days, 1),
      from: `${String(row.hours[0]).padStart(2, "0")}:00`,
      to: `${String(row.hours[1]).padStart(2, "0")}:00`,
    })),
    otherwise: "none",
  });

  test("is rated hour by hour as the table says", () => {
    const electric = table
      .map((line, i) => ({ line, row: lines[i] }))
      .filter(({ line }) => line.startsWith("electric"));
    const rows = electric.flatMap(({ row }) => (row === undefined ? [] : [row]));
    const energies = rows.filter(({ type }) => type === "energy");
    const demands = rows.filter(({ type }) => type === "demand");
    const customer = rows.find(({ type }) => type === "customer");
    const plain = (price: string) => new Decimal(price).toFixed();
    const tariff = one(
      [
        {
          kind: "energy",
          form: "flat",
          id: "energy",
          title,
          roundOnce: true,
          price: Object.fromEntries([...energies.map(({ price }, i) => [`p${i}`, plain(price)]), ["none", "0"]]),
        },
        ...demands.map((row, i) => ({
          kind: "demand",
          id: `demand_${i}`,
          title,
          price: plain(row.price),
          tou: clock([row], () => "own"),
          in: ["own"],
        })),
        { kind: "standing", id: "customer", title, per: "month", price: plain(customer?.price ?? "0") },
      ],
      { currency: "USD", tou: clock(energies, (i) => `p${i}`) },
    );
    const kw = column("load_hourly") ?? [];
    const usage = usageOfKw(kw, null, false);
    const months = ratePeriods(
      [{ ...tariff, effectiveFrom: "2018-01-01" as Day }],
      usage,
      {},
      monthsWithin(usage.servicePeriod, "UTC"),
    );
    for (const { period, total } of months) {
      const hours = kw
        .map((value, i) => ({ at: new Date(usage.servicePeriod.from + i * 3_600_000), kw: new Decimal(value) }))
        .filter(({ at }) => at.getTime() >= period.from && at.getTime() < period.to);
      let sum = new Decimal(customer?.price ?? "0");
      for (const row of energies)
        for (const hour of hours) if (holds(row, hour.at)) sum = sum.plus(hour.kw.times(row.price));
      for (const row of demands) {
        const own = hours.filter(({ at }) => holds(row, at)).map((hour) => hour.kw);
        sum = sum.plus(Decimal.max(0, ...own).times(row.price));
      }
      expect(sum.minus(amountText(total)).abs().toNumber()).toBeLessThan(0.05);
    }
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

  test("docs/reference/tariffs.md lists exactly the cases whose load or generation is not there, and no case that is", () => {
    const left = bills.filter((some) => !withSystem.includes(some));
    for (const one of left) expect([column(one.load_csv), column(one.gen_year1_csv)]).toContain(null);
    const listed = [...LEFT_OUT.keys()].filter((id) => id.endsWith(" with a system"));
    expect(listed).toEqual(left.map((one) => `${one.case} with a system`));
  });
});
