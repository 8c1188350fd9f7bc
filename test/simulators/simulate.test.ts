import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { CommanderError } from "commander";
import { expect, test } from "vitest";
import { simulateCommand } from "../../cli/simulate.ts";
import { FAULT_NAMES } from "../../simulators/faults/catalogue.ts";
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
    said.code = 2; // as cli/program.ts does
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
  [["--fault-since", "yesterday"]],
  [["--fault-seed", "-1"]],
])("%j is wrong use", async (argv) => {
  const { code, err } = await simulate("--once", ...argv);
  expect(code).toBe(2);
  expect(err).toMatch(/error/);
});

test("the same faults of the same seed are told for the same day, and none when none are chosen", async () => {
  const argv = ["--meters", "8", "--once", "--json", "--faults", "jump:every=24,crc-error", "--fault-seed", "5"];
  const tell = async (...more: string[]) => (JSON.parse((await simulate(...argv, ...more)).out) as TownSheet).faults;
  const told = await tell("--fault-since", "2026-03-01");
  expect(told).toMatchObject({ seed: 5, since: "2026-03-01T08:00:00+08:00" });
  expect(told.chosen.map(({ name }) => name)).toEqual(["jump", "crc-error"]);
  expect(told.next.length).toBeGreaterThan(8 + 2);
  expect((await tell("--faults", "none")).next).toEqual([]);
});

test("the table of faults is printed, and a name that is none gets the nearest ones", async () => {
  const { code, out } = await simulate("--faults", "help");
  expect(code).toBe(0);
  for (const name of FAULT_NAMES) expect(out).toContain(`  ${name} `);
  expect(JSON.parse((await simulate("--faults", "list", "--json")).out)).toHaveLength(FAULT_NAMES.length);
  const wrong = await simulate("--once", "--faults", "gatway-restart");
  expect(wrong.code).toBe(2);
  expect(wrong.err).toContain("did you mean gateway-restart");
});

test("ctrl-C stops it cleanly", async () => {
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
