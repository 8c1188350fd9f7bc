import fc from "fast-check";
import { expect, test } from "vitest";
import { nextSlot, offsetMs, planOf, planOfRegister } from "../../../collectors/modbus/plan.ts";
import type { ModbusProfile, ModbusRegister } from "../../../domain/profile.ts";
import { REGISTERS, type RegisterName } from "../../../domain/register.ts";
import { WORDS_OF_TYPE } from "../../../domain/words.ts";
import { profileWith, registerAt } from "./meter.ts";

const NAMES = Object.keys(REGISTERS) as RegisterName[];

test("neighbours are read together, tables apart, and a hole only as far as the profile allows", () => {
  const registers = [
    registerAt("energy_import_kwh", 0),
    registerAt("energy_export_kwh", 2),
    registerAt("reactive_import_kvarh", 8),
    registerAt("reactive_export_kvarh", 8, { table: "input" }),
    registerAt("power_w", 4, { group: "power" }),
  ];
  expect(planOf(profileWith(registers), "billing").blocks).toEqual([
    { table: "holding", address: 0, count: 4 },
    { table: "holding", address: 8, count: 2 },
    { table: "input", address: 8, count: 2 },
  ]);
  expect(planOf(profileWith(registers, { gapWordsMax: 4 }), "billing").blocks[0]).toEqual({
    table: "holding",
    address: 0,
    count: 10,
  });
  expect(planOf(profileWith(registers), "slow").blocks).toEqual([]);
  expect(planOfRegister(profileWith(registers), "power_w").blocks).toEqual([
    { table: "holding", address: 4, count: 2 },
  ]);
});

test("registers that overlap are one block, and a block never grows past what the meter takes", () => {
  const overlapping = [
    registerAt("energy_import_kwh", 0, { type: "u64" }),
    registerAt("power_w", 1, { type: "u16", group: "billing" }),
  ];
  expect(planOf(profileWith(overlapping), "billing").blocks).toEqual([{ table: "holding", address: 0, count: 4 }]);
  const row = Array.from({ length: 8 }, (_, i) => registerAt(NAMES[i] as RegisterName, i * 2));
  expect(planOf(profileWith(row, { blockWordsMax: 6 }), "billing").blocks.map((b) => b.count)).toEqual([6, 6, 4]);
});

test("whatever the map, every register stands whole in one block, and no block is longer than 125 words", () => {
  const anyRegister = (name: RegisterName): fc.Arbitrary<ModbusRegister> =>
    fc
      .record({
        address: fc.integer({ min: 0, max: 400 }),
        type: fc.constantFrom(...(Object.keys(WORDS_OF_TYPE) as ModbusRegister["type"][])),
        table: fc.constantFrom("holding" as const, "input" as const),
      })
      .map((given) => registerAt(name, given.address, given));
  const anyProfile: fc.Arbitrary<ModbusProfile> = fc
    .tuple(fc.tuple(...NAMES.map(anyRegister)), fc.integer({ min: 4, max: 200 }), fc.integer({ min: 0, max: 30 }))
    .map(([registers, blockWordsMax, gapWordsMax]) => profileWith(registers, { blockWordsMax, gapWordsMax }));
  fc.assert(
    fc.property(anyProfile, (profile) => {
      const { blocks } = planOf(profile, "billing");
      for (const r of profile.registers) {
        const size = WORDS_OF_TYPE[r.type];
        const home = blocks.filter(
          (b) => b.table === r.table && b.address <= r.address && r.address + size <= b.address + b.count,
        );
        expect(home.length).toBeGreaterThan(0);
      }
      for (const b of blocks) expect(b.count).toBeLessThanOrEqual(Math.min(125, profile.blockWordsMax ?? 125));
    }),
  );
});

test("the meters of a bus are spread over the interval, and the grid is the same after a restart", () => {
  const offsets = Array.from({ length: 4 }, (_, place) => offsetMs(place, 4, "billing", 60_000));
  expect(offsets).toEqual([0, 15_000, 30_000, 45_000]);
  expect(offsetMs(0, 4, "power", 60_000)).toBe(7500);
  expect(nextSlot(60_000, 60_000, 15_000)).toBe(75_000);
  expect(nextSlot(74_999, 60_000, 15_000)).toBe(75_000);
  expect(nextSlot(75_000, 60_000, 15_000)).toBe(135_000);
});
