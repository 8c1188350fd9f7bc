import { randomBytes } from "node:crypto";
import mqtt, { type MqttClient } from "mqtt";
import type { Pool } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hashDevicePassword } from "../../../broker/password.ts";
import { type Collectors, startCollectors } from "../../../collectors/main.ts";
import { readCommand, type SignedAck, writeAck, writeCommand } from "../../../domain/command-envelope.ts";
import { instant, SECOND_MS } from "../../../domain/instant.ts";
import type { Reading } from "../../../domain/reading.ts";
import { REGISTERS } from "../../../domain/register.ts";
import { addDeviceKey, deviceCommands } from "../../../ledger/device-commands.ts";
import { sealer } from "../../../ledger/sealing.ts";
import { FaultBook } from "../../../simulators/faults/book.ts";
import { chosen } from "../../../simulators/faults/choice.ts";
import { type RelayDialect, RelayDevice } from "../../../simulators/mqtt/relay-device.ts";
import { CommandEar } from "../../../simulators/town/command-ear.ts";
import type { TownMeter } from "../../../simulators/town/meter.ts";
import { Relays } from "../../../simulators/town/relays.ts";
import { TownState } from "../../../simulators/town/state.ts";
import { buildTown } from "../../../simulators/town/town.ts";
import { type FreshDatabase, freshDatabase, ownerPool } from "../../support/database.ts";
import { countingTelemetry, PASSWORD, quiet, seedDevices, systemClock, until } from "../../support/mqtt.ts";

/** Topics that a client of each dialect publishes and hears. */
const RIGHTS: Readonly<Record<RelayDialect, { says: readonly string[]; hears: readonly string[] }>> = {
  tasmota: { says: ["stat/plug-t/#", "tele/plug-t/#"], hears: ["cmnd/plug-t/#"] },
  "shelly-gen1": { says: ["shellies/plug-1/#"], hears: ["shellies/plug-1/#"] },
  "shelly-gen2": { says: ["plug-2/#", "sanbiao/rpc"], hears: ["plug-2/rpc"] },
  zigbee2mqtt: { says: ["zigbee2mqtt/#"], hears: ["zigbee2mqtt/#"] },
};
const NAMES: Readonly<Record<RelayDialect, string>> = {
  tasmota: "plug-t",
  "shelly-gen1": "plug-1",
  "shelly-gen2": "plug-2",
  zigbee2mqtt: "plug-z",
};
const DIALECTS = Object.keys(NAMES) as RelayDialect[];
const OPEN = 0n;

let fresh: FreshDatabase;
let owner: Pool;
let operatorId: bigint;
let collectors: Collectors;
const telemetry = countingTelemetry();
const committed: Reading[] = [];
const sealing = sealer(randomBytes(32));
const devices = new Map<RelayDialect, RelayDevice>();
/** Who answers is given time, however busy the machine is. */
const times = { answerMs: 30_000, statusAfterMs: [60, 150] };
/** An order whose answer does not come, or comes too late: it is waited for no longer than this. */
async function unanswered<T>(answerMs: number, send: () => Promise<T>): Promise<T> {
  const patient = times.answerMs;
  times.answerMs = answerMs;
  try {
    return await send();
  } finally {
    times.answerMs = patient;
  }
}

async function register(dialect: RelayDialect): Promise<void> {
  const { says, hears } = RIGHTS[dialect];
  const { rows } = await owner.query<{ id: bigint }>(
    "insert into mqtt_client (operator_id, username, password_hash, publish_filters, subscribe_filters, profile_ids) values ($1, $2, $3, $4, $5, $6) returning id",
    [operatorId, `client-${dialect}`, await hashDevicePassword(PASSWORD), says, hears, [dialect]],
  );
  await owner.query(
    "insert into meter (operator_id, serial, utility, profile_id, mqtt_client_id, device_key) values ($1, $2, 'electricity', $3, $4, $5)",
    [operatorId, `serial-${dialect}`, dialect, rows[0]?.id, NAMES[dialect]],
  );
}

