import { describe, expect, test } from "vitest";
import { rowsOfCsv } from "../../../billing/rate/csv.ts";
import { tariffsOfJson } from "../../../billing/rate/schema.ts";
import { accountOfJson } from "../../../billing/rate/account-file.ts";
import { usageOfJson, usageOfRows } from "../../../billing/rate/usage-file.ts";
import { CodedError } from "../../../domain/errors.ts";
import { isoIn } from "../../../domain/instant.ts";
import { decimalText } from "../../../domain/quantity.ts";
import type { Usage } from "../../../domain/usage.ts";
import { tariffWith, tiered } from "./tariffs.ts";

const tariff = tariffWith([tiered()]);
const sliceTexts = (usage: Usage) =>
  usage.slices.map(({ period, quantity, tou }) =>
    [
      isoIn(period.from, tariff.zone).slice(5, 16),
      isoIn(period.to, tariff.zone).slice(5, 16),
      decimalText(quantity),
      tou ?? "-",
    ].join(" "),
  );

/** `path: message` lines of the refusal. */
function problems(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof CodedError) return error.message;
    throw error;
  }
  return "accepted";
}

describe("a usage file", () => {
  test.each([
    [
      "a total between days",
      { from: "2026-03-01", to: "2026-04-01", quantity: 12.5 },
      ["03-01T00:00 04-01T00:00 12.5 -"],
    ],
    [
      "a total between instants",
      { from: "2026-03-01T00:00:00Z", to: "2026-03-02T08:00:00+08:00", quantity: "1" },
      ["03-01T08:00 03-02T08:00 1 -"],
    ],
    [
      "registers by time of use",
      { from: "2026-03-01", to: "2026-04-01", registers: { peak: "1", valley: 2 } },
      ["03-01T00:00 04-01T00:00 1 peak", "03-01T00:00 04-01T00:00 2 valley"],
    ],
    [
      "intervals in any order, as an array",
      [
        { from: "2026-03-02", to: "2026-03-03", quantity: "2" },
        { from: "2026-03-01", to: "2026-03-02", quantity: "1" },
      ],
      ["03-01T00:00 03-02T00:00 1 -", "03-02T00:00 03-03T00:00 2 -"],
    ],
    [
      "values at a fixed step",
      { intervals: { from: "2026-03-01T00:00", minutes: 15, values: ["1", 2] } },
      ["03-01T00:00 03-01T00:15 1 -", "03-01T00:15 03-01T00:30 2 -"],
    ],
    [
      "a register's total shaped by intervals",
      {
        from: "2026-03-01",
        to: "2026-03-03",
        quantity: "10.2",
        intervals: { from: "2026-03-01", minutes: 1440, values: [4, 6] },
      },
      ["03-01T00:00 03-02T00:00 4.08 -", "03-02T00:00 03-03T00:00 6.12 -"],
    ],
  ])("may hold %s", (_, document, slices) => expect(sliceTexts(usageOfJson(document, tariff))).toEqual(slices));

  test("in another zone has its days there", () => {
    const usage = usageOfJson({ from: "2026-03-01", to: "2026-03-02", quantity: "1" }, tariff, "Europe/London");
    expect(isoIn(usage.servicePeriod.from, "UTC")).toBe("2026-03-01T00:00:00+00:00");
  });

  test.each([
    ["a negative quantity", { from: "2026-03-01", to: "2026-04-01", quantity: -1 }, "quantity: -1 is below zero"],
    [
      "a negative interval",
      [{ from: "2026-03-01", to: "2026-04-01", quantity: "-1" }],
      "intervals[0].quantity: -1 is below",
    ],
    ["no decimal", { from: "2026-03-01", to: "2026-04-01", quantity: "1,5" }, "quantity: not a decimal"],
    ["no quantity", { from: "2026-03-01", to: "2026-04-01" }, "quantity: give `quantity`, `registers` or `intervals`"],
    ["no end", { from: "2026-03-01", quantity: "1" }, "to: is missing"],
    ["an end before its beginning", { from: "2026-03-01", to: "2026-03-01", quantity: "1" }, "to: is not after `from`"],
    ["a day that is none", { from: "2026-02-30", to: "2026-03-01", quantity: "1" }, "from: 2026-02-30 is not a day"],
    ["an unknown field", { from: "2026-03-01", to: "2026-04-01", kwh: "1" }, /kwh: is no field here/],
    [
      "two intervals for one time",
      [
        { from: "2026-03-01", to: "2026-03-03", quantity: "1" },
        { from: "2026-03-02", to: "2026-03-04", quantity: "1" },
      ],
      "2026-03-02T00:00:00+08:00: overlaps",
    ],
    [
      "a register beside a total for one time",
      [
        { from: "2026-03-01", to: "2026-03-03", quantity: "1" },
        { from: "2026-03-01", to: "2026-03-03", quantity: "1", tou: "peak" },
      ],
      "overlaps",
    ],
    [
      "an interval outside the period",
      { from: "2026-03-02", to: "2026-03-03", intervals: [{ from: "2026-03-01", to: "2026-03-02", quantity: "1" }] },
      "lies outside `from`..`to`",
    ],
    [
      "a register and intervals far apart",
      { quantity: "12", intervals: [{ from: "2026-03-01", to: "2026-03-02", quantity: "10" }] },
      "quantity: 12 and the intervals' sum 10 are more than 1/20 apart",
    ],
    ["nothing", null, "(whole file)"],
    ["no intervals", [], "intervals"],
  ])("with %s is refused at its path", (_, document, message) => {
    const text = problems(() => usageOfJson(document, tariff));
    if (typeof message === "string") expect(text).toContain(message);
    else expect(text).toMatch(message);
  });

  test("with several faults names them all", () => {
    const text = problems(() => usageOfJson([{ from: "x", to: "y", quantity: "-1" }], tariff));
    expect(text.split("\n")).toHaveLength(3);
  });

  test("never reads a local time that the zone has twice", () => {
    const night = { from: "2026-10-25T02:30", to: "2026-10-26", quantity: "1" };
    expect(problems(() => usageOfJson(night, tariff, "Europe/Berlin"))).toContain("from: 2026-10-25T02:30 is not");
  });
});

