import { Command } from "commander";
import { billDepsOf } from "../billing/main.ts";
import type { BillBundle } from "../billing/explain/bundle.ts";
import { readBundle } from "../billing/explain/read-bundle.ts";
import { CodedError } from "../domain/errors.ts";
import { instant } from "../domain/instant.ts";
import type { OperatorId } from "../domain/reading.ts";
import { noTelemetry } from "../domain/telemetry.ts";
import { pino } from "pino";
import { type Database, openDatabase } from "../schema/database.ts";
import { ownerAccess } from "./database.ts";
import { type Io, printJson } from "./io.ts";
import { operatorOf } from "./operator.ts";
import { toFile, toStdout, type WrittenText } from "./text-output.ts";

type Options = { operator?: string; out?: string; json?: boolean };

/** `sanbiao export bill NUMBER`: one bill with all that it takes to make it again without these books. */
export const exportBillCommand = (io: Io): Command =>
  new Command("bill")
    .description(
      "Write one bill with everything that it takes to recompute it: `sanbiao verify bill` needs nothing else",
    )
    .argument("<number>", "the bill's number, as 2026-000123")
    .option("--operator <code>", "whose bill; needed where several operators have that number")
    .option("--out <file>", "write here; else to standard output")
    .option("--json", "with --out: print one JSON document that tells what was written")
    .addHelpText(
      "after",
      `
Examples:
  sanbiao export bill 2026-000123 --out bill.json && sanbiao verify bill bill.json
  sanbiao export bill 2026-000123 --operator estate | jq .explained`,
    )
    .action(async (number: string, _options: unknown, it: Command) => {
      const options = it.optsWithGlobals<Options>();
      const access = await ownerAccess((line) => io.err(line));
      const db = openDatabase(access.url, { max: 2 });
      try {
        const bundle = await bundleOf(db, number, options.operator);
        const report = {
          bill: number,
          lines: bundle.lines.length,
          readings: bundle.readings.reduce((sum, { values }) => sum + values.length, 0),
          tariffVersions: bundle.tariffs.length,
          corrections: bundle.corrections?.length ?? 0,
        };
        const text = textOf(bundle, report);
        if (options.out === undefined) {
          await toStdout(text);
          return;
        }
        await toFile(options.out)(text);
        if (options.json) printJson(io, { file: options.out, ...report });
        else io.err(`Bill ${number} written to ${options.out}: ${report.lines} lines, ${report.readings} readings.`);
      } finally {
        await db.close();
        await access.close();
      }
    });

async function* textOf(bundle: BillBundle, report: object): WrittenText {
  yield `${JSON.stringify(bundle, null, 1)}\n`;
  await Promise.resolve();
  return report;
}

async function bundleOf(db: Database, number: string, code: string | undefined): Promise<BillBundle> {
  const now = instant(Date.now());
  const clock = { now: () => now };
  const books = billDepsOf({ db, clock, telemetry: noTelemetry, log: pino({ level: "silent" }) });
  const owners = code === undefined ? await ownersOf(db, number) : [(await operatorOf(db, code)).operatorId];
  const [owner, another] = owners;
  if (owner === undefined) throw new CodedError("request.not-found", `There is no bill ${number}.`);
  if (another !== undefined) {
    throw new CodedError("request.invalid", `Several operators have a bill ${number}: name one with --operator.`);
  }
  return db.as(owner, (trx) => readBundle(trx, number, books, now));
}

async function ownersOf(db: Database, number: string): Promise<OperatorId[]> {
  const { rows } = await db.pool.query<{ operator_id: bigint }>("select operator_id from sanbiao.operators()");
  const found: OperatorId[] = [];
  for (const { operator_id: id } of rows) {
    const bill = await db.as(id, (trx) =>
      trx.selectFrom("bill").select("id").where("operator_id", "=", id).where("number", "=", number).executeTakeFirst(),
    );
    if (bill !== undefined) found.push(id);
  }
  return found;
}
