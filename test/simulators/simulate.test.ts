import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { CommanderError } from "commander";
import { expect, test } from "vitest";
import { simulateCommand } from "../../cli/simulate.ts";
import type { TownSheet } from "../../simulators/town/sheet.ts";

const sanbiao = fileURLToPath(new URL("../../bin/sanbiao.mjs", import.meta.url));

async function simulate(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const said = { code: 0, out: "", err: "" };
  const command = simulateCommand({
    out: (text) => void (said.out += `${text}\n`),
    err: (text) => void (said.err += text),
    stdin: () => Promise.resolve(new Uint8Array()),
    exit: (code) => void (said.code = code),
  });
  command.exitOverride().configureOutput({ writeErr: (text) => void (said.err += text) });
  try {
    await command.parseAsync(argv, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    said.code = 2; // as cli/main.ts does
  }
  return said;
}

test("a town of any size starts, prints all that is needed to read it as one JSON document, and stops", async () => {
  const { code, out } = await simulate("--meters", "5", "--seed", "9", "--once", "--json");
  expect(code).toBe(0);
  const sheet = JSON.parse(out) as TownSheet;
  expect(sheet.meters).toHaveLength(5 * 3 + 2);
  expect(sheet.buses).toMatchObject([{ kind: "tcp", host: "127.0.0.1", unitIds: [1, 2, 3, 4, 5, 100] }]);
  expect(sheet.clients.every((client) => client.password.length === 24)).toBe(true);
});

test.each([
  [["--meters", "-3"]],
  [["--meters", "2.5"]],
  [["--seed", "x"]],
  [["--speed", "0"]],
  [["--backlog", "3"]],
  [["--strange"]],
])("%j is wrong use", async (argv) => {
  const { code, err } = await simulate("--once", ...argv);
  expect(code).toBe(2);
  expect(err).toMatch(/error/);
});

test("ctrl-C stops it cleanly", { timeout: 20_000 }, async () => {
  const child = spawn(process.execPath, [sanbiao, "simulate", "--meters", "2"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let out = "";
  for await (const part of child.stdout) {
    out += String(part);
    if (out.includes("Ctrl-C")) break;
  }
  child.kill("SIGINT");
  const [code, signal] =
    child.exitCode === null ? ((await once(child, "exit")) as [number | null, string | null]) : [child.exitCode, null];
  expect([code, signal]).toEqual([0, null]);
});
