import { afterAll, beforeAll, expect, test } from "vitest";
import { migrate, migrations } from "../../schema/migrate.ts";
import { type FreshDatabase, freshDatabase } from "../support/database.ts";

let fresh: FreshDatabase;
beforeAll(async () => {
  fresh = await freshDatabase();
});
afterAll(() => fresh.drop());

test("a migrated database has nothing left to do, also for two at once", async () => {
  expect(await Promise.all([migrate(fresh.ownerUrl), migrate(fresh.ownerUrl)])).toEqual([[], []]);
});

test("a new file is applied once, and a broken one leaves no trace", async () => {
  const known = await migrations();
  const next = { version: 9001, name: "next", sql: "create table public.next (n integer)", sha256: "x" };
  const broken = {
    version: 9002,
    name: "broken",
    sql: "create table public.half (n integer); select 1/0",
    sha256: "y",
  };
  await expect(migrate(fresh.ownerUrl, [...known, next, broken])).rejects.toThrow(/division by zero/);
  const { rows } = await fresh.db.pool.query(
    "select to_regclass('public.next') is not null as next, to_regclass('public.half') as half",
  );
  expect(rows).toEqual([{ next: true, half: null }]);
  expect(await migrate(fresh.ownerUrl, [...known, next])).toEqual([]);
});

test("a file that differs from the applied one, and a database newer than the files, are refused", async () => {
  const known = await migrations();
  const changed = known.map((file) => (file.version === 2 ? { ...file, sha256: "other" } : file));
  await expect(migrate(fresh.ownerUrl, changed)).rejects.toMatchObject({
    code: expect.stringMatching(/^schema\./) as string,
  });
  await expect(migrate(fresh.ownerUrl, known.slice(0, 2))).rejects.toMatchObject({ code: "schema.newer" });
});
