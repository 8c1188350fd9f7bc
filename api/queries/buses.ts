import type { BusScan, PolledBus, UnitHealth } from "../../domain/bus.ts";
import { type Instant, isoIn } from "../../domain/instant.ts";
import type { Zone } from "../../domain/period.ts";
import { POLL_SECONDS } from "../../domain/profile.ts";
import type { BusJson, BusUnitJson, ScanJson } from "../schemas/bus.ts";

export function busJson({ bus, health, scan }: PolledBus, zone: Zone): BusJson {
  return {
    id: String(bus.id),
    name: bus.name,
    kind: bus.kind,
    address: addressText(bus.address),
    pollSeconds: { ...POLL_SECONDS, ...bus.pollSeconds },
    enabled: bus.enabled,
    link: health?.link ?? "closed",
    detail: health?.detail ?? null,
    transactions: { ...health?.transactions },
    units: (health?.units ?? []).flatMap((unit) => unitJson(bus, unit, zone)),
    scan: scan === null ? null : scanJson(scan, zone),
  };
}

function unitJson(bus: PolledBus["bus"], unit: UnitHealth, zone: Zone): BusUnitJson[] {
  const meter = bus.meters.get(unit.unitId);
  if (meter === undefined) return [];
  const { reason, detail } = unit.lastRefusal ?? {};
  return [
    {
      unitId: unit.unitId,
      meterId: String(unit.meterId),
      serial: meter.serial,
      profileId: meter.profileId,
      breaker: unit.breaker,
      openedAt: at(unit.opened?.since ?? null, zone),
      cause: unit.opened?.cause ?? null,
      lastHeardAt: at(unit.lastHeardAt, zone),
      failures: unit.failures,
      restsMs: unit.restsMs,
      clock: clockJson(unit.clock, zone),
      lastRefusal: reason === undefined || detail === undefined ? null : { reason, detail },
    },
  ];
}

const clockJson = (check: UnitHealth["clock"], zone: Zone): BusUnitJson["clock"] =>
  check === null ? null : { driftMs: check.driftMs, checkedAt: isoIn(check.checkedAt, zone), outcome: check.outcome };

export const scanJson = (job: BusScan, zone: Zone): ScanJson => ({
  id: job.id,
  busId: String(job.busId),
  state: job.state,
  startedAt: isoIn(job.startedAt, zone),
  endedAt: at(job.endedAt, zone),
  asked: job.asked,
  total: job.total,
  found: job.found.map(({ unitId, trouble, candidates }) => ({
    unitId,
    trouble,
    candidates: candidates.map(({ profileId, utility, evidence, sample }) => ({
      profileId,
      utility,
      evidence: [...evidence],
      sample: [...sample],
    })),
  })),
});

const at = (instant: Instant | null, zone: Zone): string | null => (instant === null ? null : isoIn(instant, zone));

function addressText({ host, port, path }: PolledBus["bus"]["address"]): string {
  if (typeof path === "string") return path;
  return typeof host === "string" ? `${host}:${typeof port === "number" ? port : 502}` : "–";
}