describe("a CSV file", () => {
  test("has columns in any order, with or without `to` and `tou`", () => {
    const csv = "\uFEFFquantity,from\r\n1,2026-01-01\r\n2,2026-02-01\r\n\r\n";
    expect(sliceTexts(usageOfRows(rowsOfCsv(csv), tariff))).toEqual([
      "01-01T00:00 02-01T00:00 1 -",
      "02-01T00:00 03-01T00:00 2 -",
    ]);
    const tou = 'from,to,quantity,tou\n"2026-01-01",2026-02-01,1.5,peak\n2026-01-01,2026-02-01,2,valley';
    expect(sliceTexts(usageOfRows(rowsOfCsv(tou), tariff))).toEqual([
      "01-01T00:00 02-01T00:00 1.5 peak",
      "01-01T00:00 02-01T00:00 2 valley",
    ]);
    const quarters = "from,quantity\n2026-01-01T00:00+08:00,1\n2026-01-01T00:15+08:00,2";
    expect(sliceTexts(usageOfRows(rowsOfCsv(quarters), tariff)).at(-1)).toBe("01-01T00:15 01-01T00:30 2 -");
  });

  test.each([
    ["", "line 1: no column from"],
    ["from,quantity", "line 2: no rows"],
    ["from,kwh\n2026-01-01,1", "line 1: unknown column kwh"],
    ["from,to,quantity\n2026-01-01,2026-01-02,abc", "line 2, quantity: not a decimal: abc"],
    ["from,to,quantity\n2026-01-01,2026-01-02,1,000", "line 2: more cells than columns"],
    ["from,quantity\n2026-01-01,1", "intervals[0].to"],
  ])("%j is refused by line", (csv, message) => {
    expect(problems(() => usageOfRows(rowsOfCsv(csv), tariff))).toContain(message);
  });
});

test("an account file says household and ladder, and refuses the rest by path", () => {
  expect(accountOfJson({ householdSize: 4, ladderUsedBefore: "12.5", zone: "Asia/Shanghai" })).toEqual({
    householdSize: 4,
    ladderUsedBefore: 12_500_000n,
    zone: "Asia/Shanghai",
  });
  expect(accountOfJson({ ladderUsedBefore: { energy: 3 } })).toEqual({ ladderUsedBefore: { energy: 3_000_000n } });
  expect(problems(() => accountOfJson({ householdSize: 0 }))).toContain("householdSize");
  expect(problems(() => accountOfJson({ ladderUsedBefore: { energy: "-3" } }))).toBe(
    "ladderUsedBefore.energy: is below zero",
  );
  expect(problems(() => accountOfJson({ zone: "Mars/Olympus" }))).toContain("zone: not a time zone");
});

