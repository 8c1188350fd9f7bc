import type { Day } from "../../domain/period.ts";
import type { Tariff } from "../../domain/tariff.ts";

/** Invented, for demonstration: one charge of every other kind. */
export const demoCommercialElectricity: Tariff = {
  id: "demo.electricity.commercial",
  version: "2025-01",
  utility: "electricity",
  unit: "kWh",
  currency: "CNY",
  effectiveFrom: "2025-01-01" as Day,
  zone: "Asia/Shanghai",
  title: { zh: "演示：商铺用电", en: "Demonstration: electricity for a shop" },
  source: ["Invented for the demonstration; no utility publishes it"],
  tou: {
    rules: [
      { period: "flat", weekdays: [6, 7], from: "08:00", to: "22:00" },
      { period: "sharp", months: [7, 8], from: "19:00", to: "21:00" },
      { period: "peak", from: "10:00", to: "12:00" },
      { period: "peak", from: "17:00", to: "22:00" },
      { period: "flat", from: "08:00", to: "22:00" },
    ],
    otherwise: "valley",
  },
  charges: [
    { kind: "standing", id: "standing", title: { zh: "基本费", en: "Standing charge" }, per: "month", price: "20" },
    {
      kind: "energy",
      form: "flat",
      id: "energy",
      title: { zh: "电费", en: "Electricity" },
      price: { sharp: "1.20", peak: "1.00", flat: "0.65", valley: "0.35" },
    },
    { kind: "volume", id: "fund", title: { zh: "附加基金", en: "Fund" }, price: "0.01" },
    { kind: "percentage", id: "service", title: { zh: "服务费", en: "Service" }, rate: "0.05", of: ["energy"] },
    { kind: "tax", id: "vat", title: { zh: "增值税（价内）", en: "VAT, included" }, rate: "0.13", mode: "inclusive" },
  ],
  examples: [
    {
      title: "registers of one month",
      from: "2026-03-01" as Day,
      to: "2026-04-01" as Day,
      quantity: { peak: "100", flat: "200", valley: "50" },
      expect: {
        lines: {
          standing: "20.00",
          "energy/-/peak": "100.00",
          "energy/-/flat": "130.00",
          "energy/-/valley": "17.50",
          fund: "3.50",
          service: "12.38",
          vat: "0.00",
        },
        total: "283.38",
      },
    },
  ],
};
