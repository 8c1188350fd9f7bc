import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import type { Pool } from "pg";
import pino from "pino";
import { readSheet } from "read-excel-file/node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { billDepsOf } from "../../billing/main.ts";
import { runBills } from "../../billing/run.ts";
import { instant } from "../../domain/instant.ts";
import { day, periodOfDays } from "../../domain/period.ts";
import { noTelemetry } from "../../domain/telemetry.ts";
import { factsOfCycle, ledgerOfCycle, openCycle } from "../../paper/cycle.ts";
import { addToTotals, noTotals, summaryRows } from "../../paper/cycle-rows.ts";
import { cycleWorkbook, linesCsv, papersOf, summaryCsv } from "../../paper/cycle-files.ts";
import { sanbiaoHere } from "../support/command.ts";
import { type FreshDatabase, freshDatabase, ownerPool } from "../support/database.ts";
import { SmallTown } from "../support/town.ts";
import { pdfPages } from "./pdf-text.ts";

let fresh: FreshDatabase;
let owner: Pool;
let town: SmallTown;
let folder: string;
const ACCOUNTS = 230; // two files of papers
const ZONE = "Asia/Shanghai";

beforeAll(async () => {
  fresh = await freshDatabase();
  owner = ownerPool(fresh.ownerUrl);
  folder = await mkdtemp(join(tmpdir(), "sanbiao-papers-"));
  town = await SmallTown.found(owner, "estate");
  await owner.query("select ensure_reading_months('2025-02-28T16:00Z', '2025-03-31T16:00Z')");
  for (let i = 0; i < ACCOUNTS; i++) {
    const account = await town.account(i === 0 ? "=1+1" : `${i}`, "postpaid", "2025-03-01");
    await town.supply({ account, tariff: "zhejiang.electricity.residential", from: "2025-03-01" });
  }
  await owner.query(
    `insert into reading (operator_id, meter_id, register, measured_at, received_at, value, source)
     select operator_id, id, 1, at, at, value * (1 + id % 7), 1 from meter
      cross join (values ('2025-03-01T00:00+08'::timestamptz, 0), ('2025-04-01T00:00+08', 123456789)) as r (at, value)`,
  );
  const deps = billDepsOf({
    db: fresh.db,
    clock: { now: () => instant(Date.parse("2025-04-02T08:00:00+08:00")) },
    telemetry: noTelemetry,
    log: pino({ level: "silent" }),
  });
  await runBills(deps, town.operatorId as never, periodOfDays(day("2025-03-01"), day("2025-04-01"), ZONE), {});
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await owner.end();
  await fresh.drop();
});

const cycle = async () => {
  const opened = await openCycle(fresh.db, town.operatorId as never, ZONE, "2025-03");
  if (opened === null) throw new Error("no month");
  return opened;
};
const fen = (text: string | undefined) => BigInt((text ?? "").replace(".", ""));
const rowsOf = (csv: string): Record<string, string>[] =>
  parse(csv, { bom: true, columns: (heads: string[]) => heads.map((head) => head.split(" ")[1] ?? head) });

test("the lines of a cycle add up to what customers are debited in the ledger, to the cent", async () => {
  let csv = "";
  for await (const part of linesCsv(await cycle())) csv += part;
  const rows = rowsOf(csv);
  expect(new Set(rows.map(({ bill }) => bill)).size).toBe(ACCOUNTS);
  const sum = rows.reduce((all, { amount }) => all + fen(amount), 0n);
  const { rows: booked } = await owner.query<{ owed: bigint }>(
    "select sum(amount_minor)::bigint as owed from posting where ledger_account = 'customer'",
  );
  expect(sum).toBe(booked[0]?.owed);
  expect(sum).toBeGreaterThan(100_000n);
  for (const row of rows) expect(fen(row.net) + fen(row.tax)).toBe(fen(row.amount));
});

