/**
 * Validation: meter days judged by the strict group, over series in memory (1,000 to 100,000 meter days, in turns), and the
 * nightly step on PostgreSQL as a share of ingest without it: a day of two registers over MQTT QoS 1 from clients in other
 * processes until the last is acknowledged, and then judged with two weeks of history.
 * Run: node bench/vee.ts [--days N] [--meters N] [--rounds N] [--json]
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { parseArgs } from "node:util";
import type { Pool } from "pg";
import { dialOf } from "../catalog/meters/dials.ts";
import { headEnd } from "../catalog/vee/head-end.ts";
import { day } from "../domain/period.ts";
import { runGroup } from "../metering/vee/group.ts";
import { validateDay } from "../validation/day.ts";
import { seedDevices, withIngestStack } from "./ingest/stack.ts";
import { report } from "./report.ts";
import { FROM, inputOf, READINGS_A_DAY } from "./vee/days.ts";

const { values: options } = parseArgs({
  options: {
    days: { type: "string", default: "100000" },
    meters: { type: "string", default: "1000" },
    rounds: { type: "string", default: "5" },
    json: { type: "boolean", default: false },
  },
});
const DAYS_MAX = Number(options.days);
const METERS = Number(options.meters);
const ROUNDS = Number(options.rounds);
/** Built outside the clock, some at a time, as the nightly step has them. */
const CHUNK = 200;
const GENERATORS = 2;
const DAY = day("2026-03-01");

type Size = { readonly days: number; readonly perSecond: number; readonly suspect: number };

function judgedInMemory(days: number): Size {
  let spent = 0;
  let suspect = 0;
  for (let done = 0; done < days; done += CHUNK) {
    const builders = Array.from({ length: Math.min(CHUNK, days - done) }, (_, i) => inputOf(done + i));
    const begun = performance.now();
    for (const build of builders) suspect += runGroup(headEnd, build()).length;
    spent += performance.now() - begun;
  }
  return { days, perSecond: (days * READINGS_A_DAY * 1000) / spent, suspect };
}

/** Slope of log time over log size. */
function exponentOf(sizes: readonly Size[]): number {
  const points = sizes.map(({ days, perSecond }) => [Math.log(days), Math.log(days / perSecond)] as const);
  const mean = (of: 0 | 1): number => points.reduce((sum, point) => sum + point[of], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  const over = points.reduce((sum, [a, b]) => sum + (a - x) * (b - y), 0);
  return over / points.reduce((sum, [a]) => sum + (a - x) ** 2, 0);
}

const median = (all: readonly number[]): number => all.toSorted((a, b) => a - b)[all.length >> 1] ?? 0;

type Book = { ingest: number; validate: number; share: number; shares: number[]; verdicts: number };

async function inTheBook(): Promise<Book> {
  const seen = { ingest: [] as number[], validate: [] as number[], shares: [] as number[] };
  let verdicts = 0;
  await withIngestStack(seed, async ({ owner, db, clock, broker }) => {
    for (let round = 0; round <= ROUNDS; round++) {
      const ingested = await publishAll(broker.port);
      const begun = performance.now();
      const done = await validateDay({ db, clock, dials: dialOf }, 1n, DAY);
      const judged = performance.now() - begun;
      const rows = METERS * READINGS_A_DAY * 2;
      if (done.readings < rows - 2 * METERS) throw new Error(`${done.readings} of ${rows} readings were judged`);
      verdicts = done.verdicts;
      // Only a superuser can look away from what the book refuses, as for a restored copy.
      await owner.query(
        `begin; set local session_replication_role = replica; delete from reading where measured_at > to_timestamp(${FROM / 1000}); commit`,
      );
      if (round === 0) continue; // warms both up
      seen.ingest.push((rows * 1000) / ingested);
      seen.validate.push((done.readings * 1000) / judged);
      seen.shares.push(ingested / (ingested + judged));
    }
  });
  const { ingest: a, validate: b, shares } = seen;
  return { ingest: median(a), validate: median(b), share: median(shares), shares, verdicts };
}

/** Devices as `bench/ingest` has them, each with a place, an agreement and two weeks of hourly readings before the day. */
async function seed(owner: Pool): Promise<void> {
  await seedDevices(owner, METERS);
  await owner.query(
    "insert into account (operator_id, number, name, payment_mode, opened_on) values (1, '1', 'one', 'postpaid', '2025-01-01')",
  );
  await owner.query(
    "insert into usage_point (operator_id, utility, building) select 1, 'electricity', id::text from meter order by id",
  );
  await owner.query(
    `insert into agreement (operator_id, account_id, usage_point_id, tariff_id, from_day)
     select 1, a.id, p.id, 't', '2025-01-01' from account a, usage_point p`,
  );
  await owner.query(
    `insert into installation (operator_id, meter_id, usage_point_id, installed_at, capacity_per_hour)
     select 1, m.id, p.id, '2025-01-01', 10 from meter m join usage_point p on p.building = m.id::text`,
  );
  await owner.query("select ensure_reading_months('2025-01-01', '2025-12-31')");
  await owner.query(
    `insert into reading (operator_id, meter_id, register, measured_at, received_at, value, source)
     select 1, m.id, 1, t, t, (1000 + replace(m.device_key, 'e-', '')::bigint) * 1000000 - 400 * h, 2
       from meter m, generate_series(0, 15 * 24) h, lateral (select to_timestamp($1::float8) - h * interval '1 hour') x (t)`,
    [FROM / 1000],
  );
  await owner.query("analyze");
}

/** @returns milliseconds from the first PUBLISH to the last PUBACK */
async function publishAll(port: number): Promise<number> {
  const each = METERS / GENERATORS;
  const program = new URL("./ingest/generator.ts", import.meta.url);
  const generators = Array.from({ length: GENERATORS }, (_, i) =>
    fork(program, [port, i * each, each, 20, READINGS_A_DAY, FROM, 2].map(String)),
  );
  await Promise.all(generators.map((g) => once(g, "message"))); // ready
  const begun = performance.now();
  for (const g of generators) g.send("go");
  await Promise.all(generators.map((g) => once(g, "message"))); // done
  return performance.now() - begun;
}

judgedInMemory(2000); // warms up
const scales = [1000, 3000, 10_000, 30_000, 100_000].filter((days) => days <= DAYS_MAX);
const sizes = scales.map(judgedInMemory);
const exponent = exponentOf(sizes);
const book = await inTheBook();
report({ readingsADay: READINGS_A_DAY, from: FROM, sizes, exponent, book }, () =>
  [
    `series in memory, ${READINGS_A_DAY} readings a day, order and growth worked out, all rules\n`,
    "meter days | readings/s | verdicts",
    ...sizes.map(
      ({ days, perSecond, suspect }) =>
        `${String(days).padStart(10)} | ${k(perSecond)} | ${String(suspect).padStart(8)}`,
    ),
    `\ntime grows as meters to the ${exponent.toFixed(3)}`,
    `\n${METERS} meters' day by MQTT into the book, ${ROUNDS} rounds, medians`,
    `ingest without validation        ${k(book.ingest)} readings/s`,
    `nightly step, read to verdicts   ${k(book.validate)} readings/s`,
    `ingest with validation, as a share  ${book.share.toFixed(2)}   (${book.shares.map((x) => x.toFixed(2)).join(" ")})`,
  ].join("\n"),
);
process.exitCode = book.share >= 0.7 && exponent < 1.1 ? 0 : 1;

function k(n: number): string {
  return `${Math.round(n / 1000)} k`.padStart(10);
}
