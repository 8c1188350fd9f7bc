import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import type { Pool } from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Instant, instant } from "../../domain/instant.ts";
import type { Reading } from "../../domain/reading.ts";
import { type ReadingsBatcher, readingsBatcher } from "../../ledger/batcher.ts";
import { type RefusalsBook, refusalsBook } from "../../ledger/refusals.ts";
import { type DiskOverflow, diskOverflow } from "../../ledger/spool/overflow.ts";
import { readingsOf, recordOf, scan } from "../../ledger/spool/record.ts";
import { openSpool, type Spool } from "../../ledger/spool/spool.ts";
import { type Database, openDatabase } from "../../schema/database.ts";
import { type FreshDatabase, freshDatabase, ownerPool } from "../support/database.ts";
import { type Counted, countingTelemetry, quiet, systemClock, until } from "../support/mqtt.ts";
import { type Severable, severable } from "../support/severable.ts";
import { SmallTown } from "../support/town.ts";

const NOON = instant(Date.parse("2026-06-16T12:00:00+08:00"));
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sanbiao-spool-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

let operatorId = 1n;
const reading = (n: number, more: Partial<Reading> = {}): Reading => ({
  operatorId,
  meterId: 7n,
  register: 1,
  measuredAt: instant(NOON + n * 1000),
  receivedAt: instant(NOON + n * 1000 + 5),
  value: BigInt(n) * 1_000_000n,
  source: "mqtt",
  ...more,
});
const of = (readings: readonly Reading[]) => ({
  rows: readings.length,
  receivedAt: readings[0]?.receivedAt as Instant,
});
const put = (spool: Spool, readings: readonly Reading[]) => spool.append(recordOf(readings), of(readings));
/** Everything that waits, in order, which empties it. */
async function drained(spool: Spool): Promise<Reading[]> {
  const all: Reading[] = [];
  for (let segment = await spool.next(); segment !== null; segment = await spool.next()) {
    all.push(...segment.records.flatMap((record) => readingsOf(record).readings));
    await spool.done(segment);
  }
  return all;
}
const files = async (): Promise<string[]> =>
  (await readdir(folder, { recursive: true })).filter((name) => name.includes(".spool")).toSorted();

describe("a disk buffer", () => {
  test("gives back what it was given, in order, over many files, and leaves no file", async () => {
    const spool = await openSpool({ folder, log: quiet, segmentBytes: 400 });
    const all = Array.from({ length: 50 }, (_, n) => [
      reading(n, { value: -(2n ** 62n) + BigInt(n) }),
      reading(n, { register: 40, source: "modbus" }),
    ]);
    await Promise.all(all.slice(0, 30).map((one) => put(spool, one)));
    for (const one of all.slice(30)) await put(spool, one);
    expect(spool.waiting()).toMatchObject({ rows: 100, oldestAt: NOON + 5 });
    expect((await files()).length).toBeGreaterThan(3);
    expect(await drained(spool)).toEqual(all.flat());
    expect(spool.waiting()).toEqual({ rows: 0, bytes: 0, oldestAt: null });
    expect(await files()).toEqual([]);
    await spool.close();
  });

  test("refuses in words when it is full, and takes again what fits when there is room", async () => {
    const bytesMax = recordOf([reading(1)]).length * 3;
    const spool = await openSpool({ folder, log: quiet, bytesMax });
    const answers = await Promise.allSettled([1, 2, 3, 4].map((n) => put(spool, [reading(n)])));
    expect(answers.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "fulfilled", "rejected"]);
    await expect(put(spool, [reading(5)])).rejects.toMatchObject({ code: "spool.full" });
    expect(await drained(spool)).toEqual([1, 2, 3].map((n) => reading(n)));
    await put(spool, [reading(6)]);
    await spool.close();
  });

  test("of a dead process is taken over by the next one; one of a living process is left alone", async () => {
    const living = await openSpool({ folder, log: quiet });
    const other = await openSpool({ folder, log: quiet });
    await put(living, [reading(1)]);
    await put(other, [reading(2)]);
    await other.close();
    const third = await openSpool({ folder, log: quiet });
    expect(await drained(third)).toEqual([reading(2)]);
    await living.close();
    await put(third, [reading(3)]);
    await third.close();
    const fourth = await openSpool({ folder, log: quiet });
    expect(await drained(fourth)).toEqual([reading(1), reading(3)]);
    await fourth.close();
  });

  test.each([1, 7, 19, 25])(
    "that was cut off %i bytes before its end gives back all but the last record",
    async (cut) => {
      const spool = await openSpool({ folder, log: quiet });
      for (let n = 0; n < 5; n++) await put(spool, [reading(n)]);
      await spool.close();
      const [name = ""] = await files();
      const bytes = await readFile(join(folder, name));
      await writeFile(join(folder, name), bytes.subarray(0, bytes.length - cut));
      const next = await openSpool({ folder, log: quiet });
      expect(next.waiting().rows).toBe(4);
      expect(await drained(next)).toEqual([0, 1, 2, 3].map((n) => reading(n)));
      expect(await files()).toEqual([]);
      await next.close();
    },
  );

  test("with rubbish at its end, as a lost power leaves it, gives back all that was synced", async () => {
    const spool = await openSpool({ folder, log: quiet });
    await put(spool, [reading(1)]);
    await spool.close();
    await appendFile(join(folder, (await files())[0] ?? ""), Buffer.alloc(4096));
    const next = await openSpool({ folder, log: quiet });
    expect(await drained(next)).toEqual([reading(1)]);
    await next.close();
  });

  test("with a damaged record inside gives back the others and keeps the file for a person", async () => {
    const spool = await openSpool({ folder, log: quiet });
    for (let n = 0; n < 3; n++) await put(spool, [reading(n)]);
    await spool.close();
    const path = join(folder, (await files())[0] ?? "");
    const bytes = await readFile(path);
    const at = 8 + recordOf([reading(0)]).length + 40;
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
    await writeFile(path, bytes);
    expect(scan(bytes)).toMatchObject({ rows: 2, damaged: 1, torn: 0 });
    const next = await openSpool({ folder, log: quiet });
    expect(await drained(next)).toEqual([reading(0), reading(2)]);
    expect(await files()).toEqual([expect.stringContaining(".damaged")]);
    await next.close();
  });
});

