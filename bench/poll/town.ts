import { eastronSdm630 } from "../../catalog/meters/eastron-sdm630.ts";
import type { ModbusProfile } from "../../domain/profile.ts";
import type { RegisterName } from "../../domain/register.ts";
import { type Block, planOf } from "../../collectors/modbus/plan.ts";

/** The meters of the benchmark: three-phase meters read as for a bill, ten counters in two requests. */
export const GATEWAYS = 32;
export const METERS = 1000;
export const IN_FLIGHT = 8;
export const PROFILE: ModbusProfile = eastronSdm630;
export const BLOCKS: readonly Block[] = planOf(PROFILE, "billing").blocks;
const REGISTERS = PROFILE.registers.filter((r) => r.group === "billing");
/** Words up to the last register of any block. */
export const IMAGE_WORDS = Math.max(...PROFILE.registers.map((r) => r.address)) + 2;

/** Unit ids behind gateway `gateway`: 1 to 31 or 32. */
export const unitsOf = (gateway: number): number[] =>
  Array.from({ length: Math.floor(METERS / GATEWAYS) + (gateway < METERS % GATEWAYS ? 1 : 0) }, (_, i) => i + 1);

/** Different for every gateway, unit and register, and exact in a float32: a value that got lost on its way shows. */
export const valueOf = (gateway: number, unitId: number, address: number): number =>
  gateway * 8192 + unitId * 256 + (address & 0xff) / 2;

/** What the books would hold for a register: millionths. */
export function expectedOf(gateway: number, unitId: number): ReadonlyMap<RegisterName, bigint> {
  return new Map(REGISTERS.map((r) => [r.register, BigInt(valueOf(gateway, unitId, r.address) * 1_000_000)]));
}

export function imageOf(gateway: number, unitId: number): Uint16Array {
  const bytes = new DataView(new ArrayBuffer(IMAGE_WORDS * 2));
  for (const r of PROFILE.registers) bytes.setFloat32(r.address * 2, valueOf(gateway, unitId, r.address));
  return Uint16Array.from({ length: IMAGE_WORDS }, (_, i) => bytes.getUint16(i * 2));
}
