import { type OpenPaygoDevice, type OpenPaygoMemory, readOpenPaygo } from "../../tokens/openpaygo.ts";
import { readSts } from "../../tokens/sts-token.ts";

/** What a keypad meter shows after digits were typed in. */
export type KeypadAnswer =
  /** `credit`: of the token, in the scheme's own unit (0.1 of a unit for STS, a device's unit for OpenPAYGO). */
  | { readonly kind: "accepted"; readonly credit: number }
  | { readonly kind: "refused"; readonly why: "used" | "old" | "invalid" };

export type Keypad = {
  /** Credit that was typed in and is not used up. */
  readonly credit: number;
  /** Digits as somebody types them, gaps and all. */
  type(digits: string): KeypadAnswer;
  /** The meter counts what it lets through; it opens at 0. */
  use(amount: number): void;
};

const MEMORY = 50; // token identifiers that an STS meter keeps at least (IEC 62055-41, 7.3.5)

/** An STS meter: its own decoder key, and the identifiers of the last tokens. */
export class StsKeypad implements Keypad {
  credit = 0;
  readonly #decoderKey: bigint;
  #taken: number[] = [];

  constructor(decoderKey: bigint) {
    this.#decoderKey = decoderKey;
  }

  type(digits: string): KeypadAnswer {
    const read = readSts(this.#decoderKey, digits.replaceAll(/\D/g, ""));
    if (read.kind === "invalid") return { kind: "refused", why: "invalid" };
    if (this.#taken.includes(read.tid)) return { kind: "refused", why: "used" };
    if (this.#taken.length === MEMORY && read.tid < (this.#taken[0] ?? 0)) return { kind: "refused", why: "old" };
    this.#taken = [...this.#taken, read.tid].sort((a, b) => a - b).slice(-MEMORY);
    const before = this.credit;
    if (read.content.kind === "credit") this.credit += read.content.tenths;
    if (read.content.kind === "clear_credit") this.credit = 0;
    return { kind: "accepted", credit: Math.max(0, this.credit - before) };
  }

  use(amount: number): void {
    this.credit = Math.max(0, this.credit - amount);
  }
}

/** A device with OpenPAYGO: its key, its count and which counts near it are used up. */
export class OpenPaygoKeypad implements Keypad {
  credit = 0;
  readonly #device: OpenPaygoDevice;
  #memory: OpenPaygoMemory;

  constructor(device: OpenPaygoDevice, count = 0) {
    this.#device = device;
    this.#memory = { count, used: [] };
  }

  type(digits: string): KeypadAnswer {
    const read = readOpenPaygo(this.#device, this.#memory, digits.replaceAll(/\D/g, ""));
    if (read.kind === "used" || read.kind === "invalid") return { kind: "refused", why: read.kind };
    this.#memory = read.memory;
    if (read.kind === "add") this.credit += read.value;
    if (read.kind === "set") this.credit = read.value;
    return { kind: "accepted", credit: read.kind === "add" || read.kind === "set" ? read.value : 0 };
  }

  use(amount: number): void {
    this.credit = Math.max(0, this.credit - amount);
  }
}