test("a name that a spreadsheet would calculate stays a text, a figure stays a figure", async () => {
  let csv = "";
  for await (const part of linesCsv(await cycle())) csv += part;
  expect(rowsOf(csv).some(({ name }) => name === "'=1+1")).toBe(true);
});

test("the summary's last row compares bills with ledger: zero, and not zero where an entry is more than its bill", async () => {
  const last = (csv: string) => parse(csv, { bom: true }).at(-1)?.[5];
  expect(last(await summaryCsv(await cycle()))).toBe("0.00");
  const shorter = await cycle();
  // The ledger of a bill that the lines do not have.
  const [, ...ids] = shorter.ids;
  const totals = noTotals();
  for await (const part of factsOfCycle(shorter, ids)) for (const facts of part) addToTotals(totals, facts);
  const ledger = (await ledgerOfCycle(shorter)).map((sum) => ({ ...sum, name: { zh: "", en: "" } }));
  expect(summaryRows("2025-03", totals, ledger).at(-1)?.[5]?.text).toMatch(/^-\d/);
});

test("the workbook is a zip with both sheets", async () => {
  const bytes = await cycleWorkbook(await cycle());
  expect(bytes.subarray(0, 2).toString()).toBe("PK");
  const lines = (await readSheet(bytes, "明细 lines")) as unknown[][];
  expect(lines.length).toBeGreaterThan(ACCOUNTS);
  expect(lines[1]?.[0]).toMatch(/^2025-\d{6}$/);
  expect(typeof lines[1]?.[19]).toBe("number");
});

test("papers of many bills are one document, the same bytes again", async () => {
  const opened = await cycle();
  const ids = opened.ids.slice(0, 30);
  const bytes = await papersOf(opened, ids, "zh");
  const pages = pdfPages(bytes ?? Buffer.alloc(0));
  expect(pages).toHaveLength(30);
  pages.forEach(({ text }, i) => expect(text).toContain(opened.numbers[i]));
  expect((await papersOf(opened, ids, "zh"))?.equals(bytes ?? Buffer.alloc(0))).toBe(true);
});

test("an export that was stopped goes on: what is whole stays, what is missing is made", async () => {
  const env = { DATABASE_URL: fresh.url };
  const words = [
    "export",
    "bills",
    "--operator",
    "estate",
    "--period",
    "2025-03",
    "--format",
    "pdf",
    "--json",
    "--out",
    folder,
  ];
  const first = await sanbiaoHere(words, { env });
  expect(JSON.parse(first.out)).toMatchObject({ bills: ACCOUNTS, files: 2, kept: 0 });
  const files = (await readdir(folder)).toSorted();
  expect(files).toEqual(["2025-03-zh-2025-000001_2025-000200.pdf", "2025-03-zh-2025-000201_2025-000230.pdf"]);
  const [one = "", two = ""] = files;
  const whole = await readFile(join(folder, two));
  await rm(join(folder, two));
  await writeFile(join(folder, `${two}.1.part`), "half");
  await writeFile(join(folder, one), "mine");
  const again = await sanbiaoHere(words, { env });
  expect(JSON.parse(again.out)).toMatchObject({ files: 1, kept: 1 });
  expect((await readFile(join(folder, two))).equals(whole)).toBe(true);
  expect(await readFile(join(folder, one), "utf8")).toBe("mine");
});

test("a month without bills, a word that is no month and a place that cannot be written are told", async () => {
  const env = { DATABASE_URL: fresh.url };
  const ask = (period: string, out: string) =>
    sanbiaoHere(
      ["export", "bills", "--operator", "estate", "--period", period, "--format", "csv", "--json", "--out", out],
      { env },
    );
  const [none, wrong, closed] = await Promise.all([
    ask("2024-01", join(folder, "x.csv")),
    ask("2025-13", join(folder, "x.csv")),
    ask("2025-03", join(folder, "no", "x.csv")),
  ]);
  for (const { code, out } of [none, wrong, closed]) {
    expect(code).toBe(1);
    expect(JSON.parse(out).error.code).toMatch(/^request\./);
  }
});
