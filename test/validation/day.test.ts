import type { Pool } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { HOUR_MS, type Instant, instant, instantOfIso, isoOf, MINUTE_MS } from "../../domain/instant.ts";
import { type Day, day } from "../../domain/period.ts";
import { setCheckMeter } from "../../ledger/meter-care.ts";
import { appendReadings } from "../../ledger/readings.ts";
import { type ValidationDeps, validateDay } from "../../validation/day.ts";
import { daysOver, startValidation, validateLastDays } from "../../validation/schedule.ts";
import { type FreshDatabase, freshDatabase, ownerPool } from "../support/database.ts";
import { until } from "../support/mqtt.ts";
import { SmallTown } from "../support/town.ts";

let fresh: FreshDatabase;
let owner: Pool;
let town: SmallTown;
let deps: ValidationDeps;
const at = (text: string): Instant => instantOfIso(`2026-${text}:00+08:00`) as Instant;
const YESTERDAY = day("2026-03-10");
const FROM = at("03-10T00:00");

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

/** Quarter-hourly readings of `days` before the day and of the day itself; `use` in units per quarter. */
async function live(meter: bigint, register: "energy_import_kwh" | "volume_m3", use: (i: number) => number, days = 10) {
  const points: [string, number][] = [];
  let value = 1000;
  for (let i = -96 * days; i <= 96; i++) {
    points.push([isoOf(instant(FROM + i * 15 * MINUTE_MS)), value]);
    value += use(i);
  }
  await owner.query("select ensure_reading_months($1, $2)", [points[0]?.[0], points.at(-1)?.[0]]);
  await town.readings(meter, register, points);
}
const verdicts = async (meter: bigint) =>
  fresh.db.as(town.operatorId, (trx) =>
    trx.selectFrom("verdict").selectAll().where("meter_id", "=", meter).orderBy("rule").execute(),
  );
const home = (i: number): number => (((i % 96) + 96) % 96 < 20 ? 0 : 0.1);
const supply = async (number: string, utility: "electricity" | "water" = "electricity") =>
  (await town.supply({ account: await town.account(number), utility, tariff: "t", from: "2026-01-01" })).meter;

test("a night's step judges yesterday of every meter and keeps each verdict once", async () => {
  const [honest, hot, leaking, silent] = [
    await supply("honest"),
    await supply("hot"),
    await supply("leaking", "water"),
    await supply("silent"),
  ];
  await live(honest, "energy_import_kwh", home);
  await live(hot, "energy_import_kwh", (i) => home(i) * (i < 0 ? 1 : 6));
  await live(leaking, "volume_m3", () => 0.004);
  await live(silent, "energy_import_kwh", (i) => (i < -96 * 4 ? 0.1 : 0));
  const done = await validateDay(deps, town.operatorId, YESTERDAY, { meters: 2 });
  expect(done).toEqual({ day: YESTERDAY, meters: 4, readings: 4 * 96, verdicts: 3 });
  expect(await verdicts(honest)).toEqual([]);
  expect(await verdicts(hot)).toMatchObject([
    {
      rule: "vee.high_low",
      result: "suspect",
      from_at: FROM,
      to_at: at("03-11T00:00"),
      inputs: { daily: "45.6", recent_daily: "7.6" },
      threshold: { high_percent: "400" },
      judged_at: at("03-11T02:30"),
    },
  ]);
  expect((await verdicts(leaking)).map(({ rule }) => rule)).toEqual(["vee.leak"]);
  expect((await verdicts(silent)).map(({ rule }) => rule)).toEqual(["vee.zero_use"]);
  await Promise.all([0, 1].map(() => validateDay(deps, town.operatorId, YESTERDAY)));
  expect(await verdicts(hot)).toHaveLength(1);
});

test("readings that come days late are judged when they are there, and what was found before stays", async () => {
  const meter = await supply("late");
  await live(meter, "energy_import_kwh", home, 1);
  await validateDay(deps, town.operatorId, YESTERDAY);
  expect(await verdicts(meter)).toEqual([]);
  const strange = { operatorId: town.operatorId, meterId: meter, register: 1, source: "mqtt" as const };
  const late = { measuredAt: instant(FROM + 90 * MINUTE_MS + 1), receivedAt: instant(FROM + 30 * HOUR_MS) };
  await appendReadings(fresh.db, town.operatorId, [{ ...strange, ...late, value: -5n }]);
  const same = { measuredAt: at("03-10T12:00"), receivedAt: at("03-12T00:00") };
  expect(await appendReadings(fresh.db, town.operatorId, [{ ...strange, ...same, value: 5n }])).toEqual(["conflict"]);
  await validateDay(deps, town.operatorId, YESTERDAY);
  const found = (await verdicts(meter)).map(({ rule }) => rule);
  expect(found).toEqual(expect.arrayContaining(["vee.negative", "vee.decreasing", "vee.duplicate"]));
});

