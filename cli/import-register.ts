import { readFile, stat, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { KNOWN } from "../catalog/known.ts";
import { CodedError } from "../domain/errors.ts";
import { instant } from "../domain/instant.ts";
import { type Kind, KINDS } from "../interchange/register/columns.ts";
import { importRegister, refusedFileOf, type RegisterReport } from "../interchange/register/import.ts";
import { FILE_BYTES_MAX } from "../interchange/register/sheet.ts";
import { templateCsv, templateWorkbook } from "../interchange/register/templates.ts";
import { errorEn, errorZh } from "../interchange/register/words.ts";
import { openDatabase } from "../schema/database.ts";
import { ownerAccess } from "./database.ts";
import { type Io, printJson } from "./io.ts";
import { operatorOf } from "./operator.ts";
import { progressOf } from "./progress.ts";

type Options = {
  operator: string;
  kind: Kind | "all";
  dryRun?: boolean;
  update?: boolean;
  refused?: string;
  json?: boolean;
};

const HELP = `
The file is .xlsx (one sheet per kind) or CSV in UTF-8 or GBK. Headings may be Chinese or English. All of it is written or nothing;
the same file again finds everything there. Exit status 1: something was refused, and nothing was written.

Examples:
  sanbiao import template register.xlsx
  sanbiao import register register.xlsx --operator riverside --dry-run
  sanbiao import register meters.csv --operator riverside --kind meters --refused wrong.csv`;

/** `sanbiao import register FILE`: usage points, meters and accounts, with every error by row and column. */
export function registerCommand(io: Io): Command {
  return new Command("register")
    .description("Read usage points, meters and accounts from a spreadsheet or CSV")
    .argument("<file>", "an .xlsx or CSV file; `sanbiao import template` writes an empty one")
    .requiredOption("--operator <code>", "the operator's code")
    .option("--kind <kind>", `what the rows are: ${[...KINDS, "all"].join(", ")}`, kindOf, "all")
    .option("--dry-run", "look at every row and write nothing")
    .option("--update", "take over what may change of rows that are there already; else they are errors")
    .option("--refused <file>", "write the rows that were refused to this CSV, with the errors in a further column")
    .option("--json", "print one JSON document")
    .addHelpText("after", HELP)
    .action(async (file: string, _options: unknown, it: Command) => {
      const options = it.optsWithGlobals<Options>();
      const report = await run(io, file, options);
      if (options.json) printJson(io, reportJson(report));
      else io.out(reportText(report));
      io.exit(refusedOf(report) === 0 ? 0 : 1);
    });
}

/** `sanbiao import template FILE`: an empty register to fill in. */
export function templateCommand(io: Io): Command {
  return new Command("template")
    .description("Write an empty register to fill in: .xlsx with a sheet for each kind, or .csv of one kind")
    .argument("<file>", "where to write it; its ending says the format")
    .option("--kind <kind>", `for CSV: ${KINDS.join(", ")}`, kindOf, "points")
    .action(async (file: string, { kind }: { kind: Kind | "all" }) => {
      const isBook = /\.xlsx$/i.test(file);
      if (!isBook && kind === "all") throw new CodedError("request.invalid", "A CSV has one kind: add --kind.");
      await writeFile(file, isBook || kind === "all" ? await templateWorkbook() : templateCsv(kind));
      io.out(`${file} is written.`);
    });
}

function kindOf(text: string): Kind | "all" {
  const found = [...KINDS, "all" as const].find((one) => one === text);
  if (found === undefined) throw new InvalidArgumentError(`One of ${[...KINDS, "all"].join(", ")}.`);
  return found;
}

async function run(io: Io, file: string, options: Options): Promise<RegisterReport> {
  const bytes = await bytesOf(file);
  const access = await ownerAccess(options.json === true ? undefined : (text) => io.err(text));
  const db = openDatabase(access.url, { max: 4 });
  const tell = progressOf(io, () => performance.now(), process.stderr.isTTY);
  try {
    const { operatorId, zone } = await operatorOf(db, options.operator);
    const report = await importRegister({
      db,
      operatorId,
      zone,
      now: instant(Date.now()),
      by: null,
      file: { name: basename(file), bytes },
      kind: options.kind === "all" ? null : options.kind,
      dryRun: options.dryRun === true,
      update: options.update === true,
      catalogue: KNOWN,
      ...(options.json === true ? {} : { onStep: (step: string, done: number) => tell(step, `${done} rows`) }),
    });
    if (options.refused !== undefined && report.importId !== null)
      await writeFile(options.refused, (await refusedFileOf(db, operatorId, report.importId)) ?? "");
    return report;
  } finally {
    await db.close();
    await access.close();
  }
}

async function bytesOf(file: string): Promise<Uint8Array> {
  try {
    const { size } = await stat(file);
    if (size > FILE_BYTES_MAX)
      throw new CodedError("request.too-large", `The file has ${size} bytes; ${FILE_BYTES_MAX} are taken.`);
    return await readFile(file);
  } catch (error) {
    const system = (error as { code?: string }).code;
    if (error instanceof CodedError || system === undefined) throw error;
    throw new CodedError("request.invalid", `The file ${file} cannot be read: ${system}.`);
  }
}

const refusedOf = ({ counts }: RegisterReport): number =>
  Object.values(counts).reduce((sum, { refused }) => sum + refused, 0);

function reportText(report: RegisterReport): string {
  const lines = report.rows.flatMap(({ row, name, errors, changes }) => {
    const place = `${row.sheet === "" ? "" : `${row.sheet} `}line ${row.line}`;
    return [
      ...errors.map((error) => `${place}: ${name}: ${error.column ?? "row"} ${errorEn(error)}`),
      ...changes.map(({ column, from, to }) => `${place}: ${name}: ${column} from ${from} to ${to}`),
    ];
  });
  for (const [kind, { created, changed, already, refused }] of Object.entries(report.counts))
    if (created + changed + already + refused > 0)
      lines.push(`${kind}: ${created} new, ${changed} changed, ${already} already there, ${refused} refused`);
  lines.push(
    report.outcome === "applied"
      ? "All of it is in the register."
      : report.outcome === "rehearsed"
        ? "A rehearsal: nothing was written."
        : "Nothing was written.",
  );
  return lines.join("\n");
}

const reportJson = ({ outcome, fileName, counts, rows, importId }: RegisterReport) => ({
  outcome,
  fileName,
  counts,
  importId,
  rows: rows.map(({ row, name, outcome: became, changes, errors }) => ({
    sheet: row.sheet,
    line: row.line,
    kind: row.kind,
    name,
    outcome: became,
    changes,
    errors: errors.map((error) => ({ column: error.column, code: error.code, en: errorEn(error), zh: errorZh(error) })),
  })),
});
