import { Command } from "commander";
import { instant } from "../domain/instant.ts";
import type { Day } from "../domain/period.ts";
import { windowOf } from "../interchange/booked-readings.ts";
import { exportGreenButton } from "../interchange/greenbutton-export.ts";
import { exportReadings } from "../interchange/readings-export.ts";
import { type Database, openDatabase } from "../schema/database.ts";
import { ownerAccess } from "./database.ts";
import { exportBillCommand } from "./export-bill.ts";
import { exportBillsCommand } from "./export-bills.ts";
import { exportCertificateCommand } from "./export-certificate.ts";
import { exportInvoiceCommand } from "./export-invoice.ts";
import { exportShiftCommand } from "./export-shift.ts";
import { type Io, printJson } from "./io.ts";
import { type Operator, operatorOf } from "./operator.ts";
import { dayOption } from "./option-words.ts";
import { toFile, toStdout, type WrittenText } from "./text-output.ts";

type Shared = { operator: string; from?: Day; to?: Day; out?: string; json?: boolean };

/** `sanbiao export KIND`: writes a file, or its text to standard output. */
export function exportCommand(io: Io): Command {
  const command = new Command("export")
    .description(
      "Write to files: greenbutton (ESPI 4.0 feed of an account), readings (CSV), bill (all that one rests on), bills (papers and lines of a month), invoice (EN 16931 or 数电发票 data of a bill), certificate (proofs of cuts), shift (a counter's CSV)",
    )
    .option("--json", "print one JSON document (with --out)");
  ranged(command.command("greenbutton"))
    .description("Write the use of an account's usage points as an ESPI 4.0 Atom feed")
    .requiredOption("--account <number>", "the account's number")
    .option("--registers", "what the registers showed, in place of the use between readings")
    .action((_options: unknown, it: Command) => {
      const options = it.optsWithGlobals<Shared & { account: string; registers?: boolean }>();
      const { account, registers = false } = options;
      return on(io, options, (db, { operatorId, zone }) =>
        exportGreenButton({
          db,
          operatorId,
          operatorCode: options.operator,
          account,
          zone,
          window: windowOf(options.from ?? null, options.to ?? null, zone),
          now: instant(Date.now()),
          registers,
        }),
      );
    });
  ranged(command.command("readings"))
    .description("Write register readings as CSV; import takes the file back")
    .option("--account <number>", "only this account's meters, while they were its own")
    .option("--meter <serial>", "only this meter")
    .action((_options: unknown, it: Command) => {
      const options = it.optsWithGlobals<Shared & { account?: string; meter?: string }>();
      const { account, meter } = options;
      return on(io, options, (db, { operatorId, zone }) =>
        exportReadings({
          db,
          operatorId,
          zone,
          window: windowOf(options.from ?? null, options.to ?? null, zone),
          now: instant(Date.now()),
          ...(account === undefined ? {} : { account }),
          ...(meter === undefined ? {} : { meter }),
        }),
      );
    });
  command.addCommand(exportBillCommand(io));
  command.addCommand(exportBillsCommand(io));
  command.addCommand(exportInvoiceCommand(io));
  command.addCommand(exportCertificateCommand(io));
  command.addCommand(exportShiftCommand(io));
  return command;
}

const ranged = (command: Command): Command =>
  command
    .requiredOption("--operator <code>", "the operator's code")
    .option("--from <day>", "first day, in the operator's zone", dayOption)
    .option("--to <day>", "the day before which it ends", dayOption)
    .option("--out <file>", "write here; else to standard output")
    .option("--json", "print one JSON document (with --out)");

async function on(io: Io, options: Shared, text: (db: Database, operator: Operator) => WrittenText): Promise<void> {
  const { out, json } = options;
  if (json && out === undefined) {
    io.err("--json tells what was written: it needs --out for the file itself.");
    io.exit(2);
    return;
  }
  const access = await ownerAccess((line) => io.err(line));
  const db = openDatabase(access.url, { max: 2 });
  try {
    const operator = await operatorOf(db, options.operator);
    const written = await (out === undefined ? toStdout : toFile(out))(text(db, operator));
    const report = typeof written === "number" ? { readings: written } : written;
    if (json) printJson(io, { file: out, ...(report as object) });
    else io.err(`Written${out === undefined ? "" : ` to ${out}`}: ${summary(report as Record<string, number>)}.`);
  } finally {
    await db.close();
    await access.close();
  }
}

const summary = (report: Record<string, number>): string =>
  Object.entries(report)
    .map(([name, count]) => `${count} ${name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)}`)
    .join(", ");
