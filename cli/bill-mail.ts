import { Command } from "commander";
import { CodedError } from "../domain/errors.ts";
import { instant } from "../domain/instant.ts";
import { type BillMail, mailBills } from "../paper/bill-mail.ts";
import { openCycle } from "../paper/cycle.ts";
import { openDatabase } from "../schema/database.ts";
import { ownerAccess } from "./database.ts";
import { type Io, printJson } from "./io.ts";
import { operatorOf } from "./operator.ts";

/** Queued in one transaction: a kill leaves whole parts, and the next run goes on. */
const AT_ONCE = 200;

/** `sanbiao bill mail`: a month's bills to whoever wants them at an address. Again sends nothing twice. */
export const billMailCommand = (io: Io): Command =>
  new Command("mail")
    .description(
      "Queue the bills of a month for the addresses that want them, once per bill; the running service sends them",
    )
    .option("--operator <code>", "the operator's code (required)")
    .option("--period <YYYY-MM>", "the month (required)")
    .option("--dry-run", "write nothing: how many would be sent")
    .option("--json", "print one JSON document")
    .action(async (_options: unknown, it: Command) => {
      const options = it.optsWithGlobals<{ operator?: string; period?: string; dryRun?: true; json?: true }>();
      if (options.operator === undefined || options.period === undefined)
        it.error("error: name --operator and --period", { exitCode: 2 });
      const { operator = "", period = "" } = options;
      const access = await ownerAccess(options.json ? undefined : (text) => io.err(text));
      const db = openDatabase(access.url, { max: 2 });
      try {
        const { operatorId, zone } = await operatorOf(db, operator);
        const cycle = await openCycle(db, operatorId, zone, period);
        if (cycle === null) throw new CodedError("request.invalid", `${period} is not a month.`);
        const sum: BillMail = { queued: 0, already: 0, withoutAddress: 0 };
        for (let i = 0; i < cycle.ids.length; i += AT_ONCE) {
          const now = instant(Date.now());
          const part = await db.as(operatorId, (trx) =>
            mailBills(trx, operatorId, cycle.ids.slice(i, i + AT_ONCE), { now, dryRun: options.dryRun === true }),
          );
          for (const key of Object.keys(sum) as (keyof BillMail)[]) sum[key] += part[key];
          if (!options.json && cycle.ids.length > AT_ONCE)
            io.err(`mail: ${Math.min(i + AT_ONCE, cycle.ids.length)} of ${cycle.ids.length} bills`);
        }
        const dryRun = options.dryRun === true;
        if (options.json) printJson(io, { operator, period, dryRun, bills: cycle.ids.length, ...sum });
        else
          io.out(
            `${cycle.ids.length} bills of ${period}: ${sum.queued} ${dryRun ? "would be queued" : "queued"}, ${sum.already} before, ${sum.withoutAddress} without an address that wants bills.`,
          );
      } finally {
        await db.close();
        await access.close();
      }
    });
