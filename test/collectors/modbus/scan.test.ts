import { afterEach, describe, expect, test } from "vitest";
import { PROFILES } from "../../../catalog/meters/catalogue.ts";
import { startModbusCollector } from "../../../collectors/modbus/collector.ts";
import { Link } from "../../../collectors/modbus/link.ts";
import { recognise } from "../../../collectors/modbus/recognise.ts";
import { scan, type ScanProgress } from "../../../collectors/modbus/scan.ts";
import type { FoundUnit } from "../../../domain/bus.ts";
import type { ModbusProfile, RegisterTable } from "../../../domain/profile.ts";
import type { RegisterName } from "../../../domain/register.ts";
import { bytesOfMicro, scaleOf, wordsOfBytes } from "../../../domain/words.ts";
import { type ModbusServer, startModbusServer } from "../../../simulators/modbus/server.ts";
import { imageUnit, type ModbusUnit } from "../../../simulators/modbus/unit.ts";
import { until } from "./gateway.ts";
import { Book, RELAY_METER, RelayMeter, worldOf } from "./meter.ts";

const MODBUS = [...PROFILES.values()].filter((profile) => profile.kind === "modbus");
const profileOf = (id: string): ModbusProfile => {
  const found = MODBUS.find((profile) => profile.id === id);
  if (found === undefined) throw new Error(`no Modbus profile is called ${id}`);
  return found;
};

const VALUES: Partial<Record<RegisterName, bigint>> = {
  frequency_hz: 50_000_000n,
  voltage_l1_v: 230_000_000n,
  voltage_l3_v: 231_000_000n,
  energy_import_kwh: 1_234_500_000n,
  volume_m3: 321_000_000n,
};

/** A slave that answers where the profile's registers stand, and objects elsewhere. */
function slaveOf(profile: ModbusProfile, values = VALUES): ModbusUnit {
  const words = new Map<string, number>();
  const put = (table: RegisterTable, address: number, all: Iterable<number>): void => {
    for (const [i, word] of [...all].entries()) words.set(`${table} ${address + i}`, word);
  };
  for (const map of profile.registers) {
    const value = values[map.register] ?? 0n;
    if (!map.register.endsWith("_state"))
      put(map.table, map.address, wordsOfBytes(bytesOfMicro(map.type, map.order, scaleOf(map.scale), value)));
  }
  const { probe } = profile;
  if (probe !== undefined)
    put(probe.table, probe.address, (probe.anyOf[0] ?? "").match(/.{4}/g)?.map((hex) => parseInt(hex, 16)) ?? []);
  return {
    read(table, address, count) {
      const found = Array.from({ length: count }, (_, i) => words.get(`${table} ${address + i}`));
      return found.every((word) => word !== undefined) ? Uint16Array.from(found) : 2;
    },
    write: () => 2,
  };
}

const askerOf =
  (slave: ModbusUnit) =>
  async ({ table, address, count }: { table: RegisterTable; address: number; count: number }) => {
    const answer = slave.read(table, address, count);
    return typeof answer === "number" ? null : answer;
  };

describe("recognise", () => {
  test("every Modbus profile of the catalogue is among the candidates of its own meter", async () => {
    for (const profile of MODBUS) {
      const all = await recognise([profile], askerOf(slaveOf(profile)));
      expect(
        all.map(({ profileId }) => profileId),
        profile.id,
      ).toEqual([profile.id]);
    }
  });

  test("a meter that names itself comes first, and says by what", async () => {
    const [best] = await recognise(MODBUS, askerOf(slaveOf(profileOf("abb-b23"))));
    expect(best).toMatchObject({
      profileId: "abb-b23",
      utility: "electricity",
      evidence: [
        { kind: "identity", detail: "type designation 42323320" },
        { kind: "plausible", detail: "frequency_hz 50 Hz" },
        { kind: "plausible", detail: "voltage_l1_v 230 V" },
        { kind: "plausible", detail: "voltage_l3_v 231 V" },
        { kind: "probe", detail: "energy_import_kwh 1234.5 kWh" },
      ],
      sample: expect.arrayContaining([{ register: "energy_import_kwh", value: "1234.5", unit: "kWh" }]),
    });
  });

  test.each<[string, Partial<Record<RegisterName, bigint>>]>([
    ["a frequency of 12 Hz", { ...VALUES, frequency_hz: 12_000_000n }],
    ["no frequency at all", { ...VALUES, frequency_hz: 0n }],
    ["3 kV on a phase", { ...VALUES, voltage_l1_v: 3_000_000_000n }],
  ])("%s speaks against a meter", async (_, values) => {
    const profile = profileOf("eastron-sdm630");
    expect(await recognise([profile], askerOf(slaveOf(profile, values)))).toEqual([]);
  });

  test("a meter whose relay is open shows no voltage and is recognised all the same", async () => {
    const profile = profileOf("eastron-sdm630");
    const [found] = await recognise(
      [profile],
      askerOf(slaveOf(profile, { ...VALUES, voltage_l1_v: 0n, voltage_l3_v: 0n })),
    );
    expect(found?.evidence.map(({ kind }) => kind)).toEqual(["plausible", "probe"]);
  });

  test("three phases are told from one by the third", async () => {
    const three = await recognise(MODBUS, askerOf(slaveOf(profileOf("eastron-sdm630"))));
    const ids = three.map(({ profileId }) => profileId);
    expect(ids).toContain("eastron-sdm630");
    expect(ids[0]).not.toBe("eastron-sdm120");
    const [one] = await recognise(MODBUS, askerOf(slaveOf(profileOf("eastron-sdm120"))));
    expect(one?.profileId).toBe("eastron-sdm120");
  });

  test("one that holds only zeros is no electricity meter, and nothing is asked twice", async () => {
    const zeros = imageUnit({
      holding: { start: 0, words: new Uint16Array(65_536) },
      input: { start: 0, words: new Uint16Array(65_536) },
    });
    const asked: string[] = [];
    const found = await recognise(MODBUS, async (block) => {
      asked.push(JSON.stringify(block));
      return askerOf(zeros)(block);
    });
    expect(found.every(({ evidence }) => evidence.every(({ kind }) => kind === "probe"))).toBe(true);
    expect(new Set(asked).size).toBe(asked.length);
  });
});

