import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ownerPool } from "../schema/database.ts";
import { sanbiao } from "./support/command.ts";
import { demoFolder, removeDemo, type RunningDemo, startDemo } from "./support/demo.ts";

/** The newcomer's walk: start, look, stop, start again, pull the plug, start again. One estate for the whole file. */
let folder: string;
let demo: RunningDemo;
const seen: Record<string, unknown>[] = [];

beforeAll(async () => {
  folder = await demoFolder();
  demo = await startDemo(folder);
});
afterAll(async () => {
  await demo.stop();
  await removeDemo(folder);
});

/** What the books hold, counted by the owner over all operators. */
async function books(): Promise<Record<string, unknown>> {
  const owner = ownerPool(await demo.databaseUrl(), { max: 1 });
  try {
    const { rows } = await owner.query<Record<string, unknown>>(`select
      (select count(*) from operator)::int as operators, (select count(*) from account)::int as accounts,
      (select count(*) from bill)::int as bills, (select count(distinct account_id) from bill)::int as billed,
      (select count(*) from reading)::int as readings, (select count(distinct meter_id) from reading)::int as meters,
      (select count(*) from reading_conflict)::int as conflicts, (select count(*) from run_exception)::int as exceptions,
      (select count(*) from journal where kind = 'payment')::int as payments,
      (select count(distinct (measured_at at time zone 'Asia/Shanghai')::date) from reading)::int as days`);
    return rows[0] ?? {};
  } finally {
    await owner.end();
  }
}

async function verified(): Promise<{ code: number | null; failed: unknown[]; checks: number }> {
  const { code, out } = await sanbiao(["verify", "--json"], { env: { SANBIAO_DATA: folder, DATABASE_URL: "" } });
  const { checks } = JSON.parse(out) as { checks: { ok: boolean }[] };
  return { code, failed: checks.filter((check) => !check.ok), checks: checks.length };
}

describe("the demo", () => {
  test("is ready with two months of readings through the broker, a bill for every account and nothing refused", async () => {
    const now = await books();
    seen.push(now);
    expect(now).toMatchObject({ operators: 2, accounts: 68, bills: 68, billed: 68, conflicts: 0, exceptions: 0 });
    expect(now["meters"]).toBeGreaterThanOrEqual(48 * 3 + 20);
    expect(now["days"]).toBeGreaterThanOrEqual(60);
    expect(demo.said()).toMatch(/history: \d+ of \d+ readings/);
  });

  test("answers alive and ready, shows its users only because it is a demo, and serves its own description", async () => {
    const get = async (path: string) => (await fetch(demo.url + path)).json() as Promise<Record<string, unknown>>;
    expect(await get("/healthz")).toBeTruthy();
    expect(await get("/readyz")).toMatchObject({ ready: true });
    expect(await get("/api/v1/demo")).toMatchObject({ demo: true });
    expect(await get("/openapi.json")).toHaveProperty("paths");
    expect(await (await fetch(`${demo.url}/metrics`)).text()).toContain("sanbiao_readings_total");
  });

  test("keeps books that verify proves while the service runs", async () => {
    const { code, failed, checks } = await verified();
    expect({ code, failed }).toEqual({ code: 0, failed: [] });
    expect(checks).toBeGreaterThan(10);
  });

  test("stops in order at Ctrl-C and goes on where it stopped, adding nothing twice", async () => {
    expect(await demo.stop()).toBe(0);
    demo = await startDemo(folder);
    const now = await books();
    const before = seen[0];
    expect(now).toMatchObject({ bills: before?.["bills"], payments: before?.["payments"], conflicts: 0 });
    expect(now["readings"]).toBeGreaterThanOrEqual(Number(before?.["readings"]));
  });

  test("comes back from a SIGKILL with nothing lost, doubled or unproven", async () => {
    const before = await books();
    await demo.kill();
    demo = await startDemo(folder);
    const now = await books();
    expect(now).toMatchObject({ bills: before["bills"], payments: before["payments"], conflicts: 0 });
    expect(now["readings"]).toBeGreaterThanOrEqual(Number(before["readings"]));
    expect(await verified()).toMatchObject({ code: 0, failed: [] });
  });
});
