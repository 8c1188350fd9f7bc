import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Pool } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { feedXml, hours } from "../interchange/support.ts";
import { sanbiao } from "../support/command.ts";
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
    const dry = await sanbiao(["import", "greenbutton", path, "--operator", "estate", "--dry-run"], { env });
    expect(dry.code).toBe(1);
    expect(dry.out).toMatch(
      /line \d+: refused: interval from 2026-01-01T01:00:00Z, value \?: its value "\?" is not a whole number/,
    );
    expect(dry.out).toContain("Would be: 2 accepted, 0 already there, 0 in conflict, 1 refused. Nothing was written.");
    const json = await sanbiao(["import", "greenbutton", path, "--operator", "estate", "--json"], { env });
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
    const again = await sanbiao(["import", "greenbutton", whole, "--operator", "estate"], { env });
    expect(again.code).toBe(0);
    expect(again.out).toContain("0 accepted, 1 already there");
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
    const result = await sanbiao(["import", "readings", back, "--operator", "estate", "--json"], { env });
    expect(result.code).toBe(0);
    expect(JSON.parse(result.out)).toMatchObject({ counts: { accepted: 0, already: 2, conflict: 0, refused: 0 } });
  });

  test("a feed of an account is written to a file that appears when it is whole", async () => {
    const path = join(folder, "out.xml");
    const words = ["export", "greenbutton", "--account", "1-101", "--operator", "estate", "--out", path, "--json"];
    const { code, out } = await sanbiao(words, { env });
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
    const { code, out, err } = await sanbiao(words, { env });
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toMatch(message);
    expect(err).not.toMatch(/\n\s+at /);
  });
});
