import { afterAll, beforeAll, expect, test } from "vitest";
import { instant } from "../../domain/instant.ts";
import type { Reading } from "../../domain/reading.ts";
import { noTelemetry } from "../../domain/telemetry.ts";
import { readingsBatcher } from "../../ledger/batcher.ts";
import { appendReadings } from "../../ledger/readings.ts";
import { refusalsBook } from "../../ledger/refusals.ts";
import { type FreshDatabase, freshDatabase, ownerPool } from "../support/database.ts";
import { bookRows, countingTelemetry, quiet, refusedRows, seedDevices, until } from "../support/mqtt.ts";

let fresh: FreshDatabase;
let operatorId: bigint;
beforeAll(async () => {
  fresh = await freshDatabase();
  operatorId = await seedDevices(fresh, [{ username: "one", keys: ["e-1"] }]);
});
afterAll(async () => fresh.drop());

const AT = Date.parse("2026-03-01T08:15:00.250Z");
let meters = 1000n;
const reading = (change: Partial<Reading> = {}): Reading => ({
  operatorId,
  meterId: 1n,
  register: 1,
  measuredAt: instant(AT),
  receivedAt: instant(AT + 1500),
  value: 1_000_000n,
  source: "mqtt",
  ...change,
});
const newMeter = () => (meters += 1n);

test("a reading is accepted once, the same again is already there, another value is a conflict and the first stays", async () => {
  const meterId = newMeter();
  const first = reading({ meterId, value: -5n });
  expect(await appendReadings(fresh.db, operatorId, [first])).toEqual(["accepted"]);
  expect(await appendReadings(fresh.db, operatorId, [first])).toEqual(["already"]);
  expect(
    await appendReadings(fresh.db, operatorId, [{ ...first, value: 7n }, reading({ meterId, register: 2 })]),
  ).toEqual(["conflict", "accepted"]);
  const rows = (await bookRows(fresh)).filter((row) => row.meter_id === meterId);
  expect(rows).toEqual([
    { meter_id: meterId, register: 1, measured_at: AT, value: -5n },
    { meter_id: meterId, register: 2, measured_at: AT, value: 1_000_000n },
  ]);
  const conflicts = await fresh.db.as(operatorId, (trx) =>
    trx.selectFrom("reading_conflict").select(["value", "booked_value"]).where("meter_id", "=", meterId).execute(),
  );
  expect(conflicts).toEqual([{ value: 7n, booked_value: -5n }]);
});

test("twins inside one batch: the first is accepted, its copy is already there, its contradiction is a conflict", async () => {
  const first = reading({ meterId: newMeter() });
  const batch = [first, first, { ...first, value: 2n }];
  expect(await appendReadings(fresh.db, operatorId, batch)).toEqual(["accepted", "already", "conflict"]);
});

test("a month that nobody has seen gets its partition, also for a stray old value, without the months between", async () => {
  const meterId = newMeter();
  const years = [2001, 2026, 2031].map((y) =>
    reading({ meterId, measuredAt: instant(Date.UTC(y, 11, 31, 23, 59, 59, 999)) }),
  );
  expect(await appendReadings(fresh.db, operatorId, years)).toEqual(["accepted", "accepted", "accepted"]);
  const owner = ownerPool(fresh.ownerUrl);
  const { rows } = await owner.query<{ n: bigint }>(
    "select count(*) n from pg_inherits where inhparent = 'sanbiao.reading'::regclass",
  );
  await owner.end();
  expect(rows[0]?.n).toBeLessThan(12n);
});

test("times keep their milliseconds from 1970 to 9999", async () => {
  const meterId = newMeter();
  const times = [0, 1, 999, Date.UTC(2038, 0, 19, 3, 14, 8, 1), Date.UTC(9999, 11, 31, 23, 59, 59, 999)];
  await appendReadings(
    fresh.db,
    operatorId,
    times.map((t) => reading({ meterId, measuredAt: instant(t), receivedAt: instant(t) })),
  );
  const rows = (await bookRows(fresh)).filter((row) => row.meter_id === meterId);
  expect(rows.map((row) => row.measured_at)).toEqual(times);
});

test("one impossible reading does not keep its neighbours out of the book", async () => {
  const telemetry = countingTelemetry();
  const batcher = readingsBatcher({ db: fresh.db, telemetry, log: quiet });
  const good = Array.from({ length: 20 }, () => reading({ meterId: newMeter() }));
  const bad = reading({ meterId: newMeter(), register: 70_000 }); // not an int2
  const results = await Promise.allSettled(
    [...good.slice(0, 10), bad, ...good.slice(10)].map((r) => batcher.submit([r])),
  );
  expect(results.map((r) => r.status).filter((s) => s === "rejected")).toHaveLength(1);
  expect(results[10]?.status).toBe("rejected");
  expect(telemetry.total("sanbiao_readings_total", { source: "mqtt", outcome: "accepted" })).toBe(20);
  await batcher.stop();
});

