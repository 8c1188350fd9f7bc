import type { Pool } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { demoFreezeMeter } from "../../catalog/meters/demo-freeze-meter.ts";
import { PROFILES } from "../../catalog/meters/catalogue.ts";
import { openDirectory } from "../../collectors/directory.ts";
import { startModbusCollector } from "../../collectors/modbus/collector.ts";
import { modbusIntake } from "../../collectors/intake.ts";
import { keptBy, nextStep, recalls } from "../../collectors/recalls.ts";
import { DAY_MS, HOUR_MS, type Instant, instant, instantOfIso, isoOf, MINUTE_MS } from "../../domain/instant.ts";
import type { MeterId } from "../../domain/reading.ts";
import { type Period, period } from "../../domain/period.ts";
import { noTelemetry } from "../../domain/telemetry.ts";
import { readingsBatcher } from "../../ledger/batcher.ts";
import { type EndedGap, lookAgain } from "../../ledger/gap-work.ts";
import { openGaps } from "../../ledger/gaps.ts";
import { refusalsBook } from "../../ledger/refusals.ts";
import { startModbusServer } from "../../simulators/modbus/server.ts";
import { Devices } from "../../simulators/town/devices.ts";
import { unitOf } from "../../simulators/town/image.ts";
import { TownState } from "../../simulators/town/state.ts";
import { buildTown, FREEZE_PROFILE } from "../../simulators/town/town.ts";
import { hashDevicePassword } from "../../broker/password.ts";
import { type FreshDatabase, freshDatabase, ownerPool } from "../support/database.ts";
import { PASSWORD, quiet, startStack, until } from "../support/mqtt.ts";
import { SmallTown } from "../support/town.ts";

const NOON = instantOfIso("2026-06-16T12:00:00+08:00") as Instant;
let now = NOON;
const clock = { now: () => now, speed: 1, realMs: (townMs: number) => townMs };
const SEED = 7;

let fresh: FreshDatabase;
let owner: Pool;
let town: SmallTown;
beforeAll(async () => {
  fresh = await freshDatabase();
  owner = ownerPool(fresh.ownerUrl);
  town = await SmallTown.found(owner);
});
afterAll(async () => {
  await owner.end();
  await fresh.drop();
});

async function supply(profileId: string, everySeconds: number): Promise<MeterId> {
  const account = await town.account(`a-${profileId}-${everySeconds}`);
  const { meter } = await town.supply({ account, tariff: "t", from: "2026-01-01" });
  await owner.query("update meter set profile_id = $2, report_every_s = $3 where id = $1", [
    meter,
    profileId,
    everySeconds,
  ]);
  return meter;
}
const gapFrom = (meter: MeterId, { from, to }: Period) =>
  owner.query("insert into gap (operator_id, meter_id, from_at, to_at, reason) values ($1, $2, $3, $4, 'silent')", [
    town.operatorId,
    meter,
    isoOf(from),
    isoOf(to),
  ]);
const gapOf = async (meter: MeterId) =>
  (await owner.query("select state, state_reason, asked, asked_at, settled_at from gap where meter_id = $1", [meter]))
    .rows[0];
const readingsOf = async (meter: MeterId) =>
  (
    await owner.query<{ measured_at: Instant; value: bigint }>(
      "select measured_at, value from reading where meter_id = $1 order by 1",
      [meter],
    )
  ).rows;
const asker = async (ask: (meterId: MeterId, stretch: Period) => Promise<boolean>) =>
  recalls({
    db: fresh.db,
    directory: await openDirectory(fresh.db, clock),
    profiles: PROFILES,
    clock,
    log: quiet,
    ask: (_, meterId, stretch) => ask(meterId, stretch),
  });

