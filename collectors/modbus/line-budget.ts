/** Of a line's time while polls wait: so much for slaves that are open and for errands, all together. Our choice. */
export const SPARE_SHARE = 0.05;
/** What may be owed: 6 s is two minutes without a probe. Else thirty slaves that die together would wait half an hour for theirs. */
const DEBT_MS_MAX = 6000;

/**
 * The time of a line that may be lost to slaves that do not answer: whatever the time-out and however many are dead, their neighbours
 * keep the rest. Monotonic milliseconds come from outside.
 */
export class LineBudget {
  readonly #share: number;
  #ms = 0;
  #at: number;

  constructor(now: number, share = SPARE_SHARE) {
    this.#at = now;
    this.#share = share;
  }

  charge(ms: number, now: number): void {
    this.#earn(now);
    this.#ms = Math.max(-DEBT_MS_MAX, this.#ms - ms);
  }

  /** Whether one more may be tried. Nothing is saved up: a long quiet time does not buy a storm of probes. */
  may(now: number): boolean {
    this.#earn(now);
    return this.#ms >= 0;
  }

  #earn(now: number): void {
    this.#ms = Math.min(0, this.#ms + (now - this.#at) * this.#share);
    this.#at = now;
  }
}
