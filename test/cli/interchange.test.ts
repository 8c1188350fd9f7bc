import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Pool } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { feedXml, hours } from "../interchange/support.ts";
import { sanbiao, sanbiaoHere } from "../support/command.ts";
import { type FreshDatabase, freshDatabase, ownerPool } from "../support/database.ts";
import { SmallTown } from "../support/town.ts";

let fresh: FreshDatabase;
let owner: Pool;
let folder: string;
let env: Record<string, string>;

beforeAll(async () => {
  fresh = await freshDatabase();
  owner = ownerPool(fresh.ownerUrl);
  env = { DATABASE_URL: fresh.url };
  folder = await mkdtemp(join(tmpdir(), "sanbiao-interchange-"));
  const town = await SmallTown.found(owner, "estate");
  const account = await town.account("1-101");
  const { meter } = await town.supply({ account, tariff: "t", from: "2026-01-01", serial: "E1" });
  await town.readings(meter, "energy_import_kwh", [
    ["2026-01-01T00:00:00+08:00", 100],
    ["2026-01-02T00:00:00+08:00", 112.5],
  ]);
});
afterAll(async () => {
  await owner.end();
  await fresh.drop();
  await rm(folder, { recursive: true });
});

const file = async (name: string, text: string): Promise<string> => {
  await writeFile(join(folder, name), text);
  return join(folder, name);
};

describe("sanbiao import and export", () => {
  test("a feed is rehearsed, taken, and taken again, as text and as one JSON document", async () => {
    const path = await file("feed.xml", feedXml(hours([450, "?", 418])));
    const dry = await sanbiaoHere(["import", "greenbutton", path, "--operator", "estate", "--dry-run"], { env });
    expect(dry.code).toBe(1);
    expect(dry.out).toMatch(
      /line \d+: refused: interval from 2026-01-01T01:00:00Z, value \?: its value "\?" is not a whole number/,
    );
    expect(dry.out).toContain("Would be: 2 accepted, 0 already there, 0 in conflict, 1 refused. Nothing was written.");
    const json = await sanbiaoHere(["import", "greenbutton", path, "--operator", "estate", "--json"], { env });
    expect(json.code).toBe(1);
    expect(JSON.parse(json.out)).toMatchObject({
      counts: { accepted: 2, already: 0, conflict: 0, refused: 1 },
      series: [
        {
          register: "energy_import_kwh",
          use: { value: "0.868", unit: "kWh" },
          gaps: [{ from: "2026-01-01T09:00:00+08:00" }],
        },
      ],
    });
    const whole = await file("whole.xml", feedXml(hours([450])));
    const again = await sanbiaoHere(["import", "greenbutton", whole, "--operator", "estate"], { env });
    expect(again.code).toBe(0);
    expect(again.out).toContain("0 accepted, 1 already there");
  });

  test("killed in the middle and started again it ends with the whole feed, once", async () => {
    const uses = Array.from({ length: 15_000 }, (_, i) => i % 1000);
    const from = Date.UTC(2020, 0, 1) / 1000;
    const path = await file("long.xml", feedXml(hours(uses, from), { id: "long" }));
    const main = fileURLToPath(new URL("../../cli/main.ts", import.meta.url));
    const words = ["import", "greenbutton", path, "--operator", "estate", "--meter", "LONG"];
    const child = spawn(process.execPath, [main, ...words], { stdio: "ignore", env: { ...process.env, ...env } });
    const closed = once(child, "close");
    const count = async () =>
      (
        await owner.query<{ n: bigint; last: bigint | null }>(
          "select count(*) as n, max(value) as last from reading join meter m on m.id = meter_id where m.serial = 'LONG'",
        )
      ).rows[0] ?? { n: 0n, last: null };
    const deadline = Date.now() + 50_000;
    while ((await count()).n === 0n && Date.now() < deadline) await new Promise((done) => setTimeout(done, 5));
    child.kill("SIGKILL");
    await closed;
    const before = (await count()).n;
    expect(before).toBeGreaterThan(0n);
    const { code, out } = await sanbiaoHere([...words, "--json"], { env });
    expect(code).toBe(0);
    const { counts } = JSON.parse(out) as { counts: { accepted: number; already: number; conflict: number } };
    expect(counts).toMatchObject({
      accepted: uses.length + 1 - Number(before),
      already: Number(before) - 1,
      conflict: 0,
    });
    expect(await count()).toEqual({
      n: BigInt(uses.length + 1),
      last: BigInt(uses.reduce((sum, use) => sum + use, 0)) * 1000n,
    });
  });

  test("readings go out to standard output and come back from a file", async () => {
    const out = await sanbiao(["export", "readings", "--operator", "estate", "--meter", "E1"], { env });
    expect(out.code).toBe(0);
    expect(out.out).toBe(
      "meter,register,measured_at,value,unit,source,received_at\n" +
        "E1,energy_import_kwh,2026-01-01T00:00:00+08:00,100,kWh,modbus,2026-01-01T00:00:00+08:00\n" +
        "E1,energy_import_kwh,2026-01-02T00:00:00+08:00,112.5,kWh,modbus,2026-01-02T00:00:00+08:00\n",
    );
    const back = await file("back.csv", out.out);
    const result = await sanbiaoHere(["import", "readings", back, "--operator", "estate", "--json"], { env });
    expect(result.code).toBe(0);
    expect(JSON.parse(result.out)).toMatchObject({ counts: { accepted: 0, already: 2, conflict: 0, refused: 0 } });
  });

  test("a feed of an account is written to a file that appears when it is whole", async () => {
    const path = join(folder, "out.xml");
    const words = ["export", "greenbutton", "--account", "1-101", "--operator", "estate", "--out", path, "--json"];
    const { code, out } = await sanbiaoHere(words, { env });
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual({ file: path, usagePoints: 1, series: 1, intervals: 1, leftOut: 0 });
    expect(await readFile(path, "utf8")).toContain("<value>12500000</value>");
    expect((await readdir(folder)).filter((name) => name.includes(".part"))).toEqual([]);
  });

  test.each([
    [["import", "readings", "/no/such.csv", "--operator", "estate"], /ENOENT/],
    [["import", "readings", tmpdir(), "--operator", "estate"], /EISDIR/],
    [["import", "greenbutton", "/dev/null", "--operator", "estate"], /not a Green Button feed/],
    [["import", "readings", "/dev/null", "--operator", "nobody"], /No operator is called nobody; there is estate/],
    [["export", "greenbutton", "--account", "9", "--operator", "estate"], /no account 9/],
    [["export", "readings", "--operator", "estate", "--out", "/no/such/folder/x.csv"], /cannot be written: ENOENT/],
  ])("what cannot be done exits 1 with a sentence: %j", async (words, message) => {
    const { code, out, err } = await sanbiaoHere(words, { env });
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toMatch(message);
    expect(err).not.toMatch(/\n\s+at /);
  });
});
