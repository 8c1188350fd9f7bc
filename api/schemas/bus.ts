import { z } from "zod";
import { CLOCK_OUTCOMES } from "../../domain/clock-check.ts";
import { IdText, InstantText, UnitName, UtilityName } from "./json.ts";

/** How the lines stand at this moment: read from the collectors, not from the books. */

export const BreakerStateName = z.enum(["closed", "open", "half_open"]).meta({
  id: "BreakerState",
  description: "closed: polled in full; open: only probed; half_open: answered a probe, on trial",
});

export const BusUnitJson = z
  .object({
    unitId: z.number().int(),
    meterId: IdText,
    serial: z.string(),
    profileId: z.string(),
    breaker: BreakerStateName,
    openedAt: InstantText.nullable().describe("Since when it is not closed"),
    cause: z.string().nullable().describe("Reason of refusal that opened it"),
    lastHeardAt: InstantText.nullable().describe("Since the service started"),
    failures: z.number().int().describe("Requests in a row without an answer"),
    restsMs: z.number().int(),
    lastRefusal: z.object({ reason: z.string(), detail: z.string() }).nullable(),
    clock: z
      .object({
        driftMs: z.number().int().describe("The meter's own clock less ours: positive when it runs ahead"),
        checkedAt: InstantText,
        outcome: z.enum(CLOCK_OUTCOMES).describe("held: too far off to be set by the service, a person looks"),
      })
      .nullable()
      .describe("The last look at its clock since the service started; null for a meter without one"),
  })
  .meta({ id: "BusUnit" });
export type BusUnitJson = z.infer<typeof BusUnitJson>;

export const FoundUnitJson = z
  .object({
    unitId: z.number().int(),
    trouble: z.string().nullable().describe("It answers what nobody can trust: often two slaves with one id"),
    candidates: z.array(
      z.object({
        profileId: z.string(),
        utility: UtilityName.nullable(),
        evidence: z.array(z.object({ kind: z.string(), detail: z.string() })),
        sample: z.array(z.object({ register: z.string(), value: z.string(), unit: UnitName })),
      }),
    ),
  })
  .meta({ id: "FoundUnit" });

export const ScanJson = z
  .object({
    id: z.string(),
    busId: IdText,
    state: z.enum(["running", "done", "failed"]),
    startedAt: InstantText,
    endedAt: InstantText.nullable(),
    asked: z.number().int().describe("Unit ids asked so far"),
    total: z.number().int(),
    found: z.array(FoundUnitJson),
  })
  .meta({ id: "BusScan" });
export type ScanJson = z.infer<typeof ScanJson>;

export const BusJson = z
  .object({
    id: IdText,
    name: z.string(),
    kind: z.enum(["tcp", "rtu_over_tcp", "rtu"]),
    address: z.string().describe("host:port or the path of a serial port"),
    pollSeconds: z.record(z.string(), z.number()).describe("Seconds between polls by group"),
    enabled: z.boolean(),
    link: z.enum(["up", "down", "closed"]).describe("closed: the bus is not polled"),
    detail: z.string().nullable().describe("Why the link is down"),
    transactions: z.record(z.string(), z.number()).describe("Since the service started: ok and reasons of refusal"),
    units: z.array(BusUnitJson),
    scan: ScanJson.nullable().describe("The newest scan since the service started"),
  })
  .meta({ id: "Bus" });
export type BusJson = z.infer<typeof BusJson>;

export const BusesJson = z.object({ items: z.array(BusJson) }).meta({ id: "Buses" });
export type BusesJson = z.infer<typeof BusesJson>;

export const ScanParams = z.object({ id: IdText, scanId: z.uuid() });
