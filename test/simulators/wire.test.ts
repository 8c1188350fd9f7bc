import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import modbus from "modbus-serial";
import pino from "pino";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { modbusProfileOf } from "../../catalog/meters/catalogue.ts";
import { decodeWords, type WordBlock } from "../../collectors/decode/words.ts";
import { planOf, planOfRegister } from "../../collectors/modbus/plan.ts";
import { DAY_MS, HOUR_MS, type Instant, instant } from "../../domain/instant.ts";
import type { PollGroup, RegisterTable } from "../../domain/profile.ts";
import { SUPPLY_STATES } from "../../domain/register.ts";
import type { TownClock } from "../../simulators/town/clock.ts";
import { shownMicro, type TownMeter } from "../../simulators/town/meter.ts";
import { type RunningTown, startTown } from "../../simulators/town/start.ts";

/** Read over real sockets with another library's client and the collector's own plan and decoder. */
const log = pino({ level: "silent" });
const folder = mkdtempSync(join(tmpdir(), "town-"));
const stateFile = join(folder, "town.json");
let now = instant(Date.UTC(2026, 2, 1, 4, 5, 6, 789));
const clock: TownClock = { speed: 1, now: () => now, realMs: (ms) => ms };
const options = { seed: 11, flats: 32, homes: 6, clock, host: "127.0.0.1", stateFile, secret: "s", log };

let town: RunningTown;
const clients: InstanceType<typeof modbus.default>[] = [];
beforeAll(async () => {
  town = await startTown(options);
});
afterEach(() => {
  for (const client of clients.splice(0)) client.close(() => {});
});
afterAll(async () => {
  await town.stop();
  rmSync(folder, { recursive: true });
});

const onWire = (): TownMeter[] => town.town.meters.filter((m) => m.modbus !== null);

async function clientOf(meter: TownMeter): Promise<InstanceType<typeof modbus.default>> {
  const bus = town.buses.find((b) => b.name === meter.modbus?.bus);
  if (bus === undefined) throw new Error("no bus");
  const client = new modbus.default();
  clients.push(client);
  client.setTimeout(2000);
  await (bus.kind === "tcp"
    ? client.connectTCP(bus.host, { port: bus.port })
    : client.connectTelnet(bus.host, { port: bus.port }));
  client.setID(meter.modbus?.unitId ?? 0);
  return client;
}

async function ask(
  client: InstanceType<typeof modbus.default>,
  table: RegisterTable,
  address: number,
  count: number,
): Promise<WordBlock> {
  const words =
    table === "input"
      ? (await client.readInputRegisters(address, count)).data
      : table === "holding"
        ? (await client.readHoldingRegisters(address, count)).data
        : (await client.readCoils(address, count)).data.slice(0, count).map(Number);
  return { table, address, words };
}

async function readGroup(meter: TownMeter, group: PollGroup | "proof"): Promise<Map<string, bigint>> {
  const profile = modbusProfileOf(meter.profileId);
  const plan =
    group === "proof" ? planOfRegister(profile, profile.control?.readBack ?? "relay_state") : planOf(profile, group);
  const client = await clientOf(meter);
  const blocks: WordBlock[] = [];
  for (const block of plan.blocks) blocks.push(await ask(client, block.table, block.address, block.count));
  const decoded = decodeWords(plan.profile, blocks);
  if (decoded.kind === "refused") throw new Error(decoded.detail);
  expect(decoded.messages.flatMap((m) => m.refusals)).toEqual([]);
  return new Map(decoded.messages.flatMap((m) => m.samples.map((s) => [s.register, s.value])));
}

async function write(meter: TownMeter, order: "disconnect" | "connect"): Promise<void> {
  const { control: known } = modbusProfileOf(meter.profileId);
  const control = known?.commands[order === "connect" ? "direct_close" : "trip"];
  if (control === undefined) throw new Error("no relay");
  const client = await clientOf(meter);
  if (control.functionCode === 5) await client.writeCoil(control.address, control.words[0] !== 0);
  else if (control.functionCode === 6) await client.writeRegister(control.address, control.words[0] ?? 0);
  else await client.writeRegisters(control.address, [...control.words]);
}

const relayOf = async (meter: TownMeter): Promise<bigint | undefined> =>
  (await readGroup(meter, "proof")).get("relay_state");

