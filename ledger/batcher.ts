import type { Logger } from "pino";
import { CodedError } from "../domain/errors.ts";
import type { AppendOutcome, OperatorId, Reading } from "../domain/reading.ts";
import type { Telemetry } from "../domain/telemetry.ts";
import { STALLED, unlessStalled } from "./stalled.ts";
import { isTransient } from "./transient.ts";
import { appendBatch, type ReadingsDatabase } from "./readings.ts";

/** What the book answered, or that the reading waits on the disk of this machine for the book. */
export type TakenOutcome = AppendOutcome | "on_disk";

/** Called once: with the outcomes after the commit (or once it is on disk), or with the error that kept these readings out. */
export type Settled = (error: Error | null, outcomes: readonly TakenOutcome[]) => void;

/** Readings of one call, and who waits for them. */
export type Job = { readonly readings: readonly Reading[]; readonly settled: Settled };

/** Takes what the database does not take now. */
export type Overflow = {
  /** Something waits there: what comes now goes behind it. */
  readonly active: boolean;
  take(jobs: readonly Job[]): void;
  /** Who takes the jobs that came at the end, when nothing waits any more. */
  onBack(to: (jobs: readonly Job[]) => void): void;
};

export type ReadingsBatcher = {
  /** Resolves after the commit, one outcome for each reading in order. Rejects when the book refuses them or at stop. */
  submit(readings: readonly Reading[]): Promise<readonly TakenOutcome[]>;
  /** The same without a promise, for wires with many messages. All readings of one call share one operator. */
  append(readings: readonly Reading[], settled: Settled): void;
  /** Rows held: waiting or on their way. */
  readonly held: number;
  /** Readings go to the disk now: the database is away, or was a moment ago. */
  readonly onDisk: boolean;
  /** Whether a source should wait for `drained()` before it brings more. Beyond twice this bound `append` refuses. */
  readonly full: boolean;
  drained(): Promise<void>;
  /** Writes what it holds (for at most `graceMs` when the database is away), then refuses. */
  stop(graceMs?: number): Promise<void>;
};

export type BatcherSettings = {
  readonly db: ReadingsDatabase;
  readonly telemetry: Telemetry;
  readonly log?: Logger;
  /** Batches under way at once; two keep two cores of PostgreSQL busy. */
  readonly connections?: number;
  readonly rowsMax?: number;
  readonly rowsHeldMax?: number;
  /** Absent: what the database does not take waits in memory, and at last at its source. */
  readonly overflow?: Overflow;
};

const ROWS_MAX = 5_000; // larger batches were no faster and hold acknowledgements longer
const ROWS_HELD_MAX = 100_000; // about 20 MB of readings while the database is away
const BACK_OFF_MS = [50, 100, 250, 500, 1_000, 2_000, 5_000];
/** A hiccup is over by then; a database that is away answers at once. */
const OVERFLOW_AFTER_TRIES = 3;

/** Outcomes other than accepted, by the reading's place in the batch. */
type Others = ReadonlyMap<number, AppendOutcome>;
type Queue = { readonly operatorId: OperatorId; jobs: Job[] };

/**
 * Natural batching: a batch leaves whenever a connection is free, with all that has come meanwhile. A quiet line is
 * written at once, a busy one in batches of thousands, and nothing waits for a timer.
 */
