import type { Pool } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { HOUR_MS, type Instant, instant, instantOfIso, isoOf, MINUTE_MS } from "../../domain/instant.ts";
import { addDays, type Day, day, periodOfDays } from "../../domain/period.ts";
import { settleGap } from "../../ledger/gap-work.ts";
import { countHeard } from "../../ledger/heard.ts";
import { type ValidationDeps, validateDay } from "../../validation/day.ts";
import { type FreshDatabase, freshDatabase, ownerPool } from "../support/database.ts";
import { SmallTown } from "../support/town.ts";

const ZONE = "Asia/Shanghai";
const DAY = day("2026-03-10");
const at = (text: string): Instant => instantOfIso(`2026-${text}:00+08:00`) as Instant;

let fresh: FreshDatabase;
let owner: Pool;
let town: SmallTown;
let deps: ValidationDeps;
beforeAll(async () => {
  fresh = await freshDatabase();
  owner = ownerPool(fresh.ownerUrl);
  town = await SmallTown.found(owner);
  deps = { db: fresh.db, clock: { now: () => at("03-11T02:30") }, dials: () => null };
});
afterAll(async () => {
  await owner.end();
  await fresh.drop();
});

async function supply(number: string, everySeconds: number | null, installedAt = "2026-01-01T00:00:00+08:00") {
  const account = await town.account(number);
  const { meter } = await town.supply({ account, tariff: "t", from: "2026-01-01", installedAt });
  await owner.query("update meter set report_every_s = $1 where id = $2", [everySeconds, meter]);
  return meter;
}
/** Quarter-hourly from `from` to `to`, both included, but not where `silent` says so. */
async function quarters(meter: bigint, from: string, to: string, silent: (ms: number) => boolean = () => false) {
  const points: [string, number][] = [];
  for (let ms = at(from) as number; ms <= at(to); ms += 15 * MINUTE_MS)
    if (!silent(ms)) points.push([isoOf(instant(ms)), (ms - at(from)) / HOUR_MS]);
  await town.readings(meter, "energy_import_kwh", points, 2);
}
const judge = (when: Day = DAY) => validateDay(deps, town.operatorId, when);
const heard = (meter: bigint, when: Day = DAY) =>
  fresh.db.as(town.operatorId, (trx) =>
    trx.selectFrom("heard_day").selectAll().where("meter_id", "=", meter).where("day", "=", when).execute(),
  );
const gaps = (meter: bigint) =>
  fresh.db.as(town.operatorId, (trx) =>
    trx.selectFrom("gap").selectAll().where("meter_id", "=", meter).orderBy("from_at").execute(),
  );
const between = (a: string, b: string) => (ms: number) => ms > at(a) && ms < at(b);

test("a day that was heard in full has as many readings as were agreed and no gap", async () => {
  const meter = await supply("full", 900);
  await quarters(meter, "03-09T00:00", "03-11T00:00");
  await judge();
  expect(await heard(meter)).toEqual([
    {
      operator_id: town.operatorId,
      meter_id: meter,
      register: 1,
      day: DAY,
      expected: 96,
      heard: 96,
      first_at: at("03-10T00:15"),
      last_at: at("03-11T00:00"),
      largest_gap_ms: BigInt(15 * MINUTE_MS),
    },
  ]);
  expect(await gaps(meter)).toEqual([]);
});

test("a silence that nobody noticed is found by the night, once, also when it began the day before", async () => {
  const meter = await supply("silent", 900);
  await quarters(meter, "03-09T00:00", "03-11T00:00", between("03-09T22:00", "03-10T05:00"));
  await judge();
  await judge();
  expect(await heard(meter)).toMatchObject([{ expected: 96, heard: 77, largest_gap_ms: BigInt(5 * HOUR_MS) }]);
  expect(await gaps(meter)).toMatchObject([
    { register: 1, from_at: at("03-09T22:00"), to_at: at("03-10T05:00"), reason: "not_heard", state: "open" },
  ]);
});

