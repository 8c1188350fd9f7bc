import { inflateRawSync } from "node:zlib";

/** The central directory of a zip file: APPNOTE.TXT 6.3.10, 4.3.12 and 4.3.16. */
const END = 0x06054b50;
const ENTRY = 0x02014b50;
const LOCAL = 0x04034b50;
const END_BYTES = 22;
const COMMENT_MAX = 65_535;
const PARTS_MAX = 1_000;

/**
 * Whether unpacking stays within `bytesMax`. Every part is unpacked once for that, with a bound, because what a directory states need
 * not be true: 42 kB can become petabytes.
 * @returns what is wrong, or null
 */
export function zipTrouble(bytes: Buffer, bytesMax: number): "not_zip" | "bomb" | "encrypted" | null {
  const end = endOf(bytes);
  if (end === null) return "not_zip";
  const count = bytes.readUInt16LE(end + 10);
  let at = bytes.readUInt32LE(end + 16);
  let room = bytesMax;
  if (count === 0 || count > PARTS_MAX) return count === 0 ? "not_zip" : "bomb";
  for (let i = 0; i < count; i++) {
    if (at + 46 > bytes.length || bytes.readUInt32LE(at) !== ENTRY) return "not_zip";
    if ((bytes.readUInt16LE(at + 8) & 1) === 1) return "encrypted";
    const unpacked = unpackedBytes(bytes, at, room);
    if (typeof unpacked === "string") return unpacked;
    room -= unpacked;
    if (room < 0) return "bomb";
    at += 46 + bytes.readUInt16LE(at + 28) + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
  }
  return null;
}

function endOf(bytes: Buffer): number | null {
  for (let at = bytes.length - END_BYTES; at >= 0 && at >= bytes.length - END_BYTES - COMMENT_MAX; at--)
    if (bytes.readUInt32LE(at) === END) return at;
  return null;
}

function unpackedBytes(bytes: Buffer, entry: number, room: number): number | "not_zip" | "bomb" {
  const method = bytes.readUInt16LE(entry + 10);
  const packed = bytes.readUInt32LE(entry + 20);
  const stated = bytes.readUInt32LE(entry + 24);
  const local = bytes.readUInt32LE(entry + 42);
  if (local + 30 > bytes.length || bytes.readUInt32LE(local) !== LOCAL) return "not_zip";
  const begin = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
  if (begin + packed > bytes.length) return "not_zip";
  if (stated > room) return "bomb";
  if (method === 0) return packed;
  if (method !== 8) return "not_zip";
  try {
    // What inflates to more than was stated is a lie, whatever it is for.
    return inflateRawSync(bytes.subarray(begin, begin + packed), { maxOutputLength: Math.max(1, stated) }).length;
  } catch (error) {
    return (error as { code?: string }).code === "ERR_BUFFER_TOO_LARGE" ? "bomb" : "not_zip";
  }
}
