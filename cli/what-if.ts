import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { Command, InvalidArgumentError } from "commander";
import { accountChangeJson, leftOutJson, optionsJson, summaryJson } from "../api/queries/what-if.ts";
import { operatorFacts } from "../billing/operator.ts";
import { tariffsOfJson } from "../billing/rate/schema.ts";
import { withOwnTariffs } from "../billing/own-tariffs.ts";
import { catalogueTariffs, type TariffBook } from "../billing/tariffs.ts";
import { bestOptions } from "../billing/what-if/best.ts";
import { type Replacement, throughout, versionsNamed } from "../billing/what-if/replacement.ts";
import { whatIf } from "../billing/what-if/run.ts";
import { type AccountChange, type LeftOut, summaryOf } from "../billing/what-if/summary.ts";
import { estimationPolicyOf } from "../catalog/estimation/catalogue.ts";
import { dialOf } from "../catalog/meters/dials.ts";
import { CodedError } from "../domain/errors.ts";
import { instant, isoIn } from "../domain/instant.ts";
import type { Currency } from "../domain/money.ts";
import { addMonths, type Day, isDay, type Period, periodOfDays, type Zone } from "../domain/period.ts";
import type { AccountId } from "../domain/reading.ts";
import { whatIfCsv } from "../interchange/what-if-csv.ts";
import { type Database, openDatabase } from "../schema/database.ts";
import { ownerAccess } from "./database.ts";
import { type Io, printJson } from "./io.ts";
import { type Operator, operatorOf } from "./operator.ts";
import { optionsText, summaryText } from "./what-if-output.ts";

type Options = {
  operator: string;
  account?: string;
  json?: boolean;
  period?: readonly [string, string];
  tariff?: readonly string[];
  insteadOf?: readonly string[];
  building?: string;
  csv?: string;
  best?: boolean;
};

const EXAMPLES = `
Examples:
  sanbiao what-if --operator riverside --period 2026-10 --tariff zhejiang.electricity.residential_tou
  sanbiao what-if --operator riverside --period 2026-01..2026-10 --tariff draft.json --building 1 --csv changes.csv
  sanbiao what-if --operator riverside --best --account 1-101
`;

/** `sanbiao what-if`: past months under other tariffs. Writes nothing to the books. */
export const whatIfCommand = (io: Io): Command =>
  new Command("what-if")
    .description(
      "Price past months of accounts under other tariffs, and say who pays more and who less; nothing is written",
    )
    .requiredOption("--operator <code>", "the operator's code")
    .option("--period <YYYY-MM[..YYYY-MM]>", "a month, or the first and the last of several", months)
    .option("--tariff <id|id@version|file>", "what to try; again for another utility", another)
    .option("--instead-of <ids>", "only agreements under these tariffs, parted by commas", (text) => text.split(","))
    .option("--building <name>", "only accounts with a usage point there")
    .option("--account <number>", "only this account")
    .option("--best", "the cheapest option of --account over its last twelve months")
    .option("--csv <file>", "write every account to this file")
    .option("--json", "print one JSON document")
    .addHelpText("after", EXAMPLES)
    .action(async (options: Options) => {
      const wrong = wrongUse(options);
      if (wrong !== null) {
        io.err(`what-if: ${wrong}`);
        io.exit(2);
        return;
      }
      const access = await ownerAccess(options.json ? undefined : (text) => io.err(text));
      const db = openDatabase(access.url, { max: 2 });
      try {
        const operator = await operatorOf(db, options.operator);
        const { currency } = await db.as(operator.operatorId, operatorFacts);
        const desk = { io, db, operator, currency, options };
        await (options.best ? best(desk) : compare(desk));
      } finally {
        await db.close();
        await access.close();
      }
    });

function wrongUse({ best: isBest, account, period, tariff }: Options): string | null {
  if (isBest) return account === undefined ? "--best needs --account" : null;
  if (period === undefined) return "--period is missing: a month as 2026-10, or 2026-01..2026-10";
  return tariff === undefined ? "--tariff is missing: an id (sanbiao rate --list), id@version or a file" : null;
}

const another = (one: string, all: readonly string[] | undefined): string[] => [...(all ?? []), one];

