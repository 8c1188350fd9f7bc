import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Pool } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Collectors, startCollectors } from "../../collectors/main.ts";
import type { Reading } from "../../domain/reading.ts";
import { REGISTERS } from "../../domain/register.ts";
import { openDatabase } from "../../schema/database.ts";
import type { Fault } from "../../simulators/modbus/fault.ts";
import { type ModbusServer, startModbusServer } from "../../simulators/modbus/server.ts";
import { imageUnit, type ModbusUnit } from "../../simulators/modbus/unit.ts";
import { type FreshDatabase, freshDatabase, ownerPool } from "../support/database.ts";
import { countingTelemetry, publish, quiet, seedDevices, signedIn, systemClock, until } from "../support/mqtt.ts";
import { severable } from "../support/severable.ts";

/** What a unit does to every request, the reason that its refusals must have, and whether it still is a gap. */
const FAULTS: readonly { readonly fault: Fault; readonly reason: string; readonly gap: boolean }[] = [
  { fault: { kind: "crc_error" }, reason: "crc_error", gap: true },
  { fault: { kind: "exception", code: 2 }, reason: "exception_reply", gap: true },
  { fault: { kind: "short_reply" }, reason: "short_reply", gap: true },
  { fault: { kind: "wrong_unit_id", unitId: 99 }, reason: "wrong_unit_id", gap: true },
  { fault: { kind: "all_ones" }, reason: "all_ones", gap: false },
  { fault: { kind: "nan" }, reason: "not_a_number", gap: false },
  { fault: { kind: "silence" }, reason: "timeout", gap: true },
];
/** Two healthy units: one behind the faulty ones, one with a relay. */
const NEIGHBOUR = FAULTS.length + 1;
const RELAY = NEIGHBOUR + 1;

/** 100.5 kWh, as an SDM120 has it in its input registers; the rest is 0. */
function energyMeter(): ModbusUnit {
  const words = new Uint16Array(0x60);
  words.set([0x42c9, 0x0000], 0x48);
  return imageUnit({ input: { start: 0, words } });
}
/** A relay whose control word is read back, as the Acrel has it; its counters stand at 0. */
const relayMeter = (holding: Uint16Array): ModbusUnit => ({
  read: (_table, address, words) =>
    address < 0x100 ? holding.subarray(address, address + words) : new Uint16Array(words),
  write: (_table, address, words) => {
    holding.set(words, address);
    return 0;
  },
});

let fresh: FreshDatabase;
let owner: Pool;
let operatorId: bigint;
let gateway: ModbusServer;
let collectors: Collectors;
const relayWords = new Uint16Array(0x100);
const telemetry = countingTelemetry();
const committed: Reading[] = [];
const meterOf = new Map<number, bigint>();

async function hang(busId: bigint, unitId: number, profileId: string): Promise<void> {
  const { rows } = await owner.query<{ id: bigint }>(
    "insert into meter (operator_id, serial, utility, profile_id, bus_id, unit_id) values ($1, $2, 'electricity', $3, $4, $5) returning id",
    [operatorId, `unit-${unitId}`, profileId, busId, unitId],
  );
  meterOf.set(unitId, rows[0]?.id ?? 0n);
}

