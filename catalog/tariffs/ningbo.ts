import type { Day } from "../../domain/period.ts";
import type { Tariff } from "../../domain/tariff.ts";

/** The official day of effect was not found: these versions answer for the years that the sources speak of. */
const EFFECTIVE_FROM = "2020-01-01" as Day;

/** Water with its sewage fee apart: 3.40 / 5.32 / 7.00 in all, of which 1.00 sewage. */
export const ningboWater: Tariff = {
  id: "ningbo.water.residential",
  version: "2020-01",
  utility: "water",
  unit: "m3",
  currency: "CNY",
  effectiveFrom: EFFECTIVE_FROM,
  zone: "Asia/Shanghai",
  title: { zh: "宁波居民生活用水（一户一表，含污水处理费）", en: "Ningbo residential water with sewage" },
  source: [
    "g.nizhidaoma.manmankan.com/article/2020/28849.shtml, m.xyx234.com/dadaddeh/ddegrgrva, bhous.com/lvyouwenda/396953.html (all three agree; monthly 17/30 m3, here 204/360 a year)",
  ],
  confirm: {
    zh: "价格来自二手公开资料，出账前请向宁波水务确认；阶梯按年计（204/360），不足一年的规则未查到。",
    en: "Prices come from public second-hand sources: confirm with the Ningbo water company before a real bill. Thresholds are taken by the year (204/360); no source was found for a part year.",
  },
  charges: [
    {
      kind: "energy",
      form: "graduated",
      id: "water",
      title: { zh: "水费", en: "Water" },
      ladder: {
        basis: "year",
        yearStart: "01-01",
        // More than 3 persons: each further person adds 5 m3 a month to every threshold.
        household: [{ fromPersons: 4, each: "person", add: "5", per: "month" }],
      },
      tiers: [
        { upTo: "204", price: "2.40" },
        { upTo: "360", price: "4.32" },
        { upTo: null, price: "6.00" },
      ],
    },
    { kind: "volume", id: "sewage", title: { zh: "污水处理费", en: "Sewage" }, price: "1.00" },
  ],
  examples: [
    {
      title: "a month in the first tier",
      from: "2026-01-01" as Day,
      to: "2026-02-01" as Day,
      quantity: "15",
      expect: { lines: { "water/t1": "36.00", sewage: "15.00" }, total: "51.00" },
    },
    {
      title: "into the second tier; sewage is the same in each",
      from: "2026-11-01" as Day,
      to: "2026-12-01" as Day,
      quantity: "10",
      ladderUsedBefore: "200",
      expect: { lines: { "water/t1": "9.60", "water/t2": "25.92", sewage: "10.00" }, total: "45.52" },
    },
    {
      title: "five persons: thresholds 324 and 480",
      from: "2026-11-01" as Day,
      to: "2026-12-01" as Day,
      quantity: "30",
      ladderUsedBefore: "300",
      householdSize: 5,
      expect: { lines: { "water/t1": "57.60", "water/t2": "25.92", sewage: "30.00" }, total: "113.52" },
    },
  ],
};

export const ningboGas: Tariff = {
  id: "ningbo.gas.residential",
  version: "2020-01",
  utility: "gas",
  unit: "m3",
  currency: "CNY",
  effectiveFrom: EFFECTIVE_FROM,
  zone: "Asia/Shanghai",
  title: { zh: "宁波居民管道天然气", en: "Ningbo residential natural gas" },
  source: ["mirror22.com/CancerHealth/14993700.html (the only source found)"],
  confirm: {
    zh: "仅有一个低可信度来源，第二档上限 1800 不确定，出账前务必向燃气公司确认。",
    en: "One source of low quality; the second threshold of 1800 is uncertain. Confirm with the gas company before a real bill.",
  },
  charges: [
    {
      kind: "energy",
      form: "graduated",
      id: "gas",
      title: { zh: "燃气费", en: "Gas" },
      ladder: { basis: "year", yearStart: "01-01" },
      tiers: [
        { upTo: "324", price: "2.95" },
        { upTo: "1800", price: "3.50" },
        { upTo: null, price: "4.50" },
      ],
    },
  ],
  examples: [
    {
      title: "into the second tier",
      from: "2026-11-01" as Day,
      to: "2026-12-01" as Day,
      quantity: "10",
      ladderUsedBefore: "320",
      expect: { lines: { "gas/t1": "11.80", "gas/t2": "21.00" }, total: "32.80" },
    },
  ],
};
