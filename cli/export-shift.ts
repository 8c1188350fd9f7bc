import { Command, InvalidArgumentError } from "commander";
import { shiftCsv } from "../paper/shift-csv.ts";
import { openDatabase } from "../schema/database.ts";
import { ownerAccess } from "./database.ts";
import { type Io, printJson } from "./io.ts";
import { operatorOf } from "./operator.ts";
import { toFile, toStdout, type WrittenText } from "./text-output.ts";

type Options = { operator: string; out?: string; json?: boolean };

/** `sanbiao export shift NUMBER`: what changed hands in a counted shift. */
export const exportShiftCommand = (io: Io): Command =>
  new Command("shift")
    .description("Write a counted shift of a counter as CSV: its float, every entry, what was counted, over or short")
    .argument("<number>", "the shift's number, as on its report", shiftNumber)
    .requiredOption("--operator <code>", "the operator's code")
    .option("--out <file>", "write here; else to standard output")
    .option("--json", "with --out: print one JSON document that tells what was written")
    .addHelpText("after", "\nExample:\n  sanbiao export shift 17 --operator riverside --out shift-17.csv")
    .action(async (number: bigint, _options: unknown, it: Command) => {
      const { operator, out, json } = it.optsWithGlobals<Options>();
      const access = await ownerAccess((line) => io.err(line));
      const db = openDatabase(access.url, { max: 2 });
      try {
        const { operatorId, zone } = await operatorOf(db, operator);
        const csv = await db.as(operatorId, (trx) => shiftCsv(trx, number, zone));
        if (out === undefined) {
          await toStdout(once(csv));
          return;
        }
        await toFile(out)(once(csv));
        const lines = csv.trimEnd().split("\n").length - 1;
        if (json) printJson(io, { file: out, shift: String(number), lines });
        else io.err(`Shift ${number} written to ${out}: ${lines} lines.`);
      } finally {
        await db.close();
        await access.close();
      }
    });

function shiftNumber(text: string): bigint {
  if (!/^[1-9]\d{0,17}$/.test(text)) throw new InvalidArgumentError("A shift's number is a whole number from 1 on.");
  return BigInt(text);
}

async function* once(text: string): WrittenText {
  yield text;
  await Promise.resolve();
  return {};
}
