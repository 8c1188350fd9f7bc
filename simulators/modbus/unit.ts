import type { RegisterTable } from "../../domain/profile.ts";
import type { Request } from "./frame.ts";

/** 1 illegal function, 2 illegal data address, 3 illegal data value, 4 slave device failure, 6 busy, 11 gateway target failed to respond. */
export type ExceptionCode = 1 | 2 | 3 | 4 | 6 | 10 | 11;

/** One slave behind a gateway. Coils and discrete inputs are words of 0 or 1. */
export type ModbusUnit = {
  /** `count` words from `address`. The array is only read before the next call: a view of the image is fine. */
  read(table: RegisterTable, address: number, count: number): Uint16Array | ExceptionCode;
  /** 0 when done. */
  write(table: "coil" | "holding", address: number, words: Uint16Array): 0 | ExceptionCode;
};

const TABLE_OF_READ: Readonly<Record<number, RegisterTable>> = { 1: "coil", 2: "discrete", 3: "holding", 4: "input" };
const WORDS_MAX = 125; // Modbus Application Protocol V1.1b3, 6.3
const BITS_MAX = 2000; // 6.1

/** Unit id + PDU that a healthy slave answers. */
export function answerOf(unit: ModbusUnit, request: Request): Uint8Array {
  const table = TABLE_OF_READ[request.functionCode];
  if (table !== undefined) {
    const bits = request.functionCode <= 2;
    if (request.count < 1 || request.count > (bits ? BITS_MAX : WORDS_MAX)) return exceptionOf(request, 3);
    const words = unit.read(table, request.address, request.count);
    return typeof words === "number"
      ? exceptionOf(request, words)
      : bits
        ? bitsOf(request, words)
        : wordsOf(request, words);
  }
  switch (request.functionCode) {
    case 5:
    case 6:
    case 15:
    case 16: {
      if (request.words.length !== request.count) return exceptionOf(request, 3);
      const bits = request.functionCode === 5 || request.functionCode === 15;
      const code = unit.write(bits ? "coil" : "holding", request.address, request.words);
      return code === 0 ? echoOf(request) : exceptionOf(request, code);
    }
    default:
      return exceptionOf(request, 1);
  }
}

export const exceptionOf = (request: Request, code: ExceptionCode): Uint8Array =>
  Uint8Array.of(request.unitId, request.functionCode | 0x80, code);

function wordsOf(request: Request, words: Uint16Array): Uint8Array {
  const body = new Uint8Array(3 + words.length * 2);
  body[0] = request.unitId;
  body[1] = request.functionCode;
  body[2] = words.length * 2;
  for (let i = 0, at = 3; i < words.length; i++, at += 2) {
    const word = words[i] ?? 0;
    body[at] = word >>> 8;
    body[at + 1] = word;
  }
  return body;
}

function bitsOf(request: Request, bits: Uint16Array): Uint8Array {
  const body = new Uint8Array(3 + ((bits.length + 7) >> 3));
  body[0] = request.unitId;
  body[1] = request.functionCode;
  body[2] = body.length - 3;
  for (let i = 0; i < bits.length; i++) if (bits[i]) body[3 + (i >> 3)] = (body[3 + (i >> 3)] ?? 0) | (1 << (i & 7));
  return body;
}

/** 5 and 6 answer address and value, 15 and 16 address and count. */
function echoOf(request: Request): Uint8Array {
  const first = request.words[0] ?? 0;
  const last = request.functionCode === 5 ? (first ? 0xff00 : 0) : request.functionCode === 6 ? first : request.count;
  return Uint8Array.of(request.unitId, request.functionCode, request.address >>> 8, request.address, last >>> 8, last);
}

/** A slave that answers from fixed images, one per table; outside them it answers "illegal data address". */
export function imageUnit(
  images: Partial<Record<RegisterTable, { readonly start: number; readonly words: Uint16Array }>>,
): ModbusUnit {
  return {
    read(table, address, count) {
      const image = images[table];
      const from = address - (image?.start ?? 0);
      return image === undefined || from < 0 || from + count > image.words.length
        ? 2
        : image.words.subarray(from, from + count);
    },
    write(table, address, words) {
      const image = images[table];
      const from = address - (image?.start ?? 0);
      if (image === undefined || from < 0 || from + words.length > image.words.length) return 2;
      image.words.set(words, from);
      return 0;
    },
  };
}
