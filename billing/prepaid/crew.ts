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

  /** The first whose accounts nobody works on, of one operator. */
  take(busy: ReadonlySet<string>, most: number): Job[] {
    const taken: Job[] = [];
    for (const [key, job] of this.#jobs) {
      if (taken.length === most) break;
      if (busy.has(key) || (taken[0]?.operatorId ?? job.operatorId) !== job.operatorId) continue;
      this.#jobs.delete(key);
      taken.push(job);
    }
    return taken;
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
  /** Pieces of work under way at a time, and accounts in one: all of one operator. */
  readonly hands: number;
  readonly accountsMax: number;
  /** Does them; says itself what went wrong. */
  readonly work: (jobs: readonly [Job, ...Job[]]) => Promise<void>;
  /** After each piece of work. */
  readonly onDone: () => void;
};

/** Works accounts off, some at a time, those that are urgent before the others; an account is in one pair of hands. */
export class Crew {
  readonly #settings: CrewSettings;
  readonly #urgent = new Queue();
  readonly #ordinary = new Queue();
  readonly #busy = new Set<string>();
  #underWay = 0;

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
    const { hands, accountsMax, work, onDone } = this.#settings;
    while (this.#underWay < hands) {
      const urgent = this.#urgent.take(this.#busy, accountsMax);
      const [first, ...more] = urgent.length > 0 ? urgent : this.#ordinary.take(this.#busy, accountsMax);
      if (first === undefined) return;
      const jobs = [first, ...more] as const;
      for (const job of jobs) this.#busy.add(keyOf(job));
      this.#underWay++;
      void work([first, ...more]).finally(() => {
        for (const job of jobs) this.#busy.delete(keyOf(job));
        this.#underWay--;
        onDone();
      });
    }
  }

  /** What has not begun is left. */
  leave(): void {
    this.#urgent.clear();
    this.#ordinary.clear();
  }
}