const servers: ModbusServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

describe.each(["tcp", "rtu_over_tcp"] as const)("a scan over %s", (kind) => {
  test("finds who answers, names each, and tells ids that two slaves share", async () => {
    const units = new Map([
      [3, slaveOf(profileOf("abb-b23"))],
      [5, slaveOf(profileOf("eastron-sdm630"))],
      [6, slaveOf(profileOf("eastron-sdm630"))],
    ]);
    const server = await startModbusServer({ kind, host: "127.0.0.1", port: 0, units });
    servers.push(server);
    server.faults.set(6, { kind: "garbage_length", length: 0 });
    const link = new Link({ kind, host: "127.0.0.1", port: server.port, timeoutMs: 50 });
    const seen: ScanProgress[] = [];
    const found = await scan({
      unitIds: [1, 2, 3, 4, 5, 6],
      profiles: MODBUS,
      ask: async (request) => {
        await link.open();
        return link.request(request);
      },
      onProgress: (progress) => seen.push(progress),
    });
    await link.close();
    expect(found.map(({ unitId, trouble }) => [unitId, trouble])).toEqual([
      [3, null],
      [5, null],
      [6, expect.stringMatching(/malformed_payload|wrong_unit_id/)],
    ]);
    expect(found[0]?.candidates[0]?.profileId).toBe("abb-b23");
    expect(found[1]?.candidates.map(({ profileId }) => profileId)).toContain("eastron-sdm630");
    expect(seen.map(({ asked }) => asked)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(seen.at(-1)).toMatchObject({ total: 6, found: found satisfies FoundUnit[] });
  });

  test("of a bus that is polled goes through its one owner, and its meters are read on", async () => {
    const meter = new RelayMeter(1000);
    const units = new Map<number, ModbusUnit>([
      [1, meter],
      [9, slaveOf(profileOf("abb-b23"))],
    ]);
    const server = await startModbusServer({ kind, host: "127.0.0.1", port: 0, units });
    servers.push(server);
    const book = new Book();
    const bus = {
      id: "b1",
      operatorId: 1n,
      link: { kind, host: "127.0.0.1", port: server.port, timeoutMs: 30 },
      units: [{ meterId: 1n, unitId: 1, profile: RELAY_METER }],
      intervals: { billing: 400 },
    };
    const collector = startModbusCollector(worldOf([bus], book));
    const found = await scan({
      unitIds: [7, 8, 9, 10],
      profiles: MODBUS,
      ask: (request) => collector.errand("b1", "scan", request),
    });
    expect(found.map(({ unitId, candidates }) => [unitId, candidates[0]?.profileId])).toEqual([[9, "abb-b23"]]);
    const read = book.count(1n);
    expect(read).toBeGreaterThan(0);
    await until("it is read on", () => book.count(1n) > read);
    expect(collector.health()[0]?.units).toMatchObject([{ unitId: 1, breaker: "closed", failures: 0 }]);
    expect(
      await collector.errand("nowhere", "scan", { kind: "read", unitId: 1, table: "holding", address: 0, count: 1 }),
    ).toMatchObject({ kind: "refused", reason: "link_down" });
    await collector.stop();
  });
});

test("a scan that is given up ends with what it has", async () => {
  const stopped = new AbortController();
  const found = await scan({
    unitIds: [1, 2, 3],
    profiles: [],
    signal: stopped.signal,
    ask: async () => ({ kind: "words", words: new Uint16Array(1) }),
    onProgress: () => stopped.abort(),
  });
  expect(found).toEqual([{ unitId: 1, candidates: [], trouble: null }]);
});
