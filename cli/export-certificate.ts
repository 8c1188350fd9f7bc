import { Command, InvalidArgumentError } from "commander";
import { CERTIFICATE_FORMAT } from "../billing/prepaid/certificate.ts";
import type { ExportedChain } from "../billing/prepaid/check-certificate.ts";
import { CodedError } from "../domain/errors.ts";
import { readCertificates } from "../ledger/certificates.ts";
import { type Database, openDatabase } from "../schema/database.ts";
import { ownerAccess } from "./database.ts";
import { type Io, printJson } from "./io.ts";
import { operatorOf } from "./operator.ts";
import { toFile, toStdout, type WrittenText } from "./text-output.ts";

type Options = { operator: string; out?: string; json?: boolean };

/** More than this in one file is no longer read by anybody: export it in ranges. Our choice. */
const CERTIFICATES_MAX = 100_000;

/** `sanbiao export certificate [RANGE]`: proofs of cuts as they were hashed. */
export const exportCertificateCommand = (io: Io): Command =>
  new Command("certificate")
    .description("Write the certificates of cuts, one or a range: `sanbiao verify certificate` needs nothing else")
    .argument("[range]", "a number, or a range as 12-40; else all", rangeOf)
    .requiredOption("--operator <code>", "whose certificates")
    .option("--out <file>", "write here; else to standard output")
    .option("--json", "with --out: print one JSON document that tells what was written")
    .addHelpText(
      "after",
      `
Examples:
  sanbiao export certificate --operator estate --out cuts.json && sanbiao verify certificate cuts.json
  sanbiao export certificate 17 --operator estate | jq -r '.certificates[0].body' | jq .balance`,
    )
    .action(async (range: Range | undefined, _options: unknown, it: Command) => {
      const options = it.optsWithGlobals<Options>();
      const access = await ownerAccess((line) => io.err(line));
      const db = openDatabase(access.url, { max: 1 });
      try {
        const chain = await chainOf(db, options.operator, range ?? {});
        const { out } = options;
        if (out === undefined) {
          await toStdout(textOf(chain));
          return;
        }
        await toFile(out)(textOf(chain));
        const written = { file: out, certificates: chain.certificates.length, head: chain.certificates.at(-1)?.hash };
        if (options.json) printJson(io, written);
        else io.err(`${written.certificates} certificates written to ${out}; the last one's hash is ${written.head}.`);
      } finally {
        await db.close();
        await access.close();
      }
    });

type Range = { readonly from?: bigint; readonly to?: bigint };

function rangeOf(text: string): Range {
  const match = /^([1-9]\d{0,17})(?:-([1-9]\d{0,17}))?$/.exec(text);
  if (match === null) throw new InvalidArgumentError("A number is written 17, a range 12-40.");
  const from = BigInt(match[1] ?? "1");
  return { from, to: match[2] === undefined ? from : BigInt(match[2]) };
}

async function chainOf(db: Database, code: string, range: Range): Promise<ExportedChain> {
  const { operatorId } = await operatorOf(db, code);
  const found = await db.as(operatorId, (trx) => readCertificates(trx, { ...range, limit: CERTIFICATES_MAX + 1 }));
  if (found.length === 0) throw new CodedError("request.not-found", "There is no such certificate.");
  if (found.length > CERTIFICATES_MAX)
    throw new CodedError("request.invalid", `More than ${CERTIFICATES_MAX} certificates: export them in ranges.`);
  const certificates = found.map(({ number, hash, body }) => ({ number: String(number), hash, body }));
  return { format: CERTIFICATE_FORMAT, operator: code, certificates };
}

async function* textOf(chain: ExportedChain): WrittenText {
  yield `${JSON.stringify(chain, null, 1)}\n`;
  await Promise.resolve();
  return { certificates: chain.certificates.length };
}
