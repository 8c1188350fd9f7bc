import { type Instant, MINUTE_MS } from "../domain/instant.ts";
import type { Utility } from "../domain/unit.ts";
import { decryptEa07, encryptEa07 } from "./sts-cipher.ts";

/** From where token identifiers count, UTC (IEC 62055-41, 6.3.5.1): the association moves it on before 24 bits are used up. */
export const STS_BASES = { 1993: 725_846_400_000, 2014: 1_388_534_400_000, 2035: 2_051_222_400_000 } as const;
export type StsBase = keyof typeof STS_BASES;
/** 24 bits. */
export const TID_MAX = 0xff_ffff;

/** Class 0 subclasses by what is handed over. Heat has none. */
const CREDIT_SUBCLASS: Partial<Record<Utility, number>> = { electricity: 0, water: 1, gas: 2 };
/** Class 2: for the engineer. */
const ENGINEERING = { max_power: 0, clear_credit: 1, clear_tamper: 5 } as const;

export type StsContent =
  /** `tenths` of a kWh or m³, as the value field carries it. */
  | { readonly kind: "credit"; readonly utility: Utility; readonly tenths: number }
  /** Watts that the meter lets through. */
  | { readonly kind: "max_power"; readonly watts: number }
  /** Credit register to be emptied; 0 electricity, 1 water, 2 gas, 65535 all. */
  | { readonly kind: "clear_credit"; readonly register: number }
  | { readonly kind: "clear_tamper" };

/** The minute an instant belongs to. @throws RangeError outside what 24 bits hold */
export function tidOf(at: Instant, base: StsBase): number {
  const tid = Math.floor((at - STS_BASES[base]) / MINUTE_MS);
  if (tid < 0 || tid > TID_MAX) throw new RangeError(`no token identifier of base ${base} at this time`);
  return isReservedTid(tid) ? tid + 1 : tid;
}

export const instantOfTid = (tid: number, base: StsBase): Instant => (STS_BASES[base] + tid * MINUTE_MS) as Instant;

/** 00:01 of each day belongs to special tokens: our generator passes it by. */
export const isReservedTid = (tid: number): boolean => tid % 1440 === 1;

/** The first minute after `tid` that a token may carry. */
export const nextTid = (tid: number): number => (isReservedTid(tid + 1) ? tid + 2 : tid + 1);

/** 20 digits. `random`: 0–15. @throws RangeError for what a token cannot carry */
export function stsToken(decoderKey: bigint, what: { content: StsContent; tid: number; random: number }): string {
  const { content, tid, random } = what;
  if (!Number.isInteger(tid) || tid < 0 || tid > TID_MAX) throw new RangeError(`not a token identifier: ${tid}`);
  if (!Number.isInteger(random) || random < 0 || random > 15) throw new RangeError("the random part has 4 bits");
  const { tokenClass, subclass, value } = fieldsOf(content);
  const head = (BigInt(subclass) << 44n) | (BigInt(random) << 40n) | (BigInt(tid) << 16n) | BigInt(value);
  const crc = crcOf((BigInt(tokenClass) << 48n) | head);
  return inserted(tokenClass, encryptEa07(decoderKey, (head << 16n) | BigInt(crc)));
}

export type StsReading =
  | { readonly kind: "read"; readonly content: StsContent; readonly tid: number; readonly random: number }
  /** Another meter's, mistyped, or of a subclass that is not read here. */
  | { readonly kind: "invalid" };

/** What a decoder reads from 20 digits under its own key. */
export function readSts(decoderKey: bigint, digits: string): StsReading {
  if (!/^\d{20}$/.test(digits)) return { kind: "invalid" };
  const bits = BigInt(digits);
  if (bits >> 66n !== 0n) return { kind: "invalid" };
  const tokenClass = Number((bits >> 27n) & 3n);
  const block = decryptEa07(decoderKey, (bits & ~(3n << 27n) & BLOCK) | ((bits >> 64n) << 27n));
  const head = block >> 16n;
  if (Number(block & 0xffffn) !== crcOf((BigInt(tokenClass) << 48n) | head)) return { kind: "invalid" };
  const content = contentOf(tokenClass, Number(head >> 44n), Number(head & 0xffffn));
  if (content === null) return { kind: "invalid" };
  return { kind: "read", content, tid: Number((head >> 16n) & 0xff_ffffn), random: Number((head >> 40n) & 15n) };
}

