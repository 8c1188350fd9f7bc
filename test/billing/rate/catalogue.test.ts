import { describe, expect, test } from "vitest";
import { replayExample } from "../../../billing/publication.ts";
import { tariffSchema } from "../../../billing/rate/schema.ts";
import { TARIFFS, tariffOf, versionsOf } from "../../../catalog/tariffs/catalogue.ts";
import type { Tariff } from "../../../domain/tariff.ts";

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
    expect(replayExample(tariff, example)).toMatchObject({ total: example.expect.total, differs: [] });
  });
});

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
