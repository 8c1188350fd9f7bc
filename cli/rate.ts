import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { Command } from "commander";
import { ratePeriods } from "../billing/rate/periods.ts";
import { monthsWithin, type Period } from "../domain/period.ts";
import { rowsOfCsv } from "../billing/rate/csv.ts";
import { problemError, tariffJsonSchema, tariffsOfJson } from "../billing/rate/schema.ts";
import { type RatedAccount, accountOfJson } from "../billing/rate/account-file.ts";
import { billPeriodsOf, usageOfJson, usageOfRows } from "../billing/rate/usage-file.ts";
import { TARIFFS, versionsOf } from "../catalog/tariffs/catalogue.ts";
import { CodedError, type ErrorCode } from "../domain/errors.ts";
import type { Tariff } from "../domain/tariff.ts";
import type { Usage } from "../domain/usage.ts";
import { type Io, printJson } from "./io.ts";
import { catalogueText, ratedJson, ratedText } from "./rate-output.ts";

type Options = {
  tariff?: string;
  usage?: string;
  account?: string;
  billPeriod: string;
  spread?: true;
  list?: true;
  schema?: true;
  json?: true;
};

/** The command was given wrongly; the data were not looked at. */
class WrongUse extends Error {}

const EXAMPLES = `
A usage is JSON, {"from":"2026-03-01","to":"2026-04-01","quantity":"182.5"}, with "registers" or "intervals" in place of
"quantity" where hours count, or a CSV file that begins with the line from,to,quantity. The end of a period is the first day
that is no longer in it.

  sanbiao rate --tariff zhejiang.electricity.residential --usage usage.json
  echo '{"from":"2026-03-01","to":"2026-04-01","quantity":"182.5"}' | sanbiao rate --tariff tariff.json --usage -

Every kind of charge with an example: docs/reference/tariffs.md`;

/** `sanbiao rate`: prices a usage without a database. */
export function rateCommand(io: Io): Command {
  return new Command("rate")
    .description("price a usage by a tariff, without a database")
    .option("--tariff <file|id>", "tariff as JSON (one version or an array of versions), or an id of the catalogue")
    .option("--usage <file>", "usage as JSON or CSV; - reads JSON from standard input")
    .option(
      "--account <file>",
      "JSON with householdSize, contractedKw, contractedKva, lowIncome, from, to, ladderUsedBefore, state, zone",
    )
    .option("--bill-period <month|whole>", "one bill for each calendar month, or one for the whole period", "month")
    .option("--spread", "let a quantity of more than a day be shared over times of use by time")
    .option("--schema", "print the JSON Schema of a tariff version")
    .option("--list", "list the tariffs of the catalogue")
    .option("--json", "print one JSON document")
    .addHelpText("after", EXAMPLES)
    .action(async (options: Options) => {
      try {
        io.out(await answer(io, options));
      } catch (error) {
        io.exit(refuse(io, error, options));
      }
    });
}

/** The text to print. */
async function answer(io: Io, options: Options): Promise<string> {
  if (options.list) return options.json ? JSON.stringify(TARIFFS, null, 2) : catalogueText(TARIFFS);
  if (options.schema) return JSON.stringify(tariffJsonSchema(), null, 2);
  const { billPeriod } = options;
  if (options.tariff === undefined)
    throw new WrongUse("--tariff is missing: give a file or an id (sanbiao rate --list)");
  if (options.usage === undefined) throw new WrongUse("--usage is missing: give a JSON or CSV file");
  if (billPeriod !== "month" && billPeriod !== "whole")
    throw new WrongUse(`--bill-period is month or whole, not ${billPeriod}`);
  const tariffs = await tariffsOf(options.tariff);
  const first = tariffs[0] as Tariff;
  const account = options.account === undefined ? {} : await accountOf(options.account);
  const { usage, own } = await usageOf(io, options.usage, first, account);
  const { zone: _, ...ladder } = account;
  const periods =
    billPeriod === "whole" ? [usage.servicePeriod] : (own ?? monthsWithin(usage.servicePeriod, first.zone));
  const context = { ...ladder, touSpread: options.spread ? ("pro_rata" as const) : ("refuse" as const) };
  const files = { tariff: options.tariff, usage: options.usage, account: options.account };
  checkLadders(tariffs, context.ladderUsedBefore, options.account ?? "");
  const rated = priced(files, () => ratePeriods(tariffs, usage, context, periods));
  return options.json ? JSON.stringify(ratedJson(tariffs, usage, rated), null, 2) : ratedText(tariffs, usage, rated);
}

