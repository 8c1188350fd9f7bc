import type { Database } from "../schema/database.ts";
import { DAY_MS } from "../domain/instant.ts";
import { type AppendOutcome, type OperatorId, READING_SOURCES, type Reading } from "../domain/reading.ts";

/** The part of a database that the readings book needs. */
export type ReadingsDatabase = Pick<Database, "pool">;

const APPEND = {
  name: "append_readings",
  text: "select ord, outcome from sanbiao.append_readings($1, $2, $3, $4, $5, $6, $7)",
};

/** Days since 1970 of which the month's partition is known to exist, for each pool. */
const knownDays = new WeakMap<object, Set<number>>();

/**
 * Appends readings of one operator in one transaction and answers for each, in order. All or nothing: when it throws,
 * none of them is in the book. The same readings again are `already`, so a caller that does not know may repeat.
 */
export async function appendReadings(
  db: ReadingsDatabase,
  operatorId: OperatorId,
  readings: readonly Reading[],
): Promise<AppendOutcome[]> {
  const outcomes = readings.map((): AppendOutcome => "accepted");
  for (const [i, outcome] of await appendBatch(db, operatorId, readings)) outcomes[i] = outcome;
  return outcomes;
}

/** The same, answering only for those that were not simply accepted, by their place. */
export async function appendBatch(
  db: ReadingsDatabase,
  operatorId: OperatorId,
  readings: readonly Reading[],
): Promise<ReadonlyMap<number, AppendOutcome>> {
  if (readings.length === 0) return ALL_ACCEPTED;
  await ensureMonths(db, readings);
  const { rows } = await db.pool.query<{ ord: bigint; outcome: AppendOutcome }>({
    ...APPEND,
    values: [operatorId.toString(), ...columnsOf(readings)],
  });
  return rows.length === 0 ? ALL_ACCEPTED : new Map(rows.map((row) => [Number(row.ord) - 1, row.outcome]));
}
const ALL_ACCEPTED: ReadonlyMap<number, AppendOutcome> = new Map();

/**
 * Array literals joined by hand: pg's own conversion of arrays costs a fifth of the throughput. Times are milliseconds.
 * Neighbours mostly share meter and times, and a number of thirteen digits is slow to write.
 */
function columnsOf(readings: readonly Reading[]): string[] {
  const meters: string[] = [];
  const registers: number[] = [];
  const measured: string[] = [];
  const received: string[] = [];
  const values: bigint[] = [];
  const sources: number[] = [];
  let last: Reading | undefined;
  let meter = "";
  let measuredAt = "";
  let receivedAt = "";
  for (const r of readings) {
    if (r.meterId !== last?.meterId) meter = r.meterId.toString();
    if (r.measuredAt !== last?.measuredAt) measuredAt = r.measuredAt.toString();
    if (r.receivedAt !== last?.receivedAt) receivedAt = r.receivedAt.toString();
    last = r;
    meters.push(meter);
    registers.push(r.register);
    measured.push(measuredAt);
    received.push(receivedAt);
    values.push(r.value);
    sources.push(READING_SOURCES[r.source]);
  }
  return [meters, registers, measured, received, values, sources].map((column) => `{${column.join(",")}}`);
}

/** Makes the partitions that these readings need, month by month: a stray old value must not make sixty years of tables. */
async function ensureMonths(db: ReadingsDatabase, readings: readonly Reading[]): Promise<void> {
  let known = knownDays.get(db.pool);
  if (known === undefined) knownDays.set(db.pool, (known = new Set()));
  for (const { measuredAt } of readings) {
    const day = Math.floor(measuredAt / DAY_MS);
    if (known.has(day)) continue;
    const text = new Date(measuredAt).toISOString();
    await db.pool.query("select sanbiao.ensure_reading_months($1, $1)", [text]);
    const start = new Date(measuredAt);
    const first = Date.UTC(start.getUTCFullYear(), start.getUTCMonth(), 1) / DAY_MS;
    const next = Date.UTC(start.getUTCFullYear(), start.getUTCMonth() + 1, 1) / DAY_MS;
    for (let d = first; d < next; d++) known.add(d);
  }
}
