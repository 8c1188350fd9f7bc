import { expect, test } from "vitest";
import { PROFILES } from "../../catalog/meters/catalogue.ts";
import { GROUPS, planOf } from "../../collectors/modbus/plan.ts";
import type { ModbusProfile } from "../../domain/profile.ts";
import { REGISTERS } from "../../domain/register.ts";
import { bytesOfFloat, scaleOf, WORDS_OF_TYPE } from "../../domain/words.ts";

const modbus = [...PROFILES.values()].filter((p): p is ModbusProfile => p.kind === "modbus");
/** A bus at 9600 baud carries about ten requests a second: a meter's bill must not cost half of one. Our choice. */
const BLOCKS_MAX = { billing: 4, state: 1, power: 5, slow: 4 };

test.each(modbus.map((p) => [p.id, p] as const))("%s is asked in a few whole blocks", (_id, profile) => {
  for (const group of GROUPS) {
    const { blocks, profile: asked } = planOf(profile, group);
    expect(blocks.length, group).toBeLessThanOrEqual(BLOCKS_MAX[group]);
    for (const r of asked.registers) {
      const holder = blocks.find(
        (b) =>
          b.table === r.table && b.address <= r.address && r.address + WORDS_OF_TYPE[r.type] <= b.address + b.count,
      );
      expect(holder, r.register).toBeDefined();
    }
    for (const block of blocks) {
      const ends = asked.registers.flatMap((r) => [r.address, r.address + WORDS_OF_TYPE[r.type]]);
      expect(ends, "a block begins and ends with a register").toContain(block.address);
      expect(ends).toContain(block.address + block.count);
    }
  }
});

test.each(modbus.map((p) => [p.id, p] as const))("%s is asked a total that can be billed", (_id, profile) => {
  const totals = ["energy_import_kwh", "volume_m3", "heat_kwh", "cooling_kwh"];
  const asked = profile.registers.filter((r) => r.group === "billing").map((r) => r.register as string);
  expect(totals.some((total) => asked.includes(total))).toBe(true);
});

test.each(modbus.map((p) => [p.id, p] as const))("%s states how coarse its counters are", (_id, profile) => {
  for (const r of profile.registers) {
    if (REGISTERS[r.register].kind !== "cumulative") continue;
    const { up, down } = scaleOf(r.scale);
    const scale = Number(up) / Number(down);
    if (r.type !== "f32") {
      // A count of pulses gets its weight on site.
      const counts = profile.asks?.includes("pulse_weight") === true;
      if (scale > 0.01 && !counts) expect(r.step, r.register).toBe(r.scale);
      continue;
    }
    // Up to a million kWh or 100 000 m³ no float32 moves by more than the step that the profile states.
    const high = bytesOfFloat("f32", "ABCD", (REGISTERS[r.register].unit === "m3" ? 100_000 : 1_000_000) / scale);
    const next = Uint8Array.from(high, (byte, i) => (i === 3 ? byte + 1 : byte));
    const read = (bytes: Uint8Array) => new DataView(bytes.buffer).getFloat32(0);
    expect((read(next) - read(Uint8Array.from(high))) * scale, r.register).toBeLessThanOrEqual(Number(r.step) + 1e-9);
  }
});
