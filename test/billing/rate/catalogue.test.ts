import { describe, expect, test } from "vitest";
import { accountOfJson } from "../../../billing/rate/account-file.ts";
import { ratePeriods } from "../../../billing/rate/periods.ts";
import { tariffSchema } from "../../../billing/rate/schema.ts";
import { usageOfJson } from "../../../billing/rate/usage-file.ts";
import { TARIFFS, tariffOf, versionsOf } from "../../../catalog/tariffs/catalogue.ts";
import { amountText } from "../../../domain/money.ts";
import { microOf } from "../../../domain/quantity.ts";
import type { Tariff, TariffExample } from "../../../domain/tariff.ts";

describe.each(TARIFFS.map((tariff) => ({ id: `${tariff.id} ${tariff.version}`, tariff })))("$id", ({ tariff }) => {
  test("fits the schema of tariff files", () => {
    expect(tariffSchema.safeParse(structuredClone(tariff)).error).toBeUndefined();
  });

  test("says in both languages what to confirm, or that it is invented", () => {
    const invented = tariff.source.some((text) => text.includes("Invented"));
    expect(invented || (tariff.confirm?.zh && tariff.confirm.en)).toBeTruthy();
  });

  test("carries worked examples", () => expect(tariff.examples?.length).toBeGreaterThan(0));

  test.each(tariff.examples ?? [])("example: $title", (example) => {
    const { total, lines } = replay(tariff, example);
    expect(total).toBe(example.expect.total);
    for (const [name, amount] of Object.entries(example.expect.lines ?? {})) {
      expect.soft({ [name]: lines.get(name) }).toEqual({ [name]: amount });
    }
  });
});

function replay(tariff: Tariff, { from, to, quantity, ladderUsedBefore, householdSize, ...more }: TariffExample) {
  const { title: _, expect: __, contractedKw, lowIncome, ...beside } = more;
  const amounts = typeof quantity === "string" ? { quantity } : { registers: quantity };
  const usage = usageOfJson({ from, to, ...amounts, ...beside }, tariff);
  const used = ladderUsedBefore === undefined ? undefined : microOf(ladderUsedBefore);
  const [rated] = ratePeriods(
    [tariff],
    usage,
    {
      ...accountOfJson({ contractedKw, lowIncome }),
      ...(used == null ? {} : { ladderUsedBefore: used }),
      ...(householdSize === undefined ? {} : { householdSize }),
    },
    [usage.servicePeriod],
  );
  if (rated === undefined) throw new Error("not rated");
  const lines = new Map<string, string>();
  for (const line of rated.lines) {
    const name = [line.charge, line.tier === undefined ? "-" : `t${line.tier}`, line.tou ?? "-"].join("/");
    lines.set(name.replace(/(\/-)+$/, ""), amountText(line.amount));
  }
  return { total: amountText(rated.total), lines };
}

test("a tariff is found by its id, and by the day it is in force", () => {
  const [first] = TARIFFS;
  if (first === undefined) throw new Error("no tariffs");
  expect(tariffOf(first.id)).toBe(first);
  expect(tariffOf(first.id, first.effectiveFrom)).toBe(first);
  expect(tariffOf(first.id, "1990-01-01" as Tariff["effectiveFrom"])).toBeNull();
  expect(tariffOf("nobody's")).toBeNull();
  expect(versionsOf("nobody's")).toEqual([]);
});

test("no two tariffs have one id and version", () => {
  const keys = TARIFFS.map((tariff) => `${tariff.id} ${tariff.version}`);
  expect(new Set(keys).size).toBe(keys.length);
});
