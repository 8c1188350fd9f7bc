import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { bin, sanbiao, sanbiaoHere } from "../support/command.ts";

const COMMANDS = [
  "move-in",
  "up",
  "migrate",
  "rate",
  "decode",
  "bill",
  "what-if",
  "verify",
  "import",
  "export",
  "simulate",
  "scan",
  "bench",
];

describe("sanbiao", () => {
  test("lists every command, and each explains itself", async () => {
    const { code, out } = await sanbiao(["--help"]);
    expect(code).toBe(0);
    for (const command of COMMANDS) expect(out).toContain(`\n  ${command} `);
    const helps = await Promise.all(COMMANDS.map((command) => sanbiaoHere([command, "--help"])));
    for (const [i, help] of helps.entries()) {
      expect(help.code, COMMANDS[i]).toBe(0);
      expect(help.out).toContain(`Usage: sanbiao ${COMMANDS[i]}`);
      expect(help.out).toContain("--json");
    }
  });

  test.each([
    [["fly"]],
    [["decode", "--colour"]],
    [["rate"]],
    [["decode", "--profile", "no-such-meter", "--words", "00"]],
    [[]],
  ])("wrong use exits 2 and says so: %j", async (words) => {
    const { code, out, err } = await sanbiaoHere(words);
    expect(code).toBe(2);
    expect((err + out).length).toBeGreaterThan(20);
  });

  test.each([
    ["import", "spreadsheet", "x.xlsx"],
    ["export", "spreadsheet"],
    ["import", "greenbutton"],
    ["import", "readings", "x.csv", "--operator", "a", "--colour"],
    ["export", "greenbutton", "--operator", "a"],
    ["export", "readings", "--operator", "a", "--from", "yesterday"],
    ["export", "readings", "--operator", "a", "--json"],
    ["import"],
  ])("a kind of file that it does not know, or half an order, exits 2: %s %s", async (...words) => {
    const { code, out, err } = await sanbiaoHere(words);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err.length).toBeGreaterThan(20);
  });

  test("a refused payload exits 1, with the reason in the one JSON document", async () => {
    const { code, out } = await sanbiaoHere(
      ["decode", "--profile", "sanbiao-json", "--topic", "sanbiao/v1/x/readings", "--json"],
      { stdin: '{"t":' },
    );
    expect(code).toBe(1);
    expect(JSON.stringify(JSON.parse(out))).toContain("malformed_json");
  });

  test("a reader that leaves early ends nothing: the command goes on to its own status, in silence", async () => {
    const child = spawn(process.execPath, [bin, "rate", "--schema"], { stdio: ["ignore", "pipe", "pipe"] });
    child.stdout.destroy();
    const [err, [code]] = await Promise.all([text(child.stderr), once(child, "close")]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
  });

  test("says what each bench measures, and prints figures as one JSON document whether or not they are good", async () => {
    const { out } = await sanbiaoHere(["bench", "--list", "--json"]);
    const { benches } = JSON.parse(out) as { benches: { name: string; measures: string }[] };
    expect(benches.map(({ name }) => name)).toContain("ingest");
    expect(benches.filter(({ measures }) => measures.length < 30)).toEqual([]);
    const rate = await sanbiao(["bench", "rate", "--seconds", "0.05", "--json"]);
    expect(JSON.parse(rate.out)).toMatchObject({ rate: { differing: [], ratio: expect.any(Number) } });
  });

  test("a database that does not answer exits 1 with its code, as text and as JSON", async () => {
    const env = { DATABASE_URL: "postgres://nobody:x@127.0.0.1:9/none" };
    const plain = await sanbiao(["migrate"], { env });
    expect(plain.code).toBe(1);
    expect(plain.err).toContain("(database.unavailable)");
    const json = await sanbiaoHere(["migrate", "--json"], { env });
    expect(json.code).toBe(1);
    expect(JSON.parse(json.out)).toHaveProperty("error.code", "database.unavailable");
  });
});
