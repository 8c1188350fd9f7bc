import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { tariffsOfJson } from "../../billing/rate/schema.ts";
import type { Tariff } from "../../domain/tariff.ts";

const FOLDER = join(
  process.env["SANBIAO_REFERENCE"] ?? join(import.meta.dirname, "../../../shared/reference"),
  "tariffs",
);
export const present = existsSync(FOLDER);
export const load = (name: string): unknown => (present ? JSON.parse(readFileSync(join(FOLDER, name), "utf8")) : []);

export const one = (charges: unknown, more: object = {}): Tariff => {
  const [tariff] = tariffsOfJson({
    id: "conformance",
    version: "1",
    utility: "electricity",
    unit: "kWh",
    currency: "CNY",
    effectiveFrom: "2020-01-01",
    zone: "UTC",
    title: { zh: "例", en: "case" },
    source: ["worked_cases.json"],
    charges,
    ...more,
  });
  if (tariff === undefined) throw new Error("no tariff");
  return tariff;
};
export const title = { zh: "费", en: "charge" };

/** A column of figures; null = it is not there. */
export const column = (name: string): string[] | null => {
  const path = join(FOLDER, `${name}.csv`);
  return existsSync(path) ? readFileSync(path, "utf8").trim().split("\n") : null;
};

/** Cases and the reasons why they are left out, as docs/reference/tariffs.md lists them. */
export const LEFT_OUT = new Map(
  [
    ...(readFileSync(join(import.meta.dirname, "../../docs/reference/tariffs.md"), "utf8")
      .split("## Cases of others")[1]
      ?.matchAll(/^\| `(\w[^`]*)` \| (.+) \|$/gm) ?? []),
  ].map(([, id = "", why = ""]) => [id, why] as const),
);
