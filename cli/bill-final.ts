import { Command } from "commander";
import { pino } from "pino";
import { bookMoveOut, type DialRead } from "../api/boundary-readings.ts";
import { closingJson, finalBillJson } from "../api/queries/account-closings.ts";
import { type FinalBillAsked, issueFinalBill, previewFinalBill } from "../billing/closing/final-bill.ts";
import { billDepsOf } from "../billing/main.ts";
import { operatorFacts } from "../billing/operator.ts";
import { CodedError } from "../domain/errors.ts";
import { instant } from "../domain/instant.ts";
import { type Day, day } from "../domain/period.ts";
import { noTelemetry } from "../domain/telemetry.ts";
import { type Database, openDatabase } from "../schema/database.ts";
import { billFinalText } from "./bill-final-text.ts";
import { ownerAccess } from "./database.ts";
import { type DialWord, dialText, dialsOf } from "./dials.ts";
import { type Io, printJson } from "./io.ts";
import { operatorOf } from "./operator.ts";
import { collect, dayOption } from "./option-words.ts";
import { clerkNamed } from "./person.ts";

type Options = {
  operator?: string;
  on: string;
  reading: DialWord[];
  confirm: string[];
  by?: string;
  agreedBy?: string;
  agreedOn?: string;
  reference?: string;
  setOffBy?: string;
  setOffOn?: string;
  setOffReference?: string;
  issue?: string;
  json?: true;
};

const clock = { now: () => instant(Date.now()) };

/** `sanbiao bill final`: an account's last bill up to a day, shown; with `--issue` the account is closed as it was shown. */
export const billFinalCommand = (io: Io): Command =>
  new Command("final")
    .description(
      "Show an account's final bill up to the day on which it is no longer the customer's, and close the account as shown",
    )
    .argument("<account>", "the account's number")
    .option("--operator <code>", "the operator's code (required)")
    .requiredOption("--on <YYYY-MM-DD>", "the first day that is no longer this customer's", dayOption)
    .option(
      "--reading <serial[/register]=value>",
      "what a dial showed at the move-out, for each meter that was read; needs --by",
      dialText,
      [],
    )
    .option("--confirm <serial>", "its reading is outside what is expected, and meant", collect, [])
    .option("--by <login>", "the clerk in whose name it is noted")
    .option(
      "--agreed-by <name>",
      "who agreed that ends which nobody read are estimated; needs --agreed-on and --reference",
    )
    .option("--agreed-on <YYYY-MM-DD>", "when", dayOption)
    .option("--reference <text>", "where that is written")
    .option(
      "--set-off-by <name>",
      "who agreed that credit of one kind pays debt of the other; needs --set-off-on and --set-off-reference",
    )
    .option("--set-off-on <YYYY-MM-DD>", "when", dayOption)
    .option("--set-off-reference <text>", "where that is written")
    .option("--issue <sha256>", "close the account: the digest of what was shown, anything else is not issued")
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      `
Readings count as the day begins and are booked with the bill alone: what is shown is undone. To issue, repeat them.

Exit status: 0 shown or closed; 1 there can be no final bill, or it is no longer what was shown; 2 wrong use.

Examples:
  sanbiao bill final 1-101 --operator estate --on 2026-10-11
  sanbiao bill final 1-101 --operator estate --on 2026-10-11 --reading 64010101=871.5 --by clerk
  sanbiao bill final 1-101 --operator estate --on 2026-10-11 --reading 64010101=871.5 --by clerk --issue 3f…`,
    )
    .action(async (account: string, _options: unknown, it: Command) => {
      const options = it.optsWithGlobals<Options>();
      const wrong = wrongUse(options);
      if (wrong !== null) it.error(`error: ${wrong}`, { exitCode: 2 });
      const access = await ownerAccess(options.json ? undefined : (text) => io.err(text));
      const db = openDatabase(access.url, { max: 2 });
      try {
        io.exit(await final(io, db, account, options));
      } finally {
        await db.close();
        await access.close();
      }
    });