test("a silence that a gap tells of already is not told twice", async () => {
  const meter = await supply("told", 900);
  await quarters(meter, "03-09T00:00", "03-11T00:00", between("03-10T08:00", "03-10T14:00"));
  await owner.query(
    "insert into gap (operator_id, meter_id, from_at, to_at, reason) values ($1, $2, $3, $4, 'timeout')",
    [town.operatorId, meter, isoOf(at("03-10T08:15")), isoOf(at("03-10T14:00"))],
  );
  await judge();
  expect(await gaps(meter)).toMatchObject([{ reason: "timeout", register: null }]);
});

test("readings that come days late are counted when the day is judged again", async () => {
  const meter = await supply("late", 900);
  const away = between("03-10T08:00", "03-10T14:00");
  await quarters(meter, "03-09T00:00", "03-11T00:00", away);
  await judge();
  expect(await heard(meter)).toMatchObject([{ heard: 96 - 23 }]);
  await quarters(meter, "03-10T08:15", "03-10T13:45");
  await judge();
  expect(await heard(meter)).toMatchObject([{ heard: 96, largest_gap_ms: BigInt(15 * MINUTE_MS) }]);
});

test("what was not agreed is not expected, a meter that came at noon is expected for half a day, a silent one for all of it", async () => {
  const free = await supply("free", null);
  await quarters(free, "03-10T00:15", "03-10T06:00");
  const half = await supply("half", 900, "2026-03-10T12:00:00+08:00");
  await quarters(half, "03-10T12:15", "03-11T00:00");
  const dead = await supply("dead", 900);
  await judge();
  expect(await heard(free)).toMatchObject([{ expected: null, heard: 24 }]);
  expect(await gaps(free)).toEqual([]);
  expect(await heard(half)).toMatchObject([{ expected: 48, heard: 48 }]);
  expect(await heard(dead)).toMatchObject([
    { expected: 96, heard: 0, first_at: null, last_at: null, largest_gap_ms: BigInt(24 * HOUR_MS) },
  ]);
});

test("the night's count and the count of the moment are the same", async () => {
  const meters = await Promise.all([11, 23, 37].map((n) => supply(`seed-${n}`, 900)));
  for (const [i, meter] of meters.entries()) {
    const n = [11, 23, 37][i] ?? 1;
    await quarters(meter, "03-10T00:00", "03-11T00:00", (ms) => (ms / 60_000) % n < 4);
  }
  await judge();
  const period = periodOfDays(DAY, addDays(DAY, 1), ZONE);
  for (const meter of meters) {
    const [now] = await fresh.db.as(town.operatorId, (trx) =>
      countHeard(trx, meter, period, { main: "energy_import_kwh", every_ms: 15 * MINUTE_MS }),
    );
    expect(await heard(meter)).toMatchObject([
      {
        expected: now?.expected,
        heard: now?.heard,
        first_at: now?.firstAt,
        last_at: now?.lastAt,
        largest_gap_ms: BigInt(now?.largestGap_ms ?? -1),
      },
    ]);
  }
});

test("a gap is settled once; one that was given up may still be filled, one that was filled stays so", async () => {
  const meter = await supply("settled", 900);
  await quarters(meter, "03-09T00:00", "03-11T00:00", between("03-10T08:00", "03-10T14:00"));
  await judge();
  const [gap] = await gaps(meter);
  const settle = (state: "filled" | "given_up", reason = "") =>
    fresh.db.as(town.operatorId, (trx) => settleGap(trx, gap?.id ?? 0n, { state, reason }, at("03-12T00:00")));
  expect(await settle("given_up", "the meter was off")).toBe(true);
  expect(await settle("given_up", "another reason")).toBe(false);
  expect(await settle("filled")).toBe(true);
  expect(await settle("given_up", "too late")).toBe(false);
  expect(await gaps(meter)).toMatchObject([{ state: "filled", state_reason: "" }]);
});
