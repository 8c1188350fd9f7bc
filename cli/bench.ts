import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { type Io, printJson } from "./io.ts";

const folder = new URL("../bench/", import.meta.url);

const benches = (): string[] =>
  readdirSync(folder)
    .filter((file) => /^[a-z]+\.ts$/.test(file) && file !== "report.ts")
    .map((file) => file.slice(0, -3))
    .sort();

/** What a bench measures: the first sentence of the comment that its file begins with. */
export function measureOf(name: string): string {
  const source = readFileSync(new URL(`${name}.ts`, folder), "utf8");
  const comment = (/\/\*\*(.*?)\*\//s.exec(source)?.[1] ?? "").replace(/\s*\n \* ?/g, " ").trim();
  return /^(.*?)(?:\.(?= )|\.$| Run: |$)/s.exec(comment)?.[1] ?? "";
}

function helpText(): string {
  const wrapped = (words: string): string => words.replace(/(.{1,84})(?: |$)/g, "      $1\n").trimEnd();
  const rows = benches().map((name) => `  ${name}\n${wrapped(measureOf(name))}`);
  return `\nBenches:\n${rows.join("\n")}\n\nOptions after a name go to that bench: sanbiao bench rate --seconds 1`;
}

/** `sanbiao bench [NAME…]`: measures ratios to a reference in the same run, each in a process of its own. */
export const benchCommand = (io: Io): Command =>
  new Command("bench")
    .description("Measure speed as ratios to a reference in the same run")
    .argument("[name...]", "which; all when none is named")
    .option("--list", "list the names, with what each measures")
    .option("--json", "print one JSON document: the figures of each by its name")
    .allowUnknownOption()
    .addHelpText("after", helpText)
    .action(async (words: string[], options: { list?: boolean; json?: boolean }) => {
      const known = benches();
      if (options.list) {
        const list = known.map((name) => ({ name, measures: measureOf(name) }));
        if (options.json) printJson(io, { benches: list });
        else io.out(list.map(({ name, measures }) => `${name}\t${measures}`).join("\n"));
        return;
      }
      const end = words.findIndex((word) => word.startsWith("-"));
      const [names, own] = end < 0 ? [words, []] : [words.slice(0, end), words.slice(end)];
      const strange = names.find((name) => !known.includes(name));
      if (strange !== undefined) {
        io.err(`sanbiao bench: there is no ${strange}. There are: ${known.join(", ")}.`);
        io.exit(2);
        return;
      }
      const results: Record<string, unknown> = {};
      for (const name of names.length > 0 ? names : known) {
        const { code, text } = await measure(name, options.json === true, own);
        if (options.json) results[name] = figuresOf(text);
        if (code !== 0) io.exit(1);
      }
      if (options.json) printJson(io, results);
    });

/** A bench that missed its mark has figures, too; one that broke has none. */
function figuresOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

async function measure(name: string, json: boolean, own: readonly string[]): Promise<{ code: number; text: string }> {
  const script = fileURLToPath(new URL(`${name}.ts`, folder));
  const child = spawn(process.execPath, [script, ...own, ...(json ? ["--json"] : [])], {
    stdio: ["ignore", json ? "pipe" : "inherit", "inherit"],
  });
  const parts: Buffer[] = [];
  child.stdout?.on("data", (part: Buffer) => parts.push(part));
  const [code] = (await once(child, "close")) as [number | null];
  return { code: code ?? 1, text: Buffer.concat(parts).toString() };
}
