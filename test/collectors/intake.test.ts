import pino from "pino";
import type { Pool } from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { acrelDdsy1352 } from "../../catalog/meters/acrel-ddsy1352.ts";
import { modbusIntake } from "../../collectors/intake.ts";
import type { Gap, PolledMeter, Sink } from "../../collectors/modbus/sink.ts";
import { type Instant, instant, instantOfIso, MINUTE_MS } from "../../domain/instant.ts";
import { RATIO_ONE, type RatioRow } from "../../domain/ratio.ts";
import type { Reading, Sample } from "../../domain/reading.ts";
import type { RegisterName } from "../../domain/register.ts";
import { readingsBatcher } from "../../ledger/batcher.ts";
import { openGaps } from "../../ledger/gaps.ts";
import { refusalsBook } from "../../ledger/refusals.ts";
import { type Database, openDatabase } from "../../schema/database.ts";
import { type FreshDatabase, freshDatabase, ownerPool } from "../support/database.ts";
import { type Counted, countingTelemetry, until } from "../support/mqtt.ts";
import { type Severable, severable } from "../support/severable.ts";
import { SmallTown } from "../support/town.ts";

const NOON = instantOfIso("2026-06-16T12:00:00+08:00") as Instant;
const after = (minutes: number): Instant => instant(NOON + minutes * MINUTE_MS);

let fresh: FreshDatabase;
let owner: Pool;
let town: SmallTown;
let way: Severable;
let db: Database;
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

let intake: Sink;
let stop: () => Promise<void>;
let telemetry: Counted;
let committed: Reading[];
let said: string[];
const ratios = new Map<bigint, RatioRow[]>();
let meter: PolledMeter;
let count = 0;
beforeEach(async () => {
  telemetry = countingTelemetry();
  [committed, said] = [[], []];
  const log = pino(
    { base: null },
    { write: (line: string) => void said.push((JSON.parse(line) as { msg: string }).msg) },
  );
  const batcher = readingsBatcher({ db, telemetry, log });
  const refusals = refusalsBook({ db, telemetry, log });
  intake = modbusIntake({
    batcher,
    refusals,
    gaps: await openGaps(db),
    clock: { now: () => NOON },
    log,
    onCommitted: (readings) => committed.push(...readings),
    ratiosOf: (id) => ratios.get(id),
  });
  stop = async () => {
    await batcher.stop(1_000);
    await refusals.stop(1_000);
  };
  const meterId = await town.meter(`m-${++count}`);
  meter = { operatorId: town.operatorId, meterId, busId: "b1", unitId: count, profile: acrelDdsy1352 };
});
afterEach(() => stop());

const sample = (register: RegisterName, value: bigint, measuredAt: Instant | null = null): Sample => ({
  register,
  value,
  measuredAt,
});
const energy = sample("energy_import_kwh", 12_340_000n);
const gapOf = (from: Instant, more: Partial<Gap> = {}): Gap => ({
  meter,
  group: "billing",
  from,
  until: instant(from + MINUTE_MS),
  attempts: 3,
  reason: "timeout",
  detail: "no answer",
  ...more,
});
const rows = async (text: string, key: unknown = meter.meterId) =>
  (await owner.query<Record<string, unknown>>(text, [key])).rows;
const booked = () =>
  rows("select register, value, measured_at, received_at, source from reading where meter_id = $1 order by 1, 3");
const gaps = () => rows("select from_at, to_at, reason from gap where meter_id = $1 order by from_at");
const refused = () =>
  rows("select reason, address, times from refused_frame where origin = $1 order by id", `modbus:b1/${meter.unitId}`);

