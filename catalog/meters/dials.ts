import { type Micro, MICRO_PER_UNIT, microOf } from "../../domain/quantity.ts";
import type { RegisterName } from "../../domain/register.ts";
import { handDialOf } from "./by-hand.ts";
import { PROFILES } from "./catalogue.ts";

/** Raw counts of the unsigned integer types: after the last comes zero. Others do not roll over in a meter's life or cannot. */
const COUNTS: Partial<Record<string, bigint>> = { u16: 2n ** 16n, u32: 2n ** 32n, u48: 2n ** 48n };
const BCD32_COUNTS = 100_000_000n;

/**
 * Where a register of a profile begins again at zero: from the dial's own end (`999999.99` → 1 000 000), else from its type;
 * of a meter that is read by hand, from the digits of its face.
 * `null` when that is unknown, and then a drop is never taken for a rollover.
 */
export function dialOf(profileId: string, register: RegisterName): Micro | null {
  const hand = handDialOf(profileId);
  if (hand !== null) return hand.register === register ? 10n ** BigInt(hand.whole) * MICRO_PER_UNIT : null;
  const profile = PROFILES.get(profileId);
  if (profile?.kind !== "modbus") return null;
  const row = profile.registers.find((r) => r.register === register);
  if (row === undefined) return null;
  if (row.dialMax !== undefined) return afterLast(row.dialMax);
  const counts = row.type === "bcd32" ? BCD32_COUNTS : COUNTS[row.type];
  const step = microOf(row.scale);
  return counts === undefined || step === null ? null : counts * step;
}

/** `999999.99` → the next step of its last digit. */
function afterLast(dialMax: string): Micro | null {
  const places = dialMax.split(".")[1]?.length ?? 0;
  const last = microOf(dialMax);
  return last === null || places > 6 ? null : last + 10n ** BigInt(6 - places);
}
