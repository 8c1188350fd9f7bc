import { readFile } from "node:fs/promises";
import { Command } from "commander";
import { type BundleCheck, checkBundle } from "../billing/explain/check-bundle.ts";
import { type Io, printJson } from "./io.ts";

/** `sanbiao verify bill FILE`: makes the bill again from the file alone. */
export const verifyBillCommand = (io: Io): Command =>
  new Command("bill")
    .description("Make a bill again from its exported bundle alone, without a database, and compare every figure")
    .argument("<file>", "what `sanbiao export bill` wrote; - reads standard input")
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      `
Exit status: 0 every figure is what the inputs give; 1 something differs; 2 the file cannot be read as a bundle.

Examples:
  sanbiao verify bill bill.json
  sanbiao export bill 2026-000123 | sanbiao verify bill - --json`,
    )
    .action(async (file: string, _options: unknown, it: Command) => {
      const { json } = it.optsWithGlobals<{ json?: boolean }>();
      const check = await checkFile(io, file);
      if (json) printJson(io, check.kind === "checked" ? check : { ...check, ok: false });
      else if (check.kind === "unreadable") io.err(`Not a bundle that can be checked: ${check.reason}.`);
      else for (const line of textOf(check)) io.out(line);
      io.exit(check.kind === "unreadable" ? 2 : check.ok ? 0 : 1);
    });

async function checkFile(io: Io, file: string): Promise<BundleCheck> {
  try {
    const bytes = file === "-" ? await io.stdin() : await readFile(file);
    return checkBundle(new TextDecoder().decode(bytes));
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === undefined) throw error;
    return { kind: "unreadable", reason: `${file} cannot be read: ${code}` };
  }
}

type Checked = Extract<BundleCheck, { kind: "checked" }>;

function correctionsText({ corrections, correctionsNotKept, comesTo }: Checked): string[] {
  const notes = [
    ...(corrections === 0 ? [] : [`Correction notes worked out again: ${corrections}.`]),
    ...(correctionsNotKept === 0
      ? []
      : [
          `Correction notes from before their inputs were kept, of which only the sums were checked: ${correctionsNotKept}.`,
        ]),
  ];
  const isCorrected = notes.length > 0 && comesTo !== null;
  return isCorrected
    ? [...notes, `With them it comes to ${comesTo.supply} of supply, ${comesTo.charges} of other charges.`]
    : notes;
}

const SHOWN_MAX = 12; // the first tells what is wrong; the others how far it goes

function textOf(check: Checked): string[] {
  const { number, changed, differences, lines, readings } = check;
  if (check.ok) {
    const rebuilt =
      check.inputsAre === "rebuilt" ? " (older than the keeping of inputs: by what the books held at export)" : "";
    return [
      `Bill ${number} is right: ${lines} lines from ${readings} readings give every figure${rebuilt}.`,
      ...correctionsText(check),
    ];
  }
  const [first] = differences;
  const told = changed.map(({ part, what }) => `changed: ${part}: ${what}`);
  if (first === undefined) return [...told, `Bill ${number}: every figure is still what the inputs give.`];
  return [
    `Bill ${number} differs, first at ${first.where} ${first.key}:`,
    `  ${first.field}: expected ${first.expected}, found ${first.found}`,
    first.because.length > 0
      ? `  it rests on what was changed: ${first.because.join(", ")}`
      : "  every input is as it was written: the figure itself was changed",
    ...told,
    ...differences
      .slice(1, SHOWN_MAX)
      .map(
        ({ where, key, field, expected, found }) =>
          `also ${where} ${key}: ${field}: expected ${expected}, found ${found}`,
      ),
    ...(differences.length > SHOWN_MAX ? [`… ${differences.length} in all`] : []),
  ];
}
