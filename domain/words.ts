import type { ModbusRegister, WordOrder, WordType } from "./profile.ts";
import { REGISTERS, SUPPLY_STATES } from "./register.ts";

/** 16-bit words that a type takes. */
export const WORDS_OF_TYPE: Readonly<Record<WordType, number>> = {
  u16: 1,
  s16: 1,
  u32: 2,
  s32: 2,
  f32: 2,
  bcd32: 2,
  u48: 3,
  u64: 4,
  s64: 4,
  f64: 4,
};

/** A number as the wire holds it, before scaling: `digits × 10^-places`, exact for integers, shortest decimal for floats. */
export type Raw =
  | { readonly kind: "number"; readonly digits: bigint; readonly places: number }
  | { readonly kind: "invalid"; readonly reason: "all_ones" | "not_a_number" | "sentinel" | "malformed_payload" };

/** `scale` of a register as an exact fraction. */
export type Scale = { readonly up: bigint; readonly down: bigint };

const FLOATS = new Set<WordType>(["f32", "f64"]);
const SIGNED = new Set<WordType>(["s16", "s32", "s64"]);

/** @param text plain decimal text: `0.01`, `-1`, `1000` @throws RangeError when it is not one */
export function scaleOf(text: string): Scale {
  const m = /^([+-]?)(\d+)(?:\.(\d+))?$/.exec(text);
  if (m === null) throw new RangeError(`not a scale: ${text}`);
  const fraction = m[3] ?? "";
  const up = BigInt((m[2] ?? "") + fraction);
  return { up: m[1] === "-" ? -up : up, down: 10n ** BigInt(fraction.length) };
}

/** Bytes in wire order → big-endian, high word first; the same reordering leads back. */
export function reordered(order: WordOrder, bytes: Uint8Array): Uint8Array {
  if (order === "ABCD") return bytes;
  const out = new Uint8Array(bytes.length);
  const last = bytes.length - 2;
  for (let i = 0; i < bytes.length; i += 2) {
    const from = order === "BADC" ? i : last - i;
    const swap = order === "CDAB" ? 0 : 1;
    out[i] = bytes[from + swap] ?? 0;
    out[i + 1] = bytes[from + 1 - swap] ?? 0;
  }
  return out;
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

const unsignedOf = (bytes: Uint8Array): bigint => {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return value;
};

/**
 * What the bytes of one register say. Refused: all-ones in unsigned, BCD and float types ("not available" of most
 * meters), the greatest and least value of signed types (ABB, Schneider), NaN, infinities, BCD digits above 9. All-ones in
 * a signed type is −1 and passes here: whether a counter may be −1 is known a step above.
 */
export function rawOf(type: WordType, order: WordOrder, wire: Uint8Array): Raw {
  if (wire.length !== WORDS_OF_TYPE[type] * 2) return { kind: "invalid", reason: "malformed_payload" };
  const bytes = reordered(order, wire);
  const allOnes = bytes.every((byte) => byte === 0xff);
  if (allOnes && !SIGNED.has(type)) return { kind: "invalid", reason: "all_ones" };
  if (FLOATS.has(type))
    return rawOfFloat(type === "f32" ? viewOf(bytes).getFloat32(0) : viewOf(bytes).getFloat64(0), type);
  const unsigned = unsignedOf(bytes);
  if (type === "bcd32") return rawOfBcd(unsigned);
  if (!SIGNED.has(type)) return { kind: "number", digits: unsigned, places: 0 };
  const bits = bytes.length * 8;
  const top = 1n << BigInt(bits - 1);
  if (unsigned === top - 1n || unsigned === top) return { kind: "invalid", reason: "sentinel" };
  return { kind: "number", digits: BigInt.asIntN(bits, unsigned), places: 0 };
}

function rawOfBcd(packed: bigint): Raw {
  const text = packed.toString(16);
  return /^\d+$/.test(text)
    ? { kind: "number", digits: BigInt(text), places: 0 }
    : { kind: "invalid", reason: "malformed_payload" };
}

function rawOfFloat(value: number, type: WordType): Raw {
  if (!Number.isFinite(value)) return { kind: "invalid", reason: "not_a_number" };
  return { kind: "number", ...(type === "f32" ? shortestOfFloat32(value) : decimalOfFloat64(value)) };
}

/** The shortest decimal that reads back as the same float32 (6 to 9 digits always suffice). */
function shortestOfFloat32(value: number): { digits: bigint; places: number } {
  if (value === 0) return { digits: 0n, places: 0 };
  const exponent = Math.floor(Math.log10(Math.abs(value)));
  for (let significant = 6; significant < 9; significant++) {
    const places = significant - 1 - exponent;
    const digits = Math.round(places >= 0 ? value * 10 ** places : value / 10 ** -places);
    if (Math.fround(places >= 0 ? digits / 10 ** places : digits * 10 ** -places) === value)
      return { digits: BigInt(digits), places };
  }
  const places = 8 - exponent;
  return { digits: BigInt(Math.round(places >= 0 ? value * 10 ** places : value / 10 ** -places)), places };
}

/** The language's own shortest text of a double, taken apart. */
function decimalOfFloat64(value: number): { digits: bigint; places: number } {
  const m = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value));
  if (m === null) throw new RangeError(`not a finite number: ${value}`);
  const fraction = m[3] ?? "";
  const digits = BigInt((m[2] ?? "") + fraction);
  return { digits: m[1] === "-" ? -digits : digits, places: fraction.length - Number(m[4] ?? 0) };
}