test("two connections that write the same readings in opposite order both finish, and each reading is accepted once", async () => {
  const batcher = readingsBatcher({ db: fresh.db, telemetry: noTelemetry, connections: 4, rowsMax: 500 });
  const rows = Array.from({ length: 500 }, (_, i) => reading({ meterId: newMeter(), value: BigInt(i) }));
  const runs = await Promise.all(
    [rows, rows.toReversed(), rows, rows.toReversed()].map((order) => batcher.submit(order)),
  );
  expect(runs.flat().filter((o) => o === "accepted")).toHaveLength(500);
  expect(runs.flat().filter((o) => o === "already")).toHaveLength(1500);
  await batcher.stop();
});

test("while the database is away readings wait, the source is told, and all are in the book when it is back", async () => {
  let away = true;
  const pool = {
    query: (...args: unknown[]) =>
      away
        ? Promise.reject(Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" }))
        : (fresh.db.pool.query as (...a: unknown[]) => unknown)(...args),
  } as unknown as typeof fresh.db.pool;
  const batcher = readingsBatcher({ db: { pool }, telemetry: noTelemetry, log: quiet, rowsHeldMax: 3 });
  const sent = Array.from({ length: 4 }, () => batcher.submit([reading({ meterId: newMeter() })]));
  await until("full", () => batcher.full);
  const drained = batcher.drained();
  away = false;
  await drained;
  expect(await Promise.all(sent)).toEqual([["accepted"], ["accepted"], ["accepted"], ["accepted"]]);
  await batcher.stop();
});

test("stop writes what it holds; what cannot be written is refused, never forgotten in silence", async () => {
  const batcher = readingsBatcher({ db: fresh.db, telemetry: noTelemetry });
  const late = batcher.submit([reading({ meterId: newMeter() })]);
  await batcher.stop();
  expect(await late).toEqual(["accepted"]);
  await expect(batcher.submit([reading()])).rejects.toThrow("closed");

  const pool = {
    query: () => Promise.reject(new Error("Connection terminated unexpectedly")),
  } as unknown as typeof fresh.db.pool;
  const stuck = readingsBatcher({ db: { pool }, telemetry: noTelemetry, log: quiet });
  const lost = stuck.submit([reading()]).catch((error: Error) => error.message);
  await stuck.stop(50);
  expect(await lost).toContain("closed");
});

test("the same refusal within an hour is one row that counts", async () => {
  const telemetry = countingTelemetry();
  const book = refusalsBook({ db: fresh.db, telemetry, log: quiet });
  const frame = {
    operatorId,
    receivedAt: instant(AT),
    origin: "mqtt:one",
    address: "a/\u0000b",
    reason: "malformed_json" as const,
    detail: "not JSON \ud800",
    payload: new Uint8Array(10_000).fill(123),
  };
  await Promise.all([book.keep(frame), book.keep(frame)]);
  await book.keep({ ...frame, receivedAt: instant(AT + 60_000) });
  await book.keep({ ...frame, receivedAt: instant(AT + 2 * 3_600_000) });
  await book.keep({ ...frame, operatorId: null });
  await book.stop();
  const rows = (await refusedRows(fresh)).filter((row) => row.origin === "mqtt:one");
  expect(rows.map((row) => [row.operator_id, row.times, row.payload.length])).toEqual([
    [operatorId, 3, 4096],
    [operatorId, 1, 4096],
    [null, 1, 4096],
  ]);
  expect(telemetry.total("sanbiao_refused_frames_total", { reason: "malformed_json" })).toBe(5);
});

test("a flood of different refusals stays bounded in memory and in the book", async () => {
  const book = refusalsBook({ db: fresh.db, telemetry: noTelemetry, log: quiet });
  const all = Array.from({ length: 12_000 }, (_, i) =>
    book.keep({
      operatorId,
      receivedAt: instant(AT),
      origin: "mqtt:flood",
      address: `t/${i}`,
      reason: "unknown_topic",
      detail: "",
      payload: new Uint8Array(),
    }),
  );
  await Promise.all(all);
  await book.stop();
  const rows = (await refusedRows(fresh)).filter((row) => row.reason === "unknown_topic");
  expect(rows.length).toBeLessThanOrEqual(5_001);
  expect(rows.reduce((sum, row) => sum + row.times, 0)).toBe(12_000);
});
