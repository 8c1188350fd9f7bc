import { MbapSession } from "./mbap.ts";
import { fault, type Outcome, type Refused, type Request, refused } from "./request.ts";
import { openRtuOverTcp, openSerial } from "./rtu.ts";

/** How one bus is reached. A bus has one owner: nobody else may talk on it. */
export type LinkConfig = (
  | {
      readonly kind: "tcp";
      readonly host: string;
      readonly port: number;
      /** Requests under way on the connection, each to another unit; 8 when absent, at most 32, 1 for gateways that take one. */
      readonly inFlightMax?: number;
    }
  | { readonly kind: "rtu_over_tcp"; readonly host: string; readonly port: number }
  | {
      readonly kind: "rtu";
      readonly path: string;
      readonly baudRate: number;
      readonly parity?: "none" | "even" | "odd";
      readonly dataBits?: 7 | 8;
      readonly stopBits?: 1 | 2;
    }
) & {
  /** From sending a request to its whole reply; 1 s when absent. */
  readonly timeoutMs?: number;
  readonly connectTimeoutMs?: number;
};

/** One reply's way to the one who asked. */
export type Exchange = {
  readonly request: Request;
  readonly settle: (outcome: Outcome) => void;
  /** Monotonic ms at which it was sent. */
  sentAt: number;
};

/** What a transport tells the link about one connection. After `broken` it tells nothing more. */
export type SessionEvents = {
  answered(exchange: Exchange, outcome: Outcome): void;
  /** The stream can no longer be trusted, or is gone: everything under way on it is settled by the link. */
  broken(detail: string): void;
};

/** One connection, from open to drop. A dropped one never delivers anything again. */
export type Session = { send(exchange: Exchange): void; destroy(): Promise<void> };

export const TIMEOUT_MS = 1000;
const CONNECT_TIMEOUT_MS = 3000;
const IN_FLIGHT = 8; // what common TCP gateways queue (8 to 32); a serial line takes one
const IN_FLIGHT_MAX = 32;

export class Link {
  readonly inFlightMax: number;
  readonly #config: LinkConfig;
  readonly #timeoutMs: number;
  /** No transaction id on the wire: a reply that is late can only be told from the next by waiting it out. */
  readonly #rtu: boolean;
  #session: Session | null = null;
  #opening: Promise<Refused | null> | null = null;
  #draining = false;
  #closed = false;
  #queue: Exchange[] = [];
  readonly #inFlight = new Set<Exchange>();
  readonly #busy = new Uint8Array(256);
  readonly #quietUntil = new Map<number, number>();
  #quietTimer: NodeJS.Timeout | undefined;
  #dropping: Promise<void> = Promise.resolve();
  /** Called whenever the link stops being ready. */
  onDown: (detail: string) => void = () => {};

  constructor(config: LinkConfig) {
    this.#config = config;
    this.#rtu = config.kind !== "tcp";
    this.#timeoutMs = config.timeoutMs ?? TIMEOUT_MS;
    const wanted = config.kind === "tcp" ? (config.inFlightMax ?? IN_FLIGHT) : 1;
    this.inFlightMax = Math.max(1, Math.min(wanted, IN_FLIGHT_MAX));
  }

  /** How long a unit that timed out must rest; 0 where a transaction id tells a late reply. */
  get restMs(): number {
    return this.#rtu ? this.#timeoutMs : 0;
  }

  /** Requests are sent at once; otherwise they are refused with `link_down` until `open` succeeds. */
  get ready(): boolean {
    return this.#session !== null && !this.#draining;
  }