function months(text: string): readonly [string, string] {
  const [from = "", to = from, more] = text.split("..");
  const isMonth = (name: string): boolean => /^\d{4}-\d\d$/.test(name) && isDay(`${name}-01`);
  if (more === undefined && isMonth(from) && isMonth(to) && from <= to) return [from, to];
  throw new InvalidArgumentError("A period is written 2026-10 or 2026-01..2026-10.");
}

type Work = {
  readonly io: Io;
  readonly db: Database;
  readonly operator: Operator;
  readonly currency: Currency;
  readonly options: Options;
};

const depsOf = ({ db }: Work) => ({
  db,
  clock: { now: () => instant(Date.now()) },
  tariffs: catalogueTariffs,
  dials: dialOf,
  estimation: estimationPolicyOf,
});

async function compare(work: Work): Promise<void> {
  const { io, operator, currency, options } = work;
  const { tariff = [], insteadOf, building, account, period: named = ["", ""], csv, json } = options;
  const period = periodOf(named, operator.zone);
  const book = await work.db.as(operator.operatorId, (trx) => withOwnTariffs(trx, catalogueTariffs));
  const replacements = await Promise.all(tariff.map((name) => replacementOf(book, name, insteadOf)));
  const scope = {
    ...(building === undefined ? {} : { building }),
    ...(account === undefined ? {} : { accountIds: [await accountNumbered(work, account)] }),
  };
  const changes: AccountChange[] = [];
  const leftOut: LeftOut[] = [];
  const began = Date.now();
  for await (const part of whatIf(depsOf(work), operator.operatorId, { scope, period, replacements })) {
    changes.push(...part.changes);
    leftOut.push(...part.leftOut);
    if (!json) io.err(progressText(part, (Date.now() - began) / 1000));
  }
  const summary = summaryOf(changes, leftOut);
  if (csv !== undefined) await writeFile(csv, [...whatIfCsv(changes, leftOut, currency)].join(""));
  if (json) {
    printJson(io, {
      operator: options.operator,
      period: { from: isoIn(period.from, operator.zone), to: isoIn(period.to, operator.zone) },
      tariffs: replacements.map(({ versions }) => versions.map(({ id, version }) => `${id}@${version}`)),
      summary: summaryJson(currency, summary),
      accounts: changes.map((one) => accountChangeJson(currency, one)),
      leftOut: leftOut.map(leftOutJson),
    });
  } else io.out(summaryText(currency, summary, leftOut));
}

async function best(work: Work): Promise<void> {
  const { io, operator, currency, options } = work;
  const accountId = await accountNumbered(work, options.account ?? "");
  const { period, utilities } = await bestOptions(depsOf(work), operator.operatorId, accountId, options.tariff ?? []);
  const told = utilities.map((one) => optionsJson(currency, one));
  if (!options.json) return io.out(optionsText(told));
  const days = { from: isoIn(period.from, operator.zone), to: isoIn(period.to, operator.zone) };
  printJson(io, { account: options.account, period: days, utilities: told });
}

const periodOf = ([from, to]: readonly [string, string], zone: Zone): Period =>
  periodOfDays(`${from}-01` as Day, addMonths(`${to}-01` as Day, 1), zone);

async function replacementOf(
  book: TariffBook,
  name: string,
  insteadOf: readonly string[] | undefined,
): Promise<Replacement> {
  const limit = insteadOf === undefined ? {} : { insteadOf };
  if (!existsSync(name)) return { versions: versionsNamed(book, name), ...limit };
  const versions = tariffsOfJson(jsonOf(name, await readFile(name, "utf8")));
  const [only] = versions;
  return { versions: versions.length === 1 && only !== undefined ? [throughout(only)] : versions, ...limit };
}

function jsonOf(file: string, text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (error) {
    throw new CodedError("tariff.invalid", `${file} is not JSON: ${(error as Error).message}`);
  }
}

async function accountNumbered({ db, operator }: Work, number: string): Promise<AccountId> {
  const row = await db.as(operator.operatorId, (trx) =>
    trx.selectFrom("account").select("id").where("number", "=", number).executeTakeFirst(),
  );
  if (row !== undefined) return row.id;
  throw new CodedError("request.not-found", `There is no account ${number}.`);
}

function progressText({ done, of }: { done: number; of: number }, seconds: number): string {
  const rate = done / Math.max(seconds, 0.001);
  const rest = done === 0 || done === of ? "" : `, about ${Math.ceil((of - done) / rate)} s to go`;
  return `${done} of ${of} accounts${rest}`;
}
