import type { ClockCheck } from "./clock-check.ts";
import type { ProfileCandidate } from "./found.ts";
import type { Instant } from "./instant.ts";
import type { PollGroup } from "./profile.ts";
import type { MeterId, OperatorId } from "./reading.ts";
import type { Refusal, RefusalReason } from "./refusal.ts";

/** `closed`: polled in full. `open`: only probed. `half_open`: it answered a probe and is polled in full on trial. */
export type BreakerState = "closed" | "open" | "half_open";

export type UnitHealth = {
  readonly meterId: MeterId;
  readonly unitId: number;
  readonly breaker: BreakerState;
  /** Since when it is not `closed`, and what it did then; `null` while it is. */
  readonly opened: { readonly since: Instant; readonly cause: RefusalReason } | null;
  readonly lastHeardAt: Instant | null;
  /** Requests in a row without an answer. */
  readonly failures: number;
  /** Until it may be asked again. */
  readonly restsMs: number;
  readonly lastRefusal: Refusal | null;
  /** The last look at its own clock since the start; `null` for a meter without one. */
  readonly clock: ClockCheck | null;
};

export type BusHealth = {
  readonly id: string;
  readonly link: "up" | "down";
  readonly detail: string | null;
  /** Since the bus was opened: `ok` and reasons of refusal. */
  readonly transactions: Readonly<Record<string, number>>;
  readonly units: readonly UnitHealth[];
};

/** A unit id that answered a scan. */
export type FoundUnit = {
  readonly unitId: number;
  /** The best first. Empty for one that answers and that no profile fits. */
  readonly candidates: readonly ProfileCandidate[];
  /** It answered something that nobody can trust: often two slaves with one id. `null` for a clean answer. */
  readonly trouble: RefusalReason | null;
};

/** One look through a bus. It lives in memory: what it found that is new waits in the tray for good. */
export type BusScan = {
  readonly id: string;
  readonly operatorId: OperatorId;
  readonly busId: bigint;
  readonly startedAt: Instant;
  readonly endedAt: Instant | null;
  readonly state: "running" | "done" | "failed";
  /** Unit ids so far, of how many. */
  readonly asked: number;
  readonly total: number;
  readonly found: readonly FoundUnit[];
};

/** A line as its row has it, and as it stands. */
export type PolledBus = {
  readonly bus: {
    readonly id: bigint;
    readonly name: string;
    readonly kind: "tcp" | "rtu_over_tcp" | "rtu";
    readonly address: Readonly<Record<string, unknown>>;
    readonly pollSeconds: Readonly<Partial<Record<PollGroup, number>>>;
    readonly enabled: boolean;
    /** By unit id. */
    readonly meters: ReadonlyMap<number, { readonly serial: string; readonly profileId: string }>;
  };
  /** Null for one that is not polled. */
  readonly health: BusHealth | null;
  /** The newest since the start. */
  readonly scan: BusScan | null;
};

/** What the pages ask of the lines. */
export type Buses = {
  list(operatorId: OperatorId): readonly PolledBus[];
  /** Starts one, or answers the one that runs; nothing for a bus that is not polled. */
  scan(operatorId: OperatorId, busId: bigint): BusScan | undefined;
  scanOf(operatorId: OperatorId, scanId: string): BusScan | undefined;
};
