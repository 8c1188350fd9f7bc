import { stringify } from "csv-stringify/sync";
import writeWorkbook from "write-excel-file/node";
import { CodedError } from "../domain/errors.ts";
import { CHART } from "../ledger/chart.ts";
import { billSheetOf } from "./bill-sheet.ts";
import { type Cycle, factsOfCycle, type LedgerSum, ledgerOfCycle } from "./cycle.ts";
import {
  addToTotals,
  type Cell,
  heading,
  type LedgerSide,
  LINE_COLUMNS,
  lineRows,
  noTotals,
  summaryRows,
} from "./cycle-rows.ts";
import { addBill, bytesOf, newPdf } from "./pdf/bill-pdf.ts";
import type { Pdf } from "./pdf/pen.ts";
import type { PaperLanguage } from "./words.ts";

/** So that a spreadsheet takes the file for UTF-8. */
const BOM = "\ufeff";

/** A spreadsheet takes a text that begins like this for a formula: an apostrophe keeps it a text. Figures are never touched. */
const csvText = (cell: Cell): string =>
  cell.kind === "text" && /^[=+\-@\t\r]/.test(cell.text) ? `'${cell.text}` : cell.text;
const csvOf = (rows: readonly (readonly Cell[])[]): string => stringify(rows.map((row) => row.map(csvText)));

export type CycleReport = { readonly bills: number; readonly lines: number };
export type Onward = (bills: number, of: number) => void;

/** One row per line, part by part. */
export async function* linesCsv(cycle: Cycle, onward: Onward = () => {}): AsyncGenerator<string, CycleReport> {
  let [bills, lines] = [0, 0];
  yield BOM + stringify([LINE_COLUMNS.map(heading)]);
  for await (const part of factsOfCycle(cycle)) {
    const rows = part.flatMap(lineRows);
    if (rows.length > 0) yield csvOf(rows);
    bills += part.length;
    lines += rows.length;
    onward(bills, cycle.ids.length);
  }
  return { bills, lines };
}

/** The summary alone: by utility, by tier, and the ledger beside it. */
export async function summaryCsv(cycle: Cycle): Promise<string> {
  const totals = noTotals();
  for await (const part of factsOfCycle(cycle)) for (const facts of part) addToTotals(totals, facts);
  return BOM + csvOf(summaryRows(cycle.month, totals, sidesOf(await ledgerOfCycle(cycle))));
}

const sidesOf = (sums: readonly LedgerSum[]): LedgerSide[] =>
  sums.map(({ account, debitMinor, creditMinor }) => {
    const chart: Readonly<Record<string, { readonly zh: string; readonly en: string }>> = CHART;
    return { account, name: chart[account] ?? { zh: account, en: account }, debitMinor, creditMinor };
  });

/** A workbook is made in memory: a larger cycle is handed out as CSV, which is not. Our choice; a sheet holds 1,048,576 rows. */
export const WORKBOOK_ROWS_MAX = 200_000;

/** Two sheets: the summary, and one row per line. @throws CodedError request.invalid when it has too many lines */
export async function cycleWorkbook(cycle: Cycle, onward: Onward = () => {}): Promise<Buffer> {
  const totals = noTotals();
  const rows: Cell[][] = [];
  for await (const part of factsOfCycle(cycle)) {
    for (const facts of part) {
      addToTotals(totals, facts);
      rows.push(...lineRows(facts));
    }
    if (rows.length > WORKBOOK_ROWS_MAX)
      throw new CodedError(
        "request.invalid",
        `The cycle has more than ${WORKBOOK_ROWS_MAX} lines: take it as CSV, which has no such bound.`,
      );
    onward(totals.bills, cycle.ids.length);
  }
  const summary = summaryRows(cycle.month, totals, sidesOf(await ledgerOfCycle(cycle)));
  const head = LINE_COLUMNS.map((words) => ({ kind: "text", text: heading(words) }) as const);
  return writeWorkbook([
    {
      sheet: "汇总 summary",
      data: book(summary),
      columns: [46, 16, 8, 16, 14, 16, 16].map((width) => ({ width })),
      stickyRowsCount: 1,
    },
    {
      sheet: "明细 lines",
      data: book([head, ...rows]),
      columns: LINE_COLUMNS.map(() => ({ width: 15 })),
      stickyRowsCount: 1,
    },
  ]).toBuffer();
}

/** Figures become numbers, as a spreadsheet keeps them; all else is text, so that a number of an account keeps its zeros. */
const book = (rows: readonly (readonly Cell[])[]) =>
  rows.map((row, i) =>
    row.map((cell) => {
      const look = i === 0 ? { fontWeight: "bold" as const } : {};
      if (cell.kind === "figure" && cell.text !== "")
        return {
          value: Number(cell.text),
          type: Number,
          format: /\.\d\d$/.test(cell.text) ? "#,##0.00" : "0.######",
          ...look,
        };
      return { value: cell.text, type: String, format: "@", ...look };
    }),
  );

/** All papers of these bills as one document. Between bills others get their turn. */
export async function papersOf(
  cycle: Cycle,
  ids: readonly bigint[],
  language: PaperLanguage,
  onward: (bills: number) => void = () => {},
): Promise<Buffer | null> {
  let pdf: Pdf | null = null;
  let bills = 0;
  for await (const part of factsOfCycle(cycle, ids)) {
    for (const facts of part) {
      const sheet = billSheetOf(facts);
      pdf ??= newPdf(sheet, language, cycle.month);
      addBill(pdf, sheet, language);
      onward(++bills);
      await new Promise((turn) => setImmediate(turn));
    }
  }
  return pdf === null ? null : bytesOf(pdf);
}
