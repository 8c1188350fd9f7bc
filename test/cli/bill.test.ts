import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Pool } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sanbiao, sanbiaoHere } from "../support/command.ts";
import { type FreshDatabase, freshDatabase, ownerPool } from "../support/database.ts";
import { foundMarch } from "../support/march.ts";

let fresh: FreshDatabase;
let owner: Pool;
let env: Record<string, string>;
const ACCOUNTS = 130; // three transactions of a run

beforeAll(async () => {
  fresh = await freshDatabase();
  owner = ownerPool(fresh.ownerUrl);
  env = { DATABASE_URL: fresh.url };
  await foundMarch(owner, ACCOUNTS);
});
afterAll(async () => {
  await owner.end();
  await fresh.drop();
});

const bill = ["bill", "--operator", "estate", "--period", "2025-03", "--chunk", "50"];
const bills = async () =>
  (await owner.query<{ number: string; total_minor: bigint }>("select number, total_minor from bill order by number"))
    .rows;

describe("sanbiao bill", () => {
  test("--dry-run tells what would be issued and writes nothing", async () => {
    const shown = await sanbiaoHere([...bill, "--dry-run", "--json"], { env });
    expect(JSON.parse(shown.out)).toMatchObject({
      bills: ACCOUNTS,
      first: ACCOUNTS,
      total: { now: { amount: "13988.00" }, last: { amount: "0.00" } },
      changes: [],
      refused: [],
    });
    expect(shown.code).toBe(0);
    expect((await sanbiaoHere([...bill, "--dry-run"], { env })).out).toContain("Nothing was written");
    expect(await bills()).toEqual([]);
  });

  test("killed with SIGKILL in the middle and started twice at once ends with every bill once", async () => {
    const main = fileURLToPath(new URL("../../cli/main.ts", import.meta.url));
    const child = spawn(process.execPath, [main, ...bill], { stdio: "pipe", env: { ...process.env, ...env } });
    let told = "";
    for await (const part of child.stderr as AsyncIterable<Buffer>) {
      told += part.toString();
      if (/[1-9]\d* issued,/.test(told)) break;
    }
    child.kill("SIGKILL");
    await once(child, "close");
    expect((await bills()).length).toBeGreaterThan(0);
    const [one, two] = await Promise.all([
      sanbiao([...bill, "--json"], { env }),
      sanbiao([...bill, "--json"], { env }),
    ]);
    const [first, second] = [one, two].map(({ out }) => JSON.parse(out) as { issued: unknown[]; refused: unknown[] });
    expect([...(first?.refused ?? []), ...(second?.refused ?? [])]).toEqual([]);
    expect(await bills()).toEqual(
      Array.from({ length: ACCOUNTS }, (_, i) => ({
        number: `${new Date().getFullYear()}-${String(i + 1).padStart(6, "0")}`,
        total_minor: 10760n, // 200 kWh at 0.538
      })),
    );
    const again = await sanbiaoHere([...bill, "--json"], { env });
    expect(again.code).toBe(0);
    expect(JSON.parse(again.out)).toMatchObject({ finished: true, issued: [], refused: [] });
  });

  test("asked to stop by Ctrl-C ends with whole bills, says how to go on, and goes on", async () => {
    await owner.query("select ensure_reading_months('2025-04-30T16:00Z', '2025-04-30T16:00Z')");
    await owner.query(
      `insert into reading (operator_id, meter_id, register, measured_at, received_at, value, source)
       select operator_id, id, 1, '2025-05-01T00:00+08', '2025-05-01T00:00+08', 400000000, 1 from meter`,
    );
    const april = ["bill", "--operator", "estate", "--period", "2025-04"];
    const main = fileURLToPath(new URL("../../cli/main.ts", import.meta.url));
    const child = spawn(process.execPath, [main, ...april, "--chunk", "1"], {
      stdio: "pipe",
      env: { ...process.env, ...env },
    });
    const closed = once(child, "close") as Promise<[number | null]>;
    const out: Buffer[] = [];
    child.stdout.on("data", (part: Buffer) => out.push(part));
    let told = "";
    child.stderr.on("data", (part: Buffer) => {
      if (!told.includes(" issued,") && (told += part.toString()).includes(" issued,")) child.kill("SIGINT");
    });
    expect((await closed)[0]).toBe(1);
    expect(Buffer.concat(out).toString()).toContain("The same command goes on where this one ended.");
    const before = (await bills()).length;
    expect(before).toBeGreaterThan(ACCOUNTS);
    expect(before).toBeLessThan(2 * ACCOUNTS);
    expect((await sanbiaoHere([...april, "--json"], { env })).code).toBe(0);
    expect(await bills()).toHaveLength(2 * ACCOUNTS);
  });

  test("what waits is listed, and an account is closed as its final bill was shown", async () => {
    const final = ["bill", "final", "7", "--operator", "estate", "--on", "2025-05-01"];
    const [waiting, shown] = await Promise.all([
      sanbiao(["bill", "exceptions", "--operator", "estate", "--json"], { env }),
      sanbiao([...final, "--json"], { env }),
    ]);
    expect(JSON.parse(waiting.out)).toEqual({ operator: "estate", exceptions: [] });
    const { periodFrom, figures, digest } = JSON.parse(shown.out) as Record<string, unknown>;
    // Both months are billed up to that day, and nothing was paid: 2 × 107.60.
    expect([periodFrom, figures]).toMatchObject([null, { stillOwed: { amount: "215.20" } }]);
    const done = await sanbiao([...final, "--issue", String(digest)], { env });
    expect([done.code, done.out]).toEqual([0, "Account 7 is closed on 2025-05-01: no further bill.\n"]);
    expect(await bills()).toHaveLength(2 * ACCOUNTS);
  });

  test.each([
    ["an operator that nobody knows", ["bill", "--operator", "x", "--period", "2025-03"], 1, "request.not-found"],
    ["a month that is not over", ["bill", "--operator", "estate", "--period", "2999-01"], 1, "request.invalid"],
    ["a month that is none", ["bill", "--operator", "estate", "--period", "2025-13"], 2, "2026-10"],
  ])("refuses %s", async (_title, words, code, said) => {
    const result = await sanbiaoHere(words, { env });
    expect(result.code).toBe(code);
    expect(result.err).toContain(said);
  });
});

describe("sanbiao verify", () => {
  test("exits 0 on sound books and 1 on others, naming what is wrong", async () => {
    const sound = await sanbiaoHere(["verify", "--json"], { env });
    expect(sound.code, sound.out + sound.err).toBe(0);
    expect(JSON.parse(sound.out)).toMatchObject({ ok: true });
    await owner.query(
      "update customer_balance set owed_minor = owed_minor - 1 where account_id = (select min(account_id) from customer_balance)",
    );
    const broken = await sanbiao(["verify"], { env });
    expect(broken.code).toBe(1);
    expect(broken.out).toMatch(
      /FAIL Every customer's balance .*is the sum of his postings.* \(130 looked at\)\n.*balance \d+, postings \d+/,
    );
  });
});
