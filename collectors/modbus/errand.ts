import type { Instant } from "../../domain/instant.ts";
import { type Outcome, type Request, refused } from "./request.ts";

/** An outcome, and when the request left and the reply was there. */
export type Timed = { readonly outcome: Outcome; readonly sentAt: Instant; readonly receivedAt: Instant };

/** One request that nobody waits for in a hurry: scans, clocks, re-asked history. It is asked once. */
export type Errand = {
  readonly unitId: number;
  /** Made when its turn has come, since a time that is written must be the time then; `null` when it is not wanted any more. */
  readonly request: () => Request | null;
  readonly settle: (timed: Timed) => void;
};

/** The errands of one bus, first come first served, within each place: `clock` before `history` before `scan`. */
export const ERRANDS = ["clock", "history", "scan"] as const;
export type ErrandKind = (typeof ERRANDS)[number];

export class ErrandDesk {
  readonly #queues: Readonly<Record<ErrandKind, Errand[]>> = { clock: [], history: [], scan: [] };
  readonly #now: () => Instant;
  #stopped = false;

  constructor(now: () => Instant) {
    this.#now = now;
  }

  give(kind: ErrandKind, unitId: number, request: () => Request | null): Promise<Timed> {
    if (this.#stopped) return Promise.resolve(notSent("the collector has stopped", this.#now()));
    return new Promise((settle) => this.#queues[kind].push({ unitId, request, settle }));
  }

  /** The next one whose unit is free. */
  next(isFree: (unitId: number) => boolean): Errand | null {
    for (const kind of ERRANDS) {
      const queue = this.#queues[kind];
      const at = queue.findIndex(({ unitId }) => isFree(unitId));
      if (at >= 0) return queue.splice(at, 1)[0] ?? null;
    }
    return null;
  }

  stop(): void {
    this.#stopped = true;
    const now = this.#now();
    for (const kind of ERRANDS)
      for (const { settle } of this.#queues[kind].splice(0)) settle(notSent("the collector has stopped", now));
  }
}

export const notSent = (detail: string, now: Instant): Timed => ({
  outcome: { ...refused("link_down", detail), unsent: true },
  sentAt: now,
  receivedAt: now,
});
