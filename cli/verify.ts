import { Command } from "commander";
import { verify } from "../ledger/verify/verify.ts";
import { ownerPool } from "../schema/database.ts";
import { ownerAccess } from "./database.ts";
import { type Io, printJson } from "./io.ts";
import { verifyBillCommand } from "./verify-bill.ts";
import { verifyCertificateCommand } from "./verify-certificate.ts";

/** `sanbiao verify`: proves every invariant of the books and prints what it looked at. */
export const verifyCommand = (io: Io): Command =>
  new Command("verify")
    .description(
      "Prove every invariant of the books (DATABASE_URL, else the embedded database under ./data); verify bill FILE, verify certificate FILE: offline",
    )
    .addCommand(verifyBillCommand(io))
    .addCommand(verifyCertificateCommand(io))
    .option("--json", "print one JSON document")
    .action(async (options: { json?: boolean }) => {
      const access = await ownerAccess(options.json ? undefined : (text) => io.err(text));
      const owner = ownerPool(access.url, { max: 1 });
      try {
        const checks = await verify(owner, (check) => {
          if (options.json) return;
          io.out(`${check.ok ? "ok  " : "FAIL"} ${check.title} (${check.counted} looked at)`);
          for (const example of check.examples) io.out(`       ${example}`);
          if (check.broken > check.examples.length) io.out(`       … ${check.broken} in all`);
        });
        const failed = checks.filter((check) => !check.ok);
        if (options.json) printJson(io, { ok: failed.length === 0, checks });
        else
          io.out(
            failed.length === 0
              ? `All ${checks.length} checks hold.`
              : `${failed.length} of ${checks.length} checks fail.`,
          );
        io.exit(failed.length === 0 ? 0 : 1);
      } finally {
        await owner.end();
        await access.close();
      }
    });