function wrongUse({ operator, reading, confirm, by, ...words }: Options): string | null {
  if (operator === undefined) return "required option '--operator <code>' not specified";
  const together = (options: readonly (string | undefined)[]): boolean =>
    options.every((one) => one === undefined) || options.every((one) => one !== undefined);
  if (!together([words.agreedBy, words.agreedOn, words.reference]))
    return "--agreed-by, --agreed-on and --reference belong together";
  if (!together([words.setOffBy, words.setOffOn, words.setOffReference]))
    return "--set-off-by, --set-off-on and --set-off-reference belong together";
  if (reading.length > 0 && by === undefined) return "--reading needs --by: a reading is kept with who entered it";
  const stray = confirm.find((serial) => !reading.some((one) => one.serial === serial));
  return stray === undefined ? null : `--confirm ${stray} has no --reading`;
}

async function final(io: Io, db: Database, number: string, options: Options): Promise<0 | 1> {
  const { operator: code = "", issue, json } = options;
  const { operatorId, zone } = await operatorOf(db, code);
  const deps = billDepsOf({ db, clock, telemetry: noTelemetry, log: pino({ level: "silent" }) });
  const known = await db.as(operatorId, async (trx) => {
    const row = await trx.selectFrom("account").select("id").where("number", "=", number).executeTakeFirst();
    if (row === undefined) throw new CodedError("request.not-found", `There is no account ${number}.`);
    const userId = options.by === undefined ? null : await clerkNamed(trx, options.by);
    const { currency } = await operatorFacts(trx);
    return { accountId: row.id, userId, currency, reads: await dialsOf(trx, options.reading, options.confirm) };
  });
  const desk = { operatorId, zone, currency: known.currency, now: clock.now() };
  const asked: FinalBillAsked = {
    operatorId,
    accountId: known.accountId,
    onDay: day(options.on),
    by: known.userId,
    ...wordsOf(options),
    ...readingsOf(desk, { ...known, onDay: day(options.on) }),
  };
  if (issue !== undefined) {
    const { kind, closing } = await issueFinalBill(deps, { ...asked, digest: issue });
    const told = await db.as(operatorId, (trx) => closingJson({ ...desk, trx }, closing));
    if (json) printJson(io, { outcome: kind, bill: closing.billNumber, onDay: closing.onDay, closing: told });
    else
      io.out(
        `Account ${number} ${kind === "already" ? "was closed before" : "is closed"} on ${closing.onDay}: ${closing.billNumber ?? "no further bill"}.`,
      );
    return 0;
  }
  const shown = await previewFinalBill(deps, asked);
  if (json) printJson(io, await db.as(operatorId, async (trx) => finalBillJson({ ...desk, trx }, shown)));
  else io.out(billFinalText(number, shown, known.currency));
  return shown.digest === null ? 1 : 0;
}

function wordsOf(options: Options): Pick<FinalBillAsked, "agreed" | "setOffConsent"> {
  const word = (by?: string, on?: string, reference?: string) =>
    by === undefined || on === undefined || reference === undefined ? null : { by, on: day(on), reference };
  const agreed = word(options.agreedBy, options.agreedOn, options.reference);
  const setOffConsent = word(options.setOffBy, options.setOffOn, options.setOffReference);
  return { ...(agreed === null ? {} : { agreed }), ...(setOffConsent === null ? {} : { setOffConsent }) };
}

type Known = {
  readonly accountId: bigint;
  readonly userId: bigint | null;
  readonly onDay: Day;
  readonly reads: readonly DialRead[];
};

/** What books the readings in the bill's transaction; nothing where nobody read. */
function readingsOf(
  desk: Omit<Parameters<typeof bookMoveOut>[0], "trx">,
  { accountId, userId, onDay, reads }: Known,
): Pick<FinalBillAsked, "prepare"> {
  if (userId === null || reads.length === 0) return {};
  return { prepare: (trx) => bookMoveOut({ ...desk, trx }, { accountId, onDay, userId }, reads) };
}
