/**
 * The bill run: homes with three utilities each, from readings in the book to issued bills, posted in money and in energy, in
 * one process through the real run with the database's every check, as a share of two connections' COPY of the same rows into
 * the same tables without any, and of set-based SQL that writes the same rows and knows this one estate: into the same guarded books
 * (this is the measure) and as the owner with every guard off; by time and by processor time, which other work on the machine does
 * not change. The run has as many processes as COPY and SQL have connections. With --rounds each is measured so often, one after the
 * other, and the median counts.
 * Run: node bench/billrun.ts [--accounts N] [--rounds N] [--processes N] [--json]
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import pg from "pg";
import { lanesOf } from "../billing/run-processes.ts";
import { verify } from "../ledger/verify/verify.ts";
import { ownerPool } from "../schema/database.ts";
import { removeCluster, startEmbedded } from "../schema/embedded/server.ts";
import { databaseOf } from "../schema/url.ts";
import { migrate } from "../schema/migrate.ts";
import { report, tableText } from "./report.ts";
import { ServerCpu } from "./billrun/cpu.ts";
import { seedEstate } from "./billrun/estate.ts";
import {
  basisHead,
  type Books,
  copyAlone,
  copyOut,
  type Counts,
  countWritten,
  setBased,
} from "./billrun/references.ts";

const { values: options } = parseArgs({
  options: {
    accounts: { type: "string", default: "100000" },
    rounds: { type: "string", default: "1" },
    processes: { type: "string", default: "2" },
    json: { type: "boolean", default: false },
  },
});
const [ACCOUNTS, ROUNDS, PROCESSES] = [Number(options.accounts), Number(options.rounds), Number(options.processes)];
/** Of COPY alone, of set-based SQL, and how time may grow with the accounts. */
const [COPY_SHARE_MIN, SQL_SHARE_MIN, EXPONENT_MAX, PEAK_MIB_MAX] = [0.25, 0.6, 1.05, 1024];

/** Processor time of the server and of whoever drives it; `null` where the system does not tell. */
type Took = { readonly seconds: number; readonly cpuSeconds: number | null };
/** `nodeSeconds`: of the processor time what the run's own processes took. */
type Run = Took & { readonly accounts: number; readonly peakMiB: number; readonly nodeSeconds: number };

class Server {
  readonly url: string;
  readonly #cpu: ServerCpu | null;
  private constructor(url: string, cpu: ServerCpu | null) {
    this.url = url;
    this.#cpu = cpu;
  }
  static at = async (url: string): Promise<Server> => new Server(url, await ServerCpu.of(url));

