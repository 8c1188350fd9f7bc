import type { Pool } from "pg";
import pino from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Collectors, startCollectors } from "../../collectors/main.ts";
import { type DemoPlan, demoPlan } from "../../demo/plan.ts";
import { seedDemo } from "../../demo/seed.ts";
import { DAY_MS, HOUR_MS, type Instant, instant, SECOND_MS } from "../../domain/instant.ts";
import { READING_SOURCES } from "../../domain/reading.ts";
import { REGISTERS } from "../../domain/register.ts";
import { noTelemetry } from "../../domain/telemetry.ts";
import { wallClock } from "../../simulators/town/clock.ts";
import { shownMicro } from "../../simulators/town/meter.ts";
import { type RunningTown, startTown } from "../../simulators/town/start.ts";
import { type FreshDatabase, freshDatabase, ownerPool } from "../support/database.ts";

/** The town, the wires and the book together: what the meters say is what the book holds. */
const log = pino({ level: "silent" });
const SEED = 3;
const clock = wallClock();
let base: FreshDatabase;
let owner: Pool;
let plan: DemoPlan;
let town: RunningTown;
let collectors: Collectors;

beforeAll(async () => {
  base = await freshDatabase();
  owner = ownerPool(base.ownerUrl);
  plan = demoPlan({ seed: SEED, now: clock.now() });
  town = await startTown({ seed: SEED, clock, host: "127.0.0.1", secret: "a secret of this test", log });
  await seedDemo({ owner, db: base.db, plan, buses: town.buses, passwordOf: town.passwordOf, now: clock.now() });
  collectors = await startCollectors({
    db: base.db,
    clock,
    telemetry: noTelemetry,
    log,
    host: "127.0.0.1",
    mqtt: { kind: "embedded", port: 0 },
    onCommitted: () => {},
  });
});
afterAll(async () => {
  await town.stop();
  await collectors.stop();
  await owner.end();
  await base.drop();
});

type Row = { serial: string; register: number; measured_at: Instant; value: bigint };
const bookOf = async (source: keyof typeof READING_SOURCES): Promise<Row[]> => {
  const { rows } = await owner.query<Row>(
    `select m.serial, r.register, r.measured_at, r.value from reading r
       join meter m on m.operator_id = r.operator_id and m.id = r.meter_id where r.source = $1`,
    [READING_SOURCES[source]],
  );
  return rows;
};
const count = async (table: string): Promise<bigint | undefined> =>
  (await owner.query<{ n: bigint }>(`select count(*) as n from ${table}`)).rows[0]?.n;
const MAIN = new Set<number>([REGISTERS.energy_import_kwh.code, REGISTERS.volume_m3.code]);

test("a backlog stands in the book as the town has it, and sent twice it stands there once", {
  timeout: 60_000,
}, async () => {
  // Old enough that a repetition is a replay and not a second sending.
  const to = instant((Math.floor(clock.now() / HOUR_MS) - 1) * HOUR_MS);
  const range = { mqttUrl: collectors.mqttUrl, from: instant(to - 2 * DAY_MS), to };
  await town.uploadBacklog(range);
  const book = await bookOf("mqtt");
  const dials = book.filter((row) => MAIN.has(row.register));
  expect(new Set(dials.map((row) => row.serial)).size).toBe(plan.town.meters.length);
  for (const { serial, measured_at, value } of dials) expect(value).toBe(town.shown(serial, measured_at));

  expect(await count("refused_frame")).toBe(0n);

  await town.uploadBacklog(range);
  expect(await bookOf("mqtt")).toHaveLength(book.length);
  expect(await count("reading_conflict")).toBe(0n);
  const { rows } = await owner.query<{ reason: string }>("select distinct reason from refused_frame");
  expect(rows.map((row) => row.reason)).toEqual(["replay"]);
});

test("every meter on a bus is polled, and what is polled fits the history", async () => {
  const onWire = plan.town.meters.filter((meter) => meter.modbus !== null);
  const bySerial = new Map(onWire.map((meter) => [meter.serial, meter]));
  const polled = async () => (await bookOf("modbus")).filter((row) => MAIN.has(row.register));
  const serials = async () => new Set((await polled()).map((row) => row.serial)).size;
  await expect.poll(serials, { timeout: 80_000, interval: 500 }).toBe(onWire.length);
  for (const { serial, measured_at, value } of await polled()) {
    const meter = bySerial.get(serial);
    if (meter === undefined) throw new Error(`${serial} is not on a bus`);
    const earlier = shownMicro(meter, town.state, (measured_at - 20 * SECOND_MS) as Instant);
    expect(value >= earlier && value <= town.shown(serial, measured_at), serial).toBe(true);
  }
});
