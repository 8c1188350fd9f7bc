import { createReadStream } from "node:fs";
import { Command, InvalidArgumentError } from "commander";
import { CodedError } from "../domain/errors.ts";
import { instant, isoIn } from "../domain/instant.ts";
import type { Zone } from "../domain/period.ts";
import { decimalText } from "../domain/quantity.ts";
import { UTILITIES, type Utility } from "../domain/unit.ts";
import { type GreenButtonReport, type ImportedSeries, importGreenButton } from "../interchange/greenbutton-import.ts";
import { importReadings } from "../interchange/readings-import.ts";
import type { ImportReport } from "../interchange/report.ts";
import { textOf } from "../interchange/text-decoding.ts";
import { type Database, openDatabase } from "../schema/database.ts";
import { ownerAccess } from "./database.ts";
import { registerCommand, templateCommand } from "./import-register.ts";
import { type Io, printJson } from "./io.ts";
import { type Operator, operatorOf } from "./operator.ts";

type Shared = { operator: string; dryRun?: boolean; json?: boolean };
type GreenButtonOptions = Shared & { meter?: string; point?: bigint; uom?: number; utility?: Utility; only?: string };

/** `sanbiao import KIND FILE`: takes what is right, refuses the rest by line, and says what became of each. */
export function importCommand(io: Io): Command {
  const command = new Command("import")
    .description("Read files: readings (CSV), greenbutton (ESPI feeds), register (usage points, meters, accounts)")
    .option("--json", "print one JSON document");
  command
    .command("greenbutton")
    .description(
      "Read a Green Button (ESPI) feed: each usage point's intervals become the register of a meter of its own",
    )
    .argument("<file>", "an Atom feed, of any ESPI version")
    .requiredOption("--operator <code>", "the operator's code")
    .option("--dry-run", "say what would change and write nothing")
    .option("--meter <serial>", "the meter to fill (made by an import, never one with a wire)")
    .option("--point <id>", "place the meter at this usage point, which has none", pointId)
    .option("--only <text>", "only series whose title or address holds this text")
    .option("--uom <code>", "ESPI unit of values that come without a ReadingType: 72 Wh, 42 m3 …", code)
    .option("--utility <name>", `where the feed does not say it: ${UTILITIES.join(", ")}`, utility)
    .option("--json", "print one JSON document")
    .action((file: string, _options: unknown, it: Command) => {
      const options = it.optsWithGlobals<GreenButtonOptions>();
      return on(io, file, options, async (db, operator, chunks) => {
        const { operatorId, zone } = operator;
        const { dryRun = false, meter, point, uom, utility: named, only } = options;
        const report = await importGreenButton({
          db,
          operatorId,
          chunks,
          now: instant(Date.now()),
          dryRun,
          ...(meter === undefined ? {} : { meter }),
          ...(point === undefined ? {} : { point }),
          ...(uom === undefined ? {} : { uom }),
          ...(named === undefined ? {} : { utility: named }),
          ...(only === undefined ? {} : { only }),
        });
        if (options.json) printJson(io, { ...report, series: report.series.map((one) => seriesJson(one, zone)) });
        else io.out(`${seriesText(report, zone)}${reportText(report)}`);
        return report;
      });
    });
  command
    .command("readings")
    .description("Read register readings from a CSV file with the columns meter, register, measured_at, value")
    .argument("<file>", "a CSV file; its first line names the columns")
    .requiredOption("--operator <code>", "the operator's code")
    .option("--dry-run", "say what would change and write nothing")
    .option("--json", "print one JSON document")
    .action((file: string, _options: unknown, it: Command) => {
      const options = it.optsWithGlobals<Shared>();
      return on(io, file, options, async (db, { operatorId }, chunks) => {
        const report = await importReadings({
          db,
          operatorId,
          chunks,
          now: instant(Date.now()),
          dryRun: options.dryRun ?? false,
        });
        if (options.json) printJson(io, report);
        else io.out(reportText(report));
        return report;
      });
    });
  command.addCommand(registerCommand(io));
  command.addCommand(templateCommand(io));
  return command;
}

type Work = (db: Database, operator: Operator, chunks: AsyncIterable<string>) => Promise<ImportReport>;

async function on(io: Io, file: string, options: Shared, work: Work): Promise<void> {
  const access = await ownerAccess(options.json ? undefined : (text) => io.err(text));
  const db = openDatabase(access.url, { max: 4 });
  try {
    const operator = await operatorOf(db, options.operator);
    const report = await work(db, operator, textOf(bytesOf(file)));
    io.exit(report.counts.refused === 0 ? 0 : 1);
  } finally {
    await db.close();
    await access.close();
  }
}

/** @throws CodedError when the file cannot be read, so that the message names it */
async function* bytesOf(file: string): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(file, { highWaterMark: 1024 * 1024 }) as AsyncIterable<Uint8Array>;
  } catch (error) {
    const system = (error as { code?: string }).code;
    if (system === undefined) throw error;
    throw new CodedError("request.invalid", `The file ${file} cannot be read: ${system}.`);
  }
}

function pointId(text: string): bigint {
  if (!/^\d{1,18}$/.test(text)) throw new InvalidArgumentError("A usage point has a number.");
  return BigInt(text);
}
function code(text: string): number {
  if (!/^\d{1,5}$/.test(text)) throw new InvalidArgumentError("An ESPI unit is a number, as 72 for Wh.");
  return Number.parseInt(text, 10);
}
function utility(text: string): Utility {
  const found = UTILITIES.find((one) => one === text);
  if (found === undefined) throw new InvalidArgumentError(`One of ${UTILITIES.join(", ")}.`);
  return found;
}

const seriesJson = ({ use, from, to, gaps, unit, ...rest }: ImportedSeries, zone: Zone) => ({
  ...rest,
  from: isoIn(from, zone),
  to: isoIn(to, zone),
  use: use === null ? null : { value: decimalText(use), unit },
  gaps: gaps.map((gap) => ({ from: isoIn(gap.from, zone), to: isoIn(gap.to, zone) })),
});

function seriesText({ series, localTime }: GreenButtonReport, zone: Zone): string {
  const lines =
    localTime === null ? [] : [`The sender's local time: ${localTime}; intervals are UTC and are not shifted.`];
  for (const one of series) {
    const use = one.use === null ? "register values" : `${decimalText(one.use)} ${one.unit}`;
    lines.push(
      `${one.usagePoint || one.series}: ${use} from ${isoIn(one.from, zone)} to ${isoIn(one.to, zone)} -> meter ${one.serial}${one.isNew ? " (new)" : ""} ${one.register}`,
    );
    for (const { from, to } of one.gaps)
      lines.push(`  the feed is silent from ${isoIn(from, zone)} to ${isoIn(to, zone)}: use not known`);
  }
  return lines.map((line) => `${line}\n`).join("");
}

function reportText({ dryRun, counts, refused, conflicts }: ImportReport): string {
  const lines = [
    ...refused.map(({ line, what, why }) => `line ${line}: refused: ${what}: ${why}`),
    ...conflicts.map(({ line, what, why }) => `line ${line}: conflict: ${what}: ${why}`),
  ];
  if (counts.refused > refused.length) lines.push(`… ${counts.refused} refused in all`);
  if (counts.conflict > conflicts.length) lines.push(`… ${counts.conflict} conflicts in all`);
  lines.push(
    `${dryRun ? "Would be: " : ""}${counts.accepted} accepted, ${counts.already} already there, ${counts.conflict} in conflict, ${counts.refused} refused.${dryRun ? " Nothing was written." : ""}`,
  );
  return lines.join("\n");
}
