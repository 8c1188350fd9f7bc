import type { Day } from "../../domain/period.ts";
import type { Tariff } from "../../domain/tariff.ts";

export const beijingElectricity: Tariff = {
  id: "beijing.electricity.residential",
  version: "2019-12",
  utility: "electricity",
  unit: "kWh",
  currency: "CNY",
  effectiveFrom: "2019-12-01" as Day,
  zone: "Asia/Shanghai",
  title: { zh: "北京居民生活用电（一户一表）", en: "Beijing residential electricity" },
  source: [
    "Beijing price notices (thresholds 240/400 a month; 340/500 for six persons or more from 2019-12-01), second-hand",
  ],
  confirm: {
    zh: "价格来自二手公开资料，出账前请向国网北京电力确认。",
    en: "Prices come from public second-hand sources: confirm with State Grid Beijing before a real bill.",
  },
  charges: [
    {
      kind: "energy",
      form: "graduated",
      id: "energy",
      title: { zh: "电费", en: "Electricity" },
      ladder: { basis: "year", household: [{ fromPersons: 6, each: "household", add: "100", per: "month" }] },
      tiers: [
        { upTo: "2880", price: "0.4883" },
        { upTo: "4800", price: "0.5383" },
        { upTo: null, price: "0.7883" },
      ],
    },
  ],
  examples: [
    {
      title: "a whole year of 5000 kWh",
      from: "2025-01-01" as Day,
      to: "2026-01-01" as Day,
      quantity: "5000",
      expect: { lines: { "energy/t1": "1406.30", "energy/t2": "1033.54", "energy/t3": "157.66" }, total: "2597.50" },
    },
    {
      title: "the same year for six persons: 4080 and 6000",
      from: "2025-01-01" as Day,
      to: "2026-01-01" as Day,
      quantity: "5000",
      householdSize: 6,
      expect: { lines: { "energy/t1": "1992.26", "energy/t2": "495.24" }, total: "2487.50" },
    },
  ],
};

/** Water by tier, with the resource fee and sewage the same in each: 5 / 7 / 9 in all. */
export const beijingWater: Tariff = {
  id: "beijing.water.residential",
  version: "2014-05",
  utility: "water",
  unit: "m3",
  currency: "CNY",
  effectiveFrom: "2014-05-01" as Day,
  zone: "Asia/Shanghai",
  title: { zh: "北京居民用水（含水资源费、污水处理费）", en: "Beijing residential water with resource fee and sewage" },
  source: ["laihamady.com/ms/760561.html (5/7/9 = water 2.07/4.07/6.07 + resource fee 1.57 + sewage 1.36)"],
  confirm: {
    zh: "价格及生效日来自二手公开资料，出账前请向北京自来水集团确认。",
    en: "Prices and the day of effect come from public second-hand sources: confirm with Beijing Waterworks before a real bill.",
  },
  charges: [
    {
      kind: "energy",
      form: "graduated",
      id: "water",
      title: { zh: "水费", en: "Water" },
      ladder: { basis: "year" },
      tiers: [
        { upTo: "180", price: "2.07" },
        { upTo: "260", price: "4.07" },
        { upTo: null, price: "6.07" },
      ],
    },
    { kind: "volume", id: "resource", title: { zh: "水资源费", en: "Water resource fee" }, price: "1.57" },
    { kind: "volume", id: "sewage", title: { zh: "污水处理费", en: "Sewage" }, price: "1.36" },
  ],
  examples: [
    {
      title: "a year of 300 m3: 180 × 5 + 80 × 7 + 40 × 9",
      from: "2025-01-01" as Day,
      to: "2026-01-01" as Day,
      quantity: "300",
      expect: { lines: { resource: "471.00", sewage: "408.00" }, total: "1820.00" },
    },
  ],
};
