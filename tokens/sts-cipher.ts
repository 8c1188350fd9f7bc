import { createCipheriv } from "node:crypto";

/**
 * Decoder key generation and encryption of STS (IEC 62055-41:2018), as far as published answers prove it here: DKGA02 (6.5.3.3) and EA07, the
 * standard transfer algorithm (6.5.4). Keys and blocks are whole numbers of 64 bits.
 */
export type StsMeter = {
  /** Issuer identification number (6 digits, or 4) and account number (11 digits, or 13): the meter's PAN without its check digit. */
  readonly iin: string;
  readonly iain: string;
  /** Supply group code, 6 digits. */
  readonly supplyGroup: string;
  /** Tariff index, 2 digits. */
  readonly tariffIndex: string;
  readonly keyRevision: number;
  /** 0 initial, 1 default, 2 unique, 3 common. */
  readonly keyType: 0 | 1 | 2 | 3;
};

/** The meter's own key out of the supply group's vending key (8 bytes). @throws RangeError for data of another shape */
export function decoderKey02(meter: StsMeter, vendingKey: Uint8Array): bigint {
  if (vendingKey.length !== 8) throw new RangeError("a vending key of DKGA02 has 8 bytes");
  const input = panBlock(meter) ^ controlBlock(meter);
  return desEncrypt(vendingKey, input) ^ input ^ numberOf(vendingKey);
}

function panBlock({ iin, iain, keyType }: StsMeter): bigint {
  if (!/^(\d{6}|\d{4})$/.test(iin)) throw new RangeError("an issuer number has 6 digits, or 4");
  const account = iin.length === 6 ? 11 : 13;
  if (!new RegExp(`^\\d{${account}}$`).test(iain)) throw new RangeError(`an account number here has ${account} digits`);
  return BigInt(`0x${iin.slice(1)}${keyType === 3 ? "0".repeat(account) : iain}`);
}

function controlBlock({ keyType, supplyGroup, tariffIndex, keyRevision }: StsMeter): bigint {
  if (!/^\d{6}$/.test(supplyGroup)) throw new RangeError("a supply group code has 6 digits");
  if (!/^\d{2}$/.test(tariffIndex)) throw new RangeError("a tariff index has 2 digits");
  if (!Number.isInteger(keyRevision) || keyRevision < 1 || keyRevision > 9)
    throw new RangeError("a key revision is 1 to 9");
  return BigInt(`0x${keyType}${supplyGroup}${tariffIndex}${keyRevision}ffffff`);
}

/** Single DES: OpenSSL 3 has it only in its legacy provider, and triple DES with one key three times is the same. */
function desEncrypt(key: Uint8Array, block: bigint): bigint {
  const cipher = createCipheriv("des-ede3", Buffer.concat([key, key, key]), null);
  cipher.setAutoPadding(false);
  return numberOf(Buffer.concat([cipher.update(Buffer.from(hex16(block), "hex")), cipher.final()]));
}

const hex16 = (word: bigint): string => word.toString(16).padStart(16, "0");
const numberOf = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString("hex")}`);

const MASK = (1n << 64n) - 1n;
const rotl = (x: bigint, by: bigint): bigint => ((x << by) | (x >> (64n - by))) & MASK;
const rotr = (x: bigint, by: bigint): bigint => rotl(x, 64n - by);
const ROUNDS = 16;

/** The two tables and the order of bits of EA07 (IEC 62055-41, 6.5.4.2 and 6.5.4.3). */
const FIRST = [14, 10, 7, 9, 12, 3, 2, 5, 13, 0, 15, 1, 4, 8, 6, 11];
const SECOND = [12, 8, 2, 13, 7, 6, 1, 3, 11, 5, 9, 15, 0, 4, 10, 14];
const MOVES = [
  55, 42, 10, 18, 24, 21, 44, 35, 2, 22, 56, 43, 27, 58, 9, 50, 6, 36, 12, 61, 37, 38, 53, 16, 62, 3, 7, 4, 32, 20, 63,
  25, 51, 52, 54, 33, 49, 19, 46, 29, 48, 31, 23, 30, 41, 28, 13, 5, 40, 60, 39, 11, 15, 17, 1, 0, 57, 34, 59, 8, 47,
  14, 45, 26,
];
const inverse = (table: readonly number[]): number[] => table.map((_, i) => table.indexOf(i));
const FIRST_BACK = inverse(FIRST);
const SECOND_BACK = inverse(SECOND);
const MOVES_BACK = inverse(MOVES);

export function encryptEa07(decoderKey: bigint, block: bigint): bigint {
  let key = rotr(~decoderKey & MASK, 12n);
  let data = block;
  for (let i = 0; i < ROUNDS; i++, key = rotl(key, 1n)) data = moved(replaced(data, key, FIRST, SECOND), MOVES);
  return data;
}

export function decryptEa07(decoderKey: bigint, block: bigint): bigint {
  let key = rotl(rotr(~decoderKey & MASK, 12n), BigInt(ROUNDS - 1));
  let data = block;
  for (let i = 0; i < ROUNDS; i++, key = rotr(key, 1n))
    data = replaced(moved(data, MOVES_BACK), key, FIRST_BACK, SECOND_BACK);
  return data;
}

/** Each four bits by the table that the highest of the key's four bits names. */
function replaced(data: bigint, key: bigint, zero: readonly number[], one: readonly number[]): bigint {
  let out = 0n;
  for (let at = 0n; at < 64n; at += 4n) {
    const table = ((key >> (at + 3n)) & 1n) === 0n ? zero : one;
    out |= BigInt(table[Number((data >> at) & 15n)] ?? 0) << at;
  }
  return out;
}

function moved(data: bigint, moves: readonly number[]): bigint {
  let out = 0n;
  for (const [from, to] of moves.entries()) out |= ((data >> BigInt(from)) & 1n) << BigInt(to);
  return out;
}
