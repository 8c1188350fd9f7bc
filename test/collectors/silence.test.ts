import type { Pool } from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { openDirectory } from "../../collectors/directory.ts";
import { type SilenceWatch, silenceWatch } from "../../collectors/silence.ts";
import { type Instant, instant, instantOfIso, MINUTE_MS } from "../../domain/instant.ts";
import type { Reading } from "../../domain/reading.ts";
import { openGaps } from "../../ledger/gaps.ts";
import { appendReadings } from "../../ledger/readings.ts";
import { type Database, openDatabase } from "../../schema/database.ts";
import { type FreshDatabase, freshDatabase, ownerPool } from "../support/database.ts";
import { type Severable, severable } from "../support/severable.ts";
import { SmallTown } from "../support/town.ts";

const NOON = instantOfIso("2026-06-16T12:00:00+08:00") as Instant;
let now = NOON;
const clock = { now: () => now };
const after = (minutes: number): Instant => instant(NOON + minutes * MINUTE_MS);

let fresh: FreshDatabase;
let owner: Pool;
let way: Severable;
let db: Database;
let town: SmallTown;
let watch: SilenceWatch;
let meter: bigint;
let count = 0;
beforeAll(async () => {
  fresh = await freshDatabase();
  owner = ownerPool(fresh.ownerUrl);
  town = await SmallTown.found(owner);
  way = await severable(fresh.url);
  db = openDatabase(way.url);
});
afterAll(async () => {
  await db.close();
  await way.close();
  await owner.end();
  await fresh.drop();
});
/** A device that is to report every ten minutes. */
beforeEach(async () => {
  now = NOON;
  await owner.query("update meter set report_every_s = null");
  const account = await town.account(`a-${++count}`);
  meter = (await town.supply({ account, tariff: "t", from: "2026-01-01" })).meter;
  await owner.query("update meter set report_every_s = 600 where id = $1", [meter]);
  await start();
});
async function start(): Promise<void> {
  watch = silenceWatch({ db, directory: await openDirectory(db, clock), gaps: await openGaps(db), clock });
}
const readingAt = (measuredAt: Instant): Reading => ({
  operatorId: town.operatorId,
  meterId: meter,
  register: 1,
  measuredAt,
  receivedAt: now,
  value: BigInt(measuredAt),
  source: "mqtt",
});
/** As the ingest does it: into the book, then told. */
async function said(measuredAt: Instant): Promise<void> {
  const reading = readingAt(measuredAt);
  await appendReadings(fresh.db, town.operatorId, [reading]);
  watch.committed([reading]);
}
const turnAt = async (minutes: number): Promise<void> => {
  now = after(minutes);
  await watch.turn();
};
const gaps = async () =>
  (
    await owner.query<{ from_at: Instant; to_at: Instant | null; reason: string; looked_at: Instant | null }>(
      "select from_at, to_at, reason, looked_at from gap where meter_id = $1 order by from_at",
      [meter],
    )
  ).rows;

describe("a device that does not report", () => {
  test("is a gap after three intervals, from its first report that did not come; the next one ends it", async () => {
    await said(after(5));
    await turnAt(34);
    expect(await gaps()).toEqual([]);
    await turnAt(36);
    await turnAt(40);
    expect(await gaps()).toMatchObject([{ from_at: after(15), to_at: null, reason: "silent" }]);
    now = after(52);
    await said(after(51));
    await watch.turn();
    expect(await gaps()).toMatchObject([{ from_at: after(15), to_at: after(51) }]);
  });

  test("is no gap because of what was measured before it fell silent and comes late", async () => {
    await said(after(5));
    await turnAt(40);
    await said(after(10));
    await turnAt(41);
    expect(await gaps()).toMatchObject([{ to_at: null }]);
  });

  test("that another process heard is none", async () => {
    await appendReadings(fresh.db, town.operatorId, [readingAt(after(35))]);
    await turnAt(40);
    expect(await gaps()).toEqual([]);
  });

  test("is given three intervals after a start of ours, and its gap from before is ended by the next process", async () => {
    await said(after(-120));
    await turnAt(29);
    expect(await gaps()).toEqual([]);
    await turnAt(31);
    expect(await gaps()).toMatchObject([{ from_at: after(-110), to_at: null }]);
    await start();
    now = after(33);
    await said(after(32));
    await watch.turn();
    expect(await gaps()).toMatchObject([{ to_at: after(32) }]);
  });

  test("and for which no interval was agreed is left alone", async () => {
    await owner.query("update meter set report_every_s = null");
    await start();
    await turnAt(600);
    expect(await gaps()).toEqual([]);
  });
});

test("while the database is away nothing is lost: the gap is written later with its own times", async () => {
  await said(after(5));
  await turnAt(36);
  way.sever();
  now = after(40);
  watch.committed([readingAt(after(39))]);
  await expect(turnAt(41)).rejects.toThrow();
  way.mend();
  await turnAt(42);
  expect(await gaps()).toMatchObject([{ from_at: after(15), to_at: after(39) }]);
});

test("readings that come hours late have the meter's gaps looked at again", async () => {
  await owner.query(
    "insert into gap (operator_id, meter_id, from_at, to_at, reason, looked_at) values ($1, $2, now() - interval '9 h', now(), 'silent', now())",
    [town.operatorId, meter],
  );
  await said(after(-30));
  await turnAt(1);
  expect(await gaps()).not.toMatchObject([{ looked_at: null }]);
  await said(after(-90));
  await turnAt(2);
  expect(await gaps()).toMatchObject([{ looked_at: null }]);
});