beforeAll(async () => {
  fresh = await freshDatabase();
  owner = ownerPool(fresh.ownerUrl);
  operatorId = await seedDevices(fresh, [{ username: "dev", keys: ["e-1"] }]);
  const units = new Map<number, ModbusUnit>();
  for (let unitId = 1; unitId <= NEIGHBOUR; unitId++) units.set(unitId, energyMeter());
  units.set(RELAY, relayMeter(relayWords));
  gateway = await startModbusServer({ kind: "rtu_over_tcp", host: "127.0.0.1", port: 0, units });
  for (const [i, { fault }] of FAULTS.entries()) gateway.faults.set(i + 1, fault);
  const { rows } = await owner.query<{ id: bigint }>(
    "insert into bus (operator_id, name, kind, address, poll_seconds) values ($1, 'line', 'rtu_over_tcp', $2, $3) returning id",
    [
      operatorId,
      JSON.stringify({ host: "127.0.0.1", port: gateway.port, timeoutMs: 200 }),
      JSON.stringify({ billing: 0.2, power: "a word where a number belongs" }),
    ],
  );
  for (let unitId = 1; unitId <= NEIGHBOUR; unitId++) await hang(rows[0]?.id ?? 0n, unitId, "eastron-sdm120");
  await hang(rows[0]?.id ?? 0n, RELAY, "acrel-ddsy1352");
  collectors = await startCollectors({
    db: fresh.db,
    clock: systemClock,
    telemetry,
    log: quiet,
    host: "127.0.0.1",
    mqtt: { kind: "embedded", port: 0 },
    onCommitted: (readings) => committed.push(...readings),
  });
});
afterAll(async () => {
  await collectors.stop();
  await gateway.stop();
  await owner.end();
  await fresh.drop();
});

const energyOf = (unitId: number): Reading[] =>
  committed.filter((r) => r.meterId === meterOf.get(unitId) && r.register === REGISTERS.energy_import_kwh.code);
const count = async (text: string, values: unknown[]): Promise<number> =>
  (await owner.query<{ n: number }>(text, values)).rows[0]?.n ?? 0;

describe("on a line with every kind of bad unit", () => {
  test.each(FAULTS.map((one, i) => ({ ...one, unitId: i + 1 })))(
    "$fault.kind is kept as $reason and counted, and no value of that unit is booked",
    async ({ reason, unitId }) => {
      await until("the refusal is in its operator's book", () =>
        count(
          "select count(*)::int as n from refused_frame where operator_id = $1 and reason = $2 and origin like 'modbus:line#%/' || $3",
          [operatorId, reason, unitId],
        ),
      );
      expect(telemetry.total("sanbiao_refused_frames_total", { reason })).toBeGreaterThan(0);
      expect(await count("select count(*)::int as n from reading where meter_id = $1", [meterOf.get(unitId)])).toBe(0);
    },
  );

  test("the neighbour's readings flow on, and all are its own", async () => {
    const before = energyOf(NEIGHBOUR).length;
    await until("five more", () => energyOf(NEIGHBOUR).length >= before + 5);
    expect(new Set(energyOf(NEIGHBOUR).map((reading) => reading.value))).toEqual(new Set([100_500_000n]));
  });

  test("a unit that recovers is booked from then on, and its gap is closed", async () => {
    const broken = FAULTS.flatMap(({ gap }, i) => (gap ? [i + 1] : []));
    const gaps = "select count(*)::int as n from gap where meter_id = any($1::bigint[])";
    const ids = [`{${broken.map((unitId) => meterOf.get(unitId)).join(",")}}`];
    await until(
      "each unit that did not answer is a gap",
      async () => (await count(gaps, ids)) === broken.length,
      20_000,
    );
    gateway.faults.clear();
    for (let unitId = 1; unitId <= FAULTS.length; unitId++)
      await until(`unit ${unitId} is read`, () => energyOf(unitId).length > 0);
    await until("no gap is open", async () => (await count(`${gaps} and to_at is null`, ids)) === 0);
    expect(await count(gaps, ids)).toBe(broken.length);
  });
});

