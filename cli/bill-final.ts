import { Command, InvalidArgumentError } from "commander";
import { type FinalBill, issueFinalBill, previewFinalBill } from "../billing/closing/final-bill.ts";
import { billDepsOf } from "../billing/main.ts";
import { operatorFacts } from "../billing/operator.ts";
import { finalBillJson } from "../api/queries/account-closings.ts";
import { restOf } from "../ledger/account-closings.ts";
import { CodedError } from "../domain/errors.ts";
import { instant } from "../domain/instant.ts";
import { amountText, type Currency, money, sumMoney } from "../domain/money.ts";
import { day, isDay } from "../domain/period.ts";
import { decimalText } from "../domain/quantity.ts";
import { noTelemetry } from "../domain/telemetry.ts";
import { openDatabase } from "../schema/database.ts";
import { pino } from "pino";
import { ownerAccess } from "./database.ts";
import { type Io, printJson } from "./io.ts";
import { operatorOf } from "./operator.ts";

type Options = {
  operator?: string;
  on: string;
  agreedBy?: string;
  agreedOn?: string;
  reference?: string;
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
    .requiredOption("--on <YYYY-MM-DD>", "the first day that is no longer this customer's", dayText)
    .option(
      "--agreed-by <name>",
      "who agreed that ends which nobody read are estimated; needs --agreed-on and --reference",
    )
    .option("--agreed-on <YYYY-MM-DD>", "when", dayText)
    .option("--reference <text>", "where that is written")
    .option("--issue <sha256>", "close the account: the digest of what was shown, anything else is not issued")
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      `
Exit status: 0 shown or closed; 1 there can be no final bill, or it is no longer what was shown; 2 wrong use.

Examples:
  sanbiao bill final 1-101 --operator estate --on 2026-10-11
  sanbiao bill final 1-101 --operator estate --on 2026-10-11 --issue 3f…`,
    )
    .action(async (account: string, _options: unknown, it: Command) => {
      const options = it.optsWithGlobals<Options>();
      const { operator: code, agreedBy, agreedOn, reference, issue } = options;
      if (code === undefined)
        return it.error("error: required option '--operator <code>' not specified", { exitCode: 2 });
      const consent = [agreedBy, agreedOn, reference].filter((one) => one !== undefined).length;
      if (consent !== 0 && consent !== 3)
        it.error("error: --agreed-by, --agreed-on and --reference belong together", { exitCode: 2 });
      const access = await ownerAccess(options.json ? undefined : (text) => io.err(text));
      const db = openDatabase(access.url, { max: 2 });
      try {
        const { operatorId, zone } = await operatorOf(db, code);
        const deps = billDepsOf({ db, clock, telemetry: noTelemetry, log: pino({ level: "silent" }) });
        const { accountId, currency } = await db.as(operatorId, async (trx) => {
          const row = await trx.selectFrom("account").select("id").where("number", "=", account).executeTakeFirst();
          if (row === undefined) throw new CodedError("request.not-found", `There is no account ${account}.`);
          return { accountId: row.id, currency: (await operatorFacts(trx)).currency };
        });
        const agreed =
          agreedBy === undefined || agreedOn === undefined || reference === undefined
            ? {}
            : { agreed: { by: agreedBy, on: day(agreedOn), reference } };
        const asked = { operatorId, accountId, onDay: day(options.on), by: null, ...agreed };
        if (issue !== undefined) {
          const { kind, closing } = await issueFinalBill(deps, { ...asked, digest: issue });
          const bill = closing.billNumber ?? "no further bill";
          if (options.json) printJson(io, { outcome: kind, bill: closing.billNumber, onDay: closing.onDay });
          else
            io.out(
              `Account ${account} ${kind === "already" ? "was closed before" : "is closed"} on ${closing.onDay}: ${bill}.`,
            );
          return;
        }
        const shown = await previewFinalBill(deps, asked);
        if (options.json) {
          const desk = { operatorId, zone, currency, now: clock.now() };
          printJson(io, await db.as(operatorId, async (trx) => finalBillJson({ ...desk, trx }, shown)));
        } else io.out(textOf(account, shown, currency));
        io.exit(shown.digest === null ? 1 : 0);
      } finally {
        await db.close();
        await access.close();
      }
    });

function dayText(text: string): string {
  if (!isDay(text)) throw new InvalidArgumentError("A day is written 2026-10-11.");
  return text;
}

function textOf(account: string, shown: FinalBill, currency: Currency): string {
  const { bill, onDay, refused, boundary, proposed, notProposed, figures, digest } = shown;
  const amount = (minor: bigint): string => amountText(money(currency, minor));
  const lines = [`Final bill of account ${account} up to ${onDay}, that day not included. Nothing was written.`];
  for (const { serial, register, value, basis, method } of boundary)
    lines.push(`  meter ${serial} ${register}: ${value ?? "–"} (${basis}${method === null ? "" : `, ${method}`})`);
  if (refused !== null) lines.push(`There can be no bill: ${refused.reason} ${refused.detail}`);
  for (const { meterId, register, says } of proposed)
    if (says.kind === "value" && says.source === "estimate")
      lines.push(
        `  meter ${meterId} ${register}: nobody read it; ${decimalText(says.value)} (${says.method}) if the customer agrees: --agreed-by, --agreed-on, --reference`,
      );
  for (const why of notProposed) lines.push(`  no estimate: ${why}`);
  if (figures === null || digest === null) return lines.join("\n");
  if (shown.period === null) lines.push("Everything up to that day is billed already: no further bill.");
  for (const { key, amount: of } of [...(bill?.lines ?? []), ...(bill?.charges ?? [])])
    lines.push(`  ${key} ${amountText(of)}`);
  const total = sumMoney(
    currency,
    [...(bill?.lines ?? []), ...(bill?.charges ?? [])].map((one) => one.amount),
  );
  const { deposit, supplyOwed, propertyOwed } = figures;
  const { paid, stillOwed, refundDue } = restOf(figures);
  lines.push(
    `Total ${amountText(total)} ${currency}; owed with it: supply ${amount(supplyOwed)}, other ${amount(propertyOwed)}.`,
    `Deposit ${amount(deposit)} pays ${amount(paid)}; still to pay ${amount(stillOwed)}; refund due ${amount(refundDue)}.`,
    `Close the account as shown: --issue ${digest}`,
  );
  return lines.join("\n");
}
