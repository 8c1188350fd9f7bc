import { Command, InvalidArgumentError } from "commander";
import { stringify } from "csv-stringify/sync";
import { pino } from "pino";
import { billDepsOf } from "../billing/main.ts";
import { operatorFacts } from "../billing/operator.ts";
import { postAccounts, previewAccounts, requireSame, toPost } from "../billing/rebill/batch.ts";
import { batchDigest } from "../billing/rebill/decide.ts";
import { rebillLimit, replayFrom } from "../billing/rebill/limit.ts";
import { postRebill, rebillNow, type RebillOutcome } from "../billing/rebill/post.ts";
import { type PreviewedAccount, type Selection } from "../billing/rebill/preview.ts";
import { replayAccounts } from "../billing/rebill/replay.ts";
import { CodedError } from "../domain/errors.ts";
import { type Instant, instant, instantOfIso } from "../domain/instant.ts";
import { type Currency, money, moneyJson } from "../domain/money.ts";
import { isDay, startOfDay, type Zone } from "../domain/period.ts";
import type { AccountId, OperatorId } from "../domain/reading.ts";
import { noTelemetry } from "../domain/telemetry.ts";
import { type Database, openDatabase } from "../schema/database.ts";
import { digestText } from "./bill-one.ts";
import { agrees, csvRows, outcomeJson, outcomeText, replayJson, replayText, type Shown } from "./bill-replay-text.ts";
import { ownerAccess } from "./database.ts";
import { type Io, printJson } from "./io.ts";
import { operatorOf } from "./operator.ts";
import { progressOf } from "./progress.ts";

type Options = {
  operator?: string;
  account?: string;
  all?: true;
  building?: string;
  since?: string;
  from?: string;
  post?: true;
  digest?: string;
  reason?: string;
  csv?: true;
  json?: true;
};

const clock = { now: () => instant(Date.now()) };

/** `sanbiao bill replay`: what issued bills would come to by what is known now; with `--post` the difference, as it was shown. */
export const billReplayCommand = (io: Io): Command =>
  new Command("replay")
    .description(
      "Make issued bills again by what is known now, tell the differences line by line, and post what was told",
    )
    .option("--operator <code>", "the operator's code (required)")
    .option("--account <number>", "one account")
    .option("--all", "every account that has a bill")
    .option("--building <name>", "accounts of one building")
    .option("--since <day or instant>", "accounts for which something was entered since then")
    .option(
      "--from <YYYY-MM>",
      "the first month to look at; default and limit: what the operator has set, else 24 months back",
      month,
    )
    .option("--post", "post the differences: needs --digest and --reason")
    .option("--digest <sha256>", "of what was shown: anything else is not posted", digestText)
    .option("--reason <text>", "why, for the correction note")
    .option("--csv", "print a table of lines")
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      `
Exit status: 0 nothing differs, or everything was posted; 1 something differs, cannot be told or was not posted; 2 wrong use.

Examples:
  sanbiao bill replay --operator estate --account 1-101
  sanbiao bill replay --operator estate --account 1-101 --post --digest 3f… --reason "misread in November"
  sanbiao bill replay --operator estate --all --from 2026-01 --json`,
    )
    .action(async (_options: unknown, it: Command) => {
      const options = it.optsWithGlobals<Options>();
      const among = [options.account, options.all, options.building, options.since].filter((one) => one !== undefined);
      if (
        options.operator === undefined ||
        among.length === 0 ||
        ((options.account ?? options.all) !== undefined && among.length > 1)
      )
        it.error("error: name --operator, and --account or --all or --building and --since", { exitCode: 2 });
      if (options.post && (options.digest === undefined || (options.reason ?? "").trim() === ""))
        it.error("error: --post needs --digest and --reason", { exitCode: 2 });
      const access = await ownerAccess(options.json || options.csv ? undefined : (text) => io.err(text));
      const db = openDatabase(access.url, { max: 2 });
      try {
        io.exit(await replay(io, db, options));
      } finally {
        await db.close();
        await access.close();
      }
    });

async function replay(io: Io, db: Database, options: Options): Promise<0 | 1> {
  const { operatorId, zone } = await operatorOf(db, options.operator ?? "");
  const books = billDepsOf({ db, clock, telemetry: noTelemetry, log: pino({ level: "silent" }) });
  const { currency, from } = await db.as(operatorId, async (trx) => ({
    currency: (await operatorFacts(trx)).currency,
    from: replayFrom(await rebillLimit(trx, clock.now(), zone), options.from, zone),
  }));
  const at: At = { io, db, operatorId, zone, currency, from, books, options };
  if (options.account !== undefined) return ofOne(at, options.account);
  return ofMany(at);
}

type At = {
  readonly io: Io;
  readonly db: Database;
  readonly operatorId: OperatorId;
  readonly zone: Zone;
  readonly currency: Currency;
  readonly from: Instant;
  readonly books: ReturnType<typeof billDepsOf>;
  readonly options: Options;
};

