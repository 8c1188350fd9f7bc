import { day } from "../../domain/period.ts";
import type { Tariff } from "../../domain/tariff.ts";
import type { TariffBook } from "../../billing/tariffs.ts";

const title = { zh: "测", en: "Bench" };
const base = {
  version: "1",
  currency: "CNY",
  effectiveFrom: day("2025-01-01"),
  zone: "Asia/Shanghai",
  source: ["invented for the bench"],
  title,
} as const;

/** A monthly ladder of three tiers, a flat price, a ladder of two tiers with a charge by volume; VAT inside two of them. */
export const ELECTRICITY: Tariff = {
  ...base,
  id: "bench-electricity",
  utility: "electricity",
  unit: "kWh",
  charges: [
    {
      kind: "energy",
      form: "graduated",
      id: "energy",
      title,
      ladder: { basis: "month" },
      tiers: [
        { upTo: "200", price: "0.52" },
        { upTo: "400", price: "0.57" },
        { upTo: null, price: "0.82" },
      ],
    },
    { kind: "tax", id: "vat", title, rate: "0.13", mode: "inclusive" },
  ],
};
export const GAS: Tariff = {
  ...base,
  id: "bench-gas",
  utility: "gas",
  unit: "m3",
  charges: [
    { kind: "energy", form: "flat", id: "volume", title, price: "2.61" },
    { kind: "tax", id: "vat", title, rate: "0.09", mode: "inclusive" },
  ],
};
export const WATER: Tariff = {
  ...base,
  id: "bench-water",
  utility: "water",
  unit: "m3",
  charges: [
    {
      kind: "energy",
      form: "graduated",
      id: "volume",
      title,
      ladder: { basis: "month" },
      tiers: [
        { upTo: "15", price: "2.10" },
        { upTo: null, price: "3.40" },
      ],
    },
    { kind: "volume", id: "sewage", title, price: "0.95" },
  ],
};

const BY_ID = new Map([ELECTRICITY, GAS, WATER].map((tariff) => [tariff.id, [tariff]]));
export const tariffs: TariffBook = (id) => BY_ID.get(id) ?? null;
