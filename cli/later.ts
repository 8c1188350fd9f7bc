import { Command } from "commander";
import type { Io } from "./io.ts";

/** A command whose room is not built yet: it says so and exits 2, so that a script never takes silence for success. */
export const laterCommand = (io: Io, name: string, description: string): Command =>
  new Command(name)
    .description(`${description} (not in this version)`)
    .option("--json", "print one JSON document")
    .argument("[what...]")
    .allowUnknownOption()
    .action(() => {
      io.err(`sanbiao ${name}: not in this version yet. ${description} is planned; nothing was read or written.`);
      io.exit(2);
    });
