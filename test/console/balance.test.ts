import { expect, test } from "vitest";
import type { BalanceJson } from "../../api/schemas/balance.ts";
import { csvOf, sizeOf } from "../../console/src/pages/balance/figures.ts";

const kWh = (value: string) => ({ value, unit: "kWh" as const });
const balance: BalanceJson = {
  id: "1",
  masterPointId: "9",
  utility: "electricity",
  building: "A, north",
  serial: "M-1",
  closingNo: 2,
  periodFrom: "2026-05-01",
  periodTo: "2026-06-01",
  master: kWh("100"),
  sub: kWh("103"),
  common: kWh("0"),
  loss: kWh("0"),
  residue: kWh("-3"),
  lossPercent: "0",
  residuePercent: "-3",
  estimated: kWh("0"),
  basis: "interpolated",
  provisional: false,
  verdicts: [],
  closedAt: "2026-06-01T02:10:00+08:00",
  reason: "",
  rule: null,
  apportioned: kWh("0"),
  remainder: kWh("0"),
  missingAccounts: [],
  parts: [
    {
      usagePointId: "2",
      purpose: "supply",
      building: "A",
      room: "101",
      isMaster: false,
      meterId: "5",
      serial: "=HYPERLINK(1)",
      accountId: "7",
      accountNumber: "A-101",
      accountName: "张某",
      quantity: kWh("103"),
      estimated: kWh("0"),
      basis: "interpolated",
      doubts: ['no "reading"', "held"],
    },
  ],
  shares: [{ accountId: "7", accountNumber: "A-101", accountName: "张某", weight: "2743.5", quantity: kWh("1.25") }],
  closings: [],
  history: [],
};

test("a balance as CSV has every figure, part and share in rows of equal length, and no cell that a spreadsheet would run", () => {
  const lines = csvOf(balance).split("\r\n");
  expect(lines.at(-1)).toBe("");
  expect(lines[1]).toBe('"A, north",electricity,2026-05-01,2026-06-01,2,master,,M-1,100,kWh,interpolated,,');
  expect(lines).toContain('"A, north",electricity,2026-05-01,2026-06-01,2,residue,,,-3,kWh,,,');
  expect(lines.find((line) => line.includes("part_supply"))).toBe(
    '"A, north",electricity,2026-05-01,2026-06-01,2,part_supply,A-101,\'=HYPERLINK(1),103,kWh,interpolated,,"no ""reading""; held"',
  );
  expect(lines.find((line) => line.includes(",share,"))).toMatch(/,share,A-101,,1.25,kWh,,2743.5,$/);
  const cells = (line: string) => line.replace(/"[^"]*(""[^"]*)*"/g, "x").split(",").length;
  expect(new Set(lines.slice(0, -1).map(cells))).toEqual(new Set([13]));
});

test("a picture takes its sizes from the figures", () => {
  expect(["sub", "common", "loss", "residue"].map((name) => sizeOf(balance, name as "sub"))).toEqual([103, 0, 0, -3]);
});
