import { readFile } from "node:fs/promises";
import { Command } from "commander";
import { policyDraftOfJson } from "../billing/prepaid/policy-schema.ts";
import { CodedError } from "../domain/errors.ts";
import { type Io, printJson } from "./io.ts";

/** `sanbiao supply policy FILE`: whether a file is a policy, and everything that is wrong with it. */
export const policyCommand = (io: Io): Command =>
  new Command("policy")
    .description("Check one version of a prepaid policy without a database; docs/reference/policies.md has the fields")
    .argument("<file>", "JSON; - reads standard input")
    .option("--json", "print one JSON document")
    .addHelpText("after", "\nExit status: 0 it is one; 1 something is wrong with it.")
    .action(async (file: string, { json }: { json?: boolean }) => {
      const read = policyDraftOfJson(await jsonOf(io, file));
      const problems = "problems" in read ? read.problems : [];
      if (json) printJson(io, { ok: problems.length === 0, problems });
      else if ("policy" in read) io.out(`${read.policy.id}@${read.policy.version} is a policy.`);
      else for (const { path, message } of problems) io.out(`${path}: ${message}`);
      io.exit(problems.length === 0 ? 0 : 1);
    });

async function jsonOf(io: Io, file: string): Promise<unknown> {
  try {
    return JSON.parse(new TextDecoder().decode(file === "-" ? await io.stdin() : await readFile(file)));
  } catch (error) {
    throw new CodedError("policy.invalid", `${file} cannot be read as JSON: ${(error as Error).message}.`);
  }
}
