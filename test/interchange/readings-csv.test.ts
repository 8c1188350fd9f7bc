import type { Pool } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type FreshDatabase, freshDatabase, ownerPool } from "../support/database.ts";
import { SmallTown } from "../support/town.ts";
import { csv } from "./support.ts";

let fresh: FreshDatabase;
let owner: Pool;
let town: SmallTown;
beforeAll(async () => {
  fresh = await freshDatabase();
  owner = ownerPool(fresh.ownerUrl);
  town = await SmallTown.found(owner, "csv");
  await town.meter("E1", "electricity");
  await town.meter("W1", "water");
});
afterAll(async () => {
  await owner.end();
  await fresh.drop();
});

const HEAD = "meter,register,measured_at,value,unit\n";
const take = (text: string, dryRun = false) => csv(fresh.db, town.operatorId, text, dryRun);

test("each bad row is refused by its line with what and why, and the rest goes on", async () => {
  const rows = [
    ["E1,energy_import_kwh,2026-01-01T00:00:00+08:00,10.5,kWh", null],
    ["E9,energy_import_kwh,2026-01-01T00:00:00+08:00,10.5,kWh", /no meter "E9"/],
    ["E1,energy,2026-01-01T00:00:00+08:00,10.5,kWh", /no register "energy"/],
    ["E1,volume_m3,2026-01-01T00:00:00+08:00,10.5,m3", /counts electricity/],
    ["E1,energy_import_kwh,2026-01-01T00:00:00,10.5,kWh", /offset/],
    ["E1,energy_import_kwh,2026-02-30T00:00:00Z,10.5,kWh", /measured_at/],
    ["E1,energy_import_kwh,2030-01-01T00:00:00Z,10.5,kWh", /future/],
    ["E1,energy_import_kwh,1970-01-01T00:00:00Z,10.5,kWh", /before 2000/],
    ['E1,energy_import_kwh,2026-01-02T00:00:00Z,"10,5",kWh', /not a decimal/],
    ["E1,energy_import_kwh,2026-01-02T00:00:00Z,-1,kWh", /negative/],
    ["E1,energy_import_kwh,2026-01-02T00:00:00Z,1.1234567,kWh", /six decimals/],
    ["E1,energy_import_kwh,2026-01-02T00:00:00Z,99999999999999999,kWh", /greater than the books/],
    ["E1,energy_import_kwh,2026-01-02T00:00:00Z,1,Wh", /kept in kWh/],
    ["E1,relay_state,2026-01-02T00:00:00Z,1,", /proves it/],
    ["E1,energy_import_kwh,2026-01-02T00:00:00Z", /3 columns/],
    ["E1,energy_import_kwh,,1,kWh", /measured_at is empty/],
    ["", null],
    ["W1,volume_m3,2026-01-01T00:00:00+08:00,3.000001,m3", null],
  ] as const;
  const text = HEAD + rows.map(([row]) => `${row}\n`).join("");
  const dry = await take(text, true);
  const report = await take(text);
  expect(dry.refused).toEqual(report.refused);
  expect(report.counts).toEqual({
    accepted: 2,
    already: 0,
    conflict: 0,
    refused: rows.filter(([, why]) => why !== null).length,
  });
  const bad = rows.flatMap(([, why], i) => (why === null ? [] : [{ line: i + 2, why }]));
  expect(report.refused.map(({ line, why }) => ({ line, why }))).toEqual(
    bad.map(({ line, why }) => ({ line, why: expect.stringMatching(why) as string })),
  );
  const { rows: booked } = await owner.query(
    "select value, source from reading where operator_id = $1 order by value",
    [town.operatorId],
  );
  expect(booked).toEqual([
    { value: 3_000_001n, source: 5 },
    { value: 10_500_000n, source: 5 },
  ]);
});

test("the same again is already there, another value is a conflict that is kept, and a dry run knows both before", async () => {
  const row = (value: string) => `E1,energy_import_kwh,2026-03-01T00:00:00Z,${value}\n`;
  const head = "meter,register,measured_at,value\r\n";
  expect((await take(head + row("1") + row("1.0") + row("2"), true)).counts).toMatchObject({
    accepted: 1,
    already: 1,
    conflict: 1,
  });
  expect((await take(head + row("1") + row("1.0") + row("2"))).counts).toMatchObject({
    accepted: 1,
    already: 1,
    conflict: 1,
  });
  const again = await take(head + row("2"), true);
  expect(again.counts).toMatchObject({ accepted: 0, already: 0, conflict: 1 });
  expect(again.conflicts).toMatchObject([{ line: 2, what: "E1 energy_import_kwh at 2026-03-01T00:00:00Z" }]);
  const { rows } = await owner.query("select value, booked_value from reading_conflict where operator_id = $1", [
    town.operatorId,
  ]);
  expect(rows).toEqual([{ value: 2_000_000n, booked_value: 1_000_000n }]);
});

test.each([
  ["", /empty/],
  ["meter,register,value\nE1,energy_import_kwh,1\n", /measured_at is missing/],
  ["meter,register,measured_at,value,VALUE\n", /stands twice/],
  ["<?xml version='1.0'?>\n<feed/>\n", /missing/],
])("a file that is no file of readings is refused as a whole: %j", async (text, why) => {
  await expect(take(text)).rejects.toMatchObject({
    code: "request.invalid",
    message: expect.stringMatching(why) as string,
  });
});

test("lines are counted as an editor counts them, whatever ends them", async () => {
  const text = ["meter,register,measured_at,value", "x", "", "y,,", ""];
  for (const end of ["\n", "\r\n"])
    expect((await take(text.join(end))).refused.map(({ line }) => line)).toEqual([2, 4]);
});

test("columns in another order, a byte order mark and quotes are read", async () => {
  const text =
    '\ufeffvalue,measured_at,"register",meter,remark\n"7",2026-04-01T00:00:00Z,volume_m3,W1,"told, by phone"\n';
  expect((await take(text)).counts).toEqual({ accepted: 1, already: 0, conflict: 0, refused: 0 });
});

test("a line without an end is refused and not kept in the memory", async () => {
  const report = await take(`${HEAD}E1,energy_import_kwh,2026-05-01T00:00:00Z,5,kWh\nE1,"${"x".repeat(300_000)}`);
  expect(report.counts.accepted).toBe(1);
  expect(report.refused).toMatchObject([{ why: expect.stringMatching(/not CSV/) as string }]);
});
