import { printJson, processIo } from "../cli/io.ts";

/** A program asked: one document on standard output and nothing else, no table that grows. */
const asJson = process.argv.includes("--json");

/** What a bench found, once and at its end: the figures as one JSON document, or the text for the eye (absent: all was said already). */
export function report(figures: object, text?: () => string): void {
  if (asJson) printJson(processIo, figures);
  else if (text !== undefined) processIo.out(text());
}

/** A row or a heading as soon as it is known; for the eye only. */
export function say(text: string): void {
  if (!asJson) processIo.out(text);
}

/** Rows under headings, numbers to the right. */
export function tableText(rows: readonly Readonly<Record<string, string | number>>[]): string {
  const heads = Object.keys(rows[0] ?? {});
  const cells = rows.map((row) => heads.map((head) => String(row[head] ?? "")));
  const widths = heads.map((head, i) => Math.max(head.length, ...cells.map((row) => (row[i] ?? "").length)));
  const isNumber = heads.map((head) => rows.every((row) => typeof row[head] === "number"));
  const line = (row: readonly string[]): string =>
    row.map((cell, i) => (isNumber[i] ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0))).join("   ");
  return [heads, ...cells].map((row) => line(row).trimEnd()).join("\n");
}