/** One account: all its bills are told, those that agree included in the document. */
async function ofOne(at: At, number: string): Promise<0 | 1> {
  const { db, operatorId, from, books, options } = at;
  const account = await accountNamed(db, operatorId, number);
  if (options.post) {
    const { digest = "", reason = "" } = options;
    const scope = { kind: "rebill", from } as const;
    const request = { operatorId, accountId: account.id, scope, digest, reason, by: null, now: clock.now() };
    return told(at, [{ account: number, outcome: await postRebill(db, request, books) }]);
  }
  const found = await db.as(operatorId, async (trx): Promise<PreviewedAccount> => {
    const [own] = await replayAccounts(trx, [account.id], from, books);
    if (own === undefined || own.bills.length === 0)
      throw new CodedError("request.not-found", `Account ${number} has no bill from then on.`);
    const scope = { kind: "rebill", from } as const;
    return {
      account,
      replay: own,
      rebill: await rebillNow(trx, { accountId: account.id, scope, now: clock.now() }, books),
    };
  });
  return shown(at, { found: [found], digest: found.rebill.digest });
}

async function ofMany(at: At): Promise<0 | 1> {
  const { db, operatorId, from, books, options, io } = at;
  const isQuiet = options.json ?? options.csv ?? false;
  const tell = progressOf(io, () => performance.now(), process.stderr.isTTY);
  const found: PreviewedAccount[] = [];
  const walk = previewAccounts(
    db,
    operatorId,
    { selection: selectionOf(options, at.zone), from },
    books,
    ({ looked, total }) =>
      isQuiet ? undefined : tell("looked at", `${looked} of ${total} accounts, ${found.length} differ`),
  );
  for await (const one of walk) found.push(one);
  const accounts = found.flatMap(toPost);
  if (!options.post) return shown(at, { found, digest: batchDigest(accounts) });
  const { digest = "", reason = "" } = options;
  const { posted } = await requireSame(db, operatorId, accounts, digest);
  if (posted > 0 && !isQuiet) io.err(`${posted} accounts were posted with this digest before.`);
  const outcomes: Told[] = [];
  const batch = { operatorId, accounts, from, digest, reason, by: null };
  for await (const { accountId, outcome } of postAccounts(db, clock, batch, books)) {
    outcomes.push({ account: found.find(({ account }) => account.id === accountId)?.account.number ?? "", outcome });
    if (!isQuiet) tell("posted", `${outcomes.length} of ${accounts.length} accounts`);
  }
  return told(at, outcomes);
}

function shown(at: At, { found, digest: of }: Pick<Shown, "found" | "digest">): 0 | 1 {
  const { io, options, from, zone, currency } = at;
  const all: Shown = { found, from, zone, currency, digest: of };
  if (options.json) printJson(io, replayJson(all));
  else if (options.csv) io.out(stringify(csvRows(all)).trimEnd());
  else for (const line of replayText(all, again(options))) io.out(line);
  return found.every(({ replay: { bills } }) => bills.every(agrees)) ? 0 : 1;
}

type Told = { readonly account: string; readonly outcome: RebillOutcome };

function told({ io, options, currency }: At, all: readonly Told[]): 0 | 1 {
  const text = (minor: bigint) => moneyJson(money(currency, minor)).amount;
  const done = all.every(({ outcome: { kind } }) => kind === "posted" || kind === "already" || kind === "nothing");
  if (options.json) {
    const corrections = all.map(({ account, outcome }) => ({ account, ...outcomeJson(outcome, currency) }));
    printJson(io, { posted: done, corrections });
  } else {
    for (const { account, outcome } of all) io.out(`account ${account}: ${outcomeText(outcome, text)}`);
    if (all.length === 0) io.out("Nothing is left to post.");
  }
  return done ? 0 : 1;
}

const again = ({ operator, account, all, building, since, from }: Options): string => {
  const named = Object.entries({ operator, account, building, since, from }).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name} ${/\s/.test(value) ? JSON.stringify(value) : value}`],
  );
  return ["sanbiao bill replay", ...named, ...(all ? ["--all"] : [])].join(" ");
};

async function accountNamed(db: Database, operatorId: OperatorId, number: string) {
  const row = await db.as(operatorId, (trx) =>
    trx.selectFrom("account").select(["id", "number", "name"]).where("number", "=", number).executeTakeFirst(),
  );
  if (row === undefined)
    throw new CodedError("request.not-found", `Account ${number} has no bill: there is no such account.`);
  return { id: row.id as AccountId, number: row.number, name: row.name };
}

function selectionOf({ building, since }: Options, zone: Zone): Selection {
  const at = since === undefined ? undefined : isDay(since) ? startOfDay(since, zone) : instantOfIso(since);
  if (at === null) throw new CodedError("request.invalid", `${since} is neither a day nor an instant with its offset.`);
  return { ...(building === undefined ? {} : { building }), ...(at === undefined ? {} : { touchedSince: at }) };
}

function month(text: string): string {
  if (!/^\d{4}-\d\d$/.test(text) || !isDay(`${text}-01`)) throw new InvalidArgumentError("A month is written 2026-10.");
  return text;
}
