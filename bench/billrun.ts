/**
 * The bill run: homes with three utilities each, from readings in the book to issued bills, posted in money and in energy, in
 * one process through the real run with the database's every check, as a share of two connections' COPY of the same rows into
 * the same tables without any, and of set-based SQL that writes the same rows and knows this one estate.
 * Run: node bench/billrun.ts [--accounts N] [--json]
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import pg from "pg";
import { verify } from "../ledger/verify/verify.ts";
import { ownerPool } from "../schema/database.ts";
import { removeCluster, startEmbedded } from "../schema/embedded/server.ts";
import { migrate } from "../schema/migrate.ts";
import { report } from "./report.ts";
import { seedEstate } from "./billrun/estate.ts";
import { copyAlone, type Counts, countWritten, setBased } from "./billrun/references.ts";

const { values: options } = parseArgs({
  options: { accounts: { type: "string", default: "100000" }, json: { type: "boolean", default: false } },
});
const ACCOUNTS = Number(options.accounts);
/** Of COPY alone, of set-based SQL, and how time may grow with the accounts. */
const [COPY_SHARE_MIN, SQL_SHARE_MIN, EXPONENT_MAX, PEAK_MIB_MAX] = [0.25, 0.6, 1.05, 1024];

type Run = { readonly accounts: number; readonly seconds: number; readonly peakMiB: number };

class Server {
  readonly url: string;
  constructor(url: string) {
    this.url = url;
  }
  of = (name: string): string => this.url.replace(/\/[^/]*$/, `/${name}`);
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

async function billed(url: string, accounts: number): Promise<Run> {
  const child = fork(new URL("billrun/worker.ts", import.meta.url), [url]);
  const [done] = (await once(child, "message")) as [Omit<Run, "accounts"> & { issued: number; refused: number }];
  if (done.issued !== accounts || done.refused > 0) throw new Error(`${done.issued} of ${accounts} bills were issued`);
  return { accounts, seconds: done.seconds, peakMiB: done.peakMiB };
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
  readonly copySeconds: number;
  readonly sqlSeconds: number;
  readonly broken: readonly string[];
};

async function measure(server: Server, folder: string): Promise<Result> {
  const sizes = [1000, 10_000, 100_000].filter((size) => size < ACCOUNTS);
  const runs: Run[] = [];
  for (const size of sizes) {
    const name = await seeded(server, size);
    runs.push(await billed(server.of(name), size));
    await server.drop(name);
  }
  const template = await seeded(server, ACCOUNTS);
  const run = await server.copy("run", template);
  runs.push(await billed(run, ACCOUNTS));
  const rows = await countWritten(run);
  const copySeconds = await copyAlone(run, await server.copy("copied", template), folder);
  await server.drop("copied");
  const sql = await server.copy("by_sql", template);
  const sqlSeconds = await setBased(run, sql);
  const sqlRows = await countWritten(sql);
  for (const [table, n] of Object.entries(rows))
    if (sqlRows[table] !== n) throw new Error(`${table}: the run wrote ${n} rows, the set-based SQL ${sqlRows[table]}`);
  const owner = ownerPool(run);
  const broken = (await verify(owner)).filter(({ ok }) => !ok).map(({ name, examples }) => `${name}: ${examples[0]}`);
  await owner.end();
  return { runs, exponent: exponentOf(runs), rows, copySeconds, sqlSeconds, broken };
}

const folder = await mkdtemp(join(tmpdir(), "sanbiao-bench-"));
const files = await mkdtemp(join(tmpdir(), "sanbiao-bench-rows-"));
await chmod(files, 0o777); // the server may run as a user of its own
const embedded = await startEmbedded({ folder });
try {
  const result = await measure(new Server(embedded.url), files);
  const { runs, exponent, rows, copySeconds, sqlSeconds, broken } = result;
  const last = runs.at(-1) as Run;
  const [copyShare, sqlShare] = [copySeconds / last.seconds, sqlSeconds / last.seconds];
  report({ ...result, copyShare, sqlShare }, () => {
    const total = Object.values(rows).reduce((sum, n) => sum + n, 0);
    return [
      "accounts × 3 utilities | bills/s | seconds | peak memory",
      ...runs.map(
        ({ accounts, seconds, peakMiB }) =>
          `${String(accounts).padStart(22)} | ${(accounts / seconds).toFixed(0).padStart(7)} | ${seconds.toFixed(1).padStart(7)} | ${peakMiB.toFixed(0).padStart(7)} MiB`,
      ),
      `\n${(total / last.accounts).toFixed(1)} rows a bill in ${Object.keys(rows).length} tables`,
      `time grows as accounts to the ${exponent.toFixed(3)}`,
      `COPY alone, two connections   ${copySeconds.toFixed(1).padStart(7)} s   the run is ${copyShare.toFixed(2)} of it`,
      `set-based SQL, two connections${sqlSeconds.toFixed(1).padStart(7)} s   the run is ${sqlShare.toFixed(2)} of it`,
      broken.length === 0 ? "every invariant of the books holds" : broken.join("\n"),
    ].join("\n");
  });
  const isFast = copyShare >= COPY_SHARE_MIN && sqlShare >= SQL_SHARE_MIN;
  const isEven = last.peakMiB <= PEAK_MIB_MAX && (runs.length === 1 || exponent <= EXPONENT_MAX);
  process.exitCode = isFast && isEven && broken.length === 0 ? 0 : 1;
} finally {
  await embedded.stop();
  await removeCluster(folder);
  await rm(files, { recursive: true });
}
