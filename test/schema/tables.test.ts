import { readdir, readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type FreshDatabase, freshDatabase } from "../support/database.ts";

let fresh: FreshDatabase;
beforeAll(async () => {
  fresh = await freshDatabase();
});
afterAll(() => fresh.drop());

/** `export type MeterTable = { … }` → its column names; `A & { … }` adds A's. */
function columnsOf(source: string, type: string): string[] {
  const body = new RegExp(`type ${type} = (?:(\\w+) & )?\\{([\\s\\S]*?)\\};`).exec(source);
  if (body === null) throw new Error(`no type ${type}`);
  const own = [...(body[2] ?? "").matchAll(/(?:^|[{;\n ])([a-z0-9_]+): /g)].map((m) => m[1] ?? "");
  return [...(body[1] === undefined ? [] : columnsOf(source, body[1])), ...own];
}

test("the Kysely types name exactly the columns that the migrations made", async () => {
  const folder = new URL("../../schema/", import.meta.url);
  const files = (await readdir(new URL("tables/", folder))).map((file) => `tables/${file}`);
  const texts = await Promise.all(["tables.ts", ...files].map((file) => readFile(new URL(file, folder), "utf8")));
  const source = texts.join("\n");
  const tables = [...source.matchAll(/^ {2}([a-z_]+): (\w+Table);$/gm)].map((m) => ({
    table: m[1] ?? "",
    type: m[2] ?? "",
  }));
  const { rows } = await fresh.db.pool.query<{ table: string; columns: string[] }>(`
    select c.relname as table, array_agg(a.attname::text order by a.attname) as columns
      from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     where c.relnamespace = 'sanbiao'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition group by 1`);
  const inDatabase = Object.fromEntries(rows.map((row) => [row.table, row.columns]));
  const inTypes = Object.fromEntries(tables.map(({ table, type }) => [table, columnsOf(source, type).sort()]));
  expect(inTypes).toEqual(inDatabase);
});
