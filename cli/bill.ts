import { Command, InvalidArgumentError } from "commander";
import { pino } from "pino";
import { dryRun } from "../billing/dry-run.ts";
import { billDepsOf } from "../billing/main.ts";
import type { BillRunProgress, BillRunResult } from "../billing/run.ts";
import { runBillsInProcesses } from "../billing/run-processes.ts";
import { CodedError } from "../domain/errors.ts";
import { type Instant, instant, isoIn } from "../domain/instant.ts";
import { addDays, addMonths, type Day, dayOf, isDay, type Period, periodOfDays, type Zone } from "../domain/period.ts";
import { noTelemetry } from "../domain/telemetry.ts";
import { cyclePeriods, readCycles } from "../ledger/billing-cycles.ts";
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

type Options = {
  operator: string;
  period?: string;
  cycle?: string;
  early?: boolean;
  chunk?: number;
  processes?: number;
  dryRun?: boolean;
  json?: boolean;
};
type Asked = Partial<Options>;

/** `sanbiao bill`: bills a month of one operator. Any number at once; again adds nothing. */
export const billCommand = (io: Io): Command =>
  new Command("bill")
    .description("Issue and post the bills of one operator for one month; what is billed already stays as it is")
    .option("--operator <code>", "the operator's code (required)")
    .option("--period <YYYY-MM>", "a month that is over, or a period of a cycle as 2026-09..2026-10 (required)", months)
    .option("--cycle <code>", "accounts of one cycle; without --period its last period that is over", String)
    .option("--early", "with --cycle: also before the day from which its bills go out")
    .option("--dry-run", "write nothing: what would be issued, against the last bills of the same accounts")
    .option("--chunk <accounts>", "accounts per transaction, 1 to 10000 (default 1000)", accounts)
    .option(
      "--processes <n>",
      "processes that share the run, 1 to 32 (default 1): as many as the machine has cores to spare",
      processes,
    )
    .option("--json", "print one JSON document")
    .addCommand(billReplayCommand(io))
    .addCommand(billOneCommand(io, "cancel"))
    .addCommand(billOneCommand(io, "anew"))
    .addCommand(billExceptionsCommand(io))
    .addCommand(billMailCommand(io))
    .addCommand(billFinalCommand(io))
    .action(async (asked: Asked, it: Command) => {
      const { operator: code, period: name, cycle } = asked;
      if (code === undefined) return it.error("error: required option '--operator <code>' not specified", WRONG_USE);
      if (name === undefined && cycle === undefined)
        return it.error("error: required option '--period <YYYY-MM>' (or '--cycle <code>') not specified", WRONG_USE);
      const options: Options = { ...asked, operator: code };
      const access = await ownerAccess(options.json ? undefined : (text) => io.err(text));
      const db = openDatabase(access.url, { max: 4 });
      try {
        const operator = await operatorOf(db, options.operator);
        const now = instant(Date.now());
        const periods = await periodsAsked(db, operator, options, now, io);
        const deps = billDepsOf({
          db,
          clock: { now: () => instant(Date.now()) },
          telemetry: noTelemetry,
          log: pino({ level: "warn" }, pino.destination(2)),
        });
        const scope = options.cycle === undefined ? {} : { cycle: options.cycle };
        let isWhole = true;
        const documents: object[] = [];
        for (const period of periods) {
          if (options.dryRun) {
            const seen = (n: number) => (options.json ? undefined : io.err(`${n} accounts looked at`));
            const shown = await dryRun(deps, operator.operatorId, period, seen, scope);
            if (options.json) documents.push(dryRunJson(shown));
            else io.out(dryRunText(shown));
            isWhole &&= shown.refused.length === 0;
            continue;
          }
          const end = endOnSignal(io);
          const shared = { processes: options.processes ?? 1, url: access.url };
          const result = await runBillsInProcesses(deps, operator.operatorId, period, shared, {
            stop: () => end.asked,
            ...scope,
            ...(options.chunk === undefined ? {} : { chunk: options.chunk }),
            ...(options.json ? {} : { onProgress: progressOn(io) }),
          }).finally(() => end.ignore());
          if (options.json) documents.push(documentOf(options, operator, period, result));
          else io.out(textOf(result, end.asked));
          isWhole &&= result.finished && result.refused.length === 0;
          if (end.asked) break;
        }
        if (options.json)
          printJson(io, options.period === undefined ? { cycle: options.cycle, runs: documents } : documents[0]);
        io.exit(isWhole ? 0 : 1);
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

/** The period that is named, or those of a cycle that ended last: accounts that came to it later have a shorter one. */
async function periodsAsked(
  db: Database,
  { operatorId, zone }: Operator,
  { period: name, cycle: code, early, json }: Options,
  now: Instant,
  io: Io,
): Promise<Period[]> {
  const cycles = await db.as(operatorId, readCycles);
  const cycle = cycles.find((one) => one.code === code);
  if (code !== undefined && cycle === undefined)
    throw new CodedError(
      "request.not-found",
      `There is no cycle ${code}; there is ${cycles.map((one) => one.code).join(", ") || "none"}.`,
    );
  if (name !== undefined) {
    // Several months at once are a cycle's: without one they would be every account's.
    if (name.includes("..") && cycles.every(({ months: of }) => of === 1))
      throw new CodedError("request.invalid", "This operator has no cycle of several months: name one month.");
    return [periodOf(name, zone, now)];
  }
  const today = dayOf(now, zone);
  const over = (await db.as(operatorId, (trx) => cyclePeriods(trx, today, code))).filter(({ to }) => to <= today);
  const last = over.reduce<Day | null>((latest, { to }) => (latest === null || to > latest ? to : latest), null);
  if (cycle === undefined || last === null)
    throw new CodedError("request.invalid", `No period of the cycle ${code} is over yet.`);
  const issues = addDays(last, cycle.issueDay - 1);
  if (!json)
    io.err(
      `Cycle ${cycle.code}: dials read by day ${cycle.readingDay}, bills from day ${cycle.issueDay} of the month after.`,
    );
  if (today < issues && early !== true)
    throw new CodedError("request.invalid", `Bills up to ${last} go out from ${issues} on; --early issues them now.`);
  return over.filter(({ to }) => to === last).map(({ from, to }) => periodOfDays(from, to, zone));
}

function accounts(text: string): number {
  const n = Number(text);
  if (!Number.isInteger(n) || n < 1 || n > 10_000) throw new InvalidArgumentError("From 1 to 10000 accounts.");
  return n;
}

function processes(text: string): number {
  const n = Number(text);
  if (!Number.isInteger(n) || n < 1 || n > 32) throw new InvalidArgumentError("From 1 to 32 processes.");
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
