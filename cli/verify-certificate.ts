import { readFile } from "node:fs/promises";
import { Command } from "commander";
import { type CertificateCheck, checkCertificates } from "../billing/prepaid/check-certificate.ts";
import { type Io, printJson } from "./io.ts";

/** `sanbiao verify certificate FILE`: checks exported proofs of cuts without a database. */
export const verifyCertificateCommand = (io: Io): Command =>
  new Command("certificate")
    .description("Check exported certificates of cuts by themselves: texts, chain, guards, balance")
    .argument("<file>", "what `sanbiao export certificate` wrote; - reads standard input")
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      `
Exit status: 0 all hold; 1 something does not; 2 the file cannot be read as certificates.

Example:
  sanbiao verify certificate cuts.json`,
    )
    .action(async (file: string, _options: unknown, it: Command) => {
      const { json } = it.optsWithGlobals<{ json?: boolean }>();
      const check = await checkFile(io, file);
      if (json) printJson(io, check.kind === "checked" ? check : { ...check, ok: false });
      else if (check.kind === "unreadable") io.err(`Not certificates that can be checked: ${check.reason}.`);
      else {
        for (const what of check.wrong) io.out(`FAIL certificate ${what}`);
        const all = `${check.certificates} certificates`;
        io.out(
          check.ok ? `${all} hold; the last one's hash is ${check.head}.` : `${all}, ${check.wrong.length} breaches.`,
        );
      }
      io.exit(check.kind === "unreadable" ? 2 : check.ok ? 0 : 1);
    });

async function checkFile(io: Io, file: string): Promise<CertificateCheck> {
  try {
    const bytes = file === "-" ? await io.stdin() : await readFile(file);
    return checkCertificates(new TextDecoder().decode(bytes));
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === undefined) throw error;
    return { kind: "unreadable", reason: `${file} cannot be read: ${code}` };
  }
}
