import { Command, InvalidArgumentError } from "commander";
import { pino } from "pino";
import { billDepsOf } from "../billing/main.ts";
import { operatorFacts } from "../billing/operator.ts";
import { isNothing } from "../billing/rebill/decide.ts";
import { postRebill, rebillNow, type RebillOutcome } from "../billing/rebill/post.ts";
import { CodedError } from "../domain/errors.ts";
import { instant } from "../domain/instant.ts";
import { type Currency, money, moneyJson } from "../domain/money.ts";
import type { OperatorId } from "../domain/reading.ts";
import { noTelemetry } from "../domain/telemetry.ts";
import { type Database, openDatabase } from "../schema/database.ts";
import { outcomeJson, outcomeText } from "./bill-replay-text.ts";
import { ownerAccess } from "./database.ts";
import { type Io, printJson } from "./io.ts";
import { operatorOf } from "./operator.ts";

type Options = { operator?: string; post?: true; digest?: string; reason?: string; json?: true };
type Kind = "cancel" | "anew";

const WHAT: Readonly<Record<Kind, string>> = {
  cancel: "Tell what cancelling one bill comes to, and cancel it: it then charges nothing, its other charges neither",
  anew: "Tell what a cancelled bill comes to by what is known now, and make it anew",
};

/** `sanbiao bill cancel` and `sanbiao bill anew`: one bill, first shown, then posted as it was shown. */
export const billOneCommand = (io: Io, kind: Kind): Command =>
  new Command(kind)
    .description(WHAT[kind])
    .argument("<number>", "the bill's number, as 2026-000123")
    .option("--operator <code>", "the operator's code (required)")
    .option("--post", "post it: needs --digest and --reason")
    .option("--digest <sha256>", "of what was shown: anything else is not posted", digestText)
    .option("--reason <text>", "why, for the note")
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      `
Exit status: 0 posted, or there is nothing to post; 1 shown and not posted, or refused; 2 wrong use.

Examples:
  sanbiao bill ${kind} 2026-000123 --operator estate
  sanbiao bill ${kind} 2026-000123 --operator estate --post --digest 3f… --reason "billed to the wrong home"`,
    )
    .action(async (number: string, _options: unknown, it: Command) => {
      const options = it.optsWithGlobals<Options>();
      if (options.operator === undefined) it.error("error: name --operator", { exitCode: 2 });
      if (options.post && (options.digest === undefined || (options.reason ?? "").trim() === ""))
        it.error("error: --post needs --digest and --reason", { exitCode: 2 });
      const access = await ownerAccess(options.json ? undefined : (text) => io.err(text));
      const db = openDatabase(access.url, { max: 2 });
      try {
        io.exit(await one(io, db, kind, number, options));
      } finally {
        await db.close();
        await access.close();
      }
    });

async function one(io: Io, db: Database, kind: Kind, number: string, options: Options): Promise<0 | 1> {
  const { operatorId } = await operatorOf(db, options.operator ?? "");
  const now = instant(Date.now());
  const clock = { now: () => now };
  const books = billDepsOf({ db, clock, telemetry: noTelemetry, log: pino({ level: "silent" }) });
  const bill = await billNamed(db, operatorId, number);
  const asked = { accountId: bill.accountId, scope: { kind, billId: bill.id }, now } as const;
  const text = (minor: bigint) => moneyJson(money(bill.currency, minor));
  if (options.post) {
    const { digest = "", reason = "" } = options;
    const outcome = await postRebill(db, { operatorId, ...asked, digest, reason, by: null }, books);
    if (options.json) printJson(io, { bill: number, ...outcomeJson(outcome, bill.currency) });
    else io.out(`bill ${number}: ${outcomeText(outcome, (minor) => text(minor).amount)}`);
    return isDone(outcome) ? 0 : 1;
  }
  const rebill = await db.as(operatorId, (trx) => rebillNow(trx, asked, books));
  const digest = isNothing(rebill) ? null : rebill.digest;
  const told = {
    supply: text(rebill.supplyMinor),
    charges: text(rebill.chargesMinor),
    difference: text(rebill.totalMinor),
  };
  if (options.json) printJson(io, { bill: number, kind, posted: false, ...told, digest });
  else if (digest === null)
    io.out(kind === "cancel" ? `Bill ${number} is cancelled already.` : `Bill ${number} stands as it is.`);
  else {
    io.out(`${kind === "cancel" ? "Cancelling" : "Making anew"} bill ${number}: ${told.difference.amount}`);
    io.out(
      `  supply ${told.supply.amount}, other charges ${told.charges.amount}; ${rebill.lines.length + rebill.charges.length} lines. Nothing was posted.`,
    );
    io.out(
      `To post exactly this: sanbiao bill ${kind} ${number} --operator ${options.operator} --post --digest ${digest} --reason "…"`,
    );
  }
  return digest === null ? 0 : 1;
}

const isDone = ({ kind }: RebillOutcome): boolean => kind === "posted" || kind === "already" || kind === "nothing";

async function billNamed(db: Database, operatorId: OperatorId, number: string) {
  return db.as(operatorId, async (trx) => {
    const row = await trx
      .selectFrom("bill")
      .select(["id", "account_id"])
      .where("number", "=", number)
      .executeTakeFirst();
    if (row === undefined) throw new CodedError("request.not-found", `There is no bill ${number}.`);
    const { currency }: { currency: Currency } = await operatorFacts(trx);
    return { id: row.id, accountId: row.account_id, currency };
  });
}

/** @throws InvalidArgumentError for what is no digest */
export function digestText(text: string): string {
  if (!/^[0-9a-f]{64}$/.test(text)) throw new InvalidArgumentError("A digest has 64 hexadecimal digits.");
  return text;
}