describe("a meter of the town, read over its socket", () => {
  test("says exactly what the town says, through every gateway and profile", async () => {
    expect(new Set(town.buses.map((b) => b.kind)).size).toBe(2);
    for (const meter of onWire()) {
      const read = await readGroup(meter, "billing");
      expect(read.get("energy_import_kwh"), `${meter.serial} ${meter.profileId}`).toBe(
        shownMicro(meter, town.state, now),
      );
      if (meter.twoRate) {
        expect(read.get("energy_import_peak_kwh")).toBe(shownMicro(meter, town.state, now, "peak"));
        expect(read.get("energy_import_valley_kwh")).toBe(shownMicro(meter, town.state, now, "valley"));
      }
    }
  });

  test("says so for thirty years, float registers too", async () => {
    const today = now;
    const kinds = new Map(onWire().map((m) => [`${m.profileId} ${m.role}`, m]));
    for (const years of [5, 15, 30]) {
      now = (today + years * 365 * DAY_MS + 1234) as Instant;
      for (const meter of kinds.values())
        expect((await readGroup(meter, "billing")).get("energy_import_kwh")).toBe(town.shown(meter.serial));
    }
    now = today;
  });

  test("answers every poll group of its profile without a refusal", async () => {
    const kinds = new Map(onWire().map((m) => [m.profileId, m]));
    expect(kinds.size).toBeGreaterThan(3);
    for (const meter of kinds.values())
      for (const group of ["power", "state", "slow"] as const)
        if (planOf(modbusProfileOf(meter.profileId), group).blocks.length > 0)
          expect((await readGroup(meter, group)).size).toBeGreaterThan(0);
  });

  test("refuses an address that it does not have, and a unit that is not there is silent", async () => {
    const meter = onWire()[0];
    if (meter === undefined) throw new Error("no meter");
    const client = await clientOf(meter);
    await expect(client.readHoldingRegisters(60_000, 2)).rejects.toThrow(/address/i);
    client.setID(200);
    client.setTimeout(200);
    await expect(client.readHoldingRegisters(0, 2)).rejects.toThrow(/timed out/i);
  });
});

describe("a relay ordered over its socket", () => {
  const relayMeter = (): TownMeter => {
    const meter = onWire().find((m) => m.hasRelay);
    if (meter === undefined) throw new Error("no relay");
    return meter;
  };

  test("opens after a moment, stops the register, stays open over a restart of the town, and closes again", async () => {
    const meter = relayMeter();
    expect(await relayOf(meter)).toBe(SUPPLY_STATES.connected);
    await write(meter, "disconnect");
    await expect.poll(() => relayOf(meter)).toBe(SUPPLY_STATES.disconnected);
    const stopped = town.shown(meter.serial);
    now = (now + 5 * HOUR_MS) as Instant;
    expect((await readGroup(meter, "billing")).get("energy_import_kwh")).toBe(stopped);

    const ports = town.buses.map((b) => b.port);
    await town.stop();
    town = await startTown(options);
    expect(town.buses.map((b) => b.port)).toEqual(ports);
    expect(await relayOf(meter)).toBe(SUPPLY_STATES.disconnected);
    expect(town.shown(meter.serial)).toBe(stopped);

    await write(meter, "connect");
    await expect.poll(() => relayOf(meter)).toBe(SUPPLY_STATES.connected);
    now = (now + DAY_MS) as Instant;
    expect(town.shown(meter.serial)).toBeGreaterThan(stopped);
  });

  test("carries an order out at once when the town stops in between", async () => {
    const meter = relayMeter();
    await write(meter, "disconnect");
    await town.stop();
    town = await startTown(options);
    expect(town.state.isOff(meter.serial)).toBe(true);
    town.state.restore(meter.serial, now);
  });

  test("is refused by a meter without one", async () => {
    const meter = onWire().find((m) => m.profileId !== "acrel-ddsy1352");
    if (meter === undefined) throw new Error("no such meter");
    const client = await clientOf(meter);
    await expect(client.writeRegisters(0x57, [1, 1])).rejects.toThrow();
    expect(town.state.isOff(meter.serial)).toBe(false);
  });
});

test("a fault that is set on one meter leaves its neighbour alone, and ends when it is cleared", async () => {
  const [first, second] = onWire().filter((m) => m.modbus?.bus === town.buses[0]?.name);
  if (first === undefined || second === undefined) throw new Error("no meters");
  town.faults.modbus(first.serial, { kind: "exception", code: 4 });
  await expect(readGroup(first, "billing")).rejects.toThrow();
  expect((await readGroup(second, "billing")).get("energy_import_kwh")).toBe(town.shown(second.serial));
  town.faults.clear();
  expect((await readGroup(first, "billing")).get("energy_import_kwh")).toBe(town.shown(first.serial));
});
