import type { Day } from "../../domain/period.ts";
import type { Charge, Tariff, TariffExample } from "../../domain/tariff.ts";
import { POWER_FACTOR_90 } from "./power-factor.ts";

/** What stands beside the ladders: combined meters (合表), the free units of low-income households, an industry's two-part tariff. */
const confirm = {
  zh: "价格来自二手公开资料，出账前请向供应企业确认。",
  en: "Prices come from public second-hand sources: confirm with the utility before a real bill.",
};
const MARCH = { from: "2026-03-01" as Day, to: "2026-04-01" as Day };
const base = { currency: "CNY", zone: "Asia/Shanghai", confirm } as const;
const electricity = { ...base, utility: "electricity", unit: "kWh" } as const;
const water = { ...base, utility: "water", unit: "m3" } as const;

const flat = (price: string): Charge => ({
  kind: "energy",
  form: "flat",
  id: "energy",
  title: { zh: "基本费用", en: "Usage" },
  price,
});
const sewage = (price: string): Charge => ({
  kind: "volume",
  id: "sewage",
  title: { zh: "污水处理费", en: "Sewage" },
  price,
});
const hundred = (total: string): TariffExample[] => [
  { title: "a hundred units", ...MARCH, quantity: "100", expect: { total } },
];

export const OTHER_RATES: readonly Tariff[] = [
  {
    ...electricity,
    id: "zhejiang.electricity.residential_combined",
    version: "2012-07",
    effectiveFrom: "2012-07-01" as Day,
    title: { zh: "浙江居民合表用电（不满1千伏）", en: "Zhejiang residential combined meter below 1 kV" },
    source: ["Notice quoted from zj.gov.cn, 2012-06-15, in github.com/cc01cc/Eru living-cost-electricity.md"],
    charges: [flat("0.558")],
    examples: hundred("55.80"),
  },
  {
    ...electricity,
    id: "zhejiang.electricity.residential_low_income",
    version: "2012-07",
    effectiveFrom: "2012-07-01" as Day,
    title: { zh: "浙江居民生活用电（低保、五保户）", en: "Zhejiang residential electricity, low-income households" },
    source: ["Notice quoted from zj.gov.cn, 2012-06-15: 15 kWh a month free"],
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
      {
        kind: "allowance",
        id: "free",
        title: { zh: "免费电量", en: "Free units" },
        quantity: "15",
        per: "month",
        of: "energy",
      },
    ],
    examples: [
      {
        title: "fifteen units of a month cost nothing",
        ...MARCH,
        quantity: "100",
        expect: { lines: { "energy/t1": "53.80", "free/t1": "-8.07" }, total: "45.73" },
      },
    ],
  },
  {
    ...electricity,
    id: "beijing.electricity.residential_combined",
    version: "2012-07",
    effectiveFrom: "2012-07-01" as Day,
    title: { zh: "北京居民合表用电", en: "Beijing residential combined meter" },
    source: ["policy text collection lalalala5678/policy-kg-pipeline: 0.022 above the first tier's 0.4883"],
    charges: [flat("0.5103")],
    examples: hundred("51.03"),
  },
  {
    ...electricity,
    id: "shenzhen.electricity.residential_combined",
    version: "2021-06",
    effectiveFrom: "2021-06-01" as Day,
    title: { zh: "深圳居民合表用电", en: "Shenzhen residential combined meter" },
    source: ["policy text collection; hobby apps with the same price"],
    charges: [flat("0.6912")],
    examples: hundred("69.12"),
  },
  {
    ...water,
    id: "ningbo.water.residential_combined",
    version: "2016",
    effectiveFrom: "2016-01-01" as Day,
    title: { zh: "宁波居民合表用水", en: "Ningbo residential combined meter" },
    source: ["bhous.com/lvyouwenda/396953.html: 3.40, of which sewage 1.00"],
    charges: [flat("2.40"), sewage("1.00")],
    examples: hundred("340.00"),
  },
  {
    ...water,
    id: "ningbo.water.non_residential",
    version: "2016",
    effectiveFrom: "2016-01-01" as Day,
    title: { zh: "宁波非居民用水", en: "Ningbo non-residential water" },
    source: ["bhous.com/lvyouwenda/396953.html: 6.12 = 4.32 + sewage 1.80"],
    charges: [flat("4.32"), sewage("1.80")],
    examples: hundred("612.00"),
  },
  {
    ...electricity,
    id: "demo.electricity.solar",
    version: "2026-01",
    effectiveFrom: "2026-01-01" as Day,
    title: { zh: "演示光伏户（余电上网，按小时相抵）", en: "Demo home with a roof (net billing by the hour)" },
    source: ["Invented for the demo", "Feed-in at Zhejiang's coal benchmark price of 0.4153 yuan a kWh"],
    netting: { by: "interval" },
    charges: [
      { ...flat("0.538"), title: { zh: "下网电费", en: "Energy taken" } } as Charge,
      {
        kind: "export",
        form: "flat",
        id: "feed_in",
        title: { zh: "上网电费", en: "Energy given back" },
        price: "0.4153",
      },
      {
        kind: "carry",
        id: "kept",
        title: { zh: "余额结转", en: "Credit carried" },
        of: ["energy", "feed_in"],
        settleMonth: 12,
      },
    ],
    examples: [
      {
        title: "more taken than given back",
        ...MARCH,
        quantity: "200",
        export: "50",
        expect: { lines: { energy: "80.70" }, total: "80.70" },
      },
    ],
  },
  {
    ...electricity,
    id: "demo.electricity.industry",
    version: "2026-01",
    effectiveFrom: "2026-01-01" as Day,
    title: { zh: "演示两部制工业用电", en: "Demo two-part industrial electricity" },
    source: [
      "Invented for the demo",
      "Power factor: 水电财字[1983]215号, standard 0.90",
      "Contracted demand: the part above 105 % counts double, as in 发改办价格[2016]1583号",
    ],
    charges: [
      flat("0.68"),
      {
        kind: "demand",
        id: "demand",
        title: { zh: "基本电费（需量）", en: "Demand" },
        window: 15,
        price: "48",
        contracted: { over: "1.05", factor: "2" },
      },
      {
        kind: "power_factor",
        id: "power_factor",
        title: { zh: "力调电费", en: "Power factor adjustment" },
        of: ["energy", "demand"],
        ...POWER_FACTOR_90,
      },
    ],
    examples: [
      {
        title: "demand above the contract, power factor 0.80",
        ...MARCH,
        quantity: "8000",
        reactive: "6000",
        demand: "50",
        contractedKw: "40",
        expect: { lines: { energy: "5440.00", power_factor: "411.20" }, total: "8635.20" },
      },
    ],
  },
];
