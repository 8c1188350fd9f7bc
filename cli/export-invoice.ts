import { Command, Option } from "commander";
import { CodedError } from "../domain/errors.ts";
import { amountText, money } from "../domain/money.ts";
import { invoiceFacts } from "../paper/e-invoice/facts.ts";
import { invoiceOf } from "../paper/e-invoice/invoice.ts";
import { shudianOf } from "../paper/e-invoice/shudian.ts";
import { sellerFacts, ublOf } from "../paper/e-invoice/ubl.ts";
import { type Database, openDatabase } from "../schema/database.ts";
import { ownerAccess } from "./database.ts";
import { type Io, printJson } from "./io.ts";
import { operatorOf } from "./operator.ts";
import { toFile, toStdout, type WrittenText } from "./text-output.ts";

type Options = {
  operator: string;
  format: "ubl" | "shudian";
  taxId?: string;
  country?: string;
  out?: string;
  json?: boolean;
};

/** `sanbiao export invoice NUMBER`: an issued bill as data for whoever issues the tax invoice. */
export const exportInvoiceCommand = (io: Io): Command =>
  new Command("invoice")
    .description("Write an issued bill as e-invoice data: EN 16931 in UBL 2.1 (ubl), or 数电发票 (shudian)")
    .argument("<number>", "the bill's number, as 2026-000123")
    .requiredOption("--operator <code>", "the operator's code")
    .addOption(new Option("--format <format>", "what to write").choices(["ubl", "shudian"]).makeOptionMandatory())
    .option("--tax-id <number>", "the seller's tax number, in place of what the books hold; ubl needs one")
    .option(
      "--country <code>",
      "ISO 3166-1 of the seller, as DE; else as the books say, or told by the currency where it has one country",
    )
    .option("--out <file>", "write here; else to standard output")
    .option("--json", "with --out: print one JSON document that tells what was written")
    .addHelpText(
      "after",
      `
Examples:
  sanbiao export invoice 2026-000123 --operator riverside --format ubl --out invoice.xml
  sanbiao export invoice 2026-000123 --operator riverside --format shudian`,
    )
    .action(async (number: string, _options: unknown, it: Command) => {
      const options = it.optsWithGlobals<Options>();
      const access = await ownerAccess((line) => io.err(line));
      const db = openDatabase(access.url, { max: 2 });
      try {
        const { text, report } = await written(db, number, options);
        if (options.out === undefined) {
          await toStdout(once(text, report));
          return;
        }
        await toFile(options.out)(once(text, report));
        if (options.json) printJson(io, { file: options.out, ...report });
        else
          io.err(
            `Bill ${number} written to ${options.out}: ${report.lines} lines, tax ${report.tax}, due ${report.payable}.`,
          );
      } finally {
        await db.close();
        await access.close();
      }
    });

async function written(db: Database, number: string, { operator, format, ...seller }: Options) {
  const { operatorId } = await operatorOf(db, operator);
  const facts = await db.as(operatorId, (trx) => invoiceFacts(trx, operatorId, { number }));
  if (facts === null) throw new CodedError("request.not-found", `There is no bill ${number}.`);
  const invoice = invoiceOf(facts);
  const { currency, lines, totals } = invoice;
  const text =
    format === "ubl"
      ? ublOf(invoice, sellerFacts(invoice, seller))
      : `${JSON.stringify(shudianOf(invoice, seller.taxId ?? null), null, 2)}\n`;
  const [tax, payable] = [totals.tax, totals.payable].map((minor) => amountText(money(currency, minor)));
  return { text, report: { bill: number, lines: lines.length, tax, payable } };
}

async function* once(text: string, report: object): WrittenText {
  yield text;
  await Promise.resolve();
  return report;
}
