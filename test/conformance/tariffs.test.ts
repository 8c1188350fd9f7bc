import { describe, expect, test } from "vitest";
import { rate } from "../../billing/rate.ts";
import { ratePeriods } from "../../billing/rate/periods.ts";
import { usageOfJson } from "../../billing/rate/usage-file.ts";
import { tariffOf } from "../../catalog/tariffs/catalogue.ts";
import { Decimal } from "../../domain/decimal.ts";
import { amountText } from "../../domain/money.ts";
import type { GraduatedCharge, SurchargedCharge, Tariff } from "../../domain/tariff.ts";
import { LEFT_OUT, load, one, present, title } from "./tariff-cases.ts";

type Case = {
  id: string;
  kind: string;
  tariff: string | { tiers: [number | null, number][] };
  usage: { kwh?: number; therms_total?: number; at?: string };
  expected: { energy?: string; charge?: string; rate?: Record<string, number> };
};
const cases = load("worked_cases.json") as Case[];

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

  test.each(cities.filter(({ tiers, tiers_may_oct: summer }) => tiers !== undefined || summer !== undefined))(
    "$id is said in the language and rated as its tiers add up",
    (city) => {
      const said = (tiers: Tier[] = []) => tiers.map(({ up_to, price }) => ({ upTo: up_to, price }));
      const others = city.tiers ?? city.tiers_nov_apr ?? city.tiers_other ?? [];
      const summer = { months: [5, 6, 7, 8, 9, 10], tiers: said(city.tiers_may_oct) };
      const tariff = one([
        {
          kind: "energy",
          form: "graduated",
          id: "energy",
          title,
          ladder: { basis: "month" },
          tiers: said(others),
          ...(city.tiers_may_oct === undefined ? {} : { seasons: [summer] }),
        },
      ]);
      const byHand = (tiers: Tier[], used: number) => {
        let [sum, from] = [new Decimal(0), 0];
        for (const { up_to: end, price } of tiers) {
          const within = Math.max(0, Math.min(used, end ?? used) - from);
          sum = sum.plus(new Decimal(price).times(within));
          from = end ?? used;
        }
        return sum;
      };
      for (const [month, tiers] of [
        ["07", city.tiers_may_oct ?? others],
        ["12", others],
      ] as const) {
        for (const used of [0, 1, ...tiers.flatMap(({ up_to: end }) => (end === null ? [] : [end, end + 1])), 9000]) {
          const next = month === "12" ? "2027-01" : "2026-08";
          const total = totalOf(tariff, { from: `2026-${month}-01`, to: `${next}-01`, quantity: used });
          // Each tier's line is rounded once: half a fen at most.
          expect(byHand(tiers, used).minus(total).abs().toNumber()).toBeLessThanOrEqual(0.005 * tiers.length);
        }
      }
    },
  );

  // One line each in `others_summary`: enough to say them, not enough to publish them.
  const summary = (cities.find(({ id }) => id === "others_summary") as { list?: Record<string, string> } | undefined)
    ?.list;
  const rows = (ends: (number | null)[], prices: string[]) => ends.map((upTo, i) => ({ upTo, price: prices[i] }));
  const graduated = (tiers: object, more: object = {}) => [
    { kind: "energy", form: "graduated", id: "energy", title, ladder: { basis: "month" }, tiers, ...more },
  ];
  test.each([
    {
      name: "Guizhou",
      says: "annual 3000/4700, .4556/.5056/.7556, ladder year starts 1 December",
      charges: graduated(rows([3000, 4700, null], ["0.4556", "0.5056", "0.7556"]), {
        ladder: { basis: "year", yearStart: "12-01" },
      }),
      usage: {
        from: "2026-11-01",
        to: "2027-01-01",
        intervals: { from: "2026-11-01", minutes: 1440, values: Array(61).fill(100) },
      },
      total: "2784.16", // 3000 × 0.4556 in November; the year begins: 3000 × 0.4556 + 100 × 0.5056
    },
    {
      name: "Yunnan",
      says: "May-Nov flat .423625; Dec-Apr tiers .473625/.773625",
      charges: [
        ...graduated(rows([170, null], ["0.473625", "0.773625"]), { when: { months: [12, 1, 2, 3, 4] } }),
        {
          kind: "energy",
          form: "flat",
          id: "rain",
          title,
          price: "0.423625",
          when: { months: [5, 6, 7, 8, 9, 10, 11] },
        },
      ],
      usage: {
        from: "2026-11-01",
        to: "2027-01-01",
        intervals: { from: "2026-11-01", minutes: 1440, values: [...Array(30).fill(10), 180, ...Array(30).fill(0)] },
      },
      total: "215.35", // 300 × 0.423625 = 127.09; 170 × 0.473625 + 10 × 0.773625 = 80.52 + 7.74
    },
  ])("$name, of a line of text", ({ name, says, charges, usage: document, total }) => {
    expect(summary?.[name]).toBe(says);
    expect(totalOf(one(charges), document)).toBe(total);
  });

  test("every other city has its reason in docs/reference/tariffs.md", () => {
    const ids = cities.map(({ id }) => id);
    expect(ids.filter((id) => !(id in CATALOGUED) && !LEFT_OUT.has(id))).toEqual([]);
    expect(ids.filter((id) => id in CATALOGUED && LEFT_OUT.has(id))).toEqual([]);
  });
});
