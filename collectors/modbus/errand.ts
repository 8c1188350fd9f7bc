import { type Outcome, type Request, refused } from "./request.ts";

/** Requests that nobody waits for in a hurry: scans, clocks, re-asked history. Each is asked once. */
export type Errand = { readonly request: Request; readonly settle: (outcome: Outcome) => void };

/** The errands of one bus, first come first served, within each place: `clock` before `history` before `scan`. */
export const ERRANDS = ["clock", "history", "scan"] as const;
export type ErrandKind = (typeof ERRANDS)[number];

export class ErrandDesk {
  readonly #queues: Readonly<Record<ErrandKind, Errand[]>> = { clock: [], history: [], scan: [] };
  #stopped = false;

  give(kind: ErrandKind, request: Request): Promise<Outcome> {
    if (this.#stopped) return Promise.resolve(unsent());
    return new Promise((settle) => this.#queues[kind].push({ request, settle }));
  }

  /** The next one whose unit is free. */
  next(isFree: (unitId: number) => boolean): Errand | null {
    for (const kind of ERRANDS) {
      const queue = this.#queues[kind];
      const at = queue.findIndex(({ request }) => isFree(request.unitId));
      if (at >= 0) return queue.splice(at, 1)[0] ?? null;
    }
    return null;
  }

  stop(): void {
    this.#stopped = true;
    for (const kind of ERRANDS) for (const errand of this.#queues[kind].splice(0)) errand.settle(unsent());
  }
}

const unsent = (): Outcome => ({ ...refused("link_down", "the collector has stopped"), unsent: true });
