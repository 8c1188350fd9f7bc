import { parentPort, workerData } from "node:worker_threads";
import readWorkbook from "read-excel-file/node";
import { type Cell, CELL_CHARS_MAX, COLUMNS_MAX, EMPTY, ROWS_MAX, type Sheet, UNPACKED_BYTES_MAX } from "./sheet.ts";
import { zipTrouble } from "./zip-check.ts";

/** A thread of its own, with a bounded memory: a spreadsheet that is made to hurt hurts nobody who reads meters. */
export type WorkerAnswer =
  | { readonly sheets: readonly Sheet[] }
  | { readonly trouble: "not_zip" | "bomb" | "encrypted" | "too_many_rows" | "unreadable"; readonly detail: string };

/** Digits as the file has them, so that no number passes through a float. */
class Digits {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

async function read(bytes: Buffer): Promise<WorkerAnswer> {
  const trouble = zipTrouble(bytes, UNPACKED_BYTES_MAX);
  if (trouble !== null) return { trouble, detail: "" };
  try {
    const workbook = await readWorkbook<Digits>(bytes, {
      parseNumber: (text: string) => new Digits(text),
      trim: false,
    });
    const rows = workbook.reduce((sum, { data }) => sum + data.length, 0);
    if (rows > ROWS_MAX) return { trouble: "too_many_rows", detail: String(rows) };
    return {
      sheets: workbook.map(({ sheet, data }) => ({
        name: sheet,
        rows: data.map((row) => row.slice(0, COLUMNS_MAX).map(cellOf)),
      })),
    };
  } catch (error) {
    return { trouble: "unreadable", detail: error instanceof Error ? error.message.slice(0, 300) : "" };
  }
}

function cellOf(value: unknown): Cell {
  if (value === null || value === undefined) return EMPTY;
  if (value instanceof Digits) return { kind: "n", text: value.text.slice(0, CELL_CHARS_MAX) };
  if (value instanceof Date)
    return Number.isNaN(value.getTime()) ? { kind: "f", text: "?" } : { kind: "d", text: value.toISOString() };
  if (typeof value === "boolean") return { kind: "b", text: String(value) };
  const text = String(value as string);
  // #REF!, #N/A and their kin: a formula that came to nothing.
  if (/^#(REF|N\/A|NAME|VALUE|DIV\/0|NUM|NULL)[!?]?$/.test(text)) return { kind: "f", text };
  return { kind: "s", text: text.slice(0, CELL_CHARS_MAX) };
}

parentPort?.postMessage(await read(Buffer.from((workerData as { bytes: Uint8Array }).bytes)));
