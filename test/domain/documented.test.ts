import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { ERRORS } from "../../domain/errors.ts";
import { REFUSAL_REASONS } from "../../domain/refusal.ts";
import { METRICS } from "../../domain/telemetry.ts";

/** First column of the tables in a reference page: `| \`code\` | …`. */
async function namesIn(page: string): Promise<string[]> {
  const text = await readFile(new URL(`../../docs/reference/${page}`, import.meta.url), "utf8");
  return [...text.matchAll(/^\| `([^`]+)` \|/gm)].map((m) => m[1] ?? "").sort();
}

test("every error code is documented, and no other", async () => {
  expect(await namesIn("errors.md")).toEqual(Object.keys(ERRORS).sort());
});

test("every metric is documented, and no other", async () => {
  expect(await namesIn("metrics.md")).toEqual(Object.keys(METRICS).sort());
});

test("every reason of refusal is documented, and no other", async () => {
  expect(await namesIn("refusals.md")).toEqual([...REFUSAL_REASONS].sort());
});