describe("while the database is away", () => {
  let fresh: FreshDatabase;
  let owner: Pool;
  let town: SmallTown;
  let way: Severable;
  let db: Database;
  let telemetry: Counted;
  let batcher: ReadingsBatcher;
  let refusals: RefusalsBook;
  let overflow: DiskOverflow;
  let committed: Reading[];
  let said: string[];
  beforeAll(async () => {
    fresh = await freshDatabase();
    owner = ownerPool(fresh.ownerUrl);
    town = await SmallTown.found(owner);
    operatorId = town.operatorId;
    way = await severable(fresh.url);
    db = openDatabase(way.url);
  });
  afterAll(async () => {
    await db.close();
    await way.close();
    await owner.end();
    await fresh.drop();
  });
  beforeEach(async () => {
    way.mend();
    await owner.query("select ensure_reading_months($1, $1)", ["2026-06-16"]);
    await start();
  });
  afterEach(() => stop());
  async function start(more: { bytesMax?: number; segmentBytes?: number } = {}): Promise<void> {
    telemetry = countingTelemetry();
    [committed, said] = [[], []];
    const log = pino(
      { base: null },
      { write: (line: string) => void said.push((JSON.parse(line) as { msg: string }).msg) },
    );
    refusals = refusalsBook({ db, telemetry, log });
    const spool = await openSpool({ folder, log, segmentBytes: 2_000, ...more });
    const onCommitted = (readings: readonly Reading[]) => void committed.push(...readings);
    overflow = diskOverflow({ spool, db, refusals, clock: systemClock, telemetry, log, onCommitted });
    batcher = readingsBatcher({ db, telemetry, log, overflow });
  }
  async function stop(): Promise<void> {
    await batcher.stop(500);
    await overflow.stop();
    await refusals.stop(500);
  }
  const inBook = async (meterId: bigint) =>
    (
      await owner.query<{ value: bigint }>("select value from reading where meter_id = $1 order by measured_at", [
        meterId,
      ])
    ).rows.map(({ value }) => value);
  const taken = (numbers: readonly number[], meterId: bigint) =>
    Promise.all(numbers.map((n) => batcher.submit([reading(n, { meterId })])));
  const upTo = (n: number, from = 0) => Array.from({ length: n - from }, (_, i) => from + i);

  test("readings are taken and wait on disk; when it is back they are in the book once, and the disk is left alone", async () => {
    expect((await taken(upTo(10), 21n)).flat()).toEqual(Array(10).fill("accepted"));
    expect(await files()).toEqual([]);
    way.sever();
    expect((await taken(upTo(40, 10), 21n)).flat()).toEqual(Array(30).fill("on_disk"));
    expect(batcher.onDisk).toBe(true);
    expect((await taken(upTo(60, 35), 21n)).flat()).toEqual(Array(25).fill("on_disk"));
    expect(overflow.waiting().rows).toBe(55);
    way.mend();
    await until("the disk is empty", () => !batcher.onDisk);
    expect(await inBook(21n)).toEqual(upTo(60).map((n) => BigInt(n) * 1_000_000n));
    expect(committed.map(({ measuredAt }) => (measuredAt - NOON) / 1000)).toEqual(upTo(60, 10));
    expect(await files()).toEqual([]);
    expect((await taken([60], 21n)).flat()).toEqual(["accepted"]);
    expect(await files()).toEqual([]);
    expect(telemetry.total("sanbiao_readings_total", { outcome: "accepted" })).toBe(61);
  });

  test("two values for one instant are decided by who came first, also when both waited", async () => {
    way.sever();
    await batcher.submit([reading(1, { meterId: 22n, value: 5n })]);
    await batcher.submit([reading(1, { meterId: 22n, value: 6n })]);
    way.mend();
    await until("the disk is empty", () => !batcher.onDisk);
    expect(await inBook(22n)).toEqual([5n]);
    const { rows } = await owner.query("select value from reading_conflict where meter_id = 22");
    expect(rows).toEqual([{ value: 6n }]);
  });

  test("a stop leaves what waits to the next process, which writes it before anything new", async () => {
    way.sever();
    await taken(upTo(50), 23n);
    await stop();
    expect((await files()).length).toBeGreaterThan(0);
    way.mend();
    await start();
    expect(batcher.onDisk).toBe(true);
    const later = taken([50], 23n);
    await until("the disk is empty", () => !batcher.onDisk);
    await later;
    await until("the last one is written", async () => (await inBook(23n)).length === 51);
    expect(await inBook(23n)).toEqual(upTo(51).map((n) => BigInt(n) * 1_000_000n));
  });

  test("what the batcher holds at a stop goes to the disk and not away", async () => {
    await taken([0], 24n);
    way.sever();
    const waiting = taken(upTo(20), 24n);
    await stop();
    expect((await waiting).flat()).toEqual(Array(20).fill("on_disk"));
    way.mend();
    await start();
    await until("the disk is empty", () => !batcher.onDisk);
    expect(await inBook(24n)).toHaveLength(20);
  });

  test("a full disk buffer says so to whoever brings more, and what it holds is still written", async () => {
    await stop();
    await start({ bytesMax: 1_000 });
    way.sever();
    const answers = await Promise.allSettled(upTo(40).map((n) => batcher.submit([reading(n, { meterId: 25n })])));
    const refused = answers.filter(({ status }) => status === "rejected") as PromiseRejectedResult[];
    expect(refused.length).toBeGreaterThan(0);
    for (const { reason } of refused) expect(reason).toMatchObject({ code: "spool.full" });
    expect(said).toContain("the disk buffer is full: readings are refused until the database is back");
    way.mend();
    await until("the disk is empty", () => !batcher.onDisk);
    expect(await inBook(25n)).toHaveLength(40 - refused.length);
  });

  test("a reading that the book refuses is kept as refused; its neighbours are written", async () => {
    way.sever();
    await taken([1], 26n);
    await batcher.submit([reading(2, { meterId: 26n, value: 2n ** 63n })]);
    await taken([3], 26n);
    way.mend();
    await until("the disk is empty", () => !batcher.onDisk);
    expect(await inBook(26n)).toEqual([1_000_000n, 3_000_000n]);
    const { rows } = await owner.query("select reason, origin, address from refused_frame");
    expect(rows).toEqual([{ reason: "out_of_range", origin: "mqtt:disk buffer", address: "meter 26" }]);
  });

  test("a wire that never rests comes off the disk again when the database is back", async () => {
    await stop();
    await start({ segmentBytes: 200_000 });
    way.sever();
    let n = 0;
    const answers: Promise<unknown>[] = [];
    const wire = setInterval(() => {
      for (let i = 0; i < 3; i++) answers.push(batcher.submit([reading(n++, { meterId: 27n })]));
    }, 1);
    await until("a thousand wait", () => overflow.waiting().rows > 1_000);
    way.mend();
    await until("it is off the disk", () => !batcher.onDisk);
    clearInterval(wire);
    await Promise.all(answers);
    await until("all are in the book", async () => (await inBook(27n)).length === n);
    expect(await inBook(27n)).toEqual(upTo(n).map((i) => BigInt(i) * 1_000_000n));
  });
});
