import type { Day } from "../../domain/period.ts";
import type { Tariff } from "../../domain/tariff.ts";

/** 先峰谷后阶梯: all units at peak or valley price, and a surcharge on the units in tier 2 and 3. */
export const jiangsuElectricityTou: Tariff = {
  id: "jiangsu.electricity.residential_tou",
  version: "2021-01",
  utility: "electricity",
  unit: "kWh",
  currency: "CNY",
  effectiveFrom: "2021-01-01" as Day,
  zone: "Asia/Shanghai",
  title: {
    zh: "江苏居民生活用电（峰谷分时，先峰谷后阶梯）",
    en: "Jiangsu residential electricity, peak and valley before the ladder",
  },
  source: [
    "Method and prices as in the Yangzhou component for Home Assistant; household rule: Jiangsu notices of 2012 and 2021, second-hand",
  ],
  confirm: {
    zh: "价格来自二手公开资料，出账前请向国网江苏电力确认。",
    en: "Prices come from public second-hand sources: confirm with State Grid Jiangsu before a real bill.",
  },
  tou: { rules: [{ period: "peak", from: "08:00", to: "21:00" }], otherwise: "valley" },
  charges: [
    {
      kind: "energy",
      form: "surcharged",
      id: "energy",
      title: { zh: "电费", en: "Electricity" },
      price: { peak: "0.5583", valley: "0.3583" },
      ladder: {
        basis: "year",
        yearStart: "01-01",
        household: [{ fromPersons: 5, each: "household", add: "100", per: "month" }],
      },
      tiers: [
        { upTo: "2760", add: "0" },
        { upTo: "4800", add: "0.05" },
        { upTo: null, add: "0.30" },
      ],
    },
  ],
  examples: [
    {
      title: "only the units above 2760 carry the surcharge",
      from: "2026-11-01" as Day,
      to: "2026-12-01" as Day,
      quantity: { peak: "60", valley: "40" },
      ladderUsedBefore: "2710",
      expect: { lines: { "energy/-/peak": "33.50", "energy/-/valley": "14.33", "energy/t2": "2.50" }, total: "50.33" },
    },
    {
      title: "five persons: the second tier begins at 3960",
      from: "2026-11-01" as Day,
      to: "2026-12-01" as Day,
      quantity: { peak: "60", valley: "40" },
      ladderUsedBefore: "2710",
      householdSize: 5,
      expect: { total: "47.83" },
    },
  ],
};