/** What does not fit together is said of the file that is to be changed. */
function priced<T>(
  { tariff, usage, account }: { tariff: string; usage: string; account: string | undefined },
  work: () => T,
): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    const ofAccount = OF_ACCOUNT.test(error.message)
      ? account === undefined
        ? "--account FILE"
        : `--account ${account}`
      : null;
    throw inFile(
      ofAccount ?? (error.code === "usage.invalid" ? `--usage ${usage}` : `--tariff ${tariff}`),
      error.code,
      error,
    );
  }
}

/** What rating says of the account begins with its field. */
const OF_ACCOUNT = /^(contractedKw|contractedKva|ladderUsedBefore|householdSize|lowIncome): /;

/** A count for a ladder that the tariff does not have is a mistake in a name. */
function checkLadders(tariffs: readonly Tariff[], used: RatedAccount["ladderUsedBefore"], account: string): void {
  if (used === undefined || typeof used === "bigint") return;
  const known = new Set(
    tariffs.flatMap(({ charges }) => charges.flatMap((charge) => ("ladder" in charge ? [charge.id] : []))),
  );
  const problems = Object.keys(used)
    .filter((id) => !known.has(id))
    .map((id) => ({
      path: `ladderUsedBefore.${id}`,
      message: `the tariff has no ladder ${id}; it has ${[...known].join(", ") || "none"}`,
    }));
  if (problems.length > 0)
    throw inFile(`--account ${account}`, "usage.invalid", problemError("usage.invalid", problems));
}

async function tariffsOf(name: string): Promise<Tariff[]> {
  const versions = versionsOf(name);
  if (versions.length > 0) return versions;
  if (!existsSync(name))
    throw new WrongUse(`--tariff ${name} is neither a file nor an id of the catalogue (sanbiao rate --list)`);
  return within(`--tariff ${name}`, "tariff.invalid", async () =>
    tariffsOfJson(jsonOf(await text(name), "tariff.invalid")),
  );
}

const accountOf = (path: string): Promise<RatedAccount> =>
  within(`--account ${path}`, "usage.invalid", async () =>
    accountOfJson(jsonOf(await existing("--account", path), "usage.invalid")),
  );

type FiledUsage = { readonly usage: Usage; readonly own: Period[] | null };

function usageOf(io: Io, path: string, tariff: Tariff, { zone }: RatedAccount): Promise<FiledUsage> {
  return within(`--usage ${path}`, "usage.invalid", async () => {
    const content = path === "-" ? new TextDecoder().decode(await io.stdin()) : await existing("--usage", path);
    if (path.toLowerCase().endsWith(".csv")) return { usage: usageOfRows(rowsOfCsv(content), tariff, zone), own: null };
    const document = jsonOf(content, "usage.invalid");
    return { usage: usageOfJson(document, tariff, zone), own: billPeriodsOf(document, tariff, zone) };
  });
}

async function existing(option: string, path: string): Promise<string> {
  if (!existsSync(path)) throw new WrongUse(`${option} ${path}: there is no such file`);
  return await text(path);
}

async function text(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new WrongUse(`${path} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

function jsonOf(content: string, code: "tariff.invalid" | "usage.invalid"): unknown {
  try {
    return JSON.parse(content.replace(/^\uFEFF/, ""));
  } catch (error) {
    throw problemError(code, [{ path: "(whole file)", message: `is not JSON: ${(error as Error).message}` }]);
  }
}

/** Puts the file before each problem. */
async function within<T>(file: string, code: ErrorCode, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    throw inFile(file, code, error);
  }
}

const inFile = (file: string, code: ErrorCode, { message, cause }: CodedError): CodedError =>
  new CodedError(code, `${file}\n${message.replace(/^/gm, "  ")}`, { cause });

/** Says what is wrong; the exit status. */
function refuse(io: Io, error: unknown, { json }: Options): 1 | 2 {
  if (error instanceof WrongUse) {
    io.err(`rate: ${error.message}`);
    return 2;
  }
  if (!(error instanceof CodedError)) throw error;
  const { code, message, hint, cause } = error;
  if (json) printJson(io, { error: { code, message, problems: cause ?? [], hint } });
  else io.err(`rate: ${code}: ${message}\n${hint}`);
  return 1;
}
