import { Worker } from "node:worker_threads";
import { parse } from "csv-parse";
import { CodedError } from "../../domain/errors.ts";
import { SECOND_MS } from "../../domain/instant.ts";
import { textOfFile } from "../text-decoding.ts";
import { type Cell, CELL_CHARS_MAX, COLUMNS_MAX, FILE_BYTES_MAX, ROWS_MAX, type Sheet } from "./sheet.ts";
import type { WorkerAnswer } from "./sheet-worker.ts";

/** A spreadsheet that is not read by then is not an honest one: 50,000 rows take two seconds. */
const READ_MS_MAX = 30 * SECOND_MS;
const WORKER_MEGABYTES = 768;

/**
 * The tables of a file: XLSX by its first bytes, else CSV in UTF-8, UTF-16 or GB 18030 with commas, semicolons or tabs.
 * @throws CodedError request.invalid, request.too-large: what is wrong with the file as a whole
 */
export async function sheetsOf(bytes: Uint8Array): Promise<readonly Sheet[]> {
  if (bytes.length === 0) throw new CodedError("request.invalid", "The file is empty.");
  if (bytes.length > FILE_BYTES_MAX)
    throw new CodedError("request.too-large", `The file has ${bytes.length} bytes; ${FILE_BYTES_MAX} are taken.`);
  if (bytes[0] === 0x50 && bytes[1] === 0x4b) return workbookOf(bytes);
  if (bytes[0] === 0xd0 && bytes[1] === 0xcf && bytes[2] === 0x11)
    throw new CodedError(
      "request.invalid",
      "This is an old Excel file (.xls) or one with a password: save it as .xlsx without a password, or as CSV.",
    );
  return [await tableOf(textOfFile(bytes))];
}

const TROUBLE = {
  not_zip: "The file begins like .xlsx and is damaged: save it again.",
  bomb: "The file unpacks to far more than a list of meters: it is not taken.",
  encrypted: "The file has a password: save it without.",
  unreadable: "The file is not a spreadsheet that can be read: save it again as .xlsx, or as CSV.",
} as const;
const tooManyRows = (): CodedError =>
  new CodedError("request.too-large", `The file has more than ${ROWS_MAX} rows: split it.`);

async function workbookOf(bytes: Uint8Array): Promise<readonly Sheet[]> {
  const worker = new Worker(new URL("./sheet-worker.ts", import.meta.url), {
    workerData: { bytes },
    resourceLimits: { maxOldGenerationSizeMb: WORKER_MEGABYTES },
    env: {},
    execArgv: [],
    stdout: true,
    stderr: true,
  });
  try {
    const answer = await answerOf(worker);
    if ("sheets" in answer) return answer.sheets;
    if (answer.trouble === "too_many_rows") throw tooManyRows();
    throw new CodedError("request.invalid", `${TROUBLE[answer.trouble]} ${answer.detail}`.trim());
  } finally {
    await worker.terminate();
  }
}

async function answerOf(worker: Worker): Promise<WorkerAnswer> {
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<WorkerAnswer>((resolve, reject) => {
      worker.once("message", resolve);
      worker.once("error", reject);
      worker.once("exit", () => reject(new Error("the reader ended")));
      timer = setTimeout(() => resolve({ trouble: "bomb", detail: "" }), READ_MS_MAX);
    });
  } catch (error) {
    if ((error as { code?: string }).code === "ERR_WORKER_OUT_OF_MEMORY") return { trouble: "bomb", detail: "" };
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** Of comma, semicolon and tab the one that stands most often in the first line that says something. */
function delimiterOf(text: string): string {
  const head = /^(?!\s*#)[^\r\n]*\S[^\r\n]*$/m.exec(text)?.[0] ?? "";
  const count = (sign: string) => head.split(sign).length;
  return [",", ";", "\t"].reduce((best, sign) => (count(sign) > count(best) ? sign : best));
}

/** CSV as one table. What is broken in the middle ends it there: what stands before is still looked at. */
function tableOf(text: string): Promise<Sheet> {
  return new Promise((resolve, reject) => {
    const rows: Cell[][] = [];
    const parser = parse({
      bom: true,
      delimiter: delimiterOf(text),
      record_delimiter: ["\r\n", "\n", "\r"],
      relax_column_count: true,
      max_record_size: 64 * 1024,
      on_record: (record: string[], { lines }: { lines: number }) => {
        const line = lines - linesWithin(record);
        if (line > ROWS_MAX + 1) throw tooManyRows();
        while (rows.length < line - 1) rows.push([]);
        rows.push(record.slice(0, COLUMNS_MAX).map((cell) => ({ kind: "s", text: cell.slice(0, CELL_CHARS_MAX) })));
        return null;
      },
    });
    const sheet = { name: "", rows };
    parser.on("error", (error: Error & { code?: string }) => {
      if (error instanceof CodedError) return reject(error);
      const line = rows.length + 1;
      const why = error.code === "CSV_QUOTE_NOT_CLOSED" ? "quote_not_closed" : "not_csv";
      resolve({ ...sheet, broken: { line, why } });
    });
    parser.on("end", () => resolve(sheet));
    parser.resume();
    parser.end(text);
  });
}

/** Line breaks inside quotes: the record began that much earlier. */
const linesWithin = (record: readonly string[]): number =>
  record.reduce((sum, cell) => sum + (cell.match(/\r\n|\n|\r/g)?.length ?? 0), 0);
