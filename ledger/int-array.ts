/** Kinds of integers as PostgreSQL sends them: bytes of each, and the type's number (pg_type.dat). */
const KINDS = {
  smallint: { bytes: 2, oid: 21 },
  integer: { bytes: 4, oid: 23 },
  bigint: { bytes: 8, oid: 20 },
} as const;

export type IntKind = keyof typeof KINDS;
export const isIntKind = (type: string): type is IntKind => type in KINDS;

/** Dimensions, whether there are nulls, type, length, first index: four bytes each. */
const HEADER_BYTES = 20;

/**
 * Integers as an array parameter in PostgreSQL's binary format (array_recv): to write a number as text and read it again costs ten
 * times as much. Give `parameter` where the statement casts it to the array's type.
 */
export class IntArray {
  readonly #kind: IntKind;
  #view = new DataView(new ArrayBuffer(1024));
  #at = HEADER_BYTES;
  #length = 0;
  #hasNulls = false;

  constructor(kind: IntKind) {
    this.#kind = kind;
  }

  /** @throws RangeError when the number is no integer of the kind */
  push(value: bigint | number | null): void {
    const { bytes } = KINDS[this.#kind];
    if (this.#at + 4 + bytes > this.#view.byteLength) this.#grow();
    this.#length++;
    if (value === null) {
      this.#hasNulls = true;
      this.#view.setInt32(this.#at, -1);
      this.#at += 4;
      return;
    }
    this.#view.setInt32(this.#at, bytes);
    this.#at += 4;
    this.#write(value);
    this.#at += bytes;
  }

  #write(value: bigint | number): void {
    if (this.#kind === "bigint") {
      const whole = BigInt(value);
      if (BigInt.asIntN(64, whole) !== whole) throw new RangeError(`${value} is no bigint`);
      this.#view.setBigInt64(this.#at, whole);
      return;
    }
    const number = Number(value);
    const isSmall = this.#kind === "smallint";
    if (number !== (isSmall ? (number << 16) >> 16 : number | 0)) throw new RangeError(`${value} is no ${this.#kind}`);
    if (isSmall) this.#view.setInt16(this.#at, number);
    else this.#view.setInt32(this.#at, number);
  }

  #grow(): void {
    const larger = new Uint8Array(2 * this.#view.byteLength);
    larger.set(new Uint8Array(this.#view.buffer));
    this.#view = new DataView(larger.buffer);
  }

  get parameter(): Buffer {
    if (this.#length === 0) return headerOf(0, false, this.#kind, 0);
    headerOf(1, this.#hasNulls, this.#kind, this.#length).copy(new Uint8Array(this.#view.buffer));
    return Buffer.from(this.#view.buffer, 0, this.#at);
  }
}

function headerOf(dimensions: 0 | 1, hasNulls: boolean, kind: IntKind, length: number): Buffer {
  const header = Buffer.alloc(dimensions === 0 ? 12 : HEADER_BYTES);
  header.writeInt32BE(dimensions, 0);
  header.writeInt32BE(hasNulls ? 1 : 0, 4);
  header.writeInt32BE(KINDS[kind].oid, 8);
  if (dimensions === 0) return header;
  header.writeInt32BE(length, 12);
  header.writeInt32BE(1, 16);
  return header;
}
