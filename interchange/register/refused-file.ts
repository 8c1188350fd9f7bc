import { stringify } from "csv-stringify/sync";
import { COLUMNS, columnOf, KIND_COLUMN, KINDS } from "./columns.ts";
import type { JudgedRow } from "./judge.ts";
import type { Cell } from "./sheet.ts";
import type { FileTable } from "./table.ts";
import { errorEn, errorZh, type RowError } from "./words.ts";

export const ERROR_HEADING = "错误 error";
/** Excel reads UTF-8 only where this stands first. */
export const BOM = "\ufeff";

/**
 * The rows that were refused, as CSV with what is wrong in a last column: corrected, it can be brought again as it is. A file of one
 * table keeps its own headings; of several it becomes one table whose first column says what each row is.
 */
export function refusedFile(tables: readonly FileTable[], judged: readonly JudgedRow[]): string {
  const refused = judged.filter(({ outcome }) => outcome === "refused");
  const [only] = tables;
  if (tables.length === 1 && only !== undefined) {
    const width = only.heads.length;
    const rows = refused.map((one) => [...padded(one.row.cells, width), errorsText(one.errors)]);
    return BOM + stringify([[...only.heads, ERROR_HEADING], ...rows]);
  }
  const columns = [...new Set(KINDS.flatMap((kind) => COLUMNS[kind].map(({ name }) => name)))];
  const heads = new Map(tables.map((table) => [table.name, table.heads]));
  const rows = refused.map((one) => {
    const { kind, sheet, cells } = one.row;
    const names = (heads.get(sheet) ?? []).map((text) => (kind === null ? null : columnOf(kind, text)));
    const values = columns.map((name) => textOf(cells[names.indexOf(name)]));
    return [kind ?? sheet, ...values, errorsText(one.errors)];
  });
  return BOM + stringify([[`${KIND_COLUMN.zh} ${KIND_COLUMN.name}`, ...columns, ERROR_HEADING], ...rows]);
}

const padded = (cells: readonly Cell[], width: number): string[] =>
  Array.from({ length: width }, (_, i) => textOf(cells[i]));

const errorsText = (errors: readonly RowError[]): string =>
  errors.map((error) => `${error.column ?? ""} ${errorZh(error)} · ${errorEn(error)}`.trim()).join("; ");

/** A spreadsheet must not take what a stranger wrote for a formula; the apostrophe is taken off again when the file comes back. */
function textOf(cell: Cell | undefined): string {
  if (cell === undefined) return "";
  const text =
    cell.kind === "d"
      ? cell.text
          .replace(/T00:00:00.*$/, "")
          .replace(/\.000Z$/, "")
          .replace("T", " ")
      : cell.text;
  return /^[=+\-@\t\r]/.test(text) && cell.kind !== "n" ? `'${text}` : text;
}
