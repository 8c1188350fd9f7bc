import type { Logger } from "pino";
import { type Clock, SECOND_MS } from "../../domain/instant.ts";
import type { AppendOutcome, OperatorId, Reading } from "../../domain/reading.ts";
import type { Telemetry } from "../../domain/telemetry.ts";
import { countOutcomes, type Job, type Overflow } from "../batcher.ts";
import { appendBatch, type ReadingsDatabase } from "../readings.ts";
import type { RefusalsBook } from "../refusals.ts";
import { unlessStalled } from "../stalled.ts";
import { isTransient } from "../transient.ts";
import { readingsOf, recordOf, type SpooledReadings } from "./record.ts";
import type { Segment, Spool, Waiting } from "./spool.ts";

export type DiskOverflow = Overflow & {
  waiting(): Waiting;
  /** Ends the draining; what is not in the book stays on disk for the next process. */
  stop(): Promise<void>;
};

export type OverflowSettings = {
  readonly spool: Spool;
  readonly db: ReadingsDatabase;
  readonly refusals: RefusalsBook;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly log: Logger;
  /** After each commit, only what is new in the book. */
  readonly onCommitted: (readings: readonly Reading[]) => void;
};

const BACK_OFF_MS = [100, 250, 500, 1_000, 2_000, 5_000];
const ROWS_MAX = 5_000; // as the batcher: larger batches were no faster
/** The last so many rows are waited for in memory: else a wire that never rests would never be off the disk again. */
const LAST_ROWS_MAX = 5_000;
const HELD_ROWS_MAX = 50_000;
const STOP_MS = 5 * SECOND_MS; // for a statement under way; what it writes is `already` to the next process

/**
 * Where readings go while the database is away: each hand-over is settled once it is on disk. Everything that comes while
 * something waits there goes behind it, so that the book is written in order. The same readings again are `already`, so a
 * file is written to the book from its beginning after a kill.
 */
