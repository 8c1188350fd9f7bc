import { sipHash24 } from "./siphash.ts";

/**
 * OpenPAYGO Token 2 (EnAccess, https://github.com/EnAccess/OpenPAYGO). A token is the device's chain of hashes at a count, with the
 * value in its last digits. What a unit of value means (a day, 0.1 kWh) is agreed with the device.
 */
export type OpenPaygoKind = "add" | "set" | "disable" | "sync";

export type OpenPaygoDevice = {
  /** 16 bytes. */
  readonly key: Uint8Array;
  /** Given with the device, or `startingCodeOf(key)`. */
  readonly startingCode: number;
};

export type OpenPaygoForm = {
  /** 12 digits and values up to 999 999 in place of 9 and 995. */
  readonly extended?: boolean;
  /** Digits 1 to 4 only: 15 of them, or 20. */
  readonly restricted?: boolean;
};

export type OpenPaygoToken = { readonly token: string; readonly count: number };

/** Highest value that a token adds or sets. */
export const openPaygoValueMax = ({ extended }: OpenPaygoForm): number => (extended === true ? 999_999 : 995);

/** Values with a meaning of their own, in both lengths. */
const DISABLE = 998;
const SYNC = 999;
/** A device looks so far ahead of its own count; further for a synchronising token. */
const JUMP_MAX = 64;
const JUMP_SYNC_MAX = 100;
/** Adding tokens that were skipped are taken so far back: eight of them, every other count. */
const OLDER_MAX = 16;

/** @throws RangeError for a value that the token cannot carry */
export function openPaygoToken(
  device: OpenPaygoDevice,
  asked: { kind: OpenPaygoKind; value: number; count: number },
  form: OpenPaygoForm = {},
): OpenPaygoToken {
  const value = asked.kind === "disable" ? DISABLE : asked.kind === "sync" ? SYNC : asked.value;
  if (!Number.isInteger(value) || value < 0) throw new RangeError(`not a value of a token: ${value}`);
  if ((asked.kind === "add" || asked.kind === "set") && value > openPaygoValueMax(form))
    throw new RangeError(`a token carries at most ${openPaygoValueMax(form)}, not ${value}`);
  const chain = chainOf(form);
  const count = countAfter(asked.count, asked.kind);
  const base = (Number(BigInt(device.startingCode) % chain.values) + value) % Number(chain.values);
  let code = withBase(BigInt(device.startingCode), BigInt(base), chain);
  for (let i = 0; i < count; i++) code = chain.next(code, device.key);
  return { token: written(withBase(code, BigInt(base), chain), form), count };
}

/** The count of the next token: even counts add, odd ones set, disable or synchronise. */
export function countAfter(count: number, kind: OpenPaygoKind): number {
  const wanted = kind === "add" ? 0 : 1;
  return count % 2 === wanted ? count + 2 : count + 1;
}

/** What the device keeps: its count, and which counts near it are used up. */
export type OpenPaygoMemory = { readonly count: number; readonly used: readonly number[] };

export type OpenPaygoReading =
  | {
      readonly kind: OpenPaygoKind;
      readonly value: number;
      readonly count: number;
      /** The device's memory after it. */
      readonly memory: OpenPaygoMemory;
    }
  /** Genuine for this device, and taken before or overtaken. */
  | { readonly kind: "used" }
  /** No token of this device: mistyped, another device's, or too far ahead. */
  | { readonly kind: "invalid" };

/** What a device does with digits typed in. */
export function readOpenPaygo(
  device: OpenPaygoDevice,
  memory: OpenPaygoMemory,
  typed: string,
  restricted = false,
): OpenPaygoReading {
  const form = formOf(typed, restricted);
  if (form === null) return { kind: "invalid" };
  const token = form.restricted === true ? fromRestricted(typed) : BigInt(typed);
  const chain = chainOf(form);
  const base = token % chain.values;
  const start = BigInt(device.startingCode);
  const value = Number((base - (start % chain.values) + chain.values) % chain.values);
  const isSync = value === SYNC && form.extended !== true;
  const last = memory.count + (isSync ? JUMP_SYNC_MAX : JUMP_MAX);
  let isOlder = false;
  let code = withBase(start, base, chain);
  for (let count = 0; count <= last; count++, code = chain.next(code, device.key)) {
    if (withBase(code, base, chain) !== token) continue;
    const kind = kindOf(count, value, form);
    if (isTaken(memory, count, kind)) return { kind, value, count, memory: remembered(memory, count, kind) };
    isOlder = true;
  }
  return { kind: isOlder ? "used" : "invalid" };
}

