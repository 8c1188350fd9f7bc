import { crc32 } from "node:zlib";
import type { Instant } from "../../domain/instant.ts";
import { type OperatorId, READING_SOURCES, type Reading, type ReadingSource } from "../../domain/reading.ts";

/**
 * How readings that wait for the database stand in a file. A file begins with `MAGIC`; then records, each one hand-over:
 * length of the body (4 bytes), CRC-32 of all that follows (4), rows (4), time of receipt in ms (8), body: JSON text. Big-endian.
 */
export const MAGIC: Buffer = Buffer.from("SBSPOOL1");
const HEAD = 20;
/** A message brings some hundred readings; a body that claims more than this is no body. */
const BODY_MAX = 64 * 1024 * 1024;

export type SpooledReadings = { readonly operatorId: OperatorId; readonly readings: readonly Reading[] };

type Row = [meter: string, register: number, measured: number, received: number, value: string, source: number];

/** All readings are of one operator, and there is one at least. */
export function recordOf(readings: readonly Reading[]): Buffer {
  const rows = readings.map(
    (r): Row => [String(r.meterId), r.register, r.measuredAt, r.receivedAt, String(r.value), READING_SOURCES[r.source]],
  );
  const body = Buffer.from(JSON.stringify({ operator: String(readings[0]?.operatorId), rows }));
  const record = Buffer.allocUnsafe(HEAD + body.length);
  record.writeUInt32BE(body.length, 0);
  record.writeUInt32BE(rows.length, 8);
  record.writeDoubleBE(readings[0]?.receivedAt ?? 0, 12);
  body.copy(record, HEAD);
  record.writeUInt32BE(crc32(record.subarray(8)), 4);
  return record;
}

/** What a file holds. */
export type Scan = {
  readonly records: readonly Buffer[];
  readonly rows: number;
  /** Receipt of the first record; `null` when there is none. */
  readonly oldestAt: Instant | null;
  /** Bytes behind the last whole record: what a kill cut off, and nobody was told that it is kept. */
  readonly torn: number;
  /** Records inside the file that are not what was written. */
  readonly damaged: number;
};

/** Finds the whole records of a file; needs no more of them than their heads and sums. */
export function scan(file: Buffer): Scan {
  const records: Buffer[] = [];
  let [rows, damaged, at] = [0, 0, MAGIC.length];
  let oldestAt: Instant | null = null;
  if (!file.subarray(0, at).equals(MAGIC)) return { records, rows, oldestAt, torn: file.length, damaged };
  while (at + HEAD <= file.length) {
    const length = file.readUInt32BE(at);
    const end = at + HEAD + length;
    if (length === 0 || length > BODY_MAX || end > file.length) break;
    const record = file.subarray(at, end);
    if (crc32(record.subarray(8)) === record.readUInt32BE(4)) {
      records.push(record);
      rows += record.readUInt32BE(8);
      oldestAt ??= record.readDoubleBE(12) as Instant;
    } else if (end === file.length) break;
    else damaged++;
    at = end;
  }
  return { records, rows, oldestAt, torn: file.length - at, damaged };
}

const SOURCE_BY_CODE = new Map(
  Object.entries(READING_SOURCES).map(([name, code]) => [code as number, name as ReadingSource]),
);

/** @throws Error when a record whose sum is right says something that we never write */
export function readingsOf(record: Buffer): SpooledReadings {
  const { operator, rows } = JSON.parse(record.toString("utf8", HEAD)) as { operator: string; rows: Row[] };
  const operatorId = BigInt(operator);
  const readings = rows.map(([meter, register, measured, received, value, code]): Reading => {
    const source = SOURCE_BY_CODE.get(code);
    if (source === undefined) throw new Error(`a reading on disk has source ${code}`);
    return {
      operatorId,
      meterId: BigInt(meter),
      register,
      measuredAt: measured as Instant,
      receivedAt: received as Instant,
      value: BigInt(value),
      source,
    };
  });
  return { operatorId, readings };
}
