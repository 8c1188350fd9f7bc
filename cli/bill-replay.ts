import { Command, InvalidArgumentError } from "commander";
import { pino } from "pino";
import { billDepsOf } from "../billing/main.ts";
import type { ReplayedBill, ReplayedPoint } from "../billing/rebill/compare.ts";
import { type AccountReplay, billedAccounts, REPLAY_MONTHS, replayAccounts } from "../billing/rebill/replay.ts";
import { operatorFacts } from "../billing/operator.ts";
import { CodedError } from "../domain/errors.ts";
import { type Instant, instant, isoIn } from "../domain/instant.ts";
import { type Currency, money, moneyJson } from "../domain/money.ts";
import { addMonths, dayOf, isDay, startOfDay, type Zone } from "../domain/period.ts";
import { decimalText } from "../domain/quantity.ts";
import type { AccountId, OperatorId } from "../domain/reading.ts";
import { noTelemetry } from "../domain/telemetry.ts";
import { type Database, openDatabase } from "../schema/database.ts";
import { ownerAccess } from "./database.ts";
import { type Io, printJson } from "./io.ts";
import { operatorOf } from "./operator.ts";

type Options = { operator?: string; account?: string; all?: true; from?: string; json?: true };

type Named = { readonly id: AccountId; readonly number: string; readonly name: string };
type Replayed = { readonly account: Named; readonly replay: AccountReplay };

/** `sanbiao bill replay`: what issued bills would come to by what is known now. Nothing is written. */
export const billReplayCommand = (io: Io): Command =>
  new Command("replay")
    .description(
      "Make issued bills again by what is known now and tell the differences line by line; nothing is posted",
    )
    .option("--operator <code>", "the operator's code (required)")
    .option("--account <number>", "one account")
    .option("--all", "every account that has a bill")
    .option("--from <YYYY-MM>", `the first month to look at; default ${REPLAY_MONTHS} months back`, month)
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      `
Exit status: 0 nothing differs; 1 something does, or cannot be told; 2 wrong use.

Examples:
  sanbiao bill replay --operator estate --account 1-101
  sanbiao bill replay --operator estate --all --from 2026-01 --json`,
    )
    .action(async (_options: unknown, it: Command) => {
      const options = it.optsWithGlobals<Options>();
      if (options.operator === undefined || (options.account === undefined) === (options.all === undefined)) {
        it.error("error: name --operator, and either --account or --all", { exitCode: 2 });
      }
      const access = await ownerAccess(options.json ? undefined : (text) => io.err(text));
      const db = openDatabase(access.url, { max: 2 });
      try {
        const { operatorId, zone } = await operatorOf(db, options.operator ?? "");
        const from = startOf(options.from, zone);
        const currency = (await db.as(operatorId, operatorFacts)).currency;
        const all = await replayed(db, operatorId, options.account, from);
        if (options.json) printJson(io, documentOf(all, from, zone, currency));
        else for (const line of textOf(all, from, zone, currency)) io.out(line);
        io.exit(all.every(({ replay }) => replay.bills.every(agrees)) ? 0 : 1);
      } finally {
        await db.close();
        await access.close();
      }
    });

function month(text: string): string {
  if (!/^\d{4}-\d\d$/.test(text) || !isDay(`${text}-01`)) throw new InvalidArgumentError("A month is written 2026-10.");
  return text;
}

function startOf(from: string | undefined, zone: Zone): Instant {
  const first = from === undefined ? `${dayOf(instant(Date.now()), zone).slice(0, 7)}-01` : `${from}-01`;
  if (!isDay(first)) throw new CodedError("request.invalid", `${from} is not a month.`);
  return startOfDay(from === undefined ? addMonths(first, -REPLAY_MONTHS) : first, zone);
}

const PAGE_ACCOUNTS = 50; // as a bill run's chunk

