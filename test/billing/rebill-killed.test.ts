import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import type { Pool } from "pg";
import { pino } from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import { billDepsOf } from "../../billing/main.ts";
import { previewAccounts, type ToPost, toPost } from "../../billing/rebill/batch.ts";
import { batchDigest } from "../../billing/rebill/decide.ts";
import { runBills } from "../../billing/run.ts";
import { instant } from "../../domain/instant.ts";
import { noTelemetry as telemetry } from "../../domain/telemetry.ts";
import { verify } from "../../ledger/verify/verify.ts";
import { type FreshDatabase, freshDatabase, ownerPool } from "../support/database.ts";
import { SmallTown } from "../support/town.ts";
import { monthNamed } from "./lives.ts";

const ACCOUNTS = 12;
const SEED = (process.env["REBILL_SEED"] ?? "") === "" ? 20_261_128 : Number(process.env["REBILL_SEED"]);

let fresh: FreshDatabase;
let owner: Pool;
const children = new Set<ChildProcess>();
const { from, to } = monthNamed("2025-03");

beforeAll(async () => {
  fresh = await freshDatabase();
  owner = ownerPool(fresh.ownerUrl);
  const town = await SmallTown.found(owner, "estate");
  for (let i = 1; i <= ACCOUNTS; i++) {
    const account = await town.account(String(i), "postpaid", "2025-03-01");
    const { meter } = await town.supply({ account, tariff: "zhejiang.electricity.residential", from: "2025-03-01" });
    await town.readings(meter, "energy_import_kwh", [
      ["2025-03-01T00:00+08:00", 0],
      ["2025-04-01T00:00+08:00", 205],
    ]);
  }
  expect((await runBills(deps(), town.operatorId, { from, to })).issued).toHaveLength(ACCOUNTS);
  await owner.query(
    `insert into reading_edit (operator_id, meter_id, register, measured_at, origin, kind, value, source, reason, idempotency_key, made_at)
     select operator_id, id, 1, '2025-04-01T00:00+08:00', 'clerk', 'value', 200000000, 3, 'misread', 'misread ' || id, '2025-04-20T00:00Z' from meter`,
  );
});
afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  await owner.end();
  await fresh.drop();
});

const deps = () => {
  const clock = { now: () => instant(Date.UTC(2025, 3, 25)) };
  return billDepsOf({ db: fresh.db, clock, telemetry, log: pino({ level: "silent" }) });
};

function start(digest: string): ChildProcess {
  const child = fork(new URL("../support/rebill-child.ts", import.meta.url), [fresh.url, digest]);
  children.add(child);
  child.once("exit", () => children.delete(child));
  return child;
}

/** SIGKILL some moments after so many accounts were posted. */
async function killedAfter(child: ChildProcess, accounts: number, more_ms: number): Promise<NodeJS.Signals | null> {
  const exited = once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
  let left = accounts + 1; // it says `begin` first
  child.on("message", () => {
    if (--left === 0) setTimeout(() => child.kill("SIGKILL"), more_ms);
  });
  return (await exited)[1];
}

test(`posting that is killed between accounts and within one goes on without doubling (seed ${SEED})`, async () => {
  const accounts: ToPost[] = [];
  for await (const one of previewAccounts(fresh.db, 1n, { selection: {}, from }, deps())) accounts.push(...toPost(one));
  const digest = batchDigest(accounts);
  // One is killed as soon as an account is posted, one within an account; then two at once post what is left.
  expect(await killedAfter(start(digest), 1, 0)).toBe("SIGKILL");
  expect(await killedAfter(start(digest), 0, SEED % 8)).toBe("SIGKILL");
  const left = [start(digest), start(digest)].map((child) => once(child, "exit"));
  expect(await Promise.all(left)).toEqual([
    [0, null],
    [0, null],
  ]);
  const { rows } = await owner.query(
    `select count(*)::int as notes, count(distinct account_id)::int as accounts, min(total_minor)::int as least, max(total_minor)::int as most,
            max(number) as last from correction`,
  );
  expect(rows).toEqual([{ notes: ACCOUNTS, accounts: ACCOUNTS, least: -269, most: -269, last: "C2025-000012" }]);
  const again: object[] = [];
  for await (const one of previewAccounts(fresh.db, 1n, { selection: {}, from }, deps())) again.push(one);
  expect(again).toEqual([]);
  expect((await verify(owner)).filter(({ ok }) => !ok)).toEqual([]);
}, 60_000);
