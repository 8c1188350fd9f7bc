import { connect, type Socket } from "node:net";
import type { Exchange, Session, SessionEvents } from "./link.ts";
import { outcomeOf } from "./reply.ts";
import { encode, refused, requestBytes } from "./request.ts";

const HEADER_BYTES = 6; // transaction id, protocol id, length: Modbus Messaging on TCP/IP V1.0b, 3.1.3
const LENGTH_MAX = 254; // unit id + PDU of at most 253 bytes

/**
 * One Modbus TCP connection. modbus-serial is not used for it: it counts transactions modulo 256 and keeps no deadline per
 * connection, which gives wrong values (a reply 256 late, more than 256 under way) and promises that never settle; and it costs about
 * twice the processor time of this file (docs/reference/modbus.md has the figures). Here a transaction id is used again only after
 * 65 535 others, a reply without a waiting request ends the connection, and the requests of one tick leave in one write.
 */
export class MbapSession implements Session {
  readonly #socket: Socket;
  readonly #timeoutMs: number;
  readonly #events: SessionEvents;
  /** Oldest first: a Map keeps the order of insertion, and every request has the same time-out. */
  readonly #waiting = new Map<number, Exchange>();
  #outgoing: { exchange: Exchange; transactionId: number }[] = [];
  #nextId = 1;
  #rest: Buffer | null = null;
  #timer: NodeJS.Timeout | undefined;
  #over = false;

  static open(
    host: string,
    port: number,
    timeoutMs: number,
    connectMs: number,
    events: SessionEvents,
  ): Promise<MbapSession> {
    return connected(host, port, connectMs).then((socket) => new MbapSession(socket, timeoutMs, events));
  }

  private constructor(socket: Socket, timeoutMs: number, events: SessionEvents) {
    this.#socket = socket;
    this.#timeoutMs = timeoutMs;
    this.#events = events;
    socket.on("data", (chunk: Buffer) => this.#onData(chunk));
    socket.on("close", () => this.#break("the other side closed the connection"));
    socket.on("error", (error) => this.#break(error.message));
    if (socket.destroyed) process.nextTick(() => this.#break("the connection was lost while opening"));
  }

  send(exchange: Exchange): void {
    while (this.#waiting.has(this.#nextId)) this.#nextId = (this.#nextId + 1) & 0xffff;
    const transactionId = this.#nextId;
    this.#nextId = (transactionId + 1) & 0xffff;
    this.#waiting.set(transactionId, exchange);
    // A tick begun in a microtask runs after all microtasks: the requests that follow one chunk of replies travel together.
    if (this.#outgoing.push({ exchange, transactionId }) === 1) process.nextTick(() => this.#flush());
    this.#timer ??= setTimeout(() => this.#onTimer(), this.#timeoutMs);
  }

  #flush(): void {
    const outgoing = this.#outgoing;
    this.#outgoing = [];
    if (this.#over || outgoing.length === 0) return;
    let size = 0;
    for (const { exchange } of outgoing) size += HEADER_BYTES + requestBytes(exchange.request);
    const bytes = Buffer.allocUnsafe(size);
    let at = 0;
    for (const { exchange, transactionId } of outgoing) {
      const length = encode(exchange.request, bytes, at + HEADER_BYTES);
      bytes.writeUInt16BE(transactionId, at);
      bytes.writeUInt16BE(0, at + 2);
      bytes.writeUInt16BE(length, at + 4);
      at += HEADER_BYTES + length;
    }
    this.#socket.write(bytes);
  }

  #onData(chunk: Buffer): void {
    const bytes = this.#rest === null ? chunk : Buffer.concat([this.#rest, chunk]);
    this.#rest = null;
    let at = 0;
    while (!this.#over && bytes.length - at >= HEADER_BYTES) {
      const length = bytes.readUInt16BE(at + 4);
      if (bytes.readUInt16BE(at + 2) !== 0 || length < 3 || length > LENGTH_MAX) {
        return this.#spoiled(
          `not a Modbus TCP header: ${bytes.toString("hex", at, at + HEADER_BYTES)}`,
          bytes.subarray(at),
        );
      }
      const end = at + HEADER_BYTES + length;
      if (end > bytes.length) break;
      const transactionId = bytes.readUInt16BE(at);
      const exchange = this.#waiting.get(transactionId);
      if (exchange === undefined)
        return this.#break(`a reply came for transaction ${transactionId}, which nobody waits for`);
      this.#waiting.delete(transactionId);
      this.#events.answered(exchange, outcomeOf(exchange.request, bytes, at + HEADER_BYTES, end));
      at = end;
    }
    if (at < bytes.length && !this.#over) this.#rest = Buffer.from(bytes.subarray(at));
  }

  /** The oldest request gets the reason; the link settles the others when it drops the connection. */
  #spoiled(detail: string, bytes: Uint8Array): void {
    const oldest = this.#waiting.entries().next();
    if (oldest.done === true) return this.#break(detail);
    this.#waiting.delete(oldest.value[0]);
    this.#events.answered(
      oldest.value[1],
      refused("malformed_payload", detail, Uint8Array.from(bytes.subarray(0, 260))),
    );
    this.#break(detail);
  }

  #onTimer(): void {
    this.#timer = undefined;
    const oldest = this.#waiting.values().next();
    if (oldest.done === true || this.#over) return;
    const left = oldest.value.sentAt + this.#timeoutMs - performance.now();
    if (left > 0.5) {
      this.#timer = setTimeout(() => this.#onTimer(), left);
      return;
    }
    // When we were the slow ones, the reply may lie in the socket: it is read before the deadline counts.
    setImmediate(() => this.#expire());
  }

  #expire(): void {
    const now = performance.now();
    for (const [transactionId, exchange] of this.#waiting) {
      if (this.#over || exchange.sentAt + this.#timeoutMs - now > 0.5) break;
      this.#waiting.delete(transactionId);
      this.#events.answered(exchange, refused("timeout", `no reply within ${this.#timeoutMs} ms`));
    }
    if (!this.#over && this.#waiting.size > 0) this.#timer ??= setTimeout(() => this.#onTimer(), 1);
  }

  #break(detail: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#events.broken(detail);
    void this.destroy();
  }

  destroy(): Promise<void> {
    this.#over = true;
    clearTimeout(this.#timer);
    this.#waiting.clear();
    this.#outgoing = [];
    return destroyed(this.#socket);
  }
}

/** An open socket, or an error that names the address. */
export function connected(host: string, port: number, connectMs: number): Promise<Socket> {
  return new Promise((done, fail) => {
    const socket = connect({ host, port, noDelay: true, keepAlive: true });
    const give = (error: Error): void => {
      clearTimeout(timer);
      socket.on("error", () => {});
      socket.destroy();
      fail(new Error(`${host}:${port}: ${error.message}`, { cause: error }));
    };
    const timer = setTimeout(() => give(new Error(`no connection within ${connectMs} ms`)), connectMs);
    socket.once("error", give);
    socket.once("connect", () => {
      clearTimeout(timer);
      socket.off("error", give);
      done(socket);
    });
  });
}

export function destroyed(socket: Socket): Promise<void> {
  if (socket.closed) return Promise.resolve();
  return new Promise((done) => {
    socket.once("close", () => done());
    socket.destroy();
  });
}