export function readingsBatcher(settings: BatcherSettings): ReadingsBatcher {
  const { db, telemetry, log, overflow } = settings;
  const connections = settings.connections ?? 2;
  const rowsMax = settings.rowsMax ?? ROWS_MAX;
  const heldMax = settings.rowsHeldMax ?? ROWS_HELD_MAX;
  const queues = new Map<OperatorId, Queue>();
  const wakeAtStop = new Set<() => void>();
  let waiters: (() => void)[] = [];
  let underWay = 0;
  let held = 0;
  let scheduled = false;
  let stopping = false;
  let givenUp = false;

  const stopped = () => new CodedError("database.unavailable", "the readings book is closed for writing");

  function append(readings: readonly Reading[], settled: Settled): void {
    if (stopping) return settled(stopped(), []);
    if (held > 2 * heldMax) return settled(new CodedError("database.unavailable", `${held} readings wait already`), []);
    const first = readings[0];
    if (first === undefined) return settled(null, []);
    if (overflow?.active === true) return overflow.take([{ readings, settled }]);
    let queue = queues.get(first.operatorId);
    if (queue === undefined) queues.set(first.operatorId, (queue = { operatorId: first.operatorId, jobs: [] }));
    queue.jobs.push({ readings, settled });
    held += readings.length;
    wake();
  }

  /** After the events that are at hand now, so that one chunk from a socket becomes one batch. */
  function wake(): void {
    if (scheduled || underWay >= connections) return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      while (underWay < connections) {
        const queue = queues.values().next();
        if (queue.done === true) return;
        void flush(queue.value);
      }
    });
  }

  async function flush(queue: Queue): Promise<void> {
    const jobs = takeJobs(queue, rowsMax);
    queues.delete(queue.operatorId);
    if (queue.jobs.length > 0) queues.set(queue.operatorId, queue); // behind the other operators
    underWay++;
    try {
      await write(queue.operatorId, jobs);
    } finally {
      underWay--;
      if (held < heldMax && waiters.length > 0) {
        const woken = waiters;
        waiters = [];
        for (const go of woken) go();
      }
      wake();
    }
  }

  /** Writes jobs as one batch; halves a batch that the book refuses until the bad job stands alone. */
  async function write(operatorId: OperatorId, jobs: readonly Job[]): Promise<void> {
    const readings = readingsOf(jobs);
    const appending = () => appendBatch(db, operatorId, readings);
    for (let attempt = 0; ; attempt++) {
      const begun = performance.now();
      try {
        const others = await (overflow === undefined ? appending() : unlessStalled(appending()));
        telemetry.observe("sanbiao_append_seconds", {}, (performance.now() - begun) / 1000);
        return settle(jobs, readings, others);
      } catch (error) {
        const cause = error as Error;
        if (!isTransient(cause)) return refuse(operatorId, jobs, cause);
        const away = attempt + 1 >= OVERFLOW_AFTER_TRIES || cause === STALLED;
        if (overflow !== undefined && (away || givenUp)) return handOver(jobs);
        if (givenUp) return failed(jobs, stopped());
        log?.warn({ err: cause, rows: readings.length, attempt }, "readings wait: the database does not take them now");
        await backOff(BACK_OFF_MS[Math.min(attempt, BACK_OFF_MS.length - 1)] ?? 0);
      }
    }
  }

  /** These jobs, and all that wait behind them. */
  function handOver(jobs: readonly Job[]): void {
    const all = [...jobs];
    for (const queue of queues.values()) all.push(...queue.jobs.splice(0));
    queues.clear();
    for (const { readings } of all) held -= readings.length;
    overflow?.take(all);
  }

  async function refuse(operatorId: OperatorId, jobs: readonly Job[], cause: Error): Promise<void> {
    if (jobs.length === 1) {
      log?.error({ err: cause }, "readings refused by the book");
      return failed(jobs, cause);
    }
    const middle = jobs.length >> 1;
    await write(operatorId, jobs.slice(0, middle));
    await write(operatorId, jobs.slice(middle));
  }

  function settle(jobs: readonly Job[], readings: readonly Reading[], others: Others): void {
    countOutcomes(telemetry, readings, others);
    held -= readings.length;
    let at = 0;
    for (const job of jobs) {
      const from = at;
      at += job.readings.length;
      if (others.size === 0) job.settled(null, accepted(job.readings.length));
      else
        job.settled(
          null,
          job.readings.map((_, i) => others.get(from + i) ?? "accepted"),
        );
    }
  }

  function failed(jobs: readonly Job[], error: Error): void {
    for (const job of jobs) {
      held -= job.readings.length;
      job.settled(error, []);
    }
  }

  overflow?.onBack((jobs) => {
    for (const { readings, settled } of jobs) append(readings, settled);
  });

  const backOff = (ms: number) =>
    new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        wakeAtStop.delete(done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      wakeAtStop.add(done);
    });

  return {
    append,
    submit: (readings) =>
      new Promise((resolve, reject) => {
        append(readings, (error, outcomes) => (error === null ? resolve(outcomes) : reject(error)));
      }),
    get held() {
      return held;
    },
    get onDisk() {
      return overflow?.active ?? false;
    },
    get full() {
      return held >= heldMax;
    },
    drained: () => (held < heldMax ? Promise.resolve() : new Promise((resolve) => waiters.push(resolve))),
    async stop(graceMs = 5_000) {
      stopping = true;
      const deadline = performance.now() + graceMs;
      while (held > 0 && performance.now() < deadline) await backOff(10);
      givenUp = true;
      if (overflow === undefined) for (const queue of queues.values()) failed(queue.jobs.splice(0), stopped());
      else handOver([]);
      for (const go of wakeAtStop) go();
      for (let i = 0; overflow !== undefined && underWay > 0 && i < LAST_LOOKS; i++) await backOff(10);
      for (const go of waiters.splice(0)) go();
    },
  };
}

const LAST_LOOKS = 100; // a second for what is under way to fail

/** The first jobs of a queue, at most `rowsMax` rows, but always one job. */
function takeJobs(queue: Queue, rowsMax: number): Job[] {
  let rows = 0;
  let n = 0;
  for (const job of queue.jobs) {
    if (n > 0 && rows + job.readings.length > rowsMax) break;
    rows += job.readings.length;
    n++;
  }
  return queue.jobs.splice(0, n);
}

function readingsOf(jobs: readonly Job[]): readonly Reading[] {
  if (jobs.length === 1) return (jobs[0] as Job).readings;
  const all: Reading[] = [];
  for (const job of jobs) for (const reading of job.readings) all.push(reading);
  return all;
}

/** The usual answer, made once for each length. */
function accepted(n: number): readonly AppendOutcome[] {
  return (ACCEPTED[n] ??= Array.from({ length: n }, () => "accepted" as const));
}
const ACCEPTED: (readonly AppendOutcome[])[] = [];

/** Counts what the book answered. */
export function countOutcomes(telemetry: Telemetry, readings: readonly Reading[], others: Others): void {
  const counts = new Map<string, number>();
  let label = "";
  let source = "";
  for (const [i, reading] of readings.entries()) {
    if (reading.source !== source) {
      source = reading.source;
      label = `${source}/accepted`;
    }
    const key = others.size === 0 || !others.has(i) ? label : `${source}/${others.get(i)}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  for (const [key, n] of counts) {
    const [from = "", outcome = ""] = key.split("/");
    telemetry.count("sanbiao_readings_total", { source: from, outcome }, n);
  }
}
