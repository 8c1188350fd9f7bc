/**
 * Payments at a counter or from a channel, one transaction each (idempotency key, entry, postings, balance, withdrawal of a cut that
 * waits, order to reconnect), as a multiple of TPC-B-like transactions on the same server, in turns, at the same number of connections.
 * Like is held against like: pgbench sends TPC-B's statements and the payments' call, both prepared; the same payments from this process,
 * which shares the machine's cores with the server, are a row of their own, and so is TPC-B in pgbench's own default, which prepares
 * nothing; neither is what the ratio is asked of. Every home has paid before; every tenth is dark or about to be, so that its
 * payment takes a cut back or orders supply back. Without pgbench on the machine this process sends both, and the table says so.
 * Run: node bench/payments.ts [--seconds N] [--connections N] [--json]
 */
import { execFile } from "node:child_process";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import pg from "pg";
import { takePayment } from "../billing/payment.ts";
import { instant } from "../domain/instant.ts";
import { money } from "../domain/money.ts";
import { verify } from "../ledger/verify/verify.ts";
import { openDatabase, ownerPool } from "../schema/database.ts";
import { removeCluster, startEmbedded } from "../schema/embedded/server.ts";
import { databaseOf } from "../schema/url.ts";
import { migrate } from "../schema/migrate.ts";
import { report, tableText } from "./report.ts";

const { values: options } = parseArgs({
  options: {
    seconds: { type: "string", default: "5" },
    connections: { type: "string", default: "8" },
    rounds: { type: "string", default: "3" },
    json: { type: "boolean", default: false },
  },
});
const [SECONDS, CONNECTIONS, ROUNDS] = [Number(options.seconds), Number(options.connections), Number(options.rounds)];
const HOMES = 100_000;
const SCALE = 50;
const RATIO_MIN = 1.2;
const run = promisify(execFile);

async function seed(owner: pg.Pool): Promise<void> {
  const into = (statement: string) => owner.query(statement, [HOMES]);
  await owner.query(
    "insert into operator (code, kind, name_zh, name_en) values ('bench', 'supply_station', '测', 'Bench')",
  );
  await into(`insert into account (operator_id, number, name, payment_mode, opened_on)
    select 1, 'a-' || n, 'home ' || n, 'prepaid', '2026-01-01' from generate_series(1, $1::int) n`);
  await into(`insert into meter (operator_id, serial, utility, profile_id)
    select 1, 'm-' || n, 'electricity', 'sanbiao-json' from generate_series(1, $1::int) n`);
  await into(`insert into supply (operator_id, account_id, meter_id, policy_id, reported)
    select 1, n, n, 'demo-station', 'connected' from generate_series(1, $1::int) n`);
  await into(`select count(p.entry_id) from generate_series(1, $1::int) n
    cross join lateral take_payment(1, n, 'seed-' || n, 'bank', 'supply', 'CNY', 5000, '2026-01-01', null) p`);
  // Of twenty homes one is dark and one is about to be cut.
  await into(`insert into control (operator_id, meter_id, account_id, action, reason, created_at, not_before, expires_at)
    select 1, n, n, 'disconnect', '{}', now(), now(), now() + interval '1 hour' from generate_series(1, $1::int) n where n % 20 = 10`);
  await owner.query(`update supply set desired = 'disconnected', state = case account_id % 20 when 0 then 'cut' else 'cut_due' end,
           reported = case account_id % 20 when 0 then 'disconnected' else 'connected' end where account_id % 10 = 0`);
  await owner.query("vacuum analyze");
}

const median = (all: readonly number[]): number => all.toSorted((a, b) => a - b)[all.length >> 1] ?? 0;

/** Transactions per second of as many workers as there are connections; each does one after the other. */
async function speed(work: (worker: number) => Promise<unknown>): Promise<number> {
  const until = performance.now() + SECONDS * 1000;
  const begun = performance.now();
  let done = 0;
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async (_, worker) => {
      for (; performance.now() < until; done++) await work(worker);
    }),
  );
  return (done * 1000) / (performance.now() - begun);
}

