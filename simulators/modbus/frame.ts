/** Bytes of the Modbus Application Protocol V1.1b3 as a slave sees them: framing of requests and replies, nothing about meters. */
export type Framing = "mbap" | "rtu";

/** One request off the wire. `transactionId` is 0 on RTU, which has none. */
export type Request = {
  readonly transactionId: number;
  readonly unitId: number;
  readonly functionCode: number;
  readonly address: number;
  /** Registers or coils asked for or written. */
  readonly count: number;
  /** Words written: 0 or 1 each for coils; empty for reads. */
  readonly words: Uint16Array;
};

const MBAP_HEADER_BYTES = 7; // transaction 2, protocol 2, length 2, unit 1
const MBAP_LENGTH_MAX = 254; // unit + PDU of at most 253 bytes
const NO_WORDS = new Uint16Array(0);

const CRC_TABLE = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xa001 : crc >>> 1;
  return crc;
});

/** CRC-16/MODBUS of `bytes[0..end)`; sent low byte first. */
export function crc16(bytes: Uint8Array, end: number): number {
  let crc = 0xffff;
  for (let i = 0; i < end; i++) crc = (crc >>> 8) ^ (CRC_TABLE[(crc ^ (bytes[i] ?? 0)) & 0xff] ?? 0);
  return crc;
}

/** Takes whole requests out of a stream; what is not yet whole waits for the next chunk. */
export class RequestReader {
  readonly #framing: Framing;
  #rest: Buffer = Buffer.alloc(0);

  constructor(framing: Framing) {
    this.#framing = framing;
  }

  /** Calls `take` for each whole request. Answers false when the stream can no longer be understood. */
  push(chunk: Buffer, take: (request: Request) => void): boolean {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const used = this.#framing === "mbap" ? takeMbap(bytes, take) : takeRtu(bytes, take);
    if (used < 0) return false;
    this.#rest = used === bytes.length ? Buffer.alloc(0) : bytes.subarray(used);
    return true;
  }
}

function takeMbap(bytes: Buffer, take: (request: Request) => void): number {
  let at = 0;
  while (bytes.length - at >= MBAP_HEADER_BYTES + 1) {
    const length = bytes.readUInt16BE(at + 4);
    if (bytes.readUInt16BE(at + 2) !== 0 || length < 2 || length > MBAP_LENGTH_MAX) return -1;
    const end = at + 6 + length;
    if (end > bytes.length) break;
    take(requestOf(bytes, at + 6, end, bytes.readUInt16BE(at)));
    at = end;
  }
  return at;
}

/** A slave that meets a wrong CRC says nothing and waits for the next silence: the buffered bytes are dropped. */
function takeRtu(bytes: Buffer, take: (request: Request) => void): number {
  let at = 0;
  while (bytes.length - at >= 8) {
    const several = bytes[at + 1] === 15 || bytes[at + 1] === 16;
    const size = several ? 9 + (bytes[at + 6] ?? 0) : 8;
    if (bytes.length - at < size) break;
    const frame = bytes.subarray(at, at + size);
    if (crc16(frame, size - 2) !== frame.readUInt16LE(size - 2)) return bytes.length;
    take(requestOf(bytes, at, at + size - 2, 0));
    at += size;
  }
  return at;
}

function requestOf(bytes: Buffer, start: number, end: number, transactionId: number): Request {
  const functionCode = bytes[start + 1] ?? 0;
  const short = end - start < 6;
  const address = short ? 0 : bytes.readUInt16BE(start + 2);
  const last = short ? 0 : bytes.readUInt16BE(start + 4);
  const unitId = bytes[start] ?? 0;
  if (functionCode === 5) {
    return { transactionId, unitId, functionCode, address, count: 1, words: Uint16Array.of(last === 0xff00 ? 1 : 0) };
  }
  if (functionCode === 6)
    return { transactionId, unitId, functionCode, address, count: 1, words: Uint16Array.of(last) };
  if (functionCode === 15 || functionCode === 16) {
    const words = new Uint16Array(Math.min(last, 1968));
    for (let i = 0; i < words.length; i++) {
      const at = start + 7 + (functionCode === 16 ? i * 2 : i >> 3);
      if (at + (functionCode === 16 ? 2 : 1) > end) break;
      words[i] = functionCode === 16 ? bytes.readUInt16BE(at) : ((bytes[at] ?? 0) >> (i & 7)) & 1;
    }
    return { transactionId, unitId, functionCode, address, count: last, words };
  }
  return { transactionId, unitId, functionCode, address, count: last, words: NO_WORDS };
}

/** Unit id and PDU with room before it for the header and behind it for the CRC. */
export const pduAt = 6;

/** A whole frame around unit id + PDU: `body` begins with the unit id. */
export function frameOf(framing: Framing, transactionId: number, body: Uint8Array): Buffer {
  if (framing === "rtu") {
    const frame = Buffer.allocUnsafe(body.length + 2);
    frame.set(body, 0);
    frame.writeUInt16LE(crc16(body, body.length), body.length);
    return frame;
  }
  const frame = Buffer.allocUnsafe(pduAt + body.length);
  frame.writeUInt16BE(transactionId, 0);
  frame.writeUInt16BE(0, 2);
  frame.writeUInt16BE(body.length, 4);
  frame.set(body, pduAt);
  return frame;
}