beforeAll(async () => {
  fresh = await freshDatabase();
  owner = ownerPool(fresh.ownerUrl);
  operatorId = await seedDevices(fresh, [{ username: "own", keys: [METER.mqtt.deviceKey, "gas-1"] }]);
  await owner.query("update meter set utility = 'gas' where device_key = 'gas-1'");
  for (const dialect of DIALECTS) await register(dialect);
  collectors = await startCollectors({
    db: fresh.db,
    clock: systemClock,
    telemetry,
    log: quiet,
    host: "127.0.0.1",
    mqtt: { kind: "embedded", port: 0 },
    deviceCommands: deviceCommands(fresh.db, sealing),
    commandTimes: times,
    onCommitted: (readings) => committed.push(...readings),
  });
  for (const dialect of DIALECTS) {
    const device = new RelayDevice({
      url: collectors.mqttUrl,
      username: `client-${dialect}`,
      password: PASSWORD,
      dialect,
      device: NAMES[dialect],
    });
    devices.set(dialect, device);
    await device.ready();
  }
});
afterAll(async () => {
  await Promise.all([...devices.values()].map((device) => device.stop()));
  await collectors.stop();
  await owner.end();
  await fresh.drop();
});

const meterIdOf = (deviceKey: string): bigint =>
  [...collectors.directory.meters()].find((meter) => meter.deviceKey === deviceKey)?.id ?? 0n;
const positionsOf = (deviceKey: string): bigint[] =>
  committed
    .filter((r) => r.meterId === meterIdOf(deviceKey) && r.register === REGISTERS.relay_state.code)
    .map((r) => r.value);
const command = (deviceKey: string, wish: Parameters<Collectors["command"]>[2]["wish"]) =>
  collectors.command(operatorId, meterIdOf(deviceKey), { wish, origin: "engine" });

describe.each(DIALECTS)("a %s relay", (dialect) => {
  const device = (): RelayDevice => devices.get(dialect) as RelayDevice;
  const key = NAMES[dialect];
  const by = dialect === "shelly-gen2" ? "device" : "wire";
  /** Acts, and waits for a state that was booked after it: a state that was asked for earlier may still come in between. */
  const stateAfter = async (state: bigint, act: () => Promise<unknown>): Promise<void> => {
    const before = positionsOf(key).length;
    await act();
    await until(`${state} is booked`, () => positionsOf(key).slice(before).at(-1) === state);
  };

  test("trips and closes, and says its state at once", async () => {
    await stateAfter(OPEN, async () => expect(await command(key, "trip")).toEqual({ kind: "accepted", by }));
    expect(device().flows).toBe(false);
    await stateAfter(1n, () => command(key, "connect"));
    expect(device().flows).toBe(true);
  });

  test("whose answer is lost is asked for its state, and that proves the order", async () => {
    device().faults["ack-lost"] = true;
    await stateAfter(OPEN, async () =>
      expect(await unanswered(200, () => command(key, "trip"))).toEqual({ kind: "accepted", by: "wire" }),
    );
    device().faults["ack-lost"] = false;
    await stateAfter(1n, () => command(key, "direct_close"));
  });

  test("that is stuck, or lies, is believed as it says: nothing is called done", async () => {
    device().faults["relay-stuck"] = true;
    const before = positionsOf(key).length;
    await stateAfter(1n, () => command(key, "trip"));
    expect(positionsOf(key).slice(before)).not.toContain(OPEN);
    device().faults["relay-stuck"] = false;
    device().faults["relay-welded"] = true;
    await stateAfter(OPEN, () => command(key, "trip"));
    expect(device().flows).toBe(true); // the meter's power, not the position, gives a welded relay away
    device().faults["relay-welded"] = false;
    await stateAfter(1n, () => command(key, "direct_close"));
  });

  test("refuses what it does not know, by name and without a word on the wire", async () => {
    const heard = device().heard.length;
    for (const wish of ["protect_on", "close_permitted", "valve_close"] as const)
      expect(await command(key, wish)).toMatchObject({ kind: "refused", reason: "not_supported" });
    expect(device().heard).toHaveLength(heard);
  });
});

