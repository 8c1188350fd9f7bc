import { afterAll, beforeAll, expect, test } from "vitest";
import { PROFILES } from "../../../catalog/meters/catalogue.ts";
import { samplesOf } from "../../../collectors/decode/decoded.ts";
import { decodeWords } from "../../../collectors/decode/words.ts";
import { quickDecoder } from "../../../collectors/modbus/decoder.ts";
import { Link } from "../../../collectors/modbus/link.ts";
import { GROUPS, planOf } from "../../../collectors/modbus/plan.ts";
import type { ModbusProfile, ModbusRegister } from "../../../domain/profile.ts";
import type { Sample } from "../../../domain/reading.ts";
import { REGISTERS, SUPPLY_STATES } from "../../../domain/register.ts";
import { wordsOf } from "../../../domain/words.ts";
import { type ModbusServer, startModbusServer } from "../../../simulators/modbus/server.ts";
import type { ModbusUnit } from "../../../simulators/modbus/unit.ts";
import { ask } from "./gateway.ts";

const modbus = [...PROFILES.values()].filter((p): p is ModbusProfile => p.kind === "modbus");
const keyOf = (table: string, address: number): string => `${table} ${address}`;

/** A value of its own for each register: 1, 2, 3 … units; relays and valves stand at "disconnected". */
const valueOf = (map: ModbusRegister, place: number): bigint =>
  REGISTERS[map.register].kind === "state" ? SUPPLY_STATES.disconnected : BigInt(place + 1) * 1_000_000n;

/** A slave that holds the registers of its profile and nothing else: a hole that the profile does not allow is an illegal address. */
function unitOf(profile: ModbusProfile): ModbusUnit {
  const held = new Map<string, number>();
  profile.registers.forEach((map, place) => {
    wordsOf(map, valueOf(map, place)).forEach((word, i) => held.set(keyOf(map.table, map.address + i), word));
  });
  const refusesHoles = (profile.gapWordsMax ?? 0) === 0;
  return {
    read(table, address, count) {
      const words = Array.from({ length: count }, (_, i) => held.get(keyOf(table, address + i)));
      return refusesHoles && words.includes(undefined) ? 2 : Uint16Array.from(words, (word) => word ?? 0);
    },
    write: () => 2,
  };
}

const pairOf = ({ register, value }: Sample) => [register, value] as const;

let server: ModbusServer;
let link: Link;
beforeAll(async () => {
  const units = new Map(modbus.map((profile, i) => [i + 1, unitOf(profile)] as const));
  server = await startModbusServer({ kind: "tcp", host: "127.0.0.1", port: 0, units });
  link = new Link({ kind: "tcp", host: "127.0.0.1", port: server.port, timeoutMs: 2000 });
  await link.open();
});
afterAll(async () => {
  await link.close();
  await server.stop();
});

test.each(modbus.map((p, i) => [p.id, i + 1, p] as const))(
  "%s is read over the wire, register by register",
  async (_id, unitId, profile) => {
    const read = new Map<string, bigint>();
    for (const group of GROUPS) {
      const plan = planOf(profile, group);
      const blocks = [];
      for (const block of plan.blocks) {
        const outcome = await ask(link, { kind: "read", unitId, ...block });
        if (outcome.kind !== "words") throw new Error(`${group} 0x${block.address.toString(16)}: ${outcome.kind}`);
        blocks.push({ ...block, words: outcome.words });
      }
      if (blocks.length === 0) continue;
      const samples = samplesOf(decodeWords(plan.profile, blocks));
      for (const { register, value } of samples) read.set(register, value);
      const quick = quickDecoder(plan)?.(blocks);
      if (quick !== null && quick !== undefined)
        expect(quick.map(pairOf), "the quick decoder agrees").toEqual(samples.map(pairOf));
    }
    expect(read).toEqual(new Map(profile.registers.map((map, place) => [map.register, valueOf(map, place)])));
  },
);