test("what a person read is judged by the looser group", async () => {
  const meter = await supply("book");
  const points = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map(
    (d) => [isoOf(instant(at("03-01T10:00") + d * 24 * HOUR_MS)), 100 + d * 8] as const,
  );
  await town.readings(meter, "energy_import_kwh", [...points.slice(0, 9), [points[9]?.[0] ?? "", 164 + 40]], 3);
  await validateDay(deps, town.operatorId, YESTERDAY);
  expect(await verdicts(meter)).toEqual([]);
});

test("an empty flat, a meter on a bus that fell silent, and a meter that was taken off", async () => {
  const point = await owner.query<{ id: bigint }>(
    "insert into usage_point (operator_id, utility, building) values ($1, 'electricity', '9') returning id",
    [town.operatorId],
  );
  const empty = await town.meter("empty");
  await town.install(empty, point.rows[0]?.id ?? 0n, "2026-01-01T00:00:00+08:00");
  await live(empty, "energy_import_kwh", home);
  const polled = await supply("polled");
  await owner.query(
    `with b as (insert into bus (operator_id, name, kind, address, poll_seconds) values ($1, 'b', 'tcp', '{}', '{"billing":900}') returning id)
     update meter set bus_id = b.id, unit_id = 1 from b where meter.operator_id = $1 and meter.id = $2`,
    [town.operatorId, polled],
  );
  await town.readings(polled, "energy_import_kwh", [
    ["2026-03-09T23:55:00+08:00", 5],
    ["2026-03-10T00:10:00+08:00", 5.1],
  ]);
  const removed = await supply("removed");
  await live(removed, "energy_import_kwh", home);
  await owner.query("update installation set removed_at = $2 where meter_id = $1", [removed, isoOf(at("03-09T00:00"))]);
  await validateDay(deps, town.operatorId, YESTERDAY);
  expect((await verdicts(empty)).map(({ rule }) => rule)).toEqual(["vee.vacancy_use"]);
  expect(await verdicts(polled)).toMatchObject([{ rule: "vee.missing", inputs: { missing: "23" } }]);
  expect((await verdicts(removed)).map(({ rule }) => rule)).toEqual(["vee.inactive_meter"]);
});

test("each night looks at the last three days, after their grace, for every operator by itself", async () => {
  expect(daysOver(at("03-11T02:30"), "Asia/Shanghai")).toEqual(["2026-03-08", "2026-03-09", "2026-03-10"]);
  expect(daysOver(at("03-11T01:00"), "Asia/Shanghai")).toEqual(["2026-03-07", "2026-03-08", "2026-03-09"]);
  await SmallTown.found(owner, "other");
  const judged = new Map<bigint, Day>();
  const days = await validateLastDays(deps, { judged });
  expect(days.map(({ day: judged, meters }) => [judged, meters > 0])).toEqual([
    ["2026-03-08", true],
    ["2026-03-09", true],
    ["2026-03-10", true],
    ["2026-03-08", false],
    ["2026-03-09", false],
    ["2026-03-10", false],
  ]);
  expect(await validateLastDays(deps, { judged })).toEqual([]);
  expect(await validateLastDays(deps, { judged: new Map(), stop: () => true })).toEqual([]);
  const tomorrow = { ...deps, clock: { now: () => at("03-12T02:30") } };
  expect((await validateLastDays(tomorrow, { judged })).at(-1)?.day).toBe("2026-03-11");
});

test("a started schedule judges at once and stops in order", async () => {
  const meter = await supply("started");
  await live(meter, "energy_import_kwh", (i) => home(i) * (i < 0 ? 1 : 6));
  const schedule = startValidation(deps);
  const found = await until("a verdict", async () => (await verdicts(meter))[0]);
  expect(found.rule).toBe("vee.high_low");
  await schedule.stop();
});

test("a meter that counts less than its check meter is found, and one that agrees is not", async () => {
  const [slow, good, check] = [await supply("slow"), await supply("good"), await supply("check")];
  await live(slow, "energy_import_kwh", (i) => home(i) * 0.8);
  await live(good, "energy_import_kwh", home);
  await live(check, "energy_import_kwh", home);
  const deed = (key: string) => ({ key, reason: "field test", by: null, now: at("03-11T02:30") });
  for (const meterId of [slow, good]) {
    const set = { meterId, checkMeterId: check, at: at("03-01T00:00") };
    const done = await fresh.db.as(town.operatorId, (trx) => setCheckMeter(trx, deed(`check-${meterId}`), set));
    expect(done.kind).toBe("done");
  }
  const itself = { meterId: slow, checkMeterId: slow, at: at("03-02T00:00") };
  const refused = await fresh.db.as(town.operatorId, (trx) => setCheckMeter(trx, deed("itself"), itself));
  expect(refused).toMatchObject({ kind: "refused", reason: "same_meter" });
  await validateDay(deps, town.operatorId, YESTERDAY);
  const rules = async (meter: bigint) => (await verdicts(meter)).map(({ rule }) => rule);
  expect(await rules(slow)).toContain("vee.check_meter");
  expect(await rules(good)).not.toContain("vee.check_meter");
});
