import type { Charge, Tariff } from "../../domain/tariff.ts";
import { day } from "../../domain/period.ts";
import { zone } from "./lives.ts";

/** Tariffs that ask for more than the main register, or carry something from bill to bill; invented for the tests. */
const title = { zh: "费", en: "charge" };
const base = {
  version: "1",
  utility: "electricity",
  unit: "kWh",
  currency: "CNY",
  effectiveFrom: day("2020-01-01"),
  zone,
  title,
  source: ["invented for the test"],
} as const;
const energy: Charge = { kind: "energy", form: "flat", id: "energy", title, price: "0.60" };
const feedIn: Charge = { kind: "export", form: "flat", id: "feed_in", title, price: "0.40" };
export const CARRYING: Record<string, Tariff> = {
  "buy-sell": { ...base, id: "buy-sell", charges: [energy, feedIn] },
  "net-metering": {
    ...base,
    id: "net-metering",
    netting: { by: "period", surplus: "carry" },
    charges: [energy, { kind: "surplus", id: "settled", title, month: 12, price: "0.10" }],
  },
  "net-billing": {
    ...base,
    id: "net-billing",
    netting: { by: "interval" },
    charges: [energy, feedIn, { kind: "carry", id: "kept", title, of: ["energy", "feed_in"] }],
  },
  "by-demand": {
    ...base,
    id: "by-demand",
    charges: [
      energy,
      { kind: "demand", id: "demand", title, price: "40" },
      { kind: "demand", id: "of_intervals", title, price: "1", measure: "intervals" },
    ],
  },
  "by-capacity": {
    ...base,
    id: "by-capacity",
    charges: [
      {
        kind: "energy",
        form: "graduated",
        id: "energy",
        title,
        ladder: { basis: "month", household: [{ fromPersons: 5, each: "household", add: "100", per: "month" }] },
        tiers: [
          { upTo: "100", price: "0.50" },
          { upTo: null, price: "0.90" },
        ],
      },
      { kind: "standing", id: "capacity", title, per: "month", price: "10", capacity: "kVA" },
      {
        kind: "standing",
        id: "fee",
        title,
        per: "month",
        tiers: [
          { upTo: "100", price: "5" },
          { upTo: null, price: "20" },
        ],
      },
    ],
  },
  workshop: {
    ...base,
    id: "workshop",
    charges: [
      energy,
      {
        kind: "demand",
        id: "demand",
        title,
        price: "40",
        ratchet: [{ percent: "0.8", months: 11 }],
        contracted: { atLeast: "0.4" },
      },
      { kind: "power_factor", id: "pf", title, of: ["energy", "demand"], standard: "0.9" },
      { kind: "minimum", id: "least", title, amount: "9000", per: "year", yearStart: "11-01" },
    ],
  },
};