async function pgbench(url: string, words: readonly string[], session = ""): Promise<string | null> {
  try {
    const env = { ...process.env, PGOPTIONS: session };
    return (await run("pgbench", [...words, url], { maxBuffer: 1 << 24, env })).stdout;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

const TPC_B_TABLES = `
  create table pgbench_branches (bid int primary key, bbalance int, filler char(88));
  create table pgbench_tellers (tid int primary key, bid int, tbalance int, filler char(84));
  create table pgbench_accounts (aid int primary key, bid int, abalance int, filler char(84));
  create table pgbench_history (tid int, bid int, aid int, delta int, mtime timestamp, filler char(22));
  insert into pgbench_branches select n, 0 from generate_series(1, ${SCALE}) n;
  insert into pgbench_tellers select n, (n - 1) / 10 + 1, 0 from generate_series(1, ${SCALE * 10}) n;
  insert into pgbench_accounts select n, (n - 1) / 100000 + 1, 0, '' from generate_series(1, ${SCALE * 100_000}) n;`;

const upTo = (n: number): number => 1 + Math.floor(Math.random() * n);

/** As pgbench's built-in script, from this process. */
async function tpcB(client: pg.Client): Promise<void> {
  const [aid, tid, bid, delta] = [upTo(SCALE * 100_000), upTo(SCALE * 10), upTo(SCALE), upTo(10_001) - 5001];
  const step = (name: string, text: string, values: number[]) => client.query({ name, text, values });
  await client.query("begin");
  await step("a", "update pgbench_accounts set abalance = abalance + $1 where aid = $2", [delta, aid]);
  await step("s", "select abalance from pgbench_accounts where aid = $1", [aid]);
  await step("t", "update pgbench_tellers set tbalance = tbalance + $1 where tid = $2", [delta, tid]);
  await step("b", "update pgbench_branches set bbalance = bbalance + $1 where bid = $2", [delta, bid]);
  await step(
    "h",
    "insert into pgbench_history (tid, bid, aid, delta, mtime) values ($1, $2, $3, $4, current_timestamp)",
    [tid, bid, aid, delta],
  );
  await client.query("end");
}

/** The words of one run with a session per connection. `prepared`: each statement is planned once; `simple`: each time, pgbench's default. */
const runBy = (protocol: "prepared" | "simple"): string[] =>
  `-n -M ${protocol} -c ${CONNECTIONS} -j 2 -T ${SECONDS}`.split(" ");

const perSecond = (said: string): number => Number(/tps = ([\d.]+)/.exec(said)?.[1]);

/** The call of `takePayment`, every one with a key of its own; `n` counts within a session. */
const PAYMENT_SCRIPT = `\\set n :n + 1
\\set payer random(1, ${HOMES})
\\set minor random(1, 20000)
select * from sanbiao.take_payment(1, :payer, 'pgbench-' || :round || '-' || :client_id || '-' || :n, 'wallet', 'supply', 'CNY', :minor, now(), null);
`;

/** Payments by pgbench in the service's role: how many in all, and per second. */
async function payByPgbench(url: string, script: string, round: number): Promise<{ count: number; perSecond: number }> {
  const words = [...runBy("prepared"), "-D", "n=0", "-D", `round=${round}`, "-f", script];
  const said = (await pgbench(url, words, "-c role=sanbiao_service -c search_path=sanbiao -c timezone=UTC")) ?? "";
  const count = Number(/actually processed: (\d+)/.exec(said)?.[1]);
  if (!(count > 0) || !/failed transactions: 0 /.test(said)) throw new Error(`pgbench did not pay: ${said}`);
  return { count, perSecond: perSecond(said) };
}

type Reference = {
  readonly name: string;
  readonly run: () => Promise<number>;
  /** In pgbench's own default; absent when this process sends the reference. */
  readonly runSimple?: () => Promise<number>;
  readonly close: () => Promise<unknown>;
};

async function reference(url: string, owner: pg.Pool): Promise<Reference> {
  await owner.query("create database bench_reference");
  const of = databaseOf(url, "bench_reference");
  if ((await pgbench(of, ["-i", "-q", "-s", String(SCALE)])) !== null) {
    const once = async (protocol: "prepared" | "simple") => perSecond((await pgbench(of, runBy(protocol))) ?? "");
    return {
      name: "TPC-B-like, by pgbench, prepared",
      run: () => once("prepared"),
      runSimple: () => once("simple"),
      close: async () => undefined,
    };
  }
  const clients = Array.from({ length: CONNECTIONS }, () => new pg.Client({ connectionString: of }));
  await Promise.all(clients.map((client) => client.connect()));
  await clients[0]?.query(TPC_B_TABLES);
  return {
    name: "TPC-B-like, from this process (no pgbench here)",
    run: () => speed((worker) => tpcB(clients[worker] as pg.Client)),
    close: () => Promise.all(clients.map((client) => client.end())),
  };
}

const folder = await mkdtemp(join(tmpdir(), "sanbiao-bench-"));
const server = await startEmbedded({ folder });
const owner = ownerPool(server.url);
const db = openDatabase(server.url, { max: CONNECTIONS });
try {
  await migrate(server.url);
  await seed(owner);
  const tpc = await reference(server.url, owner);
  let keys = 0;
  let [withdrawn, reconnected] = [0, 0];
  const pay = async (): Promise<void> => {
    const taken = await takePayment(db, {
      operatorId: 1n,
      accountId: BigInt(upTo(HOMES)),
      amount: money("CNY", BigInt(upTo(20_000))),
      channel: "wallet",
      key: `bench-${++keys}`,
      at: instant(Date.now()),
    });
    if (taken.kind !== "posted") throw new Error(`a payment was ${taken.kind}`);
    withdrawn += taken.withdrawn.length;
    reconnected += taken.reconnect === undefined ? 0 : 1;
  };
  await speed(pay); // warms up
  const script = join(folder, "payment.pgbench");
  await writeFile(script, PAYMENT_SCRIPT);
  const seen: { tpcB: number; simple?: number; byPgbench: number; fromHere: number }[] = [];
  let paidByPgbench = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const tpcB = await tpc.run();
    const fromHere = await speed(pay);
    if (tpc.runSimple === undefined) seen.push({ tpcB, byPgbench: fromHere, fromHere });
    else {
      const { count, perSecond: byPgbench } = await payByPgbench(server.url, script, round);
      paidByPgbench += count;
      seen.push({ tpcB, simple: await tpc.runSimple(), byPgbench, fromHere });
    }
  }
  await tpc.close();
  // Bench homes were dark from the beginning, without a certificate or a warning of their own: only the money is proven here.
  const BOOKS = ["entries-balance", "postings-belong", "balances-sum", "classes-sum"];
  const broken = (await verify(owner)).filter(({ name, ok }) => !ok && BOOKS.includes(name)).map(({ name }) => name);
  const booked = await owner.query<{ n: bigint }>(
    "select count(*) as n from journal where kind = 'payment' and posted_at > '2026-01-01'",
  );
  if (booked.rows[0]?.n !== BigInt(keys + paidByPgbench)) broken.push("payments-booked");
  const [ratio, ratioFromHere] = [
    median(seen.map((one) => one.byPgbench / one.tpcB)),
    median(seen.map((one) => one.fromHere / one.tpcB)),
  ];
  const simpleRatio = median(seen.map((one) => (one.simple ?? 0) / one.tpcB));
  const result = {
    connections: CONNECTIONS,
    reference: tpc.name,
    referencePerSecond: median(seen.map((one) => one.tpcB)),
    ...(tpc.runSimple === undefined ? {} : { referenceSimplePerSecond: median(seen.map((one) => one.simple ?? 0)) }),
    client: tpc.runSimple === undefined ? "this process" : "pgbench",
    paymentsPerSecond: median(seen.map((one) => one.byPgbench)),
    ratio,
    paymentsPerSecondFromHere: median(seen.map((one) => one.fromHere)),
    ratioFromHere,
    least: RATIO_MIN,
    payments: keys + paidByPgbench,
    paymentsFromHere: keys,
    withdrawn,
    reconnected,
    broken,
  };
  report(result, () => {
    const row = (what: string, speedOf: number, of: number) => ({
      what,
      "transactions/s": Math.round(speedOf),
      ratio: +of.toFixed(2),
    });
    const table = tableText([
      row(tpc.name, result.referencePerSecond, 1),
      ...(result.referenceSimplePerSecond === undefined
        ? []
        : [
            row("TPC-B-like, by pgbench, its default (simple)", result.referenceSimplePerSecond, simpleRatio),
            row("payments, by pgbench, prepared", result.paymentsPerSecond, ratio),
          ]),
      row("payments, from this process", result.paymentsPerSecondFromHere, ratioFromHere),
    ]);
    return [
      table,
      `${CONNECTIONS} connections; ${result.payments} payments; the ${keys} from this process took ${withdrawn} cuts back and ordered supply back ${reconnected} times`,
      broken.length === 0 ? "the books balance, and every payment stands in them once" : `broken: ${broken.join(", ")}`,
    ].join("\n");
  });
  process.exitCode = ratio >= RATIO_MIN && broken.length === 0 ? 0 : 1;
} finally {
  await db.close();
  await owner.end();
  await server.stop();
  await removeCluster(folder);
}