test("a Shelly's error is its refusal, and an answer that comes late changes nothing", async () => {
  const device = devices.get("shelly-gen2") as RelayDevice;
  device.faults.refuses = "Argument 'id', value 9 not found!";
  expect(await command("plug-2", "trip")).toMatchObject({ kind: "refused", reason: "device" });
  delete device.faults.refuses;
  const ignored = telemetry.total("sanbiao_command_answers_total", { outcome: "ignored" });
  device.faults["ack-late"] = 1_500;
  expect(await unanswered(100, () => command("plug-2", "direct_close"))).toEqual({ kind: "accepted", by: "wire" });
  await until("it is passed over", () => telemetry.total("sanbiao_command_answers_total") > ignored);
  device.faults["ack-late"] = 0;
});

test("nobody hears: the order was not delivered, and gas is switched by no program", async () => {
  expect(await command("gas-1", "trip")).toMatchObject({ kind: "refused", reason: "forbidden" });
  expect(
    await collectors.command(operatorId, meterIdOf("gas-1"), { wish: "valve_close", origin: "person" }),
  ).toMatchObject({ kind: "unreachable" });
  expect(await collectors.send(operatorId, meterIdOf("gas-1"), "connect")).toBe("refused");
});

const METER = buildTown({ seed: 9, flats: 0, homes: 6 }).meters.find(
  (meter) => meter.hasRelay && meter.modbus === null,
) as TownMeter;