/** raw × scale in millionths of the register's unit, half away from zero beyond the sixth place. */
export function microOfRaw(digits: bigint, places: number, scale: Scale): bigint {
  const up = digits * scale.up * (places >= 6 ? 1n : tenTo(6 - places));
  const down = places > 6 ? scale.down * tenTo(places - 6) : scale.down;
  if (down === 1n) return up;
  const half = down / 2n;
  return up >= 0n ? (up + half) / down : -((-up + half) / down);
}

const TENS = Array.from({ length: 40 }, (_, i) => 10n ** BigInt(i));
const tenTo = (exponent: number): bigint => TENS[exponent] ?? 10n ** BigInt(exponent);

/**
 * The inverse, for a simulated meter and for writes: millionths of the register's unit → bytes as they go on the wire. Integer types
 * take the nearest step of their scale and wrap at their size as a meter's counter does.
 */
export function bytesOfMicro(type: WordType, order: WordOrder, scale: Scale, micro: bigint): Uint8Array {
  const up = micro * scale.down;
  const down = scale.up * 1_000_000n;
  if (type === "f32" || type === "f64") return bytesOfFloat(type, order, Number(up) / Number(down));
  return bytesOfInteger(type, order, nearest(up, down));
}

const nearest = (up: bigint, down: bigint): bigint => {
  const positive = up < 0n === down < 0n;
  const [a, b] = [up < 0n ? -up : up, down < 0n ? -down : down];
  const size = (a + b / 2n) / b;
  return positive ? size : -size;
};

export function bytesOfInteger(type: WordType, order: WordOrder, value: bigint): Uint8Array {
  const size = WORDS_OF_TYPE[type] * 2;
  const packed = type === "bcd32" ? BigInt(`0x${BigInt.asUintN(64, value) % 100_000_000n}`) : value;
  const bytes = new Uint8Array(size);
  let rest = BigInt.asUintN(size * 8, packed);
  for (let i = size - 1; i >= 0; i--, rest >>= 8n) bytes[i] = Number(rest & 0xffn);
  return reordered(order, bytes);
}

export function bytesOfFloat(type: "f32" | "f64", order: WordOrder, value: number): Uint8Array {
  const bytes = new Uint8Array(WORDS_OF_TYPE[type] * 2);
  if (type === "f32") viewOf(bytes).setFloat32(0, value);
  else viewOf(bytes).setFloat64(0, value);
  return reordered(order, bytes);
}

/** Wire bytes → the 16-bit words of a Modbus reply. */
export function wordsOfBytes(bytes: Uint8Array): Uint16Array {
  const words = new Uint16Array(bytes.length >> 1);
  for (let i = 0; i < words.length; i++) words[i] = ((bytes[i * 2] ?? 0) << 8) | (bytes[i * 2 + 1] ?? 0);
  return words;
}

export function bytesOfWords(words: ArrayLike<number>): Uint8Array {
  const bytes = new Uint8Array(words.length * 2);
  for (let i = 0; i < words.length; i++) {
    bytes[i * 2] = (words[i] ?? 0) >> 8;
    bytes[i * 2 + 1] = (words[i] ?? 0) & 0xff;
  }
  return bytes;
}

/** The words that a meter of this map answers for a value (millionths, or a state's code): the simulator's half of a profile. */
export function wordsOf(map: ModbusRegister, value: bigint): Uint16Array {
  if (REGISTERS[map.register].kind !== "state")
    return wordsOfBytes(bytesOfMicro(map.type, map.order, scaleOf(map.scale), value));
  const position = map.states?.find((s) => SUPPLY_STATES[s.state] === value);
  const raw = map.states === undefined ? value : BigInt(position?.equals ?? 0);
  return wordsOfBytes(bytesOfInteger(map.type, map.order, raw));
}