/** The code that a device without a given one begins with. */
export const startingCodeOf = (key: Uint8Array): number => Number(standardCode(sipHash24(key, key)));

function kindOf(count: number, value: number, { extended }: OpenPaygoForm): OpenPaygoKind {
  if (count % 2 === 0) return "add";
  if (extended === true) return "set"; // 998 and 999 are values like others there
  return value === SYNC ? "sync" : value === DISABLE ? "disable" : "set";
}

function isTaken(memory: OpenPaygoMemory, count: number, kind: OpenPaygoKind): boolean {
  if (kind === "sync") return count > memory.count - JUMP_MAX;
  if (count > memory.count) return true;
  return kind === "add" && count > memory.count - OLDER_MAX && !memory.used.includes(count);
}

function remembered(memory: OpenPaygoMemory, count: number, kind: OpenPaygoKind): OpenPaygoMemory {
  const highest = kind === "sync" ? count : Math.max(memory.count, count);
  const near = Array.from({ length: OLDER_MAX + 1 }, (_, i) => highest - OLDER_MAX + i);
  // All but an adding token close what came before them.
  const used = near.filter((one) => kind !== "add" || one === count || memory.used.includes(one));
  return { count: highest, used };
}

type Chain = {
  /** Values of the last digits. */
  readonly values: bigint;
  readonly digits: number;
  readonly bits: number;
  next(code: bigint, key: Uint8Array): bigint;
};

const STANDARD: Chain = {
  values: 1000n,
  digits: 9,
  bits: 30,
  next: (code, key) => standardCode(sipHash24(key, bytesOf((code << 32n) | code))),
};
const EXTENDED: Chain = {
  values: 1_000_000n,
  digits: 12,
  bits: 40,
  next(code, key) {
    const top = sipHash24(key, bytesOf(code)) >> 24n; // 40 bits
    return top > 999_999_999_999n ? top - 99_511_627_777n : top;
  },
};
const chainOf = ({ extended }: OpenPaygoForm): Chain => (extended === true ? EXTENDED : STANDARD);

const withBase = (code: bigint, base: bigint, { values }: Chain): bigint => code - (code % values) + base;

/** Both halves folded, 30 bits of it, at most nine digits. */
function standardCode(hash: bigint): bigint {
  const folded = ((hash >> 32n) ^ (hash & 0xffff_ffffn)) >> 2n;
  return folded > 999_999_999n ? folded - 73_741_825n : folded;
}

function bytesOf(word: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, word);
  return bytes;
}

function written(code: bigint, form: OpenPaygoForm): string {
  const { digits, bits } = chainOf(form);
  if (form.restricted !== true) return code.toString().padStart(digits, "0");
  return Array.from({ length: bits / 2 }, (_, i) => Number((code >> BigInt(bits - 2 - 2 * i)) & 3n) + 1).join("");
}

const fromRestricted = (typed: string): bigint =>
  Array.from(typed).reduce((code, digit) => (code << 2n) | BigInt(Number(digit) - 1), 0n);

/** By its length: 9, 12, or of digits 1 to 4, 15 and 20. */
function formOf(typed: string, restricted: boolean): OpenPaygoForm | null {
  if (!(restricted ? /^[1-4]+$/ : /^\d+$/).test(typed)) return null;
  const standard = restricted ? 15 : 9;
  const extended = restricted ? 20 : 12;
  if (typed.length === standard) return { restricted };
  return typed.length === extended ? { restricted, extended: true } : null;
}
