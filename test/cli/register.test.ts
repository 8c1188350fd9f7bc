import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { sanbiaoHere } from "../support/command.ts";
import { type FreshDatabase, freshDatabase, ownerPool } from "../support/database.ts";
import { SmallTown } from "../support/town.ts";

let fresh: FreshDatabase;
let folder: string;
beforeAll(async () => {
  fresh = await freshDatabase();
  const owner = ownerPool(fresh.ownerUrl);
  await SmallTown.found(owner, "estate");
  await owner.end();
  folder = await mkdtemp(join(tmpdir(), "sanbiao-register-"));
});
afterAll(async () => {
  await fresh.drop();
  await rm(folder, { recursive: true });
});

test("sanbiao import register refuses a file by row and column, writes what was refused, and takes it once corrected", async () => {
  const env = { DATABASE_URL: fresh.url };
  const path = (name: string) => join(folder, name);
  const run = (...words: string[]) => sanbiaoHere(["import", "register", ...words, "--operator", "estate"], { env });
  await writeFile(path("points.csv"), "building,room,utility\n1,101,water\n1,102,steam\n");
  const refused = await run(path("points.csv"), "--refused", path("wrong.csv"));
  expect(refused.code).toBe(1);
  expect(refused.out).toContain("line 3: 1 102: utility is none of electricity, gas, water, heat");
  expect(refused.out).toContain("points: 1 new, 0 changed, 0 already there, 1 refused\nNothing was written.");
  expect(await readFile(path("wrong.csv"), "utf8")).toContain("1,102,steam,");
  await writeFile(path("points.csv"), "building,room,utility\n1,101,water\n1,102,gas\n");
  expect((await run(path("points.csv"))).out).toContain("points: 2 new");
  const again = await run(path("points.csv"), "--json");
  expect(again.code).toBe(0);
  expect(JSON.parse(again.out)).toMatchObject({ outcome: "applied", counts: { points: { created: 0, already: 2 } } });
  expect((await sanbiaoHere(["import", "template", path("register.xlsx")])).code).toBe(0);
  expect((await readFile(path("register.xlsx"))).subarray(0, 2).toString()).toBe("PK");
});
