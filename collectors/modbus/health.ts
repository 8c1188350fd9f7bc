import type { Instant } from "../../domain/instant.ts";
import type { MeterId } from "../../domain/reading.ts";
import type { RefusalReason } from "../../domain/refusal.ts";
import type { BreakerState } from "./breaker.ts";
import type { Refused } from "./request.ts";
import type { Unit } from "./task.ts";

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
  readonly lastRefusal: Refused | null;
};

export type BusHealth = {
  readonly id: string;
  readonly link: "up" | "down";
  readonly detail: string | null;
  /** Since the bus was opened: `ok` and reasons of refusal. */
  readonly transactions: Readonly<Record<string, number>>;
  readonly units: readonly UnitHealth[];
};

export function unitHealthOf(unit: Unit, monotonic: number): UnitHealth {
  const { meter, breaker, lastHeardAt, lastRefusal } = unit;
  return {
    meterId: meter.meterId,
    unitId: meter.unitId,
    breaker: breaker.kind,
    opened: breaker.kind === "closed" ? null : { since: breaker.since, cause: breaker.cause },
    lastHeardAt,
    failures: breaker.failures,
    restsMs: Math.max(0, Math.round(breaker.notBefore - monotonic)),
    lastRefusal,
  };
}
