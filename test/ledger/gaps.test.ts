import type { Pool } from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Instant, instantOfIso } from "../../domain/instant.ts";
import { type GapsBook, openGaps } from "../../ledger/gaps.ts";
import { type Database, openDatabase } from "../../schema/database.ts";
import { type FreshDatabase, freshDatabase, ownerPool } from "../support/database.ts";
import { type Severable, severable } from "../support/severable.ts";
import { SmallTown } from "../support/town.ts";

const at = (time: string): Instant => instantOfIso(`2026-06-16T${time}:00+08:00`) ?? (0 as Instant);

let fresh: FreshDatabase;
let owner: Pool;
let way: Severable;
let db: Database;
let town: SmallTown;
let book: GapsBook;
let meter: bigint;
let count = 0;
beforeAll(async () => {
  fresh = await freshDatabase();
  owner = ownerPool(fresh.ownerUrl);
  town = await SmallTown.found(owner);
  way = await severable(fresh.url);
  db = openDatabase(way.url);
  book = await openGaps(db);
});
beforeEach(async () => {
  meter = await town.meter(`m-${++count}`);
});
afterAll(async () => {
  await db.close();
  await way.close();
  await owner.end();
  await fresh.drop();
});

const missed = (time: string, reason = "timeout") => book.missed(town.operatorId, meter, at(time), reason);
const heard = (time: string) => book.heard(town.operatorId, meter, at(time));
const rows = async () => {
  const { rows } = await owner.query<{ from_at: Instant; to_at: Instant | null; reason: string }>(
    "select from_at, to_at, reason from gap where meter_id = $1 order by from_at",
    [meter],
  );
  return rows.map(({ from_at, to_at, reason }) => ({ from: from_at, to: to_at, reason }));
};

describe("a gap", () => {
  test("begins with the first failure, is one row however many follow, and ends with the next value", async () => {
    await missed("10:00");
    await missed("10:01", "crc_error");
    await missed("10:02");
    expect(await rows()).toEqual([{ from: at("10:00"), to: null, reason: "timeout" }]);
    await heard("10:03");
    await heard("10:04");
    await missed("10:05", "link_down");
    expect(await rows()).toEqual([
      { from: at("10:00"), to: at("10:03"), reason: "timeout" },
      { from: at("10:05"), to: null, reason: "link_down" },
    ]);
  });

  test("is not ended by a value from before it, which only waited for its commit", async () => {
    await missed("10:00");
    await heard("09:59");
    expect(await rows()).toMatchObject([{ to: null }]);
    await heard("10:00");
    expect(await rows()).toMatchObject([{ to: at("10:00") }]);
  });

  test("that a process left open is known to the next one, and closed by it", async () => {
    await missed("10:00");
    book = await openGaps(db);
    await missed("10:01", "crc_error");
    expect(await rows()).toEqual([{ from: at("10:00"), to: null, reason: "timeout" }]);
    await heard("10:02");
    expect(await rows()).toMatchObject([{ to: at("10:02") }]);
  });

  test("opened and closed by calls that do not wait for each other is in the book as they came", async () => {
    await Promise.all([missed("10:00"), missed("10:00"), heard("10:01"), missed("10:02", "crc_error"), heard("10:03")]);
    expect(await rows()).toEqual([
      { from: at("10:00"), to: at("10:01"), reason: "timeout" },
      { from: at("10:02"), to: at("10:03"), reason: "crc_error" },
    ]);
    await Promise.all([missed("10:04"), heard("10:05"), missed("10:06")]);
    expect((await rows()).map(({ to }) => to)).toEqual([at("10:01"), at("10:03"), at("10:05"), null]);
  });

  test("of one operator is nobody else's, also when meters have the same number", async () => {
    const other = await SmallTown.found(owner, `other-${count}`);
    await missed("10:00");
    await book.heard(other.operatorId, meter, at("10:01"));
    expect(await rows()).toMatchObject([{ to: null }]);
  });
});

describe("while the database is away", () => {
  test("the caller is told, and the gap is written with its first failure when the database is back", async () => {
    way.sever();
    await expect(missed("10:00")).rejects.toThrow();
    await expect(missed("10:01", "crc_error")).rejects.toThrow();
    way.mend();
    await missed("10:02");
    expect(await rows()).toEqual([{ from: at("10:00"), to: null, reason: "timeout" }]);
  });

  test("an end that could not be written is written by the next value, with its own time", async () => {
    await missed("10:00");
    way.sever();
    await expect(heard("10:05")).rejects.toThrow();
    way.mend();
    expect(await rows()).toMatchObject([{ to: null }]);
    await heard("10:06");
    await heard("10:07");
    expect(await rows()).toMatchObject([{ to: at("10:05") }]);
  });

  test("a gap that began and ended meanwhile is in the book with both times", async () => {
    way.sever();
    await expect(missed("10:00")).rejects.toThrow();
    await expect(heard("10:05")).rejects.toThrow();
    way.mend();
    await missed("10:06", "crc_error");
    expect(await rows()).toEqual([
      { from: at("10:00"), to: at("10:05"), reason: "timeout" },
      { from: at("10:06"), to: null, reason: "crc_error" },
    ]);
  });
});
