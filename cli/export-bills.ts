import { mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Command, Option } from "commander";
import { CodedError } from "../domain/errors.ts";
import { type Cycle, openCycle } from "../paper/cycle.ts";
import { cycleWorkbook, linesCsv, papersOf, summaryCsv } from "../paper/cycle-files.ts";
import { PAPER_LANGUAGES, type PaperLanguage } from "../paper/words.ts";
import { openDatabase } from "../schema/database.ts";
import { ownerAccess } from "./database.ts";
import { type Io, printJson } from "./io.ts";
import { operatorOf } from "./operator.ts";
import { type Progress, progressOf } from "./progress.ts";
import { toFile } from "./text-output.ts";

type Format = "pdf" | "csv" | "xlsx";
type Options = {
  operator: string;
  period: string;
  format: Format;
  lang: PaperLanguage;
  out: string;
  each?: boolean;
  json?: boolean;
};

/** Bills in one PDF of a folder: what a printer takes at once, and what stays in memory. Our choice. */
const BILLS_PER_FILE = 200;

/** `sanbiao export bills`: a month's papers for the printer, or its lines for the accountant. */
export const exportBillsCommand = (io: Io): Command =>
  new Command("bills")
    .description("Write all bills of a month: pdf (papers), csv or xlsx (lines and summary for the accountant)")
    .requiredOption("--operator <code>", "the operator's code")
    .requiredOption("--period <YYYY-MM>", "the month billed")
    .addOption(new Option("--format <format>", "what to write").choices(["pdf", "csv", "xlsx"]).makeOptionMandatory())
    .requiredOption("--out <path>", "pdf: a folder; csv, xlsx: a file (csv writes <file>.summary.csv beside it)")
    .addOption(new Option("--lang <lang>", "language of the papers").choices([...PAPER_LANGUAGES]).default("zh"))
    .option("--each", "pdf: one file per bill, in place of one per 200")
    .option("--json", "print one JSON document that tells what was written")
    .addHelpText(
      "after",
      `
A PDF that is there already is not made again: an export that was stopped goes on where it was.

Examples:
  sanbiao export bills --operator estate --period 2026-10 --format pdf --out papers
  sanbiao export bills --operator estate --period 2026-10 --format pdf --each --lang both --out papers
  sanbiao export bills --operator estate --period 2026-10 --format xlsx --out bills-2026-10.xlsx`,
    )
    .action(async (_options: unknown, it: Command) => {
      const options = it.optsWithGlobals<Options>();
      const progress = progressOf(io, () => Date.now(), process.stderr.isTTY && options.json !== true);
      const access = await ownerAccess(options.json ? undefined : (line) => io.err(line));
      const db = openDatabase(access.url, { max: 2 });
      try {
        const { operatorId, zone } = await operatorOf(db, options.operator);
        const cycle = await openCycle(db, operatorId, zone, options.period);
        if (cycle === null) throw new CodedError("request.invalid", `${options.period} is not a month (YYYY-MM).`);
        if (cycle.ids.length === 0)
          throw new CodedError("request.not-found", `${options.operator} has no bill of ${options.period}.`);
        const report = await written(cycle, options, options.json ? () => {} : progress);
        if (options.json) printJson(io, { period: options.period, format: options.format, ...report });
        else
          io.err(
            `${report.bills} bills of ${options.period}: ${report.files} written, ${report.kept} were there, in ${options.out}.`,
          );
      } finally {
        await db.close();
        await access.close();
      }
    });

type Report = { bills: number; files: number; kept: number };

async function written(cycle: Cycle, options: Options, progress: Progress): Promise<Report> {
  const began = Date.now();
  const onward = (bills: number, of: number) => {
    const rate = bills / Math.max((Date.now() - began) / 1000, 0.001);
    progress("bills", `${bills} of ${of} (${rate.toFixed(0)} a second)`);
  };
  const { out } = options;
  switch (options.format) {
    case "pdf":
      return papers(cycle, options, onward);
    case "csv":
      await toFile(out)(linesCsv(cycle, onward));
      await whole(out.replace(/(\.csv)?$/i, ".summary.csv"), await summaryCsv(cycle));
      return { bills: cycle.ids.length, files: 2, kept: 0 };
    case "xlsx":
      await whole(out, await cycleWorkbook(cycle, onward));
      return { bills: cycle.ids.length, files: 1, kept: 0 };
  }
}

/** A file has its name only once it is whole, so that what is there need not be made again. */
async function papers(cycle: Cycle, options: Options, onward: (bills: number, of: number) => void): Promise<Report> {
  await mkdir(options.out, { recursive: true });
  const there = new Set(await readdir(options.out));
  const size = options.each === true ? 1 : BILLS_PER_FILE;
  const report = { bills: 0, files: 0, kept: 0 };
  for (let i = 0; i < cycle.ids.length; i += size) {
    const ids = cycle.ids.slice(i, i + size);
    const numbers = cycle.numbers.slice(i, i + size);
    // Named by its first and last bill: a cycle that grew has another last file.
    const stem = `${cycle.month}-${options.lang}-${numbers[0] ?? ""}_`;
    const name =
      options.each === true ? `${numbers[0] ?? ""}-${options.lang}.pdf` : `${stem}${numbers.at(-1) ?? ""}.pdf`;
    if (there.has(name)) report.kept += 1;
    else {
      const bytes = await papersOf(cycle, ids, options.lang, (bills) => onward(report.bills + bills, cycle.ids.length));
      if (bytes === null) continue;
      await whole(join(options.out, name), bytes);
      report.files += 1;
      for (const old of there) if (old.startsWith(stem)) await rm(join(options.out, old), { force: true });
    }
    report.bills += ids.length;
  }
  return report;
}

async function whole(file: string, content: string | Buffer): Promise<void> {
  const half = `${file}.${process.pid}.part`;
  try {
    await writeFile(half, content);
    await rename(half, file);
  } catch (error) {
    await rm(half, { force: true });
    const { code } = error as { code?: string };
    throw new CodedError("request.invalid", `The file ${file} cannot be written: ${code ?? String(error)}.`, {
      cause: error,
    });
  }
}
