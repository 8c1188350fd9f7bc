import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Pool } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { versionsOf } from "../../catalog/tariffs/catalogue.ts";
import { sanbiaoHere } from "../support/command.ts";
import { type FreshDatabase, freshDatabase, ownerPool } from "../support/database.ts";
import { SmallTown } from "../support/town.ts";

const POWER = "zhejiang.electricity.residential";
let fresh: FreshDatabase;
let owner: Pool;
let env: Record<string, string>;
let folder: string;

beforeAll(async () => {
  fresh = await freshDatabase();
  owner = ownerPool(fresh.ownerUrl);
  env = { DATABASE_URL: fresh.url };
  folder = await mkdtemp(join(tmpdir(), "sanbiao-what-if-"));
  const town = await SmallTown.found(owner, "estate");
  for (const [number, kwh] of [
    ["1-101", 100],
    ["1-102", 300],
  ] as const) {
    const account = await town.account(number, "postpaid", "2025-03-01");
    const { meter } = await town.supply({ account, tariff: POWER, from: "2025-03-01" });
    await town.readings(meter, "energy_import_kwh", [
      ["2025-03-01T00:00:00+08:00", 0],
      ["2025-04-01T00:00:00+08:00", kwh],
    ]);
  }
});
afterAll(async () => {
  await owner.end();
  await fresh.drop();
  await rm(folder, { recursive: true, force: true });
});

const march = ["what-if", "--operator", "estate", "--period", "2025-03"];

describe("sanbiao what-if", () => {
  test("tries a draft of a file, for people, for programs and as CSV", async () => {
    const [power] = versionsOf(POWER);
    const draft = join(folder, "draft.json");
    const price = { zh: "电费", en: "Energy" };
    const charges = [{ kind: "energy", form: "flat", id: "energy", title: price, price: "0.5" }];
    const { examples: _, ...rest } = power ?? expect.fail("no tariff");
    await writeFile(draft, JSON.stringify({ ...rest, version: "draft", effectiveFrom: "2031-01-01", charges }));
    const csv = join(folder, "changes.csv");
    const words = [...march, "--tariff", draft];
    const [told, said] = await Promise.all([
      sanbiaoHere([...words, "--json"], { env }),
      sanbiaoHere([...words, "--account", "1-102", "--csv", csv], { env }),
    ]);
    expect(told.code).toBe(0);
    expect(JSON.parse(told.out)).toMatchObject({
      operator: "estate",
      tariffs: [[`${POWER}@draft`]],
      summary: { accounts: 2, before: { amount: "215.20" }, after: { amount: "200.00" }, less: 2 },
      accounts: [
        { number: "1-101", change: { amount: "-3.80" } },
        { number: "1-102", change: { amount: "-11.40" } },
      ],
      leftOut: [],
    });
    expect(said.code).toBe(0);
    expect(said.out).toMatch(/1 accounts compared, 0 left out \(CNY\)/);
    expect(said.out).toMatch(/total\s+161\.40\s+150\.00\s+-11\.40/);
    expect(await readFile(csv, "utf8")).toMatch(
      /\r\n1-102,1-102,1,\d+,electricity,300,kWh,161\.40,150\.00,-11\.40,CNY,0,\r\n$/,
    );
  });

  test("refuses a wrong use with 2 and what is not there with 1", async () => {
    const refused = [
      [march, 2, "--tariff"],
      [["what-if", "--operator", "estate", "--period", "2025-13", "--tariff", POWER], 2, "2026-10"],
      [[...march, "--tariff", "x"], 1, "request.not-found"],
      [[...march, "--tariff", POWER, "--account", "9"], 1, "There is no account 9"],
    ] as const;
    const results = await Promise.all(refused.map(([words]) => sanbiaoHere(words, { env })));
    for (const [i, [, code, said]] of refused.entries()) {
      expect(results[i]?.err).toContain(said);
      expect(results[i]?.code).toBe(code);
    }
  });
});