describe("an order", () => {
  test("to a Modbus meter is written, and its relay's new position is a reading", async () => {
    const meterId = meterOf.get(RELAY) ?? 0n;
    const positions = () =>
      committed.filter((r) => r.meterId === meterId && r.register === REGISTERS.relay_state.code).map((r) => r.value);
    const words = [...new Set(positions())];
    expect(await collectors.send(operatorId, meterId, "disconnect")).toBe("sent");
    expect([...relayWords.subarray(0x57, 0x59)]).toEqual([1, 1]);
    await until("the position is booked", () => !words.includes(positions().at(-1) ?? -1n));
    expect(await collectors.send(operatorId, meterId, "connect")).toBe("sent");
    expect([...relayWords.subarray(0x57, 0x59)]).toEqual([1, 0]);
  });

  test("to a meter without a relay, of another operator or of nobody is refused", async () => {
    expect(await collectors.send(operatorId, meterOf.get(NEIGHBOUR) ?? 0n, "disconnect")).toBe("refused");
    expect(await collectors.send(operatorId + 1n, meterOf.get(RELAY) ?? 0n, "disconnect")).toBe("refused");
    expect(await collectors.send(operatorId, 4_711_000n, "disconnect")).toBe("refused");
    expect([...relayWords.subarray(0x57, 0x59)]).toEqual([1, 0]);
  });

  test("to an MQTT meter reaches its own topic once it is there; before, nobody is", async () => {
    const meter = [...collectors.directory.meters()].find((one) => one.deviceKey === "e-1");
    const meterId = meter?.id ?? 0n;
    expect(await collectors.send(operatorId, meterId, "connect")).toBe("unreachable");
    const device = await signedIn(collectors.mqttPort ?? 0, "dev");
    device.send({ cmd: "subscribe", messageId: 1, subscriptions: [{ topic: "sanbiao/v1/e-1/command", qos: 1 }] });
    expect(await device.next("suback")).not.toBeNull();
    const sent = collectors.send(operatorId, meterId, "disconnect");
    const order = (await device.next("publish")) as { topic: string; payload: Buffer; messageId: number } | null;
    expect(order?.topic).toBe("sanbiao/v1/e-1/command");
    expect(JSON.parse(String(order?.payload))).toMatchObject({ action: "disconnect" });
    device.send({ cmd: "puback", messageId: order?.messageId ?? 0 });
    expect(await sent).toBe("sent");
    device.socket.destroy();
  });
});

test("polls and devices are taken on disk while the database is away, with the times at which they were measured", async () => {
  const folder = await mkdtemp(join(tmpdir(), "sanbiao-spool-"));
  const way = await severable(fresh.url);
  const db = openDatabase(way.url);
  const heard: Reading[] = [];
  const lonely = await startCollectors({
    db,
    clock: systemClock,
    telemetry,
    log: quiet,
    host: "127.0.0.1",
    mqtt: { kind: "embedded", port: 0 },
    onCommitted: (readings) => heard.push(...readings),
    spoolFolder: folder,
  });
  await until("the line is read", () => heard.length > 0);
  const device = await signedIn(lonely.mqttPort ?? 0, "dev");
  way.sever();
  const began = Date.now();
  await until("polls go on", () => lonely.waiting().rows > 40);
  publish(device, "sanbiao/v1/e-1/readings", '{"t":"2026-03-01T08:15:00Z","energy_import_kwh":"1234.56"}', 9);
  expect(await device.next("puback", 9)).not.toBeNull();
  const ended = Date.now();
  way.mend();
  await until("nothing waits", () => lonely.waiting().rows === 0 && !lonely.batcher.onDisk);
  const measured = (
    await owner.query<{ n: number }>(
      "select count(*)::int as n from reading where meter_id = any($1) and measured_at between $2 and $3",
      [[...meterOf.values()], new Date(began), new Date(ended)],
    )
  ).rows;
  expect(measured[0]?.n).toBeGreaterThan(30);
  expect(
    await count("select count(*)::int as n from reading where value = $1 and measured_at = $2", [
      1_234_560_000n,
      "2026-03-01T08:15:00Z",
    ]),
  ).toBe(1);
  device.socket.destroy();
  await lonely.stop();
  await db.close();
  await way.close();
  await rm(folder, { recursive: true, force: true });
});

test("a stop ends also while the database is away", async () => {
  const way = await severable(fresh.url);
  const db = openDatabase(way.url);
  const lonely = await startCollectors({
    db,
    clock: systemClock,
    telemetry,
    log: quiet,
    host: "127.0.0.1",
    mqtt: { kind: "embedded", port: 0 },
    onCommitted: () => {},
  });
  way.sever();
  await until("readings wait", () => lonely.batcher.held > 0);
  await lonely.stop();
  expect(lonely.batcher.held).toBe(0);
  await db.close();
  await way.close();
});
