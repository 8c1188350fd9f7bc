import { inflateSync } from "node:zlib";

/** Bytes of a WOFF header, of one entry of its directory, and of the same in an sfnt (W3C WOFF 1.0, 3 and 4; OpenType). */
const WOFF_HEADER = 44;
const WOFF_ENTRY = 20;
const SFNT_HEADER = 12;
const SFNT_ENTRY = 16;
/** `wOFF` */
const SIGNATURE = 0x774f4646;

/**
 * The plain font inside a WOFF 1.0 file. The font engine could open the file itself, but would inflate a table anew for
 * every glyph that it asks for.
 * @throws RangeError when it is not a WOFF file
 */
export function sfntOf(woff: Buffer): Buffer {
  if (woff.length < WOFF_HEADER || woff.readUInt32BE(0) !== SIGNATURE) throw new RangeError("not a WOFF 1.0 font");
  const count = woff.readUInt16BE(12);
  const tables = Array.from({ length: count }, (_, i) => tableOf(woff, WOFF_HEADER + i * WOFF_ENTRY));
  const head = Buffer.alloc(SFNT_HEADER + count * SFNT_ENTRY);
  woff.copy(head, 0, 4, 8); // flavour
  const power = Math.floor(Math.log2(count));
  head.writeUInt16BE(count, 4);
  head.writeUInt16BE(2 ** power * 16, 6);
  head.writeUInt16BE(power, 8);
  head.writeUInt16BE((count - 2 ** power) * 16, 10);
  let at = head.length;
  const parts = [head];
  tables.forEach(({ tag, checksum, data }, i) => {
    const entry = SFNT_HEADER + i * SFNT_ENTRY;
    head.writeUInt32BE(tag, entry);
    head.writeUInt32BE(checksum, entry + 4);
    head.writeUInt32BE(at, entry + 8);
    head.writeUInt32BE(data.length, entry + 12);
    const padded = Buffer.alloc(Math.ceil(data.length / 4) * 4);
    data.copy(padded);
    parts.push(padded);
    at += padded.length;
  });
  return Buffer.concat(parts);
}

function tableOf(woff: Buffer, entry: number): { tag: number; checksum: number; data: Buffer } {
  const offset = woff.readUInt32BE(entry + 4);
  const packed = woff.readUInt32BE(entry + 8);
  const plain = woff.readUInt32BE(entry + 12);
  const stored = woff.subarray(offset, offset + packed);
  // A table that would not shrink is stored as it is.
  const data = packed < plain ? inflateSync(stored) : stored;
  if (data.length !== plain) throw new RangeError("a table of the font has another length than it says");
  return { tag: woff.readUInt32BE(entry), checksum: woff.readUInt32BE(entry + 16), data };
}
