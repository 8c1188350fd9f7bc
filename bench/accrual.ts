/**
 * Prepaid accounts priced again after a reading: in the engine's own way (from memory, figures written to the books) as a multiple
 * of working each out on the books, in the same run; and priced in memory alone. Homes under the demo station's tariff with an
 * hourly register since the last bill; each round every home's next reading is committed, then told.
 * Run: node bench/accrual.ts [--homes N] [--rounds N] [--json]
 */
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Pool } from "pg";
import { accrualOf, readAccrualBasis } from "../billing/prepaid/accrual.ts";
import { prepaidEngine } from "../billing/prepaid/engine.ts";
import { AccrualMemo } from "../billing/prepaid/memo.ts";
import { operatorFacts } from "../billing/operator.ts";
import { catalogueTariffs } from "../billing/tariffs.ts";
import { policyVersionsOf } from "../catalog/policies/catalogue.ts";
import { dialOf } from "../catalog/meters/dials.ts";
import { HOUR_MS, type Instant, instant, instantOfIso, isoOf, MINUTE_MS } from "../domain/instant.ts";
import type { Reading } from "../domain/reading.ts";
import { REGISTERS } from "../domain/register.ts";
import { noTelemetry } from "../domain/telemetry.ts";
import { openDatabase, ownerPool } from "../schema/database.ts";
import { removeCluster, startEmbedded } from "../schema/embedded/server.ts";
import { migrate } from "../schema/migrate.ts";
import { report, tableText } from "./report.ts";

const { values: options } = parseArgs({
  options: {
    homes: { type: "string", default: "2000" },
    rounds: { type: "string", default: "5" },
    json: { type: "boolean", default: false },
  },
});
const [HOMES, ROUNDS] = [Number(options.homes), Number(options.rounds)];
const DAYS = 20;
const FROM = instantOfIso("2026-06-01T00:00:00+08:00") as Instant;
const UNTIL = instant(FROM + DAYS * 24 * HOUR_MS);
const TARIFF = "zhejiang.electricity.residential";
const REGISTER = REGISTERS.energy_import_kwh.code;
/** What every home uses in an hour, millionths of a kWh. */
const HOURLY = 400_000;

async function seed(owner: Pool): Promise<void> {
  await owner.query(
    "insert into operator (code, kind, name_zh, name_en) values ('bench', 'supply_station', '测', 'Bench')",
  );
  await owner.query("select ensure_reading_months('2026-05-01', '2026-08-01')");
  await owner.query(
    `insert into account (operator_id, number, name, payment_mode, opened_on) overriding user value
     select 1, 'a-' || n, 'home ' || n, 'prepaid', '2026-01-01' from generate_series(1, $1::int) n`,
    [HOMES],
  );
  await owner.query(
    `insert into usage_point (operator_id, utility, building, room) select 1, 'electricity', '1', n::text from generate_series(1, $1::int) n`,
    [HOMES],
  );
  await owner.query(
    `insert into meter (operator_id, serial, utility, profile_id) select 1, 'm-' || n, 'electricity', 'sanbiao-json' from generate_series(1, $1::int) n`,
    [HOMES],
  );
  await owner.query(
    `insert into installation (operator_id, meter_id, usage_point_id, installed_at, capacity_per_hour)
     select 1, n, n, $2, 20 from generate_series(1, $1::int) n`,
    [HOMES, isoOf(FROM)],
  );
  await owner.query(
    `insert into agreement (operator_id, account_id, usage_point_id, tariff_id, from_day)
     select 1, n, n, $2, '2026-06-01' from generate_series(1, $1::int) n`,
    [HOMES, TARIFF],
  );
  await owner.query(
    `insert into supply (operator_id, account_id, meter_id, policy_id, reported) select 1, n, n, 'demo-station', 'connected' from generate_series(1, $1::int) n`,
    [HOMES],
  );
  await owner.query(
    `select post_entry from (select set_config('sanbiao.operator_id', '1', false)) s,
       lateral (select post_entry(1, 'opening/' || n, 'opening', '{}', now(), now(), null,
         jsonb_build_array(jsonb_build_object('ledger_account', 'customer', 'account_id', n, 'currency', 'CNY', 'amount_minor', -1000000),
                           jsonb_build_object('ledger_account', 'opening', 'currency', 'CNY', 'amount_minor', 1000000)))
         from generate_series(1, $1::int) n) e`,
    [HOMES],
  );
  await owner.query(
    `insert into reading (operator_id, meter_id, register, measured_at, received_at, value, source)
     select 1, n, $2, at, at, 1000000000 + (extract(epoch from at - $3::timestamptz) / 3600)::bigint * $5, 2
       from generate_series(1, $1::int) n, generate_series($3::timestamptz, $4::timestamptz, interval '1 hour') at`,
    [HOMES, REGISTER, isoOf(FROM), isoOf(UNTIL), HOURLY],
  );
  await owner.query("vacuum analyze");
}