/** Accounts with a difference, a page of accounts at a time: each in a transaction of its own. */
async function replayed(
  db: Database,
  operatorId: OperatorId,
  number: string | undefined,
  from: Instant,
): Promise<Replayed[]> {
  const now = { now: () => instant(Date.now()) };
  const books = billDepsOf({ db, clock: now, telemetry: noTelemetry, log: pino({ level: "silent" }) });
  const found: Replayed[] = [];
  let known = number === undefined;
  for (let after = 0n; ; ) {
    const last = await db.as(operatorId, async (trx) => {
      const page = await billedAccounts(trx, from, after, PAGE_ACCOUNTS);
      const own = number === undefined ? page : page.filter((one) => one.number === number);
      known ||= own.length > 0;
      const replays = await replayAccounts(
        trx,
        own.map(({ id }) => id),
        from,
        books,
      );
      for (const account of own) {
        const replay = replays.find(({ accountId }) => accountId === account.id);
        if (replay !== undefined && (number !== undefined || !replay.bills.every(agrees)))
          found.push({ account, replay });
      }
      return page.at(-1)?.id ?? null;
    });
    if (last === null) break;
    after = last;
  }
  if (!known) throw new CodedError("request.not-found", `Account ${number} has no bill from then on.`);
  return found;
}

/** A true-up that is open is no difference: the next bill carries it. */
const agrees = ({ points }: ReplayedBill): boolean =>
  points.every((point) => (point.kind === "compared" ? point.differences.length === 0 : point.kind === "true_up_open"));

function documentOf(all: readonly Replayed[], from: Instant, zone: Zone, currency: Currency) {
  const amount = (minor: bigint) => moneyJson(money(currency, minor));
  return {
    from: isoIn(from, zone),
    posted: false,
    difference: amount(sumOf(all)),
    accounts: all.map(({ account, replay }) => ({
      account: account.number,
      name: account.name,
      difference: amount(replay.differenceMinor),
      bills: replay.bills.map((bill) => ({
        number: bill.number,
        from: isoIn(bill.period.from, zone),
        to: isoIn(bill.period.to, zone),
        difference: amount(bill.differenceMinor),
        usagePoints: bill.points.map((point) => pointOf(point, currency)),
      })),
    })),
  };
}

function pointOf(point: ReplayedPoint, currency: Currency) {
  if (point.kind !== "compared") return { ...point, usagePoint: point.usagePointId, usagePointId: undefined };
  const text = (minor: bigint) => moneyJson(money(currency, minor)).amount;
  return {
    usagePoint: point.usagePointId,
    kind: point.kind,
    lines: point.differences.map(({ key, line, billed, amount, quantity, included }) => ({
      key,
      titleZh: line.title.zh,
      titleEn: line.title.en,
      billed: billed === null ? null : text(billed.amount),
      shouldBe: text((billed?.amount ?? 0n) + amount),
      difference: text(amount),
      quantity: decimalText(quantity),
      taxInside: text(included),
    })),
  };
}

const sumOf = (all: readonly Replayed[]): bigint => all.reduce((sum, { replay }) => sum + replay.differenceMinor, 0n);

function textOf(all: readonly Replayed[], from: Instant, zone: Zone, currency: Currency): string[] {
  const text = (minor: bigint) => moneyJson(money(currency, minor)).amount;
  const lines = all.flatMap(({ account, replay }) => [
    `account ${account.number} ${account.name}: ${text(replay.differenceMinor)}`,
    ...replay.bills
      .filter((bill) => !agrees(bill))
      .flatMap((bill) => [
        `  bill ${bill.number} of ${dayOf(bill.period.from, zone)}: ${text(bill.differenceMinor)}`,
        ...bill.points.flatMap((point) => pointLines(point, text)),
      ]),
  ]);
  const since = dayOf(from, zone);
  const differing = all.filter(({ replay }) => !replay.bills.every(agrees)).length;
  if (differing === 0) return [`Every bill since ${since} is what it would be today.`];
  return [...lines, `${differing} accounts differ since ${since}, ${text(sumOf(all))} in all. Nothing was posted.`];
}

function pointLines(point: ReplayedPoint, text: (minor: bigint) => string): string[] {
  switch (point.kind) {
    case "true_up_open":
      return [];
    case "in_doubt":
      return [`    usage point ${point.usagePointId}: cannot be told: ${point.doubts.join("; ")}`];
    case "cannot_rate":
      return [`    usage point ${point.usagePointId}: cannot be priced: ${point.detail}`];
    case "compared":
      return point.differences.map(({ key, billed, amount, quantity }) => {
        const before = billed?.amount ?? 0n;
        return `    ${key}: billed ${text(before)}, should be ${text(before + amount)}, difference ${text(amount)} (${decimalText(quantity)})`;
      });
  }
}
