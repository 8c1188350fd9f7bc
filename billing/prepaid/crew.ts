import type { AccountId, OperatorId } from "../../domain/reading.ts";
import type { SeenPosition } from "./position.ts";

/** Something to do about one account, with the positions that wait for it. */
export type Job = {
  readonly operatorId: OperatorId;
  readonly accountId: AccountId;
  readonly positions: readonly SeenPosition[];
};

/** Jobs in the order of asking; an account that is asked for again while it waits has one job. */
class Queue {
  readonly #jobs = new Map<string, Job>();

  get size(): number {
    return this.#jobs.size;
  }

  has(key: string): boolean {
    return this.#jobs.has(key);
  }

  add(job: Job): void {
    const key = keyOf(job);
    const positions = [...(this.#jobs.get(key)?.positions ?? []), ...job.positions];
    this.#jobs.set(key, { ...job, positions });
  }

  /** The first whose account nobody works on. */
  take(busy: ReadonlySet<string>): Job | null {
    for (const [key, job] of this.#jobs) {
      if (busy.has(key)) continue;
      this.#jobs.delete(key);
      return job;
    }
    return null;
  }

  drop(key: string): void {
    this.#jobs.delete(key);
  }

  clear(): void {
    this.#jobs.clear();
  }
}

export const keyOf = ({ operatorId, accountId }: Pick<Job, "operatorId" | "accountId">): string =>
  `${operatorId}/${accountId}`;

export type CrewSettings = {
  /** Jobs under way at a time. */
  readonly hands: number;
  /** Does one job; says itself what went wrong. */
  readonly work: (job: Job) => Promise<void>;
  /** After each job. */
  readonly onDone: () => void;
};

/** Works accounts off, a few at a time, those that are urgent before the others; one account is in one pair of hands. */
export class Crew {
  readonly #settings: CrewSettings;
  readonly #urgent = new Queue();
  readonly #ordinary = new Queue();
  readonly #busy = new Set<string>();

  constructor(settings: CrewSettings) {
    this.#settings = settings;
  }

  get isIdle(): boolean {
    return this.#busy.size + this.#urgent.size + this.#ordinary.size === 0;
  }

  isAsked(key: string): boolean {
    return this.#urgent.has(key) || this.#ordinary.has(key);
  }

  /** Begins at the next `kick`. */
  ask(job: Job, how: "urgent" | "ordinary" = "ordinary"): void {
    const isUrgent = how === "urgent" || this.#urgent.has(keyOf(job));
    if (isUrgent) this.#ordinary.drop(keyOf(job));
    (isUrgent ? this.#urgent : this.#ordinary).add(job);
  }

  kick(): void {
    while (this.#busy.size < this.#settings.hands) {
      const job = this.#urgent.take(this.#busy) ?? this.#ordinary.take(this.#busy);
      if (job === null) return;
      this.#busy.add(keyOf(job));
      void this.#settings.work(job).finally(() => {
        this.#busy.delete(keyOf(job));
        this.#settings.onDone();
      });
    }
  }

  /** What has not begun is left. */
  leave(): void {
    this.#urgent.clear();
    this.#ordinary.clear();
  }
}
