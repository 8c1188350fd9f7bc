import { Command } from "commander";
import { ownerAccess } from "./database.ts";
import { type Io, printJson } from "./io.ts";

/** `sanbiao migrate`: brings the database to the newest shape and says what it applied. */
export const migrateCommand = (io: Io): Command =>
  new Command("migrate")
    .description("Bring the database (DATABASE_URL, else the embedded one under ./data) to the newest shape")
    .option("--json", "print one JSON document")
    .action(async (options: { json?: boolean }) => {
      const access = await ownerAccess();
      await access.close();
      const { applied } = access;
      if (options.json) printJson(io, { applied });
      else
        io.out(
          applied.length === 0
            ? "Nothing to do: the database is up to date."
            : `Applied migrations ${applied.join(", ")}.`,
        );
    });