describe("what is to be done about a gap that is over", () => {
  const kept = { every_ms: HOUR_MS, back_ms: 10 * DAY_MS };
  const gap = (hours: number, more: Partial<EndedGap> = {}): EndedGap => ({
    id: 1n,
    meterId: 1n,
    utility: "electricity",
    profileId: "p",
    from: instant(NOON - hours * HOUR_MS),
    to: NOON,
    reportEvery_s: 60,
    asked: 0,
    askedAt: null,
    settled: false,
    ...more,
  });
  const at = instant(NOON + 2 * HOUR_MS);
  test.each<[string, EndedGap, number, typeof kept | null, object]>([
    ["a short one is not missed by any bill", gap(2), 2 * HOUR_MS, kept, { kind: "give_up", reason: "short" }],
    ["a long one is asked for", gap(8), 8 * HOUR_MS, kept, { kind: "ask" }],
    ["not where the meter keeps nothing: a person looks at it", gap(8), 8 * HOUR_MS, null, { kind: "wait" }],
    [
      "not twice within an hour",
      gap(8, { asked: 1, askedAt: instant(at - 59 * MINUTE_MS) }),
      8 * HOUR_MS,
      kept,
      { kind: "wait" },
    ],
    ["again after an hour", gap(8, { asked: 1, askedAt: instant(at - HOUR_MS) }), 8 * HOUR_MS, kept, { kind: "ask" }],
    [
      "three questions are enough",
      gap(8, { asked: 3, askedAt: NOON }),
      8 * HOUR_MS,
      kept,
      { kind: "give_up", reason: "no_answer" },
    ],
    [
      "what is older than its memory is not asked for",
      gap(8),
      8 * HOUR_MS,
      { ...kept, back_ms: HOUR_MS },
      { kind: "give_up", reason: "too_old" },
    ],
    ["readings by the hour fill it", gap(8), HOUR_MS, kept, { kind: "fill" }],
    ["half of them do not", gap(8), 4 * HOUR_MS, kept, { kind: "ask" }],
    [
      "one that was given up is filled when they come after all",
      gap(8, { settled: true }),
      HOUR_MS,
      kept,
      { kind: "fill" },
    ],
    ["and else stays as it is", gap(8, { settled: true }), 8 * HOUR_MS, kept, { kind: "wait" }],
    ["values of midnights fill days", gap(72), 24 * HOUR_MS, { ...kept, every_ms: DAY_MS }, { kind: "fill" }],
  ])("%s", (_title, of, silence, keeps, expected) => {
    expect(nextStep(of, silence, keeps, at)).toEqual(expected);
  });
});

test("a meter that does not answer is asked three times, an hour apart, and given up with the reason", async () => {
  const meter = await supply("sanbiao-json", 60);
  await gapFrom(meter, period(instant(NOON - 9 * HOUR_MS), NOON));
  let asked = 0;
  const { turn } = await asker(async (id) => {
    if (id === meter) asked++;
    return true;
  });
  for (let minutes = 0; minutes <= 300; minutes += 10) {
    now = instant(NOON + minutes * MINUTE_MS);
    await turn();
    await turn();
  }
  expect(asked).toBe(3);
  expect(await gapOf(meter)).toMatchObject({ state: "given_up", state_reason: "no_answer", asked: 3 });
});

test("a question that did not leave is no try", async () => {
  const meter = await supply("sanbiao-json", 61);
  await gapFrom(meter, period(instant(NOON - 9 * HOUR_MS), NOON));
  const { turn } = await asker(async () => false);
  now = NOON;
  await turn();
  expect(await gapOf(meter)).toMatchObject({ state: "open", asked: 0, asked_at: NOON });
});

