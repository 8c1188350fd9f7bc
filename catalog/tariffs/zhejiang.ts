import type { Day } from "../../domain/period.ts";
import type { Tariff } from "../../domain/tariff.ts";

const confirm = {
  zh: "价格来自二手公开资料，出账前请向国网浙江电力确认；一户多人口及不足一年的阶梯规则未查到。",
  en: "Prices come from public second-hand sources: confirm with State Grid Zhejiang before a real bill. No source was found for large households or for a part ladder year.",
};

const source = [
  "Notice quoted from zj.gov.cn, 2012-06-15: residential ladder prices from 2012-07-01, in github.com/cc01cc/Eru living-cost-electricity.md",
  "zadbj010.com/resources/94119.html (same prices)",
];

const shared = {
  version: "2012-07",
  utility: "electricity",
  unit: "kWh",
  currency: "CNY",
  effectiveFrom: "2012-07-01" as Day,
  zone: "Asia/Shanghai",
  confirm,
} as const;

/** One household, one meter, one price per tier; the ladder year is the calendar year. */
export const zhejiangElectricity: Tariff = {
  ...shared,
  id: "zhejiang.electricity.residential",
  title: { zh: "浙江居民生活用电（一户一表，不分时）", en: "Zhejiang residential electricity, one price per tier" },
  source,
  charges: [
    {
      kind: "energy",
      form: "graduated",
      id: "energy",
      title: { zh: "电费", en: "Electricity" },
      ladder: { basis: "year", yearStart: "01-01" },
      tiers: [
        { upTo: "2760", price: "0.538" },
        { upTo: "4800", price: "0.588" },
        { upTo: null, price: "0.838" },
      ],
    },
  ],
  examples: [
    {
      title: "a month in the first tier",
      from: "2026-01-01" as Day,
      to: "2026-02-01" as Day,
      quantity: "200",
      expect: { lines: { "energy/t1": "107.60" }, total: "107.60" },
    },
    {
      title: "the month in which the second tier begins",
      from: "2026-11-01" as Day,
      to: "2026-12-01" as Day,
      quantity: "120",
      ladderUsedBefore: "2700",
      expect: { lines: { "energy/t1": "32.28", "energy/t2": "35.28" }, total: "67.56" },
    },
    {
      title: "the last unit of a tier still has that tier's price",
      from: "2026-11-01" as Day,
      to: "2026-12-01" as Day,
      quantity: "60",
      ladderUsedBefore: "2700",
      expect: { total: "32.28" },
    },
    {
      title: "from the second tier into the third",
      from: "2026-12-01" as Day,
      to: "2027-01-01" as Day,
      quantity: "30",
      ladderUsedBefore: "4790",
      expect: { lines: { "energy/t2": "5.88", "energy/t3": "16.76" }, total: "22.64" },
    },
  ],
};

/** Peak 08–22, valley 22–08, each with its price per tier; a month's tiers are shared between them in proportion. */
export const zhejiangElectricityTou: Tariff = {
  ...shared,
  id: "zhejiang.electricity.residential_tou",
  title: { zh: "浙江居民生活用电（一户一表，峰谷分时）", en: "Zhejiang residential electricity, peak and valley" },
  source: [...source, "Two hobby applications use 0.298 for the valley of the first tier; the notice has 0.288"],
  tou: { rules: [{ period: "peak", from: "08:00", to: "22:00" }], otherwise: "valley" },
  charges: [
    {
      kind: "energy",
      form: "graduated",
      id: "energy",
      title: { zh: "电费", en: "Electricity" },
      ladder: { basis: "year", yearStart: "01-01" },
      allocation: "pro_rata",
      tiers: [
        { upTo: "2760", price: { peak: "0.568", valley: "0.288" } },
        { upTo: "4800", price: { peak: "0.618", valley: "0.338" } },
        { upTo: null, price: { peak: "0.868", valley: "0.588" } },
      ],
    },
  ],
  examples: [
    {
      title: "a month in the first tier",
      from: "2026-01-01" as Day,
      to: "2026-02-01" as Day,
      quantity: { peak: "150", valley: "100" },
      expect: { lines: { "energy/t1/peak": "85.20", "energy/t1/valley": "28.80" }, total: "114.00" },
    },
    {
      title: "both times of use enter the second tier in proportion",
      from: "2026-11-01" as Day,
      to: "2026-12-01" as Day,
      quantity: { peak: "60", valley: "40" },
      ladderUsedBefore: "2710",
      expect: {
        lines: {
          "energy/t1/peak": "17.04",
          "energy/t1/valley": "5.76",
          "energy/t2/peak": "18.54",
          "energy/t2/valley": "6.76",
        },
        total: "48.10",
      },
    },
  ],
};