export function diskOverflow(settings: OverflowSettings): DiskOverflow {
  const { spool, db, refusals, clock, telemetry, log } = settings;
  let active = spool.waiting().rows > 0;
  let back: ((jobs: readonly Job[]) => void) | null = null;
  let held: Job[] | null = null;
  let heldRows = 0;
  let wake: (() => void) | null = null;
  let stopped = false;
  let draining: Promise<void> | null = null;

  function take(jobs: readonly Job[]): void {
    active = true;
    if (held !== null) {
      held.push(...jobs);
      for (const { readings } of jobs) heldRows += readings.length;
      if (heldRows > HELD_ROWS_MAX) release();
    } else for (const job of jobs) keep(job);
    draining ??= drain();
  }

  function keep({ readings, settled }: Job): void {
    const [first] = readings;
    if (first === undefined) return settled(null, []);
    spool.append(recordOf(readings), { rows: readings.length, receivedAt: first.receivedAt }).then(
      () =>
        settled(
          null,
          readings.map(() => "on_disk" as const),
        ),
      (error: Error) => settled(error, []),
    );
    gauge();
  }

  /** What was waited for in memory goes to the disk after all. */
  function release(): void {
    const jobs = held ?? [];
    [held, heldRows] = [null, 0];
    for (const job of jobs) keep(job);
  }

  async function drain(): Promise<void> {
    if (stopped) return;
    log.warn({ waiting: spool.waiting() }, "readings wait on disk until the database takes them");
    const began = performance.now();
    let rows = 0;
    for (let attempt = 0; !stopped; ) {
      try {
        const segment = await spool.next();
        if (segment === null && spool.idle) break;
        if (segment === null) continue;
        if (spool.waiting().rows <= LAST_ROWS_MAX && attempt === 0) held ??= [];
        rows += await book(segment);
        await spool.done(segment);
        attempt = 0;
      } catch (error) {
        release();
        if (attempt === 0) log.warn({ err: error, waiting: spool.waiting() }, "readings wait on disk");
        await pause(BACK_OFF_MS[Math.min(attempt++, BACK_OFF_MS.length - 1)] ?? 0);
      }
      gauge();
    }
    if (stopped) return release();
    const jobs = held ?? [];
    [held, heldRows, active, draining] = [null, 0, false, null];
    log.info(
      { rows, seconds: (performance.now() - began) / SECOND_MS },
      "readings that waited on disk are in the book",
    );
    back?.(jobs);
  }

  /** A file's records in their order, many in one batch. @returns its rows */
  async function book({ path, records }: Segment): Promise<number> {
    let rows = 0;
    const byOperator = new Map<OperatorId, SpooledReadings[]>();
    for (const record of records) {
      const spooled = readingsOf(record);
      const of = byOperator.get(spooled.operatorId);
      if (of === undefined) byOperator.set(spooled.operatorId, [spooled]);
      else of.push(spooled);
      rows += spooled.readings.length;
    }
    for (const [operatorId, all] of byOperator)
      for (const batch of batchesOf(all)) await write(operatorId, batch, path);
    return rows;
  }

  /** Halves a batch that the book refuses until the bad hand-over stands alone: that one is kept as refused. */
  async function write(operatorId: OperatorId, batch: readonly SpooledReadings[], path: string): Promise<void> {
    if (stopped) throw new Error("stopped");
    const readings = batch.flatMap((one) => one.readings);
    let others: ReadonlyMap<number, AppendOutcome>;
    try {
      others = await unlessStalled(appendBatch(db, operatorId, readings));
    } catch (error) {
      if (isTransient(error as Error)) throw error;
      if (batch.length === 1) return refuse(readings, error as Error, path);
      const middle = batch.length >> 1;
      await write(operatorId, batch.slice(0, middle), path);
      return write(operatorId, batch.slice(middle), path);
    }
    countOutcomes(telemetry, readings, others);
    const fresh = others.size === 0 ? readings : readings.filter((_, i) => !others.has(i));
    if (fresh.length > 0) settings.onCommitted(fresh);
  }

  async function refuse(readings: readonly Reading[], error: Error, path: string): Promise<void> {
    log.error({ err: error, path }, "readings from the disk were refused by the book");
    await refusals.keep({
      operatorId: readings[0]?.operatorId ?? null,
      receivedAt: readings[0]?.receivedAt ?? clock.now(),
      origin: `${readings[0]?.source ?? ""}:disk buffer`,
      address: `meter ${readings[0]?.meterId}`,
      reason: "out_of_range",
      detail: `the book: ${error.message}`,
      payload: recordOf(readings).subarray(20),
    });
  }

  function gauge(): void {
    const { rows, bytes, oldestAt } = spool.waiting();
    telemetry.gauge("sanbiao_spool_rows", {}, rows);
    telemetry.gauge("sanbiao_spool_bytes", {}, bytes);
    telemetry.gauge("sanbiao_spool_oldest_seconds", {}, oldestAt === null ? 0 : (clock.now() - oldestAt) / SECOND_MS);
  }

  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        wake = null;
        resolve();
      };
      const timer = setTimeout(done, ms);
      wake = done;
    });

  return {
    get active() {
      return active;
    },
    take,
    onBack(to) {
      back = to;
      if (active) take([]);
    },
    waiting: () => spool.waiting(),
    async stop() {
      stopped = true;
      wake?.();
      release();
      await Promise.race([draining, new Promise((resolve) => setTimeout(resolve, STOP_MS).unref())]);
      await spool.close();
    },
  };
}

/** Hand-overs together, at most `ROWS_MAX` rows, but always one. */
function* batchesOf(all: readonly SpooledReadings[]): Generator<SpooledReadings[]> {
  let batch: SpooledReadings[] = [];
  let rows = 0;
  for (const one of all) {
    if (batch.length > 0 && rows + one.readings.length > ROWS_MAX) {
      yield batch;
      [batch, rows] = [[], 0];
    }
    batch.push(one);
    rows += one.readings.length;
  }
  if (batch.length > 0) yield batch;
}
