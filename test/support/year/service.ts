/**
 * Broker, ingest and buses in a process of their own, to be killed; its clock is moved by the test. DATABASE, MQTT PORT and
 * the first instant on the command line; `{ at }` through IPC moves the clock and is answered when the buses were asked.
 */
import { pino } from "pino";
import { startBroker } from "../../../broker/broker.ts";
import { PROFILES } from "../../../catalog/meters/catalogue.ts";
import { type BusEntry, openDirectory } from "../../../collectors/directory.ts";
import { modbusIntake } from "../../../collectors/intake.ts";
import { type BusConfig, startModbusCollector } from "../../../collectors/modbus/collector.ts";
import type { LinkConfig } from "../../../collectors/modbus/link.ts";
import type { PolledMeter, Sink } from "../../../collectors/modbus/sink.ts";
import { mqttIngest } from "../../../collectors/mqtt/ingest.ts";
import { DAY_MS, instant } from "../../../domain/instant.ts";
import type { MeterId } from "../../../domain/reading.ts";
import { noTelemetry as telemetry } from "../../../domain/telemetry.ts";
import { readingsBatcher } from "../../../ledger/batcher.ts";
import { openGaps } from "../../../ledger/gaps.ts";
import { refusalsBook } from "../../../ledger/refusals.ts";
import { openDatabase } from "../../../schema/database.ts";

const [url = "", port = "0", first = "0"] = process.argv.slice(2);
let now = instant(Number(first));
const clock = { now: () => now };
const log = pino({ level: "silent" });
const db = openDatabase(url);
const directory = await openDirectory(db, clock);
const batcher = readingsBatcher({ db, telemetry, log });
const refusals = refusalsBook({ db, telemetry, log });
const gaps = await openGaps(db);
const ingest = mqttIngest({ directory, profiles: PROFILES, batcher, refusals, clock, log });
await startBroker({
  port: Number(port),
  host: "127.0.0.1",
  credentials: directory,
  onMessage: ingest.take,
  refusals,
  clock,
  telemetry,
  log,
});

/** A poll in vain costs real time: meters that the test knows to be away are waited for no longer than this. */
const AWAY_MAX_MS = 180;
/** Whoever is well answers in time, however busy the machine is. */
const WELL_MAX_MS = 20_000;
/** What comes so from a meter is an answer, and it is not asked again. */
const ANSWERED = new Set(["all_ones", "nan", "sentinel", "not_a_number", "out_of_range", "implausible_value"]);

const waiting = new Set<MeterId>();
let settled: () => void = () => {};
const heard = (meterId: MeterId): void => {
  if (waiting.delete(meterId)) settled();
};
const intake = modbusIntake({
  batcher,
  refusals,
  gaps,
  clock,
  log,
  onCommitted: () => {},
  ratiosOf: (meterId) => directory.meter(meterId)?.ratios ?? [],
});
const byAddress = new Map<string, MeterId>();
const sink: Sink = {
  async samples(meter: PolledMeter, samples, receivedAt) {
    await intake.samples(meter, samples, receivedAt);
    if (samples.some(({ register }) => register.startsWith("energy_"))) heard(meter.meterId);
  },
  async refused(frame) {
    await intake.refused(frame);
    const meterId = byAddress.get(frame.origin);
    if (meterId !== undefined && ANSWERED.has(frame.reason)) heard(meterId);
  },
  async gap(gap) {
    await intake.gap(gap);
    if (gap.group === "billing" && gap.until >= now - DAY_MS) heard(gap.meter.meterId);
  },
};

const NEVER_MS = 10_000 * DAY_MS;
const buses = [...directory.buses()].map((bus): BusConfig => busOf(bus));
const polled = buses.flatMap(({ units }) => units.map(({ meterId }) => meterId));
for (const bus of buses) for (const unit of bus.units) byAddress.set(`modbus:${bus.id}/${unit.unitId}`, unit.meterId);
for (const meterId of polled) waiting.add(meterId);
startModbusCollector({ buses, clock, random: () => 0.5, telemetry, log, sink, tickMs: 5 });

function busOf(bus: BusEntry): BusConfig {
  const units = [...bus.meters.values()].flatMap(({ id: meterId, unitId, profileId }) => {
    const profile = PROFILES.get(profileId);
    return profile?.kind === "modbus" && unitId !== null ? [{ meterId, unitId, profile }] : [];
  });
  return {
    id: `${bus.name}#${bus.id}`,
    operatorId: bus.operatorId,
    link: { kind: bus.kind, ...bus.address, timeoutMs: 150 } as LinkConfig,
    units,
    intervals: { billing: DAY_MS, state: NEVER_MS, power: NEVER_MS, slow: NEVER_MS },
    slaveBackoff: { minMs: 5, maxMs: 10 },
    linkBackoff: { minMs: 2, maxMs: 20 },
  };
}

/** Until every meter was heard or given up; those that are away have a moment only. */
function turn(away: ReadonlySet<MeterId>): Promise<void> {
  return new Promise((done) => {
    const timers = [
      setTimeout(() => [...waiting].every((meterId) => away.has(meterId)) && end(), AWAY_MAX_MS),
      setTimeout(() => end(), WELL_MAX_MS),
    ];
    const began = performance.now();
    const end = (): void => {
      for (const timer of timers) clearTimeout(timer);
      done();
    };
    settled = () => {
      const late = performance.now() - began > AWAY_MAX_MS;
      if (waiting.size === 0 || (late && [...waiting].every((meterId) => away.has(meterId)))) end();
    };
    settled();
  });
}

process.on("message", ({ at, away }: { at: number; away: readonly string[] }) => {
  if (at > now) for (const meterId of polled) waiting.add(meterId);
  now = instant(at);
  void turn(new Set(away.map(BigInt))).then(() => process.send?.({ at, silent: waiting.size }));
});
process.send?.("ready");
process.once("disconnect", () => process.exit()); // the test is over
