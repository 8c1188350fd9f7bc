import type { UnitHealth } from "../../domain/bus.ts";
import type { Unit } from "./task.ts";

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
    clock: null, // kept by the clock keeper
  };
}