describe("our own envelope", () => {
  const SECRET = randomBytes(32);
  const topic = `sanbiao/v1/${METER.mqtt.deviceKey}`;
  let client: MqttClient;
  let ear: CommandEar;
  let state: TownState;
  let orders: string[];
  const said: { topic: string; payload: string }[] = [];
  const caught: string[] = [];

  function device(faults?: FaultBook, secrets: ReadonlyMap<number, Uint8Array> = new Map([[1, SECRET]])): void {
    state = new TownState(9, null, () => {}, faults);
    orders = [];
    const relays = new Relays(state, { ...systemClock, speed: 1, realMs: (ms) => ms }, () => {}, { relayMs: 5 });
    ear?.stop();
    ear = new CommandEar({
      state,
      clock: { ...systemClock, speed: 1, realMs: (ms) => ms },
      secretsOf: () => secrets,
      say: (_meter, message) => {
        said.push(message);
        client.publish(message.topic, message.payload, { qos: 1 });
      },
      onOrder: (meter, order, done) => {
        orders.push(order);
        relays.order(meter, order, done);
      },
      onHistory: () => {},
    });
  }

  beforeAll(async () => {
    await fresh.db.as(operatorId, (trx) =>
      addDeviceKey(trx, sealing, { meterId: meterIdOf(METER.mqtt.deviceKey), secret: SECRET, now: systemClock.now() }),
    );
    client = mqtt.connect(collectors.mqttUrl, { username: "own", password: PASSWORD, clientId: "own" });
    client.on("message", (_topic, payload) => {
      if (payload.includes('"mac"')) caught.push(payload.toString());
      ear.hear(METER, payload);
    });
    await new Promise<void>((resolve) => client.once("connect", () => resolve()));
    await client.subscribeAsync(`${topic}/command`, { qos: 1 });
    device();
  });
  afterAll(async () => {
    ear.stop();
    await client.endAsync(true);
  });
  const order = (wish: Parameters<typeof command>[1]) => command(METER.mqtt.deviceKey, wish);
  const acks = () =>
    said.filter((one) => one.topic.endsWith("/ack")).map((one) => JSON.parse(one.payload) as SignedAck);

  test("is signed, numbered, carried out, and answered under the key", async () => {
    expect(await order("trip")).toEqual({ kind: "accepted", by: "device" });
    expect(state.isOff(METER.serial)).toBe(true);
    await until("its state is booked", () => positionsOf(METER.mqtt.deviceKey).at(-1) === OPEN);
    expect(await order("direct_close")).toEqual({ kind: "accepted", by: "device" });
    const numbers = caught.map((text) => (JSON.parse(text) as { seq: number }).seq);
    expect(numbers[1]).toBeGreaterThan(numbers[0] ?? Number.POSITIVE_INFINITY);
    const { rows } = await owner.query<{ sequence: bigint }>("select sequence from device_command order by sequence");
    expect(rows.map((row) => Number(row.sequence))).toEqual(numbers);
    const { rows: keys } = await owner.query<{ sealed: Buffer }>("select sealed from device_key");
    expect(keys.every(({ sealed }) => !sealed.includes(SECRET))).toBe(true);
  });

  test("the whole set: a protected relay refuses to trip, a permitted one waits for the press", async () => {
    expect(await order("protect_on")).toEqual({ kind: "accepted", by: "device" });
    expect(await order("trip")).toMatchObject({ kind: "refused", detail: "protected" });
    expect(await order("protect_off")).toMatchObject({ kind: "accepted" });
    expect(await order("trip")).toMatchObject({ kind: "accepted" });
    expect(await order("close_permitted")).toMatchObject({ kind: "accepted" });
    expect([state.isOff(METER.serial), state.isPermitted(METER.serial)]).toEqual([true, true]);
    expect(await order("alarm_on")).toMatchObject({ kind: "accepted" });
    expect(state.isAlarmed(METER.serial)).toBe(true);
    expect(await order("valve_close")).toMatchObject({ kind: "refused", detail: "not_supported" });
  });

  test("a device refuses what it has heard, what is stale, another meter's and a plain order", async () => {
    orders = [];
    const now = systemClock.now();
    const seq = state.lastCommandOf(METER.serial) + 1;
    const base = { meter: METER.mqtt.deviceKey, seq, command: "trip", issued: now, key: 1 } as const;
    const expires = instant(now + SECOND_MS);
    const hear = (text: string) => ear.hear(METER, Buffer.from(text));
    const lastAck = () => acks().at(-1);
    hear(caught.at(-1) ?? ""); // caught on the way and sent again
    expect(lastAck()).toMatchObject({ result: "refused", reason: "replay" });
    hear(writeCommand({ ...base, expires: instant(now - 1) }, SECRET));
    expect(lastAck()).toMatchObject({ reason: "expired" });
    hear(writeCommand({ ...base, expires, meter: "another" }, SECRET));
    expect(lastAck()).toMatchObject({ reason: "other_meter" });
    const before = acks().length;
    hear(writeCommand({ ...base, expires }, randomBytes(32))); // forged
    hear(writeCommand({ ...base, expires }, SECRET).replace('"trip"', '"direct_close"')); // changed on the way
    hear(writeCommand({ ...base, expires, key: 2 }, SECRET)); // under a key that it does not hold
    expect(acks()).toHaveLength(before);
    hear('{"id":"1","action":"disconnect"}');
    expect(JSON.parse(said.at(-1)?.payload ?? "")).toMatchObject({ command: { error: "signature wanted" } });
    expect(orders).toEqual([]);
  });

  test("a forged answer, an older one and one for another number are ignored", async () => {
    const mute = new Map<number, Buffer>();
    device(undefined, mute); // holds no key: it stays silent
    const pending = unanswered(2_500, () => order("trip"));
    const forged = await until("the order is on the wire", () => {
      const text = caught.at(-1) ?? "{}";
      const { seq } = JSON.parse(text) as { seq: number };
      return seq > (acks().at(-1)?.seq ?? 0) ? seq : 0;
    }).then(() => (JSON.parse(caught.at(-1) ?? "{}") as { seq: number }).seq);
    const ignored = telemetry.total("sanbiao_command_answers_total");
    const ack = {
      meter: METER.mqtt.deviceKey,
      seq: forged,
      result: "refused",
      reason: "protected",
      state: "connected",
      at: systemClock.now(),
      key: 1,
      last: forged,
    } as const;
    client.publish(`${topic}/ack`, writeAck(ack, randomBytes(32)), { qos: 1 });
    client.publish(`${topic}/ack`, writeAck({ ...ack, seq: forged - 1 }, SECRET), { qos: 1 });
    client.publish(`${topic}/ack`, writeAck({ ...ack, meter: "another" }, SECRET), { qos: 1 });
    client.publish(`${topic}/ack`, writeAck({ ...ack, key: 9 }, SECRET), { qos: 1 });
    expect(await pending).toEqual({ kind: "accepted", by: "wire" });
    await until("all are passed over", () => telemetry.total("sanbiao_command_answers_total") >= ignored + 4);
    expect(telemetry.total("sanbiao_command_answers_total")).toBe(ignored + 4);
  });

  test("a lost answer is made good by the state that is asked for; a late one changes nothing", async () => {
    const since = instant(Math.floor(systemClock.now() / 86_400_000) * 86_400_000);
    const always = (name: "ack-lost" | "ack-late") =>
      new FaultBook({ seed: 1, since, faults: [chosen(name, { every: 24, minutes: 1440, meters: 100 })] });
    device(always("ack-lost"));
    const before = positionsOf(METER.mqtt.deviceKey).length;
    expect(await unanswered(500, () => order("trip"))).toEqual({ kind: "accepted", by: "wire" });
    await until("the relay moved", () => state.isOff(METER.serial));
    await until("the state came", () => positionsOf(METER.mqtt.deviceKey).length > before);
  });

  test("the newest key signs, and a device that lost its memory lifts nobody's numbers", async () => {
    const next = randomBytes(32);
    const meterId = meterIdOf(METER.mqtt.deviceKey);
    const version = await fresh.db.as(operatorId, (trx) =>
      addDeviceKey(trx, sealing, { meterId, secret: next, now: systemClock.now() }),
    );
    expect(version).toBe(2);
    device(
      undefined,
      new Map([
        [1, SECRET],
        [2, next],
      ]),
    ); // a device holds the old and the new one for a while
    expect(await order("trip")).toEqual({ kind: "accepted", by: "device" });
    expect(readCommand(caught.at(-1) ?? "", (v) => (v === 2 ? next : null)).kind).toBe("genuine");
    // A device that is ahead of us (our books came back from a backup) says so, and the next number is above its own.
    const ahead = systemClock.now() + 3_600_000;
    state.keepLastCommand(METER.serial, ahead);
    expect(await order("direct_close")).toMatchObject({ kind: "refused", detail: "replay" });
    await until("our numbers were lifted", async () => {
      const { rows } = await owner.query<{ last: bigint }>("select last from device_sequence where meter_id = $1", [
        meterId,
      ]);
      return Number(rows[0]?.last) >= ahead;
    });
    expect(await order("direct_close")).toEqual({ kind: "accepted", by: "device" });
  });

  test("two processes never give out one number", async () => {
    const meterId = meterIdOf(METER.mqtt.deviceKey);
    const one = deviceCommands(fresh.db, sealing);
    const other = deviceCommands(fresh.db, sealing);
    const now = systemClock.now();
    const taken = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        (i % 2 === 0 ? one : other).take(operatorId, {
          meterId,
          command: "trip",
          issued: now,
          expires: now,
          keyVersion: 2,
        }),
      ),
    );
    expect(new Set(taken).size).toBe(20);
    // Numbers rise even where the clock stands or runs back.
    const later = await one.take(operatorId, {
      meterId,
      command: "trip",
      issued: instant(0),
      expires: instant(1),
      keyVersion: 2,
    });
    expect(later).toBeGreaterThan(Math.max(...taken.map(Number)));
  });
});