const readingsAt = (at: Instant): Reading[] =>
  Array.from({ length: HOMES }, (_, i) => ({
    operatorId: 1n,
    meterId: BigInt(i + 1),
    register: REGISTER,
    measuredAt: at,
    receivedAt: at,
    value: 1_000_000_000n + (BigInt(at - FROM) * BigInt(HOURLY)) / BigInt(HOUR_MS),
    source: "mqtt",
  }));

const commit = (owner: Pool, readings: readonly Reading[]) =>
  owner.query(
    `insert into reading (operator_id, meter_id, register, measured_at, received_at, value, source)
     select 1, m, $2, $3, $3, v, 2 from unnest($1::bigint[], $4::bigint[]) as u (m, v)`,
    [
      readings.map(({ meterId }) => meterId),
      REGISTER,
      isoOf(readings[0]?.measuredAt ?? FROM),
      readings.map(({ value }) => value),
    ],
  );

const median = (all: readonly number[]): number => all.toSorted((a, b) => a - b)[all.length >> 1] ?? 0;
const perSecond = (count: number, since: number): number => (count * 1000) / (performance.now() - since);

const folder = await mkdtemp(join(tmpdir(), "sanbiao-bench-"));
const server = await startEmbedded({ folder });
const owner = ownerPool(server.url);
const db = openDatabase(server.url);
try {
  await migrate(server.url);
  await seed(owner);
  let now = instant(UNTIL + MINUTE_MS);
  const deps = {
    db,
    clock: { now: () => now },
    tariffs: catalogueTariffs,
    dials: dialOf,
    policies: policyVersionsOf,
    telemetry: noTelemetry,
  };
  const engine = prepaidEngine(deps);
  await engine.sweep(); // warms up, and remembers
  const seen = { books: [] as number[], engine: [] as number[] };
  for (let round = 0; round <= ROUNDS; round++) {
    for (const how of ["books", "engine"] as const) {
      if (how === "books") engine.onBooksChanged(); // forgets all: every account is worked out on the books
      now = instant(now + MINUTE_MS);
      const readings = readingsAt(now);
      await commit(owner, readings);
      const begun = performance.now();
      engine.onReadings(readings);
      await engine.idle();
      if (round > 0) seen[how].push(perSecond(HOMES, begun)); // the first warms both up
    }
  }
  // The same figure on both ways, for every home.
  const { rows } = await owner.query<{ unbilled_minor: bigint }>("select distinct unbilled_minor from supply");
  const basis = await db.as(1n, async (trx) =>
    readAccrualBasis(trx, { accountId: 1n, meterId: 1n }, null, await operatorFacts(trx), deps, now),
  );
  const onBooks = basis === null ? null : accrualOf(basis).unbilled;
  const isSame = rows.length === 1 && rows[0]?.unbilled_minor === onBooks?.minor;
  const memo = basis === null ? null : AccrualMemo.of(basis);
  const begun = performance.now();
  let priced = 0;
  for (; memo !== null && performance.now() - begun < 1000; priced++) memo.accrual(now);
  const inMemory = perSecond(priced, begun);
  const books = median(seen.books);
  const scouted = median(seen.engine);
  const result = {
    homes: HOMES,
    booksPerSecond: books,
    enginePerSecond: scouted,
    ratio: scouted / books,
    memoryPerSecond: inMemory,
    isSame,
  };
  report(result, () =>
    tableText([
      { way: "on the books, one by one", "accounts/s": Math.round(books), ratio: 1 },
      {
        way: "the engine, after an ordinary reading",
        "accounts/s": Math.round(scouted),
        ratio: +(scouted / books).toFixed(1),
      },
      { way: "priced in memory alone", "accounts/s": Math.round(inMemory), ratio: +(inMemory / books).toFixed(1) },
    ]),
  );
  if (!isSame) console.error("the two ways do not agree");
  process.exitCode = isSame ? 0 : 1;
} finally {
  await db.close();
  await owner.end();
  await server.stop();
  await removeCluster(folder);
}
