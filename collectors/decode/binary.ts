import type { Instant } from "../../domain/instant.ts";
import type { BinaryField, BinaryLayout, PackedDeltas } from "../../domain/profile.ts";
import type { Sample } from "../../domain/reading.ts";
import type { Refusal } from "../../domain/refusal.ts";
import { REGISTERS, SUPPLY_STATES } from "../../domain/register.ts";
import { microOfRaw, rawOf, scaleOf } from "../../domain/words.ts";
import type { ValueRefusal } from "./decoded.ts";
import { checkedMicro } from "./words.ts";

const BYTES = { u8: 1, u16: 2, u24: 3, u32: 4, s32: 4, f32: 4 } as const;
const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/;

/** Bytes of base64 text (both alphabets); null when it is not base64. */
export const bytesOfBase64 = (text: string): Uint8Array | null =>
  BASE64.test(text) ? Buffer.from(text, "base64") : null;

export function layoutOf(layouts: readonly BinaryLayout[], bytes: Uint8Array, fPort: unknown): BinaryLayout | null {
  return layouts.find((layout) => fits(layout, bytes, fPort)) ?? null;
}

function fits(layout: BinaryLayout, bytes: Uint8Array, fPort: unknown): boolean {
  if (layout.fPort !== undefined && String(fPort) !== String(layout.fPort)) return false;
  if (bytes.length < layout.bytesMin || bytes.length > (layout.bytesMax ?? bytes.length)) return false;
  if (layout.header === undefined) return true;
  const { offset, hex } = layout.header;
  return hexOf(bytes.subarray(offset, offset + hex.length / 2)) === hex;
}

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** The readings of a binary payload that `layoutOf` chose. */
export function samplesOfBinary(
  layout: BinaryLayout,
  bytes: Uint8Array,
): { samples: Sample[]; refusals: ValueRefusal[] } {
  const measuredAt =
    layout.time === undefined ? null : ((unsigned(bytes, layout.time.offset, 4, layout.time.endian) * 1000) as Instant);
  const samples: Sample[] = [];
  const refusals: ValueRefusal[] = [];
  const add = (register: Sample["register"], value: bigint | Refusal) => {
    if (typeof value === "bigint") samples.push({ register, value, measuredAt });
    else refusals.push({ register, ...value });
  };
  for (const field of layout.fields) add(field.register, valueOfField(field, bytes));
  if (layout.packed !== undefined) add(layout.packed.register, totalOfPacked(layout.packed, bytes));
  return { samples, refusals };
}

const unsigned = (bytes: Uint8Array, offset: number, size: number, endian: "big" | "little"): number => {
  let value = 0;
  for (let i = 0; i < size; i++) value = value * 256 + (bytes[offset + (endian === "big" ? i : size - 1 - i)] ?? 0);
  return value;
};

function valueOfField(field: BinaryField, bytes: Uint8Array): bigint | Refusal {
  const size = BYTES[field.type];
  const part = bytes.slice(field.offset, field.offset + size);
  if (part.length < size) return { reason: "short_reply", detail: `the payload ends within ${field.register}` };
  if (field.endian === "little") part.reverse();
  if (size > 1 && field.type !== "s32" && part.every((byte) => byte === 0xff))
    return { reason: "all_ones", detail: `${hexOf(part)} is no value for ${field.register}` };
  if (REGISTERS[field.register].kind === "state") return stateOfField(field, unsigned(part, 0, size, "big"));
  if (field.type === "f32" || field.type === "s32") {
    const raw = rawOf(field.type, "ABCD", part);
    if (raw.kind === "invalid")
      return { reason: raw.reason, detail: `${hexOf(part)} is no ${field.type} for ${field.register}` };
    return checkedMicro(field.register, microOfRaw(raw.digits, raw.places, scaleOf(field.scale)));
  }
  return checkedMicro(field.register, microOfRaw(BigInt(unsigned(part, 0, size, "big")), 0, scaleOf(field.scale)));
}

function stateOfField(field: BinaryField, raw: number): bigint {
  if (field.states === undefined) return BigInt(raw);
  return SUPPLY_STATES[field.states.find((s) => (raw & s.mask) === s.equals)?.state ?? "fault"];
}

/** The increments of a packed history, oldest first. */
export function deltasOf(packed: PackedDeltas, bytes: Uint8Array): number[] {
  return Array.from({ length: packed.count }, (_, i) =>
    bitsAt(bytes, packed.offset * 8 + i * packed.bits, packed.bits),
  );
}

function bitsAt(bytes: Uint8Array, from: number, size: number): number {
  let value = 0;
  for (let i = size - 1; i >= 0; i--) value = value * 2 + (((bytes[(from + i) >> 3] ?? 0) >> ((from + i) & 7)) & 1);
  return value;
}

function totalOfPacked(packed: PackedDeltas, bytes: Uint8Array): bigint | Refusal {
  const base = unsigned(bytes, packed.base.offset, 4, packed.base.endian);
  if (base === 0xffff_ffff) return { reason: "all_ones", detail: `ffffffff is no value for ${packed.register}` };
  const behind = bitsAt(bytes, packed.offset * 8 + packed.count * packed.bits, packed.zeroBits ?? 0);
  if (behind !== 0)
    return {
      reason: "unmapped_payload",
      detail: `the history of ${packed.register} uses multiplier ${behind}, which this layout does not read`,
    };
  const total = deltasOf(packed, bytes).reduce((sum, delta) => sum + delta, base);
  return checkedMicro(packed.register, microOfRaw(BigInt(total), 0, scaleOf(packed.scale)));
}
