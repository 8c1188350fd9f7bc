import type { ModbusWrite, RegisterTable } from "../../domain/profile.ts";
import type { RefusalReason } from "../../domain/refusal.ts";

/** One request to one slave. Addresses are 0-based, as on the wire. */
export type ReadRequest = {
  readonly kind: "read";
  readonly unitId: number;
  readonly table: RegisterTable;
  readonly address: number;
  /** Registers, or bits of the tables `coil` and `discrete`. */
  readonly count: number;
};
export type WriteRequest = { readonly kind: "write"; readonly unitId: number; readonly write: ModbusWrite };
export type Request = ReadRequest | WriteRequest;

export type Refused = {
  readonly kind: "refused";
  readonly reason: RefusalReason;
  readonly detail: string;
  /** What came, as far as anything did. */
  readonly payload: Uint8Array;
  /** Surely not one byte of the request left us. */
  readonly unsent?: true;
};
/** `words`: one per register or bit (0 or 1). `written`: the slave's echo was checked. Nothing is ever thrown. */
export type Outcome = { readonly kind: "words"; readonly words: Uint16Array } | { readonly kind: "written" } | Refused;

const NOTHING = new Uint8Array(0);
export const refused = (reason: RefusalReason, detail: string, payload: Uint8Array = NOTHING): Refused => ({
  kind: "refused",
  reason,
  detail,
  payload,
});

const READ_CODE: Readonly<Record<RegisterTable, number>> = { coil: 1, discrete: 2, holding: 3, input: 4 };
export const functionCodeOf = (request: Request): number =>
  request.kind === "read" ? READ_CODE[request.table] : request.write.functionCode;

/** `fc3 0x0000+10`, as logs and refused frames name it. */
export function addressText(request: Request): string {
  const at = request.kind === "read" ? request.address : request.write.address;
  const count = request.kind === "read" ? request.count : request.write.words.length;
  return `fc${functionCodeOf(request)} 0x${at.toString(16).padStart(4, "0")}+${count}`;
}

/** Registers in one request: Modbus Application Protocol V1.1b3, 6.3. */
export const WORDS_MAX = 125;
const BITS_MAX = 2000; // the same, 6.1
const WRITE_WORDS_MAX = 123; // the same, 6.12

/** What makes a request impossible to send; `null` when it can be. Unit 0 is a broadcast that nobody answers. */
export function fault(request: Request): string | null {
  if (request.unitId < 1 || request.unitId > 255) return `unit id ${request.unitId} is not 1 to 255`;
  const address = request.kind === "read" ? request.address : request.write.address;
  const count = request.kind === "read" ? request.count : request.write.words.length;
  const most = request.kind === "write" ? WRITE_WORDS_MAX : functionCodeOf(request) <= 2 ? BITS_MAX : WORDS_MAX;
  if (count < 1 || count > most) return `${count} words in one request: 1 to ${most} are possible`;
  return address < 0 || address + count > 0x10000 ? `address ${address}+${count} is outside 0 to 65535` : null;
}

/** Unit id and PDU written at `at`; answers how many bytes. `into` has room for 260. */
export function encode(request: Request, into: Buffer, at: number): number {
  into[at] = request.unitId;
  into[at + 1] = functionCodeOf(request);
  if (request.kind === "read") {
    into.writeUInt16BE(request.address, at + 2);
    into.writeUInt16BE(request.count, at + 4);
    return 6;
  }
  const { functionCode, address, words } = request.write;
  into.writeUInt16BE(address, at + 2);
  const first = words[0] ?? 0;
  if (functionCode !== 16) {
    into.writeUInt16BE(functionCode === 5 && first !== 0 ? 0xff00 : first, at + 4);
    return 6;
  }
  into.writeUInt16BE(words.length, at + 4);
  into[at + 6] = words.length * 2;
  for (let i = 0; i < words.length; i++) into.writeUInt16BE(words[i] ?? 0, at + 7 + i * 2);
  return 7 + words.length * 2;
}

export const requestBytes = (request: Request): number =>
  request.kind === "write" && request.write.functionCode === 16 ? 7 + request.write.words.length * 2 : 6;