test("a relay of the town is asked over MQTT for the hours of its gap, and they fill it", async () => {
  now = NOON;
  const simulated = buildTown({ seed: SEED, flats: 0, homes: 20 });
  const relay = simulated.meters.find((one) => one.modbus === null && one.hasRelay);
  if (relay === undefined) throw new Error("no relay speaks MQTT by itself");
  const state = new TownState(SEED);
  const meter = await supply("sanbiao-json", 62);
  const { rows } = await owner.query<{ id: bigint }>(
    `insert into mqtt_client (operator_id, username, password_hash, publish_filters, subscribe_filters, profile_ids)
     values ($1, $2, $3, '{sanbiao/v1/#}', '{sanbiao/v1/+/command}', '{sanbiao-json}') returning id`,
    [town.operatorId, relay.mqtt.client, await hashDevicePassword(PASSWORD)],
  );
  const key = relay.mqtt.deviceKey;
  await owner.query("update meter set mqtt_client_id = $1, device_key = $2 where id = $3", [rows[0]?.id, key, meter]);
  await gapFrom(meter, period(instant(NOON - 9 * HOUR_MS), NOON));
  const stack = await startStack(fresh.db);
  const devices = new Devices({
    town: { ...simulated, meters: [relay] },
    state,
    clock,
    url: `mqtt://127.0.0.1:${stack.broker.port}`,
    passwordOf: () => PASSWORD,
    log: quiet,
    onOrder: () => {},
  });
  devices.mute(relay.serial); // its radio was silent, its memory was not
  const history = keptBy(PROFILES.get("sanbiao-json"));
  expect(history).toEqual({ every_ms: HOUR_MS, back_ms: 62 * DAY_MS });
  const { turn } = await asker(async (id, { from, to }) => {
    if (id !== meter) return false;
    const payload = JSON.stringify({ id: "1", action: "history", from: isoOf(from), to: isoOf(to) });
    const sent = await stack.broker.publishCommand({
      username: relay.mqtt.client,
      topic: `sanbiao/v1/${key}/command`,
      payload,
    });
    return sent === "acknowledged" || sent === "sent";
  });
  await until("it listens", async () => {
    await owner.query("update gap set looked_at = null, asked_at = null where meter_id = $1", [meter]);
    await turn();
    return (await gapOf(meter))?.state === "asked";
  });
  const stored = await until("its hours are in the book", async () => {
    const all = await readingsOf(meter);
    return all.length >= 10 ? all : null;
  });
  expect(stored.map(({ measured_at }) => measured_at)).toEqual(
    Array.from({ length: 10 }, (_, i) => NOON - (9 - i) * HOUR_MS),
  );
  await fresh.db.as(town.operatorId, (trx) => lookAgain(trx, [meter]));
  await turn();
  expect(await gapOf(meter)).toMatchObject({ state: "filled", asked: 1, settled_at: NOON });
  await devices.stop();
  await stack.stop();
});

test("a Modbus meter is asked for its midnights behind all polls, and they stand in the book with their own times", async () => {
  now = NOON;
  const simulated = buildTown({ seed: SEED, flats: 48, homes: 0 }).meters.find(
    ({ profileId }) => profileId === FREEZE_PROFILE,
  );
  if (simulated === undefined) throw new Error("no meter of the town keeps its midnights");
  const state = new TownState(SEED);
  const unit = unitOf({ meter: simulated, profile: demoFreezeMeter, state, clock, onOrder: () => {} });
  const gateway = await startModbusServer({ kind: "tcp", host: "127.0.0.1", port: 0, units: new Map([[1, unit]]) });
  const meter = await supply(FREEZE_PROFILE, 60);
  await gapFrom(meter, period(instant(NOON - 5 * DAY_MS), NOON));
  const log = quiet;
  const batcher = readingsBatcher({ db: fresh.db, telemetry: noTelemetry, log });
  const refusals = refusalsBook({ db: fresh.db, telemetry: noTelemetry, log });
  const collector = startModbusCollector({
    buses: [
      {
        id: "b",
        operatorId: town.operatorId,
        link: { kind: "tcp", host: "127.0.0.1", port: gateway.port },
        units: [{ meterId: meter, unitId: 1, profile: demoFreezeMeter }],
        intervals: {},
      },
    ],
    clock,
    random: Math.random,
    telemetry: noTelemetry,
    log,
    sink: modbusIntake({ batcher, refusals, gaps: await openGaps(fresh.db), clock, log, onCommitted: () => {} }),
  });
  const { turn } = await asker(async (id, stretch) =>
    id === meter ? (await collector.recall(meter, stretch, "Asia/Shanghai")) === "answered" : false,
  );
  await turn();
  expect(await gapOf(meter)).toMatchObject({ state: "asked", asked: 1 });
  const midnight = instantOfIso("2026-06-16T00:00:00+08:00") ?? 0;
  const frozen = await readingsOf(meter);
  expect(frozen.map(({ measured_at }) => measured_at)).toEqual(
    Array.from({ length: frozen.length }, (_, i) => midnight - (frozen.length - 1 - i) * DAY_MS),
  );
  expect(frozen.length).toBeGreaterThanOrEqual(5);
  expect(frozen.every(({ value }, i) => value > (frozen[i - 1]?.value ?? 0n))).toBe(true);
  await fresh.db.as(town.operatorId, (trx) => lookAgain(trx, [meter]));
  await turn();
  expect(await gapOf(meter)).toMatchObject({ state: "filled" });
  await collector.stop();
  await batcher.stop();
  await refusals.stop();
  await gateway.stop();
});
