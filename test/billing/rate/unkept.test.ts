import { expect, test } from "vitest";
import { unkeptOf } from "../../../billing/rate/unkept.ts";
import { tariffOf } from "../../../catalog/tariffs/catalogue.ts";
import type { Charge } from "../../../domain/tariff.ts";
import { tariffWith, tiered } from "./tariffs.ts";

const title = { zh: "费", en: "charge" };

test.each<[string, Charge]>([
  ["export", { kind: "export", form: "flat", id: "c", title, price: "0.4" }],
  ["carry", { kind: "carry", id: "c", title, of: ["energy"] }],
  ["a yearly minimum", { kind: "minimum", id: "c", title, amount: "9", per: "year" }],
  ["a ratchet", { kind: "demand", id: "c", title, price: "9", ratchet: [{ percent: "0.8", months: 11 }] }],
  ["contracted kW", { kind: "demand", id: "c", title, price: "9", of: "contracted" }],
  ["power factor", { kind: "power_factor", id: "c", title, of: ["energy"], standard: "0.9" }],
  ["low income", { kind: "volume", id: "c", title, price: "1", when: { lowIncome: false } }],
])("a tariff with %s waits until the books keep what it asks for", (_, charge) => {
  expect(unkeptOf([tariffWith([tiered(), charge])])).toHaveLength(1);
});

test("tariffs of ladders, hours, demand by readings and monthly minimums are billed", () => {
  const charges: Charge[] = [
    tiered(),
    { kind: "demand", id: "demand", title, price: "9", window: 15 },
    { kind: "minimum", id: "least", title, amount: "9", per: "month" },
  ];
  expect(unkeptOf([tariffWith(charges)])).toEqual([]);
  expect(unkeptOf([tariffOf("zhejiang.electricity.residential_tou") ?? tariffWith([])])).toEqual([]);
  expect(unkeptOf([tariffOf("demo.electricity.industry") ?? tariffWith([])])).toHaveLength(2);
});
