import type { Pool } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type FreshDatabase, freshDatabase, ownerPool } from "../support/database.ts";
import { SmallTown } from "../support/town.ts";
import { bring, workbook, wrong, zipOf } from "./register-support.ts";

let fresh: FreshDatabase;
let owner: Pool;
let town: SmallTown;
beforeAll(async () => {
  fresh = await freshDatabase();
  owner = ownerPool(fresh.ownerUrl);
  town = await SmallTown.found(owner);
});
afterAll(async () => {
  await owner.end();
  await fresh.drop();
});
const take = (file: string | Uint8Array) => bring(fresh.db, town.operatorId, file);
const points = async () => {
  const { rows } = await owner.query<{ n: bigint }>("select count(*) as n from usage_point");
  return rows[0]?.n;
};

describe("a file that is none", () => {
  const DEFLATED = Buffer.alloc(200 * 1024 * 1024, "<row>");
  const FILES: readonly (readonly [string, Uint8Array, RegExp])[] = [
    ["is empty", new Uint8Array(), /is empty/],
    ["is bytes", Buffer.from([1, 0, 255, 254, 7]), /neither a spreadsheet/],
    ["is an old .xls", Buffer.from("d0cf11e0a1b11ae1", "hex"), /old Excel file/],
    ["begins like .xlsx and is cut off", Buffer.from("504b0304aabbcc", "hex"), /damaged/],
    ["is a zip of something else", zipOf("letter.txt", Buffer.from("hello")), /not a spreadsheet that can be read/],
    ["is a zip bomb", zipOf("xl/worksheets/sheet1.xml", DEFLATED), /unpacks to far more/],
    [
      "is a zip bomb that states to be small",
      zipOf("xl/worksheets/sheet1.xml", DEFLATED, 1_000),
      /unpacks to far more/,
    ],
    ["is a zip bomb that states nothing", zipOf("xl/worksheets/sheet1.xml", DEFLATED, 0), /unpacks to far more/],
    ["has a million rows", Buffer.from(`building,utility\n${"1,water\n".repeat(1_000_000)}`), /more than 50000 rows/],
    ["is larger than what is taken", Buffer.alloc(17 * 1024 * 1024, "a"), /bytes; 16777216 are taken/],
  ];
  test.each(FILES)("because it %s is refused as a whole, in words", async (_, bytes, words) => {
    await expect(take(bytes)).rejects.toThrow(words);
    expect(await points()).toBe(0n);
  });

  test("a workbook with too many rows is refused before any is looked at", async () => {
    const rows = Array.from({ length: 50_001 }, (_, i) => [String(i)]);
    await expect(take(await workbook({ s: [["building"], ...rows] }))).rejects.toThrow(/more than 50000 rows/);
  });
});

describe("CSV that is broken in the middle", () => {
  test("by a quote that is never closed is told with the line where it begins, beside what is wrong before it", async () => {
    const report = await take(`building,utility\n1,steam\n2,"water\n3,gas\n4,gas\n`);
    expect(wrong(report)).toEqual(["2 utility not_choice", "3 row quote_not_closed"]);
    expect(await points()).toBe(0n);
  });

  test("by a line of a megabyte is told", async () => {
    expect(wrong(await take(`building,utility\n1,water\n${"x".repeat(1024 * 1024)},water\n`))).toEqual([
      "3 row not_csv",
    ]);
  });
});

describe("cells that are made to hurt", () => {
  test("formulas and what a spreadsheet could take for one are no names", async () => {
    const file = `building,room,utility\n"=HYPERLINK(""http://x"")",1,water\n@SUM(A1),1,water\n1,2,=1+1\n`;
    expect(wrong(await take(file))).toEqual(["2 building formula", "3 building formula", "4 utility formula"]);
  });

  test("control characters, NUL and half of a surrogate pair come into no name", async () => {
    await expect(take(Buffer.from("building,utility\na\0b,water\n"))).rejects.toThrow(/neither a spreadsheet/);
    expect((await take("building,room,utility\n塔\u0007楼,\u{1f3e0},water\n")).outcome).toBe("applied");
    const { rows } = await owner.query("select building, room from usage_point");
    expect(rows).toEqual([{ building: "塔 楼", room: "\u{1f3e0}" }]);
    await owner.query("delete from usage_point");
  });

  test("names that SQL or a pattern could stumble over are names", async () => {
    const file = `building,room,utility\n"'); drop table meter; --",%_\\,water\n__proto__,constructor,gas\n`;
    expect((await take(file)).counts.points.created).toBe(2);
    expect((await take(file)).counts.points.already).toBe(2);
    await owner.query("delete from usage_point");
  });

  test("numbers of a spreadsheet that lost digits are refused where every digit counts, and 0.1 + 0.2 is 0.3 where it does not", async () => {
    const head = ["serial", "utility", "profile", "building", "room", "installed_at", "ratio"];
    const book = await workbook({
      points: [
        ["building", "room", "utility"],
        ["1", "1", "water"],
        ["1", "2", "water"],
      ],
      meters: [
        head,
        [123_456_789_012_345, "water", "sanbiao-json", "1", "1", new Date("2026-03-01T00:00:00Z"), 0.1 + 0.2],
        [1.2345678901234567e19, "water", "sanbiao-json", "1", "2", "2026-03-01", 1],
      ],
    });
    expect(wrong(await take(book))).toEqual(["3 serial excel_rounded"]);
    const good = await workbook({
      points: [
        ["building", "room", "utility"],
        ["1", "1", "water"],
      ],
      meters: [
        head,
        [123_456_789_012_345, "water", "sanbiao-json", "1", "1", new Date("2026-03-01T00:00:00Z"), 0.1 + 0.2],
      ],
    });
    expect(wrong(await take(good))).toEqual([]);
    const { rows } = await owner.query(
      "select serial, trim_scale(ratio)::text as ratio from meter m join installation i on i.meter_id = m.id",
    );
    expect(rows).toEqual([{ serial: "123456789012345", ratio: "0.3" }]);
  });
});
