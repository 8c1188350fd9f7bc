import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import type { Pool } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { seedEstate } from "../../bench/billrun/estate.ts";
import { verify } from "../../ledger/verify/verify.ts";
import { type FreshDatabase, freshDatabase, ownerPool } from "../support/database.ts";

const ACCOUNTS = 260;
const CHUNK = 5;
const KILLS = 10;
/** A process is killed before its first chunk, or after one or two; with its two lanes it has begun four at most. */
const CHUNKS_MAX = 2;
const SEED = (process.env["BILL_SEED"] ?? "") === "" ? 20_260_902 : Number(process.env["BILL_SEED"]);

const fresh: FreshDatabase[] = [];
const owners: Pool[] = [];
const children = new Set<ChildProcess>();
beforeAll(async () => {
  for (let i = 0; i < 2; i++) {
    const one = await freshDatabase();
    fresh.push(one);
    const owner = ownerPool(one.ownerUrl);
    owners.push(owner);
    await seedEstate(owner, ACCOUNTS);
  }
});
afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  for (const owner of owners) await owner.end();
  for (const one of fresh) await one.drop();
});

/** Numbers in [0, 1), the same for the same seed. */
function chance(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function start(url: string): ChildProcess {
  const child = fork(new URL("../support/bill-child.ts", import.meta.url), [url, String(CHUNK)]);
  children.add(child);
  child.once("exit", () => children.delete(child));
  return child;
}

/** SIGKILL after so many chunks and a moment more. @returns the signal that ended it */
async function killedAfter(child: ChildProcess, chunks: number, more_ms: number): Promise<NodeJS.Signals | null> {
  const exited = once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
  let left = chunks + 1; // it says `begin` first
  child.on("message", () => {
    if (--left === 0) setTimeout(() => child.kill("SIGKILL"), more_ms);
  });
  return (await exited)[1];
}

async function untilDone(url: string): Promise<number | null> {
  const [code] = (await once(start(url), "exit")) as [number | null];
  return code;
}

/** Everything that a run writes, without ids, numbers and the order in which the accounts came. */
const CONTENT = {
  bills: `select account_id, period_from, period_to, issued_on, due_on, currency, total_minor from bill order by account_id`,
  lines: `select b.account_id, to_jsonb(l) - 'bill_id' as line from bill_line l join bill b using (operator_id)
           where b.id = l.bill_id order by 1, l.line`,
  usage: `select b.account_id, to_jsonb(u) - 'bill_id' as usage from billed_usage u join bill b using (operator_id)
           where b.id = u.bill_id order by 1, u.usage_point_id`,
  bases: `select b.account_id, s.sha256, s.document from bill_basis s join bill b on b.id = s.bill_id order by 1`,
  entries: `select to_jsonb(j) - 'id' - 'written_in' as entry, (select jsonb_agg(to_jsonb(p) - 'journal_id' order by p.line) from posting p
              where p.operator_id = j.operator_id and p.journal_id = j.id) as postings from journal j order by j.idempotency_key`,
  owed: "select account_id, currency, owed_minor from customer_balance order by account_id",
  energy: `select b.account_id, e.usage_point_id, e.period_from, (select jsonb_agg(to_jsonb(p) - 'entry_id' order by p.line)
              from energy_posting p where p.operator_id = e.operator_id and p.entry_id = e.id) as postings
             from energy_entry e join bill b on b.id = e.bill_id order by 1, 2`,
  verdicts: "select to_jsonb(v) - 'id' as verdict from verdict v order by meter_id, register, from_at, rule",
  numbers: "select number from bill order by number",
  runs: "select period_from, state, done, refused from due_run",
  exceptions: "select * from run_exception",
} as const;

async function contentOf(owner: Pool): Promise<Record<string, unknown[]>> {
  const content: Record<string, unknown[]> = {};
  for (const [name, text] of Object.entries(CONTENT)) content[name] = (await owner.query(text)).rows;
  return content;
}

test(`a run killed ten times at random, two processes at once, ends with the same bytes as one left alone (seed ${SEED})`, async () => {
  const [alone, killed] = fresh as [FreshDatabase, FreshDatabase];
  const [ownerOfAlone, owner] = owners as [Pool, Pool];
  const left = untilDone(alone.url);
  const random = chance(SEED);
  let kills = 0;
  while (kills < KILLS) {
    const both = [0, 1].map(() => {
      const [chunks, more_ms] = [Math.floor(random() * (CHUNKS_MAX + 1)), Math.floor(random() * 30)];
      return killedAfter(start(killed.url), chunks, more_ms);
    });
    expect(await Promise.all(both)).toEqual(["SIGKILL", "SIGKILL"]);
    kills += both.length;
  }
  const { rows } = await owner.query<{ n: number }>("select count(*)::int as n from bill");
  expect(rows[0]?.n).toBeLessThan(ACCOUNTS);
  expect(await Promise.all([untilDone(killed.url), untilDone(killed.url)])).toEqual([0, 0]);
  expect(await untilDone(killed.url)).toBe(0); // again adds nothing
  expect(await left).toBe(0);
  const [expected, found] = [await contentOf(ownerOfAlone), await contentOf(owner)];
  expect(expected["bills"]).toHaveLength(ACCOUNTS);
  for (const name of Object.keys(CONTENT)) expect(found[name], name).toEqual(expected[name]);
  expect((await verify(owner)).filter(({ ok }) => !ok)).toEqual([]);
});
