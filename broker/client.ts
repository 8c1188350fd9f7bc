import type { OperatorId } from "../domain/reading.ts";
import type { RefusedFrame } from "../domain/refusal.ts";

/** What may connect: one row of `mqtt_client`. */
export type BrokerClient = {
  readonly operatorId: OperatorId;
  readonly username: string;
  readonly passwordHash: string;
  readonly publishFilters: readonly string[];
  readonly subscribeFilters: readonly string[];
  readonly enabled: boolean;
};

/** Who is known. Asked for every message, so that a client that was locked out stops at once; it answers from memory. */
export type CredentialBook<C extends BrokerClient = BrokerClient> = { client(username: string): C | undefined };

/** One PUBLISH as it came. */
export type Message = {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: 0 | 1 | 2;
  readonly dup: boolean;
  readonly retain: boolean;
};

/**
 * `taken`: what it says is committed. `refused`: it is not a reading, and that is written down. Both are acknowledged.
 * `unavailable`: it could not be kept now; the device is disconnected without acknowledgement and sends it again.
 */
export type Verdict = "taken" | "refused" | "unavailable";

/** Called with every message that its sender may publish. `settled` is called once. */
export type OnMessage<C extends BrokerClient = BrokerClient> = (
  client: C,
  message: Message,
  settled: (verdict: Verdict) => void,
) => void;

/** Where refusals are written down; resolves when they are. */
export type Refusals = { keep(frame: RefusedFrame): Promise<void> };

export type BrokerLimits = {
  /** A larger packet is not buffered: its sender is disconnected. */
  readonly packetBytesMax: number;
  readonly connectionsMax: number;
  /** Connections that one user name may hold at once. */
  readonly connectionsPerClientMax: number;
  /** Messages a client may send in the long run; faster ones wait. */
  readonly messagesPerSecond: number;
  /** Messages it may send at once after a silence. */
  readonly messagesBurst: number;
  /** A client whose messages would have to wait longer is disconnected. */
  readonly waitMsMax: number;
  readonly subscriptionsMax: number;
  /** A socket that does not sign in. */
  readonly connectTimeoutMs: number;
  /** A client that does not read what it asked for. */
  readonly drainTimeoutMs: number;
  /** Passwords that may wait for their check at once; scrypt is meant to be slow. */
  readonly passwordChecksMax: number;
};

export const LIMITS: BrokerLimits = {
  packetBytesMax: 256 * 1024,
  connectionsMax: 10_000,
  connectionsPerClientMax: 100,
  messagesPerSecond: 2_000,
  messagesBurst: 20_000,
  waitMsMax: 10_000,
  subscriptionsMax: 100,
  connectTimeoutMs: 10_000,
  drainTimeoutMs: 30_000,
  passwordChecksMax: 2_000,
};
