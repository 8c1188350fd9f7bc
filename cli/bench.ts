import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { type Io, printJson } from "./io.ts";

const folder = new URL("../bench/", import.meta.url);

const benches = (): string[] =>
  readdirSync(folder)
    .filter((file) => /^[a-z]+\.ts$/.test(file) && file !== "main.ts")
    .map((file) => file.slice(0, -3))
    .sort();

/** `sanbiao bench [NAME…]`: measures ratios to a reference in the same run, each in a process of its own. */
export const benchCommand = (io: Io): Command =>
  new Command("bench")
    .description("Measure speed as ratios to a reference in the same run")
    .argument("[name...]", "which; all when none is named")
    .option("--list", "list the names")
    .option("--json", "print one JSON document")
    .allowUnknownOption()
    .action(async (names: string[], options: { list?: boolean; json?: boolean }) => {
      const known = benches();
      if (options.list) {
        if (options.json) printJson(io, { benches: known });
        else io.out(known.join("\n"));
        return;
      }
      const strange = names.find((name) => !known.includes(name));
      if (strange !== undefined) {
        io.err(`sanbiao bench: there is no ${strange}. There are: ${known.join(", ")}.`);
        io.exit(2);
        return;
      }
      const results: Record<string, unknown> = {};
      for (const name of names.length > 0 ? names : known) {
        const { code, text } = await measure(name, options.json === true);
        // A bench that misses its target says so by its exit status; what it measured is told all the same.
        if (options.json) results[name] = text === "" ? null : (JSON.parse(text) as unknown);
        if (code !== 0) io.exit(1);
      }
      if (options.json) printJson(io, results);
    });

async function measure(name: string, json: boolean): Promise<{ code: number; text: string }> {
  const script = fileURLToPath(new URL(`${name}.ts`, folder));
  const child = spawn(process.execPath, [script, ...(json ? ["--json"] : [])], {
    stdio: ["ignore", json ? "pipe" : "inherit", "inherit"],
  });
  const parts: Buffer[] = [];
  child.stdout?.on("data", (part: Buffer) => parts.push(part));
  const [code] = (await once(child, "close")) as [number | null];
  return { code: code ?? 1, text: Buffer.concat(parts).toString() };
}
