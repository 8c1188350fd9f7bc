import { expect, test } from "vitest";
import { needsOf, unkeptOf } from "../../../billing/rate/needs.ts";
import { tariffOf } from "../../../catalog/tariffs/catalogue.ts";
import type { Charge } from "../../../domain/tariff.ts";
import { tariffWith, tiered } from "./tariffs.ts";

const title = { zh: "费", en: "charge" };

test.each<[string, Charge, readonly (keyof ReturnType<typeof needsOf>)[]]>([
  ["export", { kind: "export", form: "flat", id: "c", title, price: "0.4" }, ["exported"]],
  ["carry", { kind: "carry", id: "c", title, of: ["energy"] }, ["state"]],
  ["a yearly minimum", { kind: "minimum", id: "c", title, amount: "9", per: "year" }, ["state"]],
  ["a monthly minimum", { kind: "minimum", id: "c", title, amount: "9", per: "month" }, []],
  [
    "a ratchet",
    { kind: "demand", id: "c", title, price: "9", ratchet: [{ percent: "0.8", months: 11 }] },
    ["state", "demand", "everyReading"],
  ],
  ["contracted kW", { kind: "demand", id: "c", title, price: "9", of: "contracted" }, ["contractedKw", "everyReading"]],
  ["a fee per kVA", { kind: "standing", id: "c", title, per: "month", price: "9", capacity: "kVA" }, ["contractedKva"]],
  [
    "a fee by contracted kW",
    { kind: "standing", id: "c", title, per: "month", by: "kW", tiers: [{ upTo: null, price: "9" }] },
    ["contractedKw"],
  ],
  ["power factor", { kind: "power_factor", id: "c", title, of: ["energy"], standard: "0.9" }, ["reactive"]],
  ["low income", { kind: "volume", id: "c", title, price: "1", when: { lowIncome: false } }, ["lowIncome"]],
])("a tariff with %s says what it asks of the books", (_, charge, asked) => {
  const needs = needsOf([tariffWith([tiered(), charge])]);
  expect(Object.entries(needs).flatMap(([name, isAsked]) => (isAsked ? [name] : []))).toEqual(asked);
});

test("water gives nothing back: such a tariff is refused with its reason; an industrial one is billed", () => {
  const charge: Charge = { kind: "export", form: "flat", id: "c", title, price: "0.4" };
  expect(unkeptOf([{ ...tariffWith([tiered(), charge]), utility: "water", unit: "m3" }])).toHaveLength(1);
  expect(unkeptOf([tariffOf("demo.electricity.industry") ?? tariffWith([])])).toEqual([]);
});
