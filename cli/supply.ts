import { Command, InvalidArgumentError } from "commander";
import { HELD_REASONS } from "../billing/prepaid/hold.ts";
import { supplyTonight, type Tonight, type TonightRow } from "../billing/prepaid/tonight/read.ts";
import { catalogueTariffs } from "../billing/tariffs.ts";
import { dialOf } from "../catalog/meters/dials.ts";
import { policyVersionsOf } from "../catalog/policies/catalogue.ts";
import { instant, isoIn, type Instant } from "../domain/instant.ts";
import { amountText } from "../domain/money.ts";
import type { Zone } from "../domain/period.ts";
import { type Database, openDatabase } from "../schema/database.ts";
import { ownerAccess } from "./database.ts";
import { type Io, printJson } from "./io.ts";
import { operatorOf, operatorsOf } from "./operator.ts";
import { policyCommand } from "./policy.ts";

type Options = { operator?: string; hours: number; json?: boolean };

/** `sanbiao supply tonight`: who would be cut in the next hours, who would not, and why. */
export const supplyCommand = (io: Io): Command =>
  new Command("supply")
    .description("Prepaid supply: what is going to happen, and whether a file is a policy")
    .addCommand(policyCommand(io))
    .addCommand(
      new Command("tonight")
        .description("Who would be cut in the next hours if nobody pays, who would not, and why; nothing is decided")
        .option("--operator <code>", "whose supplies; else every operator's")
        .option("--hours <n>", "how far to look, 1–72", hoursOf, 12)
        .option("--json", "print one JSON document")
        .addHelpText(
          "after",
          `
Examples:
  sanbiao supply tonight
  sanbiao supply tonight --hours 24 --json | jq '.[0].rows[] | select(.verdict == "cut")'`,
        )
        .action((options: Options) => tonight(io, options)),
    );

function hoursOf(text: string): number {
  const hours = Number(text);
  if (!Number.isInteger(hours) || hours < 1 || hours > 72)
    throw new InvalidArgumentError("A whole number of hours, 1–72.");
  return hours;
}

async function tonight(io: Io, { operator, hours, json }: Options): Promise<void> {
  const access = await ownerAccess((line) => io.err(line));
  const db = openDatabase(access.url, { max: 1 });
  try {
    const operators = operator === undefined ? await operatorsOf(db) : [await operatorOf(db, operator)];
    const all = [];
    for (const one of operators) all.push({ operator: one.code, zone: one.zone, ...(await tonightOf(db, one, hours)) });
    if (json) printJson(io, all.map(jsonOf));
    else for (const one of all) print(io, one);
  } finally {
    await db.close();
    await access.close();
  }
}

const tonightOf = (db: Database, { operatorId }: { operatorId: bigint }, hours: number): Promise<Tonight> =>
  db.as(operatorId, (trx) => {
    const books = { tariffs: catalogueTariffs, dials: dialOf, policies: policyVersionsOf };
    return supplyTonight(trx, books, instant(Date.now()), hours);
  });

type Of = Tonight & { readonly operator: string; readonly zone: Zone };

const jsonOf = ({ operator, zone, now, until, rows, well, off, leftOut }: Of) => {
  const at = (when: Instant | null): string | null => (when === null ? null : isoIn(when, zone));
  return {
    operator,
    at: at(now),
    until: at(until),
    well,
    off,
    leftOut,
    rows: rows.map(({ available, cutBelow, ...row }) => ({
      ...row,
      available: available === null ? null : amountText(available),
      cutBelow: amountText(cutBelow),
      currency: cutBelow.currency,
      lastReadingAt: at(row.lastReadingAt),
      dueAt: at(row.dueAt),
      cutAt: at(row.cutAt),
      guards: row.guards.map((one) => ({ ...one, opensAt: at(one.opensAt) })),
    })),
  };
};

const HEADINGS: Record<TonightRow["verdict"], string> = {
  under_way: "Cut already ordered",
  cut: "Would be cut",
  held: "Not cut: something stands in the way",
  enough: "Warned, and the money lasts longer",
};

function print(io: Io, { operator, zone, until, rows, well, off, leftOut }: Of): void {
  const short = (when: Instant): string => isoIn(when, zone).slice(0, 16).replace("T", " ");
  io.out(`${operator}: until ${short(until)} (${zone})`);
  for (const verdict of Object.keys(HEADINGS) as TonightRow["verdict"][]) {
    const of = rows.filter((row) => row.verdict === verdict);
    if (of.length === 0) continue;
    io.out(`  ${HEADINGS[verdict]}: ${of.length}`);
    for (const row of of) {
      const money =
        row.available === null ? "balance unknown" : `${amountText(row.available)} ${row.cutBelow.currency}`;
      const when = row.cutAt === null ? "" : `, ${verdict === "cut" ? "at" : "not before"} ${short(row.cutAt)}`;
      io.out(`    ${row.accountNumber} ${row.accountName} (meter ${row.serial}): ${money}${when}`);
      for (const { guard, passes, opensAt } of row.guards) {
        if (passes || verdict === "enough") continue;
        const opens = opensAt === null ? "somebody must act, or a reading must come" : `opens ${short(opensAt)}`;
        io.out(`      ${HELD_REASONS[guard].en}: ${opens}`);
      }
    }
  }
  const more = leftOut === 0 ? "" : `, ${leftOut} more warned and not listed`;
  io.out(`  ${well} well above their warnings, ${off} off already${more}.`);
}
