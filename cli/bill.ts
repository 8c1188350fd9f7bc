import { Command, InvalidArgumentError } from "commander";
import { pino } from "pino";
import { dryRun } from "../billing/dry-run.ts";
import { billDepsOf } from "../billing/main.ts";
import { type BillRunProgress, type BillRunResult, runBills } from "../billing/run.ts";
import { CodedError } from "../domain/errors.ts";
import { type Instant, instant, isoIn } from "../domain/instant.ts";
import { addMonths, isDay, type Period, periodOfDays, type Zone } from "../domain/period.ts";
import { noTelemetry } from "../domain/telemetry.ts";
import { readCycles } from "../ledger/billing-cycles.ts";
import { type Database, openDatabase } from "../schema/database.ts";
import { billExceptionsCommand } from "./bill-exceptions.ts";
import { billFinalCommand } from "./bill-final.ts";
import { billMailCommand } from "./bill-mail.ts";
import { billOneCommand } from "./bill-one.ts";
import { billReplayCommand } from "./bill-replay.ts";
import { dryRunJson, dryRunText } from "./bill-dry-run.ts";
import { ownerAccess } from "./database.ts";
import { type Io, printJson } from "./io.ts";
import { type Operator, operatorOf } from "./operator.ts";
import { progressOf } from "./progress.ts";

type Options = { operator: string; period: string; chunk?: number; dryRun?: boolean; json?: boolean };
type Asked = Partial<Options>;

/** `sanbiao bill`: bills a month of one operator. Any number at once; again adds nothing. */
export const billCommand = (io: Io): Command =>
  new Command("bill")
    .description("Issue and post the bills of one operator for one month; what is billed already stays as it is")
    .option("--operator <code>", "the operator's code (required)")
    .option("--period <YYYY-MM>", "a month that is over, or a period of a cycle as 2026-09..2026-10 (required)", months)
    .option("--dry-run", "write nothing: what would be issued, against the last bills of the same accounts")
    .option("--chunk <accounts>", "accounts per transaction, 1 to 10000 (default 1000)", accounts)
    .option("--json", "print one JSON document")
    .addCommand(billReplayCommand(io))
    .addCommand(billOneCommand(io, "cancel"))
    .addCommand(billOneCommand(io, "anew"))
    .addCommand(billExceptionsCommand(io))
    .addCommand(billMailCommand(io))
    .addCommand(billFinalCommand(io))
    .action(async (asked: Asked, it: Command) => {
      const { operator: code, period: name } = asked;
      if (code === undefined) return it.error("error: required option '--operator <code>' not specified", WRONG_USE);
      if (name === undefined) return it.error("error: required option '--period <YYYY-MM>' not specified", WRONG_USE);
      const options: Options = { ...asked, operator: code, period: name };
      const access = await ownerAccess(options.json ? undefined : (text) => io.err(text));
      const db = openDatabase(access.url, { max: 4 });
      try {
        const operator = await operatorOf(db, options.operator);
        const now = instant(Date.now());
        const period = periodOf(options.period, operator.zone, now);
        await refuseWithoutCycle(db, operator, options.period);
        const deps = billDepsOf({
          db,
          clock: { now: () => instant(Date.now()) },
          telemetry: noTelemetry,
          log: pino({ level: "warn" }, pino.destination(2)),
        });
        if (options.dryRun) {
          const shown = await dryRun(deps, operator.operatorId, period, (seen) =>
            options.json ? undefined : io.err(`${seen} accounts looked at`),
          );
          if (options.json) printJson(io, dryRunJson(shown));
          else io.out(dryRunText(shown));
          return io.exit(shown.refused.length === 0 ? 0 : 1);
        }
        const end = endOnSignal(io);
        const result = await runBills(deps, operator.operatorId, period, {
          stop: () => end.asked,
          ...(options.chunk === undefined ? {} : { chunk: options.chunk }),
          ...(options.json ? {} : { onProgress: progressOn(io) }),
        }).finally(() => end.ignore());
        if (options.json) printJson(io, documentOf(options, operator, period, result));
        else io.out(textOf(result, end.asked));
        io.exit(result.finished && result.refused.length === 0 ? 0 : 1);
      } finally {
        await db.close();
        await access.close();
      }
    });