  /** Connects, after what is under way on a doubtful connection has ended. `null` when the link is ready. */
  open(): Promise<Refused | null> {
    if (this.#closed) return Promise.resolve(refused("link_down", "the link was closed"));
    if (this.ready) return Promise.resolve(null);
    this.#opening ??= this.#open().finally(() => {
      this.#opening = null;
    });
    return this.#opening;
  }

  async #open(): Promise<Refused | null> {
    while (this.#draining) await this.#drained();
    await this.#dropping;
    if (this.#closed) return refused("link_down", "the link was closed");
    let current: Session | null = null;
    let over = false;
    const events: SessionEvents = {
      answered: (exchange, outcome) => this.#answered(exchange, outcome),
      broken: (detail) => {
        over = true;
        if (current !== null && this.#session === current) this.#drop(detail);
      },
    };
    try {
      current = await this.#connect(events);
    } catch (error) {
      return refused("link_down", error instanceof Error ? error.message : String(error));
    }
    if (this.#closed || over) {
      await current.destroy();
      return refused("link_down", this.#closed ? "the link was closed" : "the connection was lost while opening");
    }
    this.#session = current;
    this.#pump();
    return null;
  }

  #connect(events: SessionEvents): Promise<Session> {
    const config = this.#config;
    const connectMs = config.connectTimeoutMs ?? CONNECT_TIMEOUT_MS;
    switch (config.kind) {
      case "tcp":
        return MbapSession.open(config.host, config.port, this.#timeoutMs, connectMs, events);
      case "rtu_over_tcp":
        return openRtuOverTcp(config.host, config.port, this.#timeoutMs, connectMs, events);
      case "rtu":
        return openSerial(config, this.#timeoutMs, events);
    }
  }

  /** Always settles, always with a value. Waits its turn when the link is full or the unit has a request under way. */
  request(request: Request): Promise<Outcome> {
    const impossible = fault(request);
    if (impossible !== null) return Promise.resolve({ ...refused("out_of_range", impossible), unsent: true });
    if (!this.ready) return Promise.resolve({ ...refused("link_down", "the link is not open"), unsent: true });
    return new Promise((settle) => {
      const exchange: Exchange = { request, settle, sentAt: 0 };
      if (this.#queue.length === 0 && this.#maySend(request.unitId)) this.#send(exchange);
      else {
        this.#queue.push(exchange);
        this.#pump();
      }
    });
  }

  #maySend(unitId: number): boolean {
    if (this.#inFlight.size >= this.inFlightMax || this.#busy[unitId] !== 0 || !this.ready) return false;
    const quietUntil = this.#quietUntil.size === 0 ? undefined : this.#quietUntil.get(unitId);
    if (quietUntil === undefined) return true;
    const left = quietUntil - performance.now();
    if (left <= 0) return this.#quietUntil.delete(unitId);
    this.#quietTimer ??= setTimeout(() => {
      this.#quietTimer = undefined;
      this.#pump();
    }, left + 1);
    return false;
  }

  #send(exchange: Exchange): void {
    this.#busy[exchange.request.unitId] = 1;
    this.#inFlight.add(exchange);
    exchange.sentAt = performance.now();
    this.#session?.send(exchange);
  }

  #pump(): void {
    for (let i = 0; i < this.#queue.length && this.ready && this.#inFlight.size < this.inFlightMax; ) {
      const exchange = this.#queue[i] as Exchange;
      if (!this.#maySend(exchange.request.unitId)) {
        i++;
        continue;
      }
      this.#queue.splice(i, 1);
      this.#send(exchange);
    }
  }

  #answered(exchange: Exchange, outcome: Outcome): void {
    if (!this.#inFlight.delete(exchange)) return;
    this.#busy[exchange.request.unitId] = 0;
    exchange.settle(outcome);
    if (outcome.kind === "refused" && spoilsTheStream(outcome)) this.#doubt(exchange, outcome);
    if (this.#draining && this.#inFlight.size === 0) this.#drop("reopened after a doubtful reply");
    else if (this.#queue.length > 0) this.#pump();
  }

  /**
   * A late reply could be taken for the next one. So nothing more is sent on this connection: what is under way may end, each within
   * its own time-out, then the connection is dropped. On RTU kinds the unit itself rests for as long again, since what it says late
   * may come through a new connection, too.
   */
  #doubt(exchange: Exchange, outcome: Refused): void {
    if (this.#rtu) this.#quietUntil.set(exchange.request.unitId, performance.now() + this.#timeoutMs);
    if (outcome.reason !== "timeout") return this.#drop(`dropped: ${outcome.detail}`);
    if (this.#draining || this.#session === null) return;
    this.#draining = true;
    this.#refuseQueue("the connection is being replaced after a time-out");
  }

  #waiting: (() => void)[] = [];
  #drained(): Promise<void> {
    return new Promise((done) => this.#waiting.push(done));
  }

  #drop(detail: string): void {
    const session = this.#session;
    if (session === null) return;
    this.#session = null;
    this.#draining = false;
    const lost = refused("link_down", detail);
    const underWay = [...this.#inFlight];
    this.#inFlight.clear();
    this.#busy.fill(0);
    for (const exchange of underWay) exchange.settle(lost);
    this.#refuseQueue(detail);
    this.#dropping = session.destroy();
    for (const done of this.#waiting.splice(0)) done();
    this.onDown(detail);
  }

  #refuseQueue(detail: string): void {
    const lost: Refused = { ...refused("link_down", detail), unsent: true };
    for (const exchange of this.#queue.splice(0)) exchange.settle(lost);
  }

  /** Everything asked is settled when this returns; the link cannot be opened again. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#quietTimer);
    this.#quietTimer = undefined;
    this.#drop("the link was closed");
    this.#refuseQueue("the link was closed");
    for (const done of this.#waiting.splice(0)) done();
    await this.#opening;
    await this.#dropping;
  }
}

/** After these nobody knows whose bytes come next; an exception is a clean end. */
export const spoilsTheStream = ({ reason }: Refused): boolean => reason !== "exception_reply";
