import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type FreshDatabase, freshDatabase, ownerPool } from "../support/database.ts";

let fresh: FreshDatabase;
beforeAll(async () => {
  fresh = await freshDatabase();
  const owner = ownerPool(fresh.ownerUrl);
  await owner.query(
    "insert into operator (code, kind, name_zh, name_en) values ('a', 'estate', '甲', 'A'), ('b', 'estate', '乙', 'B')",
  );
  for (const id of [1, 2]) {
    await owner.query(
      `insert into account (operator_id, number, name, payment_mode, opened_on) values (${id}, 'n${id}', 'x', 'postpaid', '2026-01-01')`,
    );
  }
  await owner.end();
});
afterAll(() => fresh.drop());

describe("an operator", () => {
  test("sees only its own rows although the query forgot its where", async () => {
    const numbers = (id: bigint) => fresh.db.as(id, (trx) => trx.selectFrom("account").select("number").execute());
    expect(await numbers(1n)).toEqual([{ number: "n1" }]);
    expect(await numbers(2n)).toEqual([{ number: "n2" }]);
  });

  test("changes no row of another although the update names it", async () => {
    const changed = await fresh.db.as(1n, (trx) =>
      trx.updateTable("account").set({ name: "stolen" }).where("operator_id", "=", 2n).executeTakeFirst(),
    );
    expect(changed.numUpdatedRows).toBe(0n);
  });

  test("cannot write a row for another", async () => {
    const write = fresh.db.as(1n, (trx) =>
      trx
        .insertInto("account")
        .values({ operator_id: 2n, number: "z", name: "z", payment_mode: "postpaid", opened_on: "2026-01-01" })
        .execute(),
    );
    await expect(write).rejects.toThrow(/row-level security/);
  });

  test("that nobody named sees nothing at all", async () => {
    expect(await fresh.db.kysely.selectFrom("account").selectAll().execute()).toEqual([]);
  });
});

describe("every table of the schema", () => {
  test("has operator_id and row-level security, and the service may not switch either off", async () => {
    const { rows } = await fresh.db.pool.query<{
      name: string;
      secured: boolean;
      owned: boolean;
      first: string | null;
    }>(`
      select c.relname as name, c.relrowsecurity as secured, pg_has_role('sanbiao_service', c.relowner, 'member') as owned,
             (select a.attname from pg_index i join pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[0]
               where i.indrelid = c.oid and i.indisprimary) as first
        from pg_class c where c.relnamespace = 'sanbiao'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition`);
    expect(rows.length).toBeGreaterThan(20);
    expect(rows.filter((row) => !row.secured || row.owned)).toEqual([]);
    // A refused frame may have no owner: it is the one table whose key cannot begin with one.
    expect(rows.filter((row) => row.first !== "operator_id").map((row) => row.name)).toEqual(["refused_frame"]);
  });
});
