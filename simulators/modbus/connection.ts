import type { Duplex } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";
import type { Fault } from "./fault.ts";
import { type Framing, frameOf, type Request, RequestReader } from "./frame.ts";
import { answerOf, exceptionOf, type ModbusUnit } from "./unit.ts";

/** One client of the server. Answers of one chunk leave in one write; faults leave as they must. */
export class Connection {
  readonly #stream: Duplex;
  readonly #framing: Framing;
  readonly #reader: RequestReader;
  readonly #units: ReadonlyMap<number, ModbusUnit>;
  readonly #faultOf: (request: Request) => Fault | null;
  readonly #timers = new Set<NodeJS.Timeout>();
  #held: { frame: Buffer; requests: number }[] = [];
  #swap: { transactionId: number; body: Uint8Array } | null = null;
  #out: Buffer[] = [];
  /** A frame is being sent byte by byte: what follows waits behind it, since a stream never mixes two frames. */
  #dribbling = false;
  /** The last byte has been sent. */
  #over = false;

  constructor(
    stream: Duplex,
    framing: Framing,
    units: ReadonlyMap<number, ModbusUnit>,
    faultOf: (request: Request) => Fault | null,
  ) {
    this.#stream = stream;
    this.#framing = framing;
    this.#reader = new RequestReader(framing);
    this.#units = units;
    this.#faultOf = faultOf;
    stream.on("data", (chunk: Buffer) => this.#onData(chunk));
    stream.on("error", () => this.cut());
    stream.on("close", () => this.#forget());
  }

  cut(): void {
    this.#forget();
    this.#stream.destroy();
  }

  #forget(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.#held = [];
    this.#out = [];
    this.#over = true;
  }

  #onData(chunk: Buffer): void {
    if (!this.#reader.push(chunk, (request) => this.#answer(request))) return this.cut();
    this.#flush();
  }

  #flush(): void {
    if (this.#out.length === 0 || this.#dribbling || this.#over || this.#stream.destroyed) return;
    this.#stream.write(this.#out.length === 1 ? this.#out[0] : Buffer.concat(this.#out));
    this.#out = [];
  }

  #answer(request: Request): void {
    // Nothing follows a frame that was cut: in a stream without checksums the rest of another would complete it.
    if (this.#over) return;
    this.#releaseHeld();
    const fault = this.#faultOf(request);
    const unit = this.#units.get(request.unitId);
    if (unit === undefined) return;
    const body = answerOf(unit, request);
    if (this.#swap !== null && this.#framing === "mbap") {
      const first = this.#swap;
      this.#swap = null;
      this.#send(frameOf("mbap", request.transactionId, first.body));
      this.#send(frameOf("mbap", first.transactionId, body));
      return;
    }
    if (this.#swap !== null) {
      const first = this.#swap;
      this.#swap = { transactionId: 0, body };
      return this.#send(frameOf("rtu", 0, first.body));
    }
    if (fault === null) this.#send(frameOf(this.#framing, request.transactionId, body));
    else this.#misbehave(fault, request, body);
  }

  #send(frame: Buffer): void {
    this.#out.push(frame);
  }

  #releaseHeld(): void {
    if (this.#held.length === 0) return;
    for (const held of this.#held) held.requests--;
    for (const held of this.#held) if (held.requests <= 0) this.#send(held.frame);
    this.#held = this.#held.filter((held) => held.requests > 0);
  }

  #later(ms: number, frame: Buffer): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#send(frame);
      this.#flush();
    }, ms);
    this.#timers.add(timer);
  }

  #misbehave(fault: Fault, request: Request, body: Uint8Array): void {
    const whole = (changed: Uint8Array): Buffer => frameOf(this.#framing, request.transactionId, changed);
    const mbap = this.#framing === "mbap";
    switch (fault.kind) {
      case "crc_error": {
        if (mbap) return this.#send(whole(exceptionOf(request, 11)));
        const frame = whole(body);
        frame[frame.length - 1] = (frame[frame.length - 1] ?? 0) ^ 0x5a;
        return this.#send(frame);
      }
      case "exception":
        return this.#send(whole(exceptionOf(request, fault.code)));
      case "silence":
        return;
      case "late":
        return this.#later(fault.ms, whole(body));
      case "held":
        this.#held.push({ frame: whole(body), requests: fault.requests });
        return;
      case "swapped":
        this.#swap = { transactionId: request.transactionId, body };
        return;
      case "short_reply":
        return this.#send(whole(shorter(body)));
      case "truncated": {
        const frame = whole(body);
        if (!mbap) return this.#send(frame.subarray(0, frame.length - 4));
        frame[8] = Math.max(0, (frame[8] ?? 0) - 2);
        return this.#send(frame);
      }
      case "wrong_unit_id":
        return this.#send(whole(patched(body, 0, fault.unitId)));
      case "wrong_function":
        return this.#send(whole(patched(body, 1, (body[1] ?? 0) === 3 ? 4 : 3)));
      case "drop_mid_frame": {
        this.#flush();
        const frame = whole(body);
        const half = frame.subarray(0, frame.length >> 1);
        this.#stream.write(half, () => this.#stream.destroy());
        return this.#forget();
      }
      case "close":
        return this.cut();
      case "garbage_length": {
        const frame = whole(body);
        if (mbap) frame.writeUInt16BE(fault.length, 4);
        return this.#send(mbap ? frame : Buffer.concat([Buffer.alloc(8, 0xa5), frame]));
      }
      case "wrong_protocol_id": {
        const frame = whole(body);
        if (mbap) frame.writeUInt16BE(0x4142, 2);
        return this.#send(frame);
      }
      case "duplicate":
        this.#send(whole(body));
        return this.#send(whole(body));
      case "fragmented":
        void this.#dribble(whole(body));
        return;
      case "all_ones":
        return this.#send(whole(filled(body, 0xff, 0xff, 0xff, 0xff)));
      case "nan":
        return this.#send(whole(filled(body, 0x7f, 0xc0, 0, 0)));
    }
  }

  async #dribble(frame: Buffer): Promise<void> {
    this.#flush();
    if (this.#dribbling) return this.#send(frame);
    this.#dribbling = true;
    for (const byte of frame) {
      if (this.#over || this.#stream.destroyed) return;
      this.#stream.write(Buffer.of(byte));
      await wait(1); // so that the bytes do not travel together
    }
    this.#dribbling = false;
    this.#flush();
  }
}

/** One word (or one byte of bits) less than asked, consistent in itself; an echo loses its value. */
function shorter(body: Uint8Array): Uint8Array {
  const code = body[1] ?? 0;
  if (code > 4) return body.slice(0, -2);
  const cut = body.slice(0, code <= 2 ? -1 : -2);
  return patched(cut, 2, cut.length - 3);
}

function patched(body: Uint8Array, at: number, byte: number): Uint8Array {
  const copy = Uint8Array.from(body);
  copy[at] = byte;
  return copy;
}

function filled(body: Uint8Array, ...pattern: number[]): Uint8Array {
  return body.map((byte, at) => (at < 3 ? byte : (pattern[(at - 3) % pattern.length] ?? byte)));
}
