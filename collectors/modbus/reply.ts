import { functionCodeOf, type Outcome, type Refused, type Request, refused } from "./request.ts";

/** Modbus Application Protocol V1.1b3, chapter 7. */
const EXCEPTIONS: Readonly<Record<number, string>> = {
  1: "illegal function",
  2: "illegal data address",
  3: "illegal data value",
  4: "slave device failure",
  5: "acknowledge",
  6: "slave device busy",
  8: "memory parity error",
  10: "gateway path unavailable",
  11: "gateway target device failed to respond",
};

export const exceptionReply = (code: number, payload?: Uint8Array): Refused =>
  refused("exception_reply", `exception ${code}: ${EXCEPTIONS[code] ?? "unknown"}`, payload);

/**
 * What unit id + PDU at `bytes[start..end)` answer to a request. Everything is checked: unit id, function, byte count and, for
 * writes, the echo. A reply is never trimmed or padded into shape.
 */
export function outcomeOf(request: Request, bytes: Buffer, start: number, end: number): Outcome {
  const size = end - start;
  const code = functionCodeOf(request);
  const came = (): Uint8Array => Uint8Array.prototype.slice.call(bytes, start, end);
  if (bytes[start] !== request.unitId) {
    return refused("wrong_unit_id", `unit ${request.unitId} was asked, unit ${bytes[start]} answered`, came());
  }
  const gotCode = bytes[start + 1] ?? 0;
  if (gotCode === (code | 0x80) && size === 3) return exceptionReply(bytes[start + 2] ?? 0, came());
  if (gotCode !== code) return refused("wrong_function", `function ${code} was asked, ${gotCode} answered`, came());
  return request.kind === "read"
    ? words(request.count, code, bytes, start, size, came)
    : echo(request, bytes, start, size, came);
}

function words(
  count: number,
  code: number,
  bytes: Buffer,
  start: number,
  size: number,
  came: () => Uint8Array,
): Outcome {
  const dataBytes = code <= 2 ? (count + 7) >> 3 : count * 2;
  if (size !== 3 + dataBytes || bytes[start + 2] !== dataBytes) {
    const detail = `${dataBytes} bytes of data were asked, ${size - 3} came, the byte count says ${bytes[start + 2] ?? "nothing"}`;
    return refused("short_reply", detail, came());
  }
  const taken = new Uint16Array(count);
  const from = start + 3;
  if (code <= 2) for (let i = 0; i < count; i++) taken[i] = ((bytes[from + (i >> 3)] ?? 0) >> (i & 7)) & 1;
  else for (let i = 0, at = from; i < count; i++, at += 2) taken[i] = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  return { kind: "words", words: taken };
}

function echo(
  request: Request & { kind: "write" },
  bytes: Buffer,
  start: number,
  size: number,
  came: () => Uint8Array,
): Outcome {
  if (size !== 6) return refused("short_reply", `an echo of 6 bytes was expected, ${size} came`, came());
  const { functionCode, address, words: sent } = request.write;
  const first = sent[0] ?? 0;
  const wanted = functionCode === 16 ? sent.length : functionCode === 5 && first !== 0 ? 0xff00 : first;
  if (bytes.readUInt16BE(start + 2) === address && bytes.readUInt16BE(start + 4) === wanted) return { kind: "written" };
  return refused("malformed_payload", "the echo names another address or value than was written", came());
}