describe("a tariff file", () => {
  const good = JSON.parse(JSON.stringify(tariff)) as Record<string, unknown>;
  const with_ = (charge: Record<string, unknown>, more = {}) => ({
    ...good,
    charges: [{ ...tiered(), ...charge }],
    ...more,
  });

  test("is one version or an array of them; numbers keep the digits they are written with", () => {
    const tiers = [
      { upTo: 50, price: 0.538 },
      { upTo: null, price: 0.588 },
    ];
    const [read] = tariffsOfJson([with_({ tiers })]);
    expect(read?.charges[0]).toMatchObject({
      tiers: [
        { upTo: "50", price: "0.538" },
        { upTo: null, price: "0.588" },
      ],
    });
    expect(tariffsOfJson(good)).toHaveLength(1);
  });

  const tou = { rules: [{ period: "peak", from: "08:00", to: "22:00" }], otherwise: "valley" };
  test.each<[string, unknown, string]>([
    ["no array and no object", 7, "(whole file)"],
    ["a missing price", with_({ tiers: [{ upTo: null }] }), "charges[0].tiers[0].price"],
    [
      "a last tier that ends",
      with_({ tiers: [{ upTo: "5", price: "1" }] }),
      "charges[0].tiers[0].upTo: the last tier has no end",
    ],
    [
      "tiers that fall",
      with_({
        tiers: [
          { upTo: "5", price: "1" },
          { upTo: "5", price: "1" },
          { upTo: null, price: "1" },
        ],
      }),
      "charges[0].tiers[1].upTo: is not above the tier before it",
    ],
    [
      "an hour without a price",
      with_({ tiers: [{ upTo: null, price: { peak: "1" } }] }, { tou }),
      "charges[0].tiers: the clock has hours of valley, which has no price",
    ],
    [
      "seasons of a ladder by year",
      with_({ seasons: [{ months: [1], tiers: tiered().tiers }] }),
      "charges[0].seasons: seasons need",
    ],
    ["an end before the beginning", { ...good, effectiveTo: "1999-01-01" }, "effectiveTo: is not after effectiveFrom"],
    [
      "a percentage of nothing",
      { ...good, charges: [{ kind: "percentage", id: "p", title: tariff.title, rate: "0.1", of: ["x"] }] },
      "charges[0].of: x is not a charge before",
    ],
    [
      "two charges of one name",
      { ...good, charges: [tiered(), tiered()] },
      "charges[1].id: a second charge named energy",
    ],
    ["an unknown kind", with_({ kind: "magic" }), "charges[0].kind"],
    ["an unknown time zone", { ...good, zone: "Mars/Olympus" }, "zone: not a time zone"],
    [
      "versions in two currencies",
      [good, { ...good, version: "2", currency: "USD" }],
      "[1].currency: USD is not the first version's CNY",
    ],
    ["no source", { ...good, source: [] }, "source"],
    [
      "25 o'clock",
      { ...good, tou: { rules: [{ period: "peak", from: "25:00", to: "26:00" }], otherwise: "x" } },
      "tou.rules[0].from: not a time",
    ],
  ])("with %s is refused at its path", (_, document, message) => {
    expect(problems(() => tariffsOfJson(document))).toContain(message);
  });
});

test("local times of a day whose clock is put back are told apart by the intervals before them", () => {
  const hours = ["01:00", "02:00", "02:00", "03:00"].map((hour) => `2026-10-25T${hour},1`).join("\n");
  const usage = usageOfRows(rowsOfCsv(`from,quantity\n${hours}\n`), tariffWith([]), "Europe/Berlin");
  expect(usage.slices.map(({ period }) => (period.to - period.from) / 3_600_000)).toEqual([1, 1, 1, 1]);
  expect(usage.servicePeriod.to - usage.servicePeriod.from).toBe(4 * 3_600_000);
});

test("mean power and energy given back are read beside quantities", () => {
  const csv = rowsOfCsv("from,to,kw,export_kw,reactive\n2026-03-01T00:00,2026-03-01T00:15,4,2.5e-1,0.5\n");
  const usage = usageOfRows(csv, tariffWith([]));
  expect([usage.total, usage.exported?.[0]?.quantity, usage.reactive?.[0]?.quantity]).toEqual([
    1_000_000n,
    62_500n,
    500_000n,
  ]);
});