const BLOCK = (1n << 64n) - 1n;

/** Class bits take places 27 and 28; the bits that stood there go to the front (IEC 62055-41, 6.4.2). */
function inserted(tokenClass: number, block: bigint): string {
  const out = ((block >> 27n) & 3n) << 64n;
  return (out | (block & ~(3n << 27n)) | (BigInt(tokenClass) << 27n)).toString().padStart(20, "0");
}

function fieldsOf(content: StsContent): { tokenClass: number; subclass: number; value: number } {
  switch (content.kind) {
    case "credit": {
      const subclass = CREDIT_SUBCLASS[content.utility];
      if (subclass === undefined) throw new RangeError(`no credit token exists for ${content.utility}`);
      return { tokenClass: 0, subclass, value: valueField(content.tenths) };
    }
    case "max_power":
      return { tokenClass: 2, subclass: ENGINEERING.max_power, value: valueField(content.watts) };
    case "clear_credit":
      return { tokenClass: 2, subclass: ENGINEERING.clear_credit, value: content.register & 0xffff };
    case "clear_tamper":
      return { tokenClass: 2, subclass: ENGINEERING.clear_tamper, value: 0 };
  }
}

function contentOf(tokenClass: number, subclass: number, value: number): StsContent | null {
  if (tokenClass === 0) {
    const utility = (Object.keys(CREDIT_SUBCLASS) as Utility[]).find((one) => CREDIT_SUBCLASS[one] === subclass);
    return utility === undefined ? null : { kind: "credit", utility, tenths: valueOfField(value) };
  }
  if (tokenClass !== 2) return null;
  if (subclass === ENGINEERING.max_power) return { kind: "max_power", watts: valueOfField(value) };
  if (subclass === ENGINEERING.clear_credit) return { kind: "clear_credit", register: value };
  return subclass === ENGINEERING.clear_tamper ? { kind: "clear_tamper" } : null;
}

/** What each exponent begins at: a range goes on where the last one ended (6.3.6). */
const RANGES = [0, 16_384, 180_224, 1_818_624] as const;
const MANTISSA_MAX = 0x3fff;
/** Highest value of the field. */
export const STS_VALUE_MAX = RANGES[3] + MANTISSA_MAX * 1000;

/** The least value of the field that is not less. */
function valueField(value: number): number {
  if (!Number.isInteger(value) || value < 0 || value > STS_VALUE_MAX)
    throw new RangeError(`a token carries whole numbers up to ${STS_VALUE_MAX}, not ${value}`);
  for (const [exponent, begin] of RANGES.entries()) {
    const mantissa = Math.ceil((value - begin) / 10 ** exponent);
    if (mantissa <= MANTISSA_MAX) return (exponent << 14) | Math.max(0, mantissa);
  }
  throw new RangeError(`a token cannot carry ${value}`);
}

const valueOfField = (field: number): number =>
  (RANGES[field >> 14] ?? 0) + (field & MANTISSA_MAX) * 10 ** (field >> 14);

/** What a token hands over when it is asked for `value`: the same, or the next that its field can carry. */
export const carriedValue = (value: number): number => valueOfField(valueField(value));

/** CRC-16 with 0xA001 reflected, begun with ones, over 50 bits in 7 bytes; its bytes change places (6.3.9). */
function crcOf(bits: bigint): number {
  let crc = 0xffff;
  for (let at = 48n; at >= 0n; at -= 8n) {
    crc ^= Number((bits >> at) & 0xffn);
    for (let i = 0; i < 8; i++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ 0xa001 : crc >>> 1;
  }
  return ((crc & 0xff) << 8) | (crc >>> 8);
}

/** `1234 5678 9012 3456 7890`: as it is read aloud. */
export const grouped = (digits: string): string => digits.match(/.{1,4}/g)?.join(" ") ?? digits;
