import { decimalText, microOf } from "../../domain/quantity.ts";
import type { Problem } from "./schema.ts";
import { problemError } from "./schema.ts";
import type { UsageRow } from "./usage-file.ts";

const COLUMNS = ["from", "to", "quantity", "kw", "export", "export_kw", "reactive", "tou"] as const;
const NUMBERS = ["quantity", "kw", "export", "export_kw", "reactive"] as const;

/**
 * Rows of a CSV file whose first line names its columns: `from`, `quantity` (or `kw`), and maybe `to`, `export` (or
 * `export_kw`), `reactive` and `tou`.
 * Without `to` an interval ends where the next begins, and the last is as long as the one before it.
 * @throws CodedError `usage.invalid` with every problem and its line
 */
export function rowsOfCsv(text: string): UsageRow[] {
  const lines = text
    .replace(/^\uFEFF/, "")
    .split(/\r?\n/)
    .map((line, i) => ({ number: i + 1, cells: line.split(",").map((cell) => cell.trim().replace(/^"(.*)"$/, "$1")) }))
    .filter(({ cells }) => cells.some((cell) => cell !== ""));
  const [head, ...rest] = lines;
  const names = (head?.cells ?? []).map((cell) => cell.toLowerCase());
  const problems: Problem[] = [];
  if (names.length === 1 && /[;\t]/.test(names[0] ?? ""))
    throw problemError("usage.invalid", [
      { path: "line 1", message: "columns are parted by commas, and decimals by a point" },
    ]);
  for (const name of names) {
    if (!COLUMNS.some((column) => column === name))
      problems.push({ path: "line 1", message: `unknown column ${name}; there are ${COLUMNS.join(", ")}` });
  }
  for (const [name, other] of [["from"], ["quantity", "kw"]]) {
    if (!names.includes(name ?? "") && !names.includes(other ?? ""))
      problems.push({ path: "line 1", message: `no column ${name}; the first line names the columns` });
  }
  if (rest.length === 0) problems.push({ path: "line 2", message: "no rows" });
  if (problems.length > 0) throw problemError("usage.invalid", problems);
  return withEnds(rest, names, problems);
}

type CsvLine = { readonly number: number; readonly cells: readonly string[] };

function withEnds(lines: readonly CsvLine[], names: readonly string[], problems: Problem[]): UsageRow[] {
  const cell = (line: CsvLine | undefined, name: string) => line?.cells[names.indexOf(name)] ?? "";
  const rows = lines.map((line, i): UsageRow => {
    if (line.cells.length > names.length)
      problems.push({ path: `line ${line.number}`, message: "more cells than columns" });
    const from = cell(line, "from");
    const to = names.includes("to") ? cell(line, "to") : cell(lines[i + 1], "from") || afterLast(lines, cell);
    const numbers: Record<string, string> = {};
    for (const name of NUMBERS) {
      const text = cell(line, name);
      if (
        text === "" &&
        (!names.includes(name) ||
          (name !== "quantity" && name !== "kw") ||
          names.includes("quantity") === names.includes("kw"))
      )
        continue;
      if (!/^[-+]?\d+(\.\d+)?([eE][-+]?\d{1,2})?$/.test(text))
        problems.push({ path: `line ${line.number}, ${name}`, message: `not a decimal: ${text}` });
      numbers[name === "export_kw" ? "exportKw" : name] = plainText(text);
    }
    const tou = cell(line, "tou");
    return { from, to, ...numbers, ...(tou === "" ? {} : { tou }) };
  });
  if (problems.length > 0) throw problemError("usage.invalid", problems);
  return rows;
}

/** The end of the last interval, as far after its beginning as that is after the one before: both are written alike. */
function afterLast(lines: readonly CsvLine[], cell: (line: CsvLine | undefined, name: string) => string): string {
  const [a, b] = [cell(lines.at(-2), "from"), cell(lines.at(-1), "from")];
  try {
    if (/^\d{4}-\d\d-\d\d$/.test(b)) {
      const [first, last] = [Temporal.PlainDate.from(a), Temporal.PlainDate.from(b)];
      return last
        .add(first.until(last, { largestUnit: last.day === 1 && first.day === 1 ? "months" : "days" }))
        .toString();
    }
    if (/(Z|[+-]\d\d:?\d\d)$/i.test(b)) {
      const last = Temporal.Instant.from(b);
      return last.add(Temporal.Instant.from(a).until(last)).toString();
    }
    const last = Temporal.PlainDateTime.from(b);
    return last.add(Temporal.PlainDateTime.from(a).until(last)).toString();
  } catch {
    return ""; // refused with its row as a moment that nobody can read
  }
}

/** Programs write small numbers with an exponent. */
function plainText(text: string): string {
  const micro = /e/i.test(text) ? microOf(text) : null;
  return micro === null ? text : decimalText(micro);
}
