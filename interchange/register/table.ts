import type { Instant } from "../../domain/instant.ts";
import type { Zone } from "../../domain/period.ts";
import { COLUMNS, columnOf, headingOf, isKindColumn, type Kind, KIND_WORDS, KINDS } from "./columns.ts";
import { type ReadRow, rowOf } from "./rows.ts";
import type { Cell, Sheet } from "./sheet.ts";
import type { RowError } from "./words.ts";

/** A row with the place where the clerk finds it. `kind` is null for what is wrong with a table itself. */
export type FileRow = {
  readonly sheet: string;
  /** Counts from 1, as the spreadsheet shows it. */
  readonly line: number;
  readonly kind: Kind | null;
  readonly cells: readonly Cell[];
  /** The same by column. */
  readonly named: ReadonlyMap<string, Cell>;
  readonly read: ReadRow;
};
/** A table as it was understood. */
export type FileTable = { readonly name: string; readonly heads: readonly string[]; readonly rows: readonly FileRow[] };

/** Headings that say nothing to the register: notes, running numbers, and the column in which refused rows carry their errors. */
const PASSED_OVER = new Set([
  "",
  "备注",
  "说明",
  "remark",
  "remarks",
  "note",
  "notes",
  "序号",
  "no",
  "no.",
  "error",
  "错误",
  "错误 error",
]);
/** Sheets of the template that explain. */
const HELP_SHEETS = /^(说明|帮助|help|readme)/i;

/** Tables → rows. `kind`: what each row is, where neither the sheet nor a column says it. */
export function tablesOf(sheets: readonly Sheet[], kind: Kind | null, of: { zone: Zone; now: Instant }): FileTable[] {
  return sheets
    .filter((sheet) => !HELP_SHEETS.test(sheet.name) && sheet.rows.some(says))
    .map((sheet) => tableOf(sheet, kind, of));
}

/** A row that begins with # is a remark. */
const says = (row: readonly Cell[]): boolean => {
  const first = row.find(({ text }) => text.trim() !== "");
  return first !== undefined && !first.text.trim().startsWith("#");
};

function tableOf(sheet: Sheet, asked: Kind | null, of: { zone: Zone; now: Instant }): FileTable {
  const headLine = sheet.rows.findIndex(says);
  const heads = sheet.rows[headLine] ?? [];
  const texts = heads.map(({ text }) => text.trim());
  const kindAt = texts.findIndex(isKindColumn);
  const kind = asked ?? KIND_WORDS[headingOf(sheet.name)] ?? likeliest(texts);
  const at = (line: number, cells: readonly Cell[], error: RowError): FileRow => ({
    sheet: sheet.name,
    line,
    kind: null,
    cells,
    named: new Map(),
    read: { row: null, errors: [error] },
  });
  const rows: FileRow[] = [];
  if (kindAt < 0 && kind === null) rows.push(at(headLine + 1, heads, { column: null, code: "sheet_unknown" }));
  else {
    const kinds = kindAt < 0 ? (kind === null ? [] : [kind]) : KINDS;
    rows.push(...headErrors(texts, kinds, kindAt).map((error) => at(headLine + 1, heads, error)));
    if (rows.length === 0) rows.push(...bodyOf(sheet, headLine, texts, kindAt < 0 ? kind : null, kindAt, of));
  }
  if (sheet.broken !== undefined) {
    const code = sheet.broken.why === "quote_not_closed" ? "quote_not_closed" : "not_csv";
    rows.push(at(sheet.broken.line, [], { column: null, code }));
  }
  return { name: sheet.name, heads: texts, rows };
}

/** The kind whose required headings are all there and of which most are. */
function likeliest(texts: readonly string[]): Kind | null {
  let best: { kind: Kind; fits: number } | null = null;
  for (const kind of KINDS) {
    const names = new Set(texts.map((text) => columnOf(kind, text)));
    if (!COLUMNS[kind].every(({ name, required }) => required !== true || names.has(name))) continue;
    const fits = names.size - (names.has(null) ? 1 : 0);
    if (best === null || fits > best.fits) best = { kind, fits };
  }
  return best?.kind ?? null;
}

function headErrors(texts: readonly string[], kinds: readonly Kind[], kindAt: number): RowError[] {
  const errors: RowError[] = [];
  for (const [i, text] of texts.entries()) {
    if (i === kindAt || PASSED_OVER.has(headingOf(text))) continue;
    if (kinds.every((kind) => columnOf(kind, text) === null))
      errors.push({ column: text, code: "heading_unknown", a: text });
  }
  for (const kind of kinds) {
    const names = texts.map((text) => columnOf(kind, text));
    for (const { name } of COLUMNS[kind])
      if (names.filter((one) => one === name).length > 1) errors.push({ column: name, code: "heading_twice", a: name });
    if (kindAt >= 0) continue; // a mixed table need not have every kind
    for (const { name, zh, required } of COLUMNS[kind])
      if (required === true && !names.includes(name))
        errors.push({ column: name, code: "heading_missing", a: `${zh} ${name}` });
  }
  return errors;
}

function* bodyOf(
  { name, rows }: Sheet,
  headLine: number,
  texts: readonly string[],
  ofSheet: Kind | null,
  kindAt: number,
  of: { zone: Zone; now: Instant },
): Generator<FileRow> {
  const columns = new Map(KINDS.map((kind) => [kind, texts.map((text) => columnOf(kind, text))]));
  for (let i = headLine + 1; i < rows.length; i++) {
    const cells = rows[i] ?? [];
    if (!says(cells)) continue;
    const place = { sheet: name, line: i + 1, cells };
    const kind = ofSheet ?? KIND_WORDS[headingOf(cells[kindAt]?.text ?? "")] ?? null;
    if (kind === null) {
      const error: RowError = { column: "kind", code: "not_choice", a: KINDS.join(", ") };
      yield { ...place, kind: null, named: new Map(), read: { row: null, errors: [error] } };
      continue;
    }
    const named = new Map<string, Cell>();
    for (const [n, column] of (columns.get(kind) ?? []).entries())
      if (column !== null) named.set(column, cells[n] ?? { kind: "s", text: "" });
    const read = rowOf(kind, named, of);
    const beyond = cells.slice(texts.length).some(({ text }) => text.trim() !== "");
    const errors: readonly RowError[] = beyond
      ? [...read.errors, { column: null, code: "too_many_cells" }]
      : read.errors;
    yield { ...place, kind, named, read: beyond ? { row: null, errors } : read };
  }
}
