import type { Day } from "../../domain/period.ts";
import type { LadderSeason, PricedTier, Tariff } from "../../domain/tariff.ts";

/** Summer May to October; a ladder by calendar month. */
const SUMMER = [5, 6, 7, 8, 9, 10];

const tiers = (first: string, second: string, prices: readonly [string, string, string]): PricedTier[] => [
  { upTo: first, price: prices[0] },
  { upTo: second, price: prices[1] },
  { upTo: null, price: prices[2] },
];
const summer = (prices: readonly [string, string, string]): LadderSeason<PricedTier>[] => [
  { months: SUMMER, tiers: tiers("260", "600", prices) },
];

const confirm = {
  zh: "价格来自二手公开资料，出账前请向南方电网确认；多人口家庭是否各档均加 100 千瓦时，资料不一致。",
  en: "Prices come from public second-hand sources: confirm with China Southern Power Grid before a real bill. Sources differ on whether each threshold or the first alone grows by 100 kWh.",
};

const shared = {
  utility: "electricity",
  unit: "kWh",
  currency: "CNY",
  zone: "Asia/Shanghai",
  confirm,
} as const;

const ladder = {
  basis: "month",
  // Guangdong, from 2021-06-01: 5 persons or more, 100 kWh a month on each tier's base.
  household: [{ fromPersons: 5, each: "household", add: "100", per: "month" }],
} as const;

const GUANGZHOU = ["0.589", "0.639", "0.889"] as const;
const SHENZHEN = ["0.6542", "0.7042", "0.9542"] as const;

export const guangzhouElectricity: Tariff = {
  ...shared,
  id: "guangzhou.electricity.residential",
  version: "2021-06",
  effectiveFrom: "2021-06-01" as Day,
  title: {
    zh: "广州居民生活用电（月阶梯，分季节）",
    en: "Guangzhou residential electricity, monthly and seasonal ladder",
  },
  source: ["Guangzhou Daily / gz.gov.cn, 2026-05-14, as quoted in public articles"],
  charges: [
    {
      kind: "energy",
      form: "graduated",
      id: "energy",
      title: { zh: "电费", en: "Electricity" },
      ladder,
      tiers: tiers("200", "400", GUANGZHOU),
      seasons: summer(GUANGZHOU),
    },
  ],
  examples: [
    {
      title: "July: summer thresholds",
      from: "2026-07-01" as Day,
      to: "2026-08-01" as Day,
      quantity: "300",
      expect: { lines: { "energy/t1": "153.14", "energy/t2": "25.56" }, total: "178.70" },
    },
    {
      title: "January: the other thresholds",
      from: "2026-01-01" as Day,
      to: "2026-02-01" as Day,
      quantity: "300",
      expect: { lines: { "energy/t1": "117.80", "energy/t2": "63.90" }, total: "181.70" },
    },
    {
      title: "July, five persons: 360 and 700",
      from: "2026-07-01" as Day,
      to: "2026-08-01" as Day,
      quantity: "300",
      householdSize: 5,
      expect: { lines: { "energy/t1": "176.70" }, total: "176.70" },
    },
  ],
};

export const shenzhenElectricity: Tariff = {
  ...shared,
  id: "shenzhen.electricity.residential",
  version: "2021-06",
  effectiveFrom: "2021-06-01" as Day,
  title: {
    zh: "深圳居民生活用电（月阶梯，分季节）",
    en: "Shenzhen residential electricity, monthly and seasonal ladder",
  },
  source: ["Guangdong price policy texts and published tables, second-hand"],
  charges: [
    {
      kind: "energy",
      form: "graduated",
      id: "energy",
      title: { zh: "电费", en: "Electricity" },
      ladder,
      tiers: tiers("200", "400", SHENZHEN),
      seasons: summer(SHENZHEN),
    },
  ],
  examples: [
    {
      title: "January",
      from: "2026-01-01" as Day,
      to: "2026-02-01" as Day,
      quantity: "250",
      expect: { lines: { "energy/t1": "130.84", "energy/t2": "35.21" }, total: "166.05" },
    },
  ],
};
