import { Command } from "commander";
import { operatorFacts } from "../billing/operator.ts";
import { amountText, money, moneyJson } from "../domain/money.ts";
import { dayOf } from "../domain/period.ts";
import { readWaiting } from "../ledger/bill-holds.ts";
import { openDatabase } from "../schema/database.ts";
import { ownerAccess } from "./database.ts";
import { type Io, printJson } from "./io.ts";
import { operatorOf } from "./operator.ts";

/** `sanbiao bill exceptions`: what waits before it is issued, and why. Changes nothing. */
export const billExceptionsCommand = (io: Io): Command =>
  new Command("exceptions")
    .description("List the bills that are held before they are issued, and the accounts that no bill can be made for")
    .option("--operator <code>", "the operator's code (required)")
    .option("--json", "print one JSON document")
    .action(async (_options: unknown, it: Command) => {
      // The command above takes an --operator, too: whichever read it has it.
      const { operator: code, json: isJson } = it.optsWithGlobals<{ operator?: string; json?: true }>();
      if (code === undefined)
        return it.error("error: required option '--operator <code>' not specified", { exitCode: 2 });
      const options = { operator: code, json: isJson };
      const access = await ownerAccess(options.json ? undefined : (text) => io.err(text));
      const db = openDatabase(access.url, { max: 2 });
      try {
        const { operatorId } = await operatorOf(db, options.operator);
        const { waiting, currency, zone } = await db.as(operatorId, async (trx) => ({
          ...(await operatorFacts(trx)),
          waiting: await readWaiting(trx),
        }));
        const asMoney = (minor: bigint | null) => (minor === null ? null : money(currency, minor));
        const items = waiting.map(({ from, now, last, ...one }) => ({
          ...one,
          month: dayOf(from, zone).slice(0, 7),
          now: asMoney(now),
          last: asMoney(last),
        }));
        if (options.json) {
          const json = (one: ReturnType<typeof asMoney>) => (one === null ? null : moneyJson(one));
          printJson(io, {
            operator: options.operator,
            exceptions: items.map((one) => ({ ...one, now: json(one.now), last: json(one.last) })),
          });
        } else {
          io.out(items.length === 0 ? "Nothing waits." : `${items.length} accounts wait.`);
          for (const { number, month, reason, detail, now, last } of items) {
            const figures =
              now === null ? "" : ` ${amountText(now)}${last === null ? "" : ` after ${amountText(last)}`}`;
            io.out(`  account ${number} ${month}: ${reason}${figures} ${detail}`);
          }
        }
      } finally {
        await db.close();
        await access.close();
      }
    });
