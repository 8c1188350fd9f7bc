import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

export type CommandResult = { readonly code: number | null; readonly out: string; readonly err: string };

/** The program, for who starts it otherwise. */
export const bin = fileURLToPath(new URL("../../bin/sanbiao.mjs", import.meta.url));

/** Runs `sanbiao` as a user does: a process of its own, words in, text out. */
export async function sanbiao(
  words: readonly string[],
  { stdin = "", env = {} }: { stdin?: string; env?: Record<string, string> } = {},
): Promise<CommandResult> {
  const child = spawn(process.execPath, [bin, ...words], { stdio: "pipe", env: { ...process.env, ...env } });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on("data", (part: Buffer) => out.push(part));
  child.stderr.on("data", (part: Buffer) => err.push(part));
  child.stdin.on("error", () => undefined); // a command that does not read may end first
  child.stdin.end(stdin);
  const [code] = (await once(child, "close")) as [number | null];
  return { code, out: Buffer.concat(out).toString(), err: Buffer.concat(err).toString() };
}
