import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { CodedError } from "../domain/errors.ts";
import { isDatabaseAway } from "../schema/database.ts";
import { type Io, printJson } from "./io.ts";

/** The commands, loaded only when asked for: `decode` need not wait for a web server's modules. */
const COMMANDS: Record<string, (io: Io) => Promise<Command>> = {
  up: async (io) => (await import("./up.ts")).upCommand(io),
  migrate: async (io) => (await import("./migrate.ts")).migrateCommand(io),
  rate: async (io) => (await import("./rate.ts")).rateCommand(io),
  decode: async (io) => (await import("./decode.ts")).decodeCommand(io),
  bill: async (io) => (await import("./bill.ts")).billCommand(io),
  "move-in": async (io) => (await import("./move-in.ts")).moveInCommand(io),
  "what-if": async (io) => (await import("./what-if.ts")).whatIfCommand(io),
  verify: async (io) => (await import("./verify.ts")).verifyCommand(io),
  import: async (io) => (await import("./import.ts")).importCommand(io),
  export: async (io) => (await import("./export.ts")).exportCommand(io),
  simulate: async (io) => (await import("./simulate.ts")).simulateCommand(io),
  "device-key": async (io) => (await import("./device-key.ts")).deviceKeyCommand(io),
  "token-meter": async (io) => (await import("./token-meter.ts")).tokenMeterCommand(io),
  supply: async (io) => (await import("./supply.ts")).supplyCommand(io),
  scan: async (io) => (await import("./scan.ts")).scanCommand(io),
  bench: async (io) => (await import("./bench.ts")).benchCommand(io),
};

/** Runs one command line. @returns nothing; the exit status is told to `io`: 0 done, 1 refused or failed, 2 wrong use. */
export async function run(argv: readonly string[], io: Io): Promise<void> {
  const asked = argv.find((word) => !word.startsWith("-"));
  const program = new Command("sanbiao")
    .description("三表 Sanbiao: electricity, gas and water meters, one ledger, one bill, prepaid supply")
    .version(versionOf())
    .showHelpAfterError("(add --help for what it takes)");
  for (const [name, load] of Object.entries(COMMANDS)) {
    if (asked === undefined || asked === "help" || asked === name || !Object.hasOwn(COMMANDS, asked))
      program.addCommand(await load(io));
  }
  for (const command of [program, ...program.commands, ...program.commands.flatMap((one) => one.commands)]) {
    command.exitOverride().configureOutput({ writeOut: (text) => io.out(text), writeErr: (text) => io.err(text) });
  }
  try {
    await program.parseAsync([...argv], { from: "user" });
    if (asked === undefined && argv.length === 0) io.exit(2);
  } catch (error) {
    fail(io, error, argv.includes("--json"));
  }
}

function fail(io: Io, error: unknown, json: boolean): void {
  if (error instanceof CommanderError) {
    io.exit(error.exitCode === 0 ? 0 : 2);
    return;
  }
  io.exit(1);
  const coded = codedOf(error);
  const message = coded?.message ?? (error instanceof Error ? error.message : String(error));
  if (json)
    printJson(io, { error: { code: coded?.code ?? "internal.unexpected", message, hint: coded?.hint ?? null } });
  else
    io.err(
      coded === null
        ? `sanbiao: ${error instanceof Error ? (error.stack ?? message) : message}`
        : `sanbiao: ${message} ${coded.hint} (${coded.code})`,
    );
}

function codedOf(error: unknown): CodedError | null {
  if (error instanceof CodedError) return error;
  if (!isDatabaseAway(error)) return null;
  return new CodedError(
    "database.unavailable",
    `The database does not answer: ${(error as { code?: string }).code ?? String(error)}.`,
  );
}

const versionOf = (): string =>
  (JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string }).version;