const WRONG_USE = { exitCode: 2 };

function months(text: string): string {
  const ends = text.split("..");
  if (ends.length > 2 || ends.some((end) => !/^\d{4}-\d\d$/.test(end) || !isDay(`${end}-01`)))
    throw new InvalidArgumentError("A month is written 2026-10, a period of a cycle 2026-09..2026-10.");
  return text;
}

function periodOf(text: string, zone: Zone, now: Instant): Period {
  const [begin = text, end = begin] = text.split("..");
  const [first, last] = [`${begin}-01`, `${end}-01`];
  if (!isDay(first) || !isDay(last) || last < first) throw new CodedError("request.invalid", `${text} is no period.`);
  const period = periodOfDays(first, addMonths(last, 1), zone);
  if (period.to > now)
    throw new CodedError("request.invalid", `${text} is not over: its last readings are yet to come.`);
  return period;
}

/** Several months at once are a cycle's: without one they would be every account's. */
async function refuseWithoutCycle(db: Database, { operatorId }: Operator, period: string): Promise<void> {
  if (!period.includes("..")) return;
  const cycles = await db.as(operatorId, readCycles);
  if (cycles.every(({ months }) => months === 1))
    throw new CodedError("request.invalid", "This operator has no cycle of several months: name one month.");
}

function accounts(text: string): number {
  const n = Number(text);
  if (!Number.isInteger(n) || n < 1 || n > 10_000) throw new InvalidArgumentError("From 1 to 10000 accounts.");
  return n;
}

/** Ctrl-C ends the run after the chunks that are under way; a second one ends the process at once, and nothing is half done. */
function endOnSignal(io: Io): { readonly asked: boolean; ignore(): void } {
  const end = {
    asked: false,
    ignore: () => {
      process.off("SIGINT", onSignal);
    },
  };
  const onSignal = (): void => {
    end.asked = true;
    io.err("Ends after the accounts that are under way. Ctrl-C once more ends at once; nothing is left half done.");
  };
  process.once("SIGINT", onSignal);
  return end;
}

/** Bills so far, their rate, and how long the rest will take. */
function progressOn(io: Io): (progress: BillRunProgress) => void {
  const began = performance.now();
  const tell = progressOf(io, () => performance.now(), process.stderr.isTTY);
  return ({ issued, refused, left }) => {
    const seconds = Math.max((performance.now() - began) / 1000, 0.001);
    const rate = (issued + refused) / seconds;
    const rest = left === 0 ? "" : `, about ${Math.ceil(left / Math.max(rate, 0.001))} s to go`;
    tell("bills", `${issued} issued, ${refused} refused, ${left} left (${rate.toFixed(0)} a second${rest})`);
  };
}

const documentOf = (options: Options, { zone }: Operator, { from, to }: Period, result: BillRunResult) => ({
  operator: options.operator,
  period: { from: isoIn(from, zone), to: isoIn(to, zone) },
  run: result.runId,
  finished: result.finished,
  issued: result.issued.map(({ accountId, billId }) => ({ account: accountId, bill: billId })),
  refused: result.refused.map(({ accountId, reason, detail }) => ({ account: accountId, reason, detail })),
});

function textOf({ issued, refused, finished }: BillRunResult, isStopped: boolean): string {
  const lines = [`${issued.length} bills issued, ${refused.length} accounts left for a person.`];
  for (const { accountId, reason, detail } of refused) lines.push(`  account ${accountId}: ${reason} ${detail}`);
  if (!finished && isStopped) lines.push("Stopped. The same command goes on where this one ended.");
  else if (!finished) lines.push("Another process still works on accounts of this month.");
  return lines.join("\n");
}