  /** What work took by its own clock, with the server's processor time beside its own. */
  async took<T extends { readonly seconds: number; readonly ownCpuSeconds?: number }>(
    work: () => Promise<T>,
  ): Promise<T & Took> {
    const [server, own] = [this.#cpu?.seconds() ?? 0, process.cpuUsage()];
    const done = await work();
    const { user, system } = process.cpuUsage(own);
    const cpuSeconds = (this.#cpu?.seconds() ?? 0) - server + (done.ownCpuSeconds ?? 0) + (user + system) / 1e6;
    return { ...done, cpuSeconds: this.#cpu === null ? null : cpuSeconds };
  }

  of = (name: string): string => databaseOf(this.url, name);
  async admin(statement: string): Promise<void> {
    const client = new pg.Client({ connectionString: this.of("postgres") });
    await client.connect();
    try {
      await client.query(statement);
    } finally {
      await client.end();
    }
  }
  async copy(name: string, template: string): Promise<string> {
    await this.admin(`create database ${name} template ${template}`);
    await this.admin("checkpoint"); // nobody pays for another one's pages
    return this.of(name);
  }
  drop = (name: string): Promise<void> => this.admin(`drop database ${name} with (force)`);
}

async function seeded(server: Server, accounts: number): Promise<string> {
  const name = `seeded_${accounts}`;
  await server.admin(`create database ${name}`);
  await migrate(server.of(name));
  const owner = ownerPool(server.of(name));
  await seedEstate(owner, accounts);
  await owner.end();
  return name;
}

type WorkerReport = { issued: number; refused: number; seconds: number; ownCpuSeconds: number; peakMiB: number };

/** One process of the run; all begin when all are there. */
async function worker(url: string): Promise<WorkerReport> {
  const child = fork(new URL("billrun/worker.ts", import.meta.url), [url, String(lanesOf(PROCESSES))]);
  const [told] = (await once(child, "message")) as [WorkerReport];
  return told;
}

async function billed(server: Server, database: string, accounts: number): Promise<Run> {
  const done = await server.took(async () => {
    const reports = await Promise.all(Array.from({ length: PROCESSES }, () => worker(server.of(database))));
    const sum = (of: (one: WorkerReport) => number): number => reports.reduce((all, one) => all + of(one), 0);
    return {
      issued: sum(({ issued }) => issued),
      refused: sum(({ refused }) => refused),
      seconds: Math.max(...reports.map(({ seconds }) => seconds)),
      ownCpuSeconds: sum(({ ownCpuSeconds }) => ownCpuSeconds),
      peakMiB: sum(({ peakMiB }) => peakMiB),
    };
  });
  if (done.issued !== accounts || done.refused > 0) throw new Error(`${done.issued} of ${accounts} bills were issued`);
  const { seconds, cpuSeconds, peakMiB, ownCpuSeconds: nodeSeconds } = done;
  return { accounts, seconds, cpuSeconds, nodeSeconds, peakMiB };
}

/** Slope of log time over log size. */
function exponentOf(runs: readonly Run[]): number {
  const points = runs.map(({ accounts, seconds }) => [Math.log(accounts), Math.log(seconds)] as const);
  const mean = (of: 0 | 1): number => points.reduce((sum, point) => sum + point[of], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  const over = points.reduce((sum, [a, b]) => sum + (a - x) * (b - y), 0);
  return over / points.reduce((sum, [a]) => sum + (a - x) ** 2, 0);
}

type Result = {
  readonly runs: readonly Run[];
  readonly exponent: number;
  readonly rows: Counts;
  readonly copy: Took;
  readonly sql: Took;
  readonly bareSql: Took;
  readonly broken: readonly string[];
};

async function measure(server: Server, folder: string): Promise<Result> {
  const smaller: Run[] = [];
  for (const size of [1000, 10_000, 100_000].filter((one) => one < ACCOUNTS)) {
    const name = await seeded(server, size);
    smaller.push(await billed(server, name, size));
    await server.drop(name);
  }
  const template = await seeded(server, ACCOUNTS);
  const rounds: Round[] = [];
  for (let round = 0; round < ROUNDS; round++) rounds.push(await measureRound(server, template, folder));
  const last = rounds.at(-1) as Round;
  const run = {
    ...medianOf(rounds.map((one) => one.run)),
    accounts: ACCOUNTS,
    nodeSeconds: median(rounds.map((one) => one.run.nodeSeconds)),
    peakMiB: Math.max(...rounds.map((one) => one.run.peakMiB)),
  };
  const runs = [...smaller, run];
  const middle = (of: (one: Round) => Took): Took => medianOf(rounds.map(of));
  return {
    runs,
    exponent: exponentOf(runs),
    rows: last.rows,
    copy: middle(({ copy }) => copy),
    sql: middle(({ sql }) => sql),
    bareSql: middle(({ bareSql }) => bareSql),
    broken: rounds.flatMap((one) => one.broken),
  };
}

type Round = Pick<Result, "rows" | "copy" | "sql" | "bareSql" | "broken"> & { readonly run: Run };

/** The run, then COPY of what it wrote, then SQL; each into a copy of the same estate. */
async function measureRound(server: Server, template: string, folder: string): Promise<Round> {
  const url = await server.copy("run", template);
  const run = await billed(server, "run", ACCOUNTS);
  const rows = await countWritten(url);
  await copyOut(url, folder);
  const copied = await server.copy("copied", template);
  const copy = await server.took(async () => ({ seconds: await copyAlone(copied, folder) }));
  await server.drop("copied");
  const basis = await basisHead(url);
  const sql = await measureSql(server, template, { basis, books: "guarded", rows });
  const bareSql = await measureSql(server, template, { basis, books: "bare", rows });
  const owner = ownerPool(url);
  const broken = (await verify(owner)).filter(({ ok }) => !ok).map(({ name, examples }) => `${name}: ${examples[0]}`);
  await owner.end();
  await server.drop("run");
  return { run, rows, copy, sql, bareSql, broken };
}

async function measureSql(
  server: Server,
  template: string,
  { basis, books, rows }: { readonly basis: string; readonly books: Books; readonly rows: Counts },
): Promise<Took> {
  const url = await server.copy("by_sql", template);
  const took = await server.took(async () => ({ seconds: await setBased(url, basis, books) }));
  const written = await countWritten(url);
  await server.drop("by_sql");
  for (const [table, n] of Object.entries(rows))
    if (written[table] !== n) throw new Error(`${table}: the run wrote ${n} rows, the set-based SQL ${written[table]}`);
  return took;
}

const median = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? 0;

function medianOf(all: readonly Took[]): Took {
  const cpu = all.flatMap(({ cpuSeconds }) => (cpuSeconds === null ? [] : [cpuSeconds]));
  return { seconds: median(all.map(({ seconds }) => seconds)), cpuSeconds: cpu.length === 0 ? null : median(cpu) };
}

/** How fast the run is, where 1 is as fast as the reference. */
type Share = { readonly byTime: number; readonly byCpu: number | null };

const shareOf = (reference: Took, run: Took): Share => ({
  byTime: reference.seconds / run.seconds,
  byCpu: reference.cpuSeconds === null || run.cpuSeconds === null ? null : reference.cpuSeconds / run.cpuSeconds,
});

const figure = (value: number | null, digits: number): string => (value === null ? "–" : value.toFixed(digits));

type Shares = { readonly copy: Share; readonly sql: Share; readonly bareSql: Share };

function textOf({ runs, exponent, rows, copy, sql, bareSql, broken }: Result, shares: Shares): string {
  const total = Object.values(rows).reduce((sum, n) => sum + n, 0);
  const last = runs.at(-1) as Run;
  const row = (what: string, took: Took, share?: Share) => ({
    what,
    seconds: figure(took.seconds, 1),
    "CPU s": figure(took.cpuSeconds, 1),
    "the run is of it": share === undefined ? "" : share.byTime.toFixed(2),
    "by CPU": share === undefined ? "" : figure(share.byCpu, 2),
  });
  return [
    tableText(
      runs.map(({ accounts, seconds, cpuSeconds, nodeSeconds, peakMiB }) => ({
        "accounts × 3 utilities": accounts,
        "bills/s": Math.round(accounts / seconds),
        seconds: figure(seconds, 1),
        "CPU s": figure(cpuSeconds, 1),
        "of it Node": figure(nodeSeconds, 1),
        "peak MiB": Math.round(peakMiB),
      })),
    ),
    `\n${(total / last.accounts).toFixed(1)} rows a bill in ${Object.keys(rows).length} tables`,
    `time grows as accounts to the ${exponent.toFixed(3)}\n`,
    tableText([
      row(`the run, ${PROCESSES} processes`, last),
      row("COPY alone, two connections", copy, shares.copy),
      row("set-based SQL, two connections", sql, shares.sql),
      row("the same, every guard off", bareSql, shares.bareSql),
    ]),
    broken.length === 0 ? "\nevery invariant of the books holds" : `\n${broken.join("\n")}`,
  ].join("\n");
}

const folder = await mkdtemp(join(tmpdir(), "sanbiao-bench-"));
const files = await mkdtemp(join(tmpdir(), "sanbiao-bench-rows-"));
await chmod(files, 0o777); // the server may run as a user of its own
const embedded = await startEmbedded({ folder });
try {
  const result = await measure(await Server.at(embedded.url), files);
  const { runs, exponent, broken } = result;
  const last = runs.at(-1) as Run;
  const shares = {
    copy: shareOf(result.copy, last),
    sql: shareOf(result.sql, last),
    bareSql: shareOf(result.bareSql, last),
  };
  report({ ...result, shares }, () => textOf(result, shares));
  const isFast = shares.copy.byTime >= COPY_SHARE_MIN && shares.sql.byTime >= SQL_SHARE_MIN;
  const isEven = last.peakMiB <= PEAK_MIB_MAX && (runs.length === 1 || exponent <= EXPONENT_MAX);
  process.exitCode = isFast && isEven && broken.length === 0 ? 0 : 1;
} finally {
  await embedded.stop();
  await removeCluster(folder);
  await rm(files, { recursive: true });
}