describe("a sample", () => {
  test("becomes a reading with the installation's ratio, stamped with the time of its reply, and is told once", async () => {
    meter = { ...meter, ratios: { multiplier: "40" } };
    await intake.samples(meter, [energy, sample("relay_state", 1_000_000n)], NOON);
    expect(await booked()).toEqual([
      { register: 1, value: 493_600_000n, measured_at: NOON, received_at: NOON, source: 1 },
      expect.objectContaining({ value: 1_000_000n, measured_at: NOON }),
    ]);
    expect(committed.map(({ value, source }) => [value, source])).toEqual([
      [493_600_000n, "modbus"],
      [1_000_000n, "modbus"],
    ]);
    await intake.samples(meter, [energy], NOON); // the same again is already there
    expect(committed).toHaveLength(2);
    expect(telemetry.total("sanbiao_readings_total", { source: "modbus", outcome: "accepted" })).toBe(2);
    expect(telemetry.total("sanbiao_readings_total", { source: "modbus", outcome: "already" })).toBe(1);
  });

  test("takes the ratio that was known when it was received, whatever its bus was started with", async () => {
    const [forty, sixty] = [40n * RATIO_ONE, 60n * RATIO_ONE];
    const since = { recordedAt: NOON, dials: new Map() };
    ratios.set(meter.meterId, [
      { ...since, from: after(-600), ratio: forty, appliesFrom: after(-600) },
      { ...since, from: after(-60), ratio: sixty, appliesFrom: after(2) },
    ]);
    meter = { ...meter, ratios: { multiplier: "7" } };
    const one = sample("energy_import_kwh", 1_000_000n);
    await intake.samples(meter, [one], after(1));
    await intake.samples(meter, [one], after(2));
    expect((await booked()).map(({ value }) => value)).toEqual([40_000_000n, 60_000_000n]);
  });

  test("that cannot be a reading is kept with its reason and counted; its neighbours are booked", async () => {
    const unset = sample("energy_import_peak_kwh", 1n, instant(0));
    const ahead = sample("energy_import_flat_kwh", 1n, after(10));
    await intake.samples(meter, [unset, energy, ahead], NOON);
    expect(await booked()).toHaveLength(1);
    expect(await refused()).toEqual([
      { reason: "past_timestamp", address: "energy_import_peak_kwh", times: 1 },
      { reason: "future_timestamp", address: "energy_import_flat_kwh", times: 1 },
    ]);
    expect(telemetry.total("sanbiao_refused_frames_total", { reason: "past_timestamp" })).toBe(1);
    await intake.samples(meter, [unset], after(1));
    expect((await refused())[0]).toMatchObject({ times: 2 });
  });

  test("of a clock that was set back between poll and hand-over is no reading of the future", async () => {
    await intake.samples(meter, [energy], after(5));
    expect(await booked()).toMatchObject([{ measured_at: after(5) }]);
  });
});

describe("a billing poll in vain", () => {
  test("opens one gap, and the next value of a billing register closes it", async () => {
    await intake.gap(gapOf(NOON));
    await intake.gap(gapOf(after(1), { reason: "crc_error" }));
    await intake.samples(meter, [sample("relay_state", 1_000_000n)], after(2)); // another group's poll
    expect(await gaps()).toEqual([{ from_at: NOON, to_at: null, reason: "timeout" }]);
    await intake.samples(meter, [energy], after(3));
    expect(await gaps()).toEqual([{ from_at: NOON, to_at: after(3), reason: "timeout" }]);
    expect(await booked()).toHaveLength(2); // and no value stands for the polls in vain
  });

  test("of another group opens none", async () => {
    await intake.gap(gapOf(NOON, { group: "state" }));
    expect(await gaps()).toEqual([]);
  });
});

describe("while the database is away", () => {
  test("readings wait and are booked with the time of their reply; the log says that they wait", async () => {
    way.sever();
    const handedOver = intake.samples(meter, [energy], NOON);
    await until("the wait is said", () => said.some((message) => message.startsWith("readings wait")));
    expect(committed).toEqual([]);
    way.mend();
    await handedOver;
    expect(await booked()).toMatchObject([{ measured_at: NOON }]);
    expect(committed).toHaveLength(1);
  });

  test("a gap waits too, is said, and is written with its beginning by the next poll in vain", async () => {
    way.sever();
    await intake.gap(gapOf(NOON));
    expect(said).toContain("a gap waits: it could not be written");
    way.mend();
    await intake.gap(gapOf(after(1)));
    expect(await gaps()).toMatchObject([{ from_at: NOON, to_at: null }]);
  });

  test("at a stop what cannot be written is given back as an error, not forgotten", async () => {
    way.sever();
    const handedOver = Promise.resolve(intake.samples(meter, [energy], NOON)).catch((error: Error) => error.message);
    await stop();
    expect(await handedOver).toContain("closed for writing");
    way.mend();
  });
});
