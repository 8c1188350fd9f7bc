import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import type { BusScan, FoundUnit } from "../domain/bus.ts";
import type { Found } from "../domain/found.ts";
import type { Clock } from "../domain/instant.ts";
import type { ModbusProfile } from "../domain/profile.ts";
import type { OperatorId } from "../domain/reading.ts";
import { keepAllFound } from "../ledger/tray.ts";
import type { Database } from "../schema/database.ts";
import type { BusEntry } from "./directory.ts";
import type { Outcome, ReadRequest } from "./modbus/request.ts";
import { scan, UNIT_ID_MAX } from "./modbus/scan.ts";

export type ScansDeps = {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly profiles: readonly ModbusProfile[];
  readonly ask: (bus: BusEntry, request: ReadRequest) => Promise<Outcome>;
};

const JOBS_MAX = 100; // a hundred results in memory are less than one page of a town's readings

/** Scans of buses that the service polls: one at a time on a bus, in the lowest place of its line. */
export class Scans {
  readonly #deps: ScansDeps;
  readonly #jobs = new Map<string, BusScan>();
  readonly #running = new Set<Promise<void>>();
  readonly #stopping = new AbortController();

  constructor(deps: ScansDeps) {
    this.#deps = deps;
  }

  /** The one that runs, or a new one over every unit id that no meter of the bus has. */
  start(bus: BusEntry): BusScan {
    const running = [...this.#jobs.values()].find((job) => job.busId === bus.id && job.state === "running");
    if (running !== undefined) return running;
    const unitIds = Array.from({ length: UNIT_ID_MAX }, (_, i) => i + 1).filter((id) => !bus.meters.has(id));
    const job: BusScan = {
      id: randomUUID(),
      operatorId: bus.operatorId,
      busId: bus.id,
      startedAt: this.#deps.clock.now(),
      endedAt: null,
      state: "running",
      asked: 0,
      total: unitIds.length,
      found: [],
    };
    this.#put(job);
    const work = this.#run(bus, job, unitIds);
    this.#running.add(work);
    void work.finally(() => this.#running.delete(work));
    return job;
  }

  get(operatorId: OperatorId, id: string): BusScan | undefined {
    const job = this.#jobs.get(id);
    return job?.operatorId === operatorId ? job : undefined;
  }

  /** The newest scan of a bus since the service started. */
  lastOf(busId: bigint): BusScan | undefined {
    return [...this.#jobs.values()].findLast((job) => job.busId === busId);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#running);
  }

  async #run(bus: BusEntry, job: BusScan, unitIds: readonly number[]): Promise<void> {
    const { clock, log, profiles, ask } = this.#deps;
    const change = (part: Partial<BusScan>): void => this.#put({ ...(this.#jobs.get(job.id) ?? job), ...part });
    try {
      const found = await scan({
        unitIds,
        profiles,
        signal: this.#stopping.signal,
        ask: (request) => ask(bus, request),
        onProgress: (progress) => change(progress),
      });
      await this.#keep(bus, found);
      change({ state: this.#stopping.signal.aborted ? "failed" : "done", found, endedAt: clock.now() });
    } catch (error) {
      log.error({ err: error, bus: bus.name }, "a scan of a bus failed");
      change({ state: "failed", endedAt: clock.now() });
    }
  }

  async #keep(bus: BusEntry, found: readonly FoundUnit[]): Promise<void> {
    const seenAt = this.#deps.clock.now();
    const { operatorId, id: busId } = bus;
    // Two slaves with one id are no device that a clerk could accept.
    const devices = found.flatMap(({ unitId, candidates, trouble }): Found[] =>
      trouble === null ? [{ origin: "modbus", operatorId, busId, unitId, seenAt, candidates }] : [],
    );
    if (devices.length > 0) await this.#deps.db.as(operatorId, (trx) => keepAllFound(trx, operatorId, devices));
  }

  #put(job: BusScan): void {
    this.#jobs.set(job.id, job);
    for (const [id, old] of this.#jobs)
      if (this.#jobs.size > JOBS_MAX && old.state !== "running") this.#jobs.delete(id);
  }
}
