import { DAY_MS, HOUR_MS, type Instant, MINUTE_MS } from "../domain/instant.ts";
import type { Period } from "../domain/period.ts";
import { type Micro, decimalText } from "../domain/quantity.ts";
import type { ReadingSource } from "../domain/reading.ts";
import type { UsageBasis } from "../domain/usage.ts";
import type { VerdictResult } from "../domain/verdict.ts";

/** One reading of a cumulative register, millionths of its unit. Absent `source` = an actual reading. */
export type RegisterReading = { readonly at: Instant; readonly value: Micro; readonly source?: ReadingSource };

/** What is known of a meter that tells a fault from use. `null` = unknown. */
export type DialLimits = {
  /** The value at which the dial begins again at zero. Unknown: a drop is never a rollover. */
  readonly dialMax: Micro | null;
  /** The most that can flow in an hour. Unknown: jumps cannot be told and a drop is never a rollover. */
  readonly maxPerHour: Micro | null;
  /** How often a reading is due; a stretch of more than three is a gap. */
  readonly readEvery_ms?: number;
};

/** A stretch between two readings that a person decided about: the rule no longer holds it. */
export type Decided = {
  readonly from: Instant;
  readonly to: Instant;
  readonly decision: "accept" | "no_use" | "rollover";
};

/** Growth of a register between two readings that count. */
export type Step = { readonly period: Period; readonly quantity: Micro; readonly basis: UsageBasis };

/** A finding; the caller knows the meter and makes a `Verdict` of it. */
export type Finding = {
  readonly result: VerdictResult;
  readonly period: Period;
  readonly inputs: Readonly<Record<string, string>>;
  readonly threshold: Readonly<Record<string, string>>;
};

export type Differences = {
  /** In order of time; stretches that no step covers are in `held`. */
  readonly steps: readonly Step[];
  readonly held: readonly Period[];
  readonly findings: readonly Finding[];
};

/**
 * A value that went away is looked for among so many following readings, and for so long: after weeks the register may
 * have grown past its old value again from a true fresh start. Our choice.
 */
const GLITCH_READINGS_MAX = 4;
const GLITCH_SPAN_MAX_MS = 3 * DAY_MS;
/** Registers move in steps: over less than this a step tells nothing about the rate. Our choice. */
const RATE_SPAN_MIN_MS = 15 * MINUTE_MS;
/** A rollover is believed from the last to the first tenth of the dial. Our choice. */
const DIAL_END = 10n;
const GAP_AFTER_READS = 3;

const isEstimate = (reading: RegisterReading): boolean => reading.source === "estimate";

/**
 * Differences of one register of one meter.
 *
 * Growth at a feasible rate is use. A value that jumps or drops and comes back is a glitch and is passed over. A drop is a
 * rollover only near the dial's end and at a feasible rate; from an estimate down to an actual reading it reverses the
 * estimate. All else is held for a person, and counting goes on from the new value.
 * @param readings in order of time, one per instant
 * @param decided held stretches that a person has settled, by the instants of their two readings
 */
export function differencesOf(
  readings: readonly RegisterReading[],
  limits: DialLimits,
  decided: readonly Decided[] = [],
): Differences {
  return new Walk(readings, limits, decided).run();
}

class Walk {
  readonly readings: readonly RegisterReading[];
  readonly limits: DialLimits;
  readonly decided: readonly Decided[];
  readonly steps: Step[] = [];
  readonly held: Period[] = [];
  readonly findings: Finding[] = [];
  normal = 0;
  #lastActual: RegisterReading | null = null;
  #span_ms = -1;
  #mostInSpan: Micro = 0n;

  constructor(readings: readonly RegisterReading[], limits: DialLimits, decided: readonly Decided[]) {
    this.readings = readings;
    this.limits = limits;
    this.decided = decided;
  }

  run(): Differences {
    const { readings } = this;
    let base = readings[0];
    for (let i = 1; base !== undefined && i < readings.length; ) {
      if (!isEstimate(base)) this.#lastActual = base;
      const next = readings[i] as RegisterReading;
      if (next.value >= base.value && this.#feasible(base, next, next.value - base.value)) {
        this.#grow(base, next, next.value - base.value);
        this.normal++;
        [base, i] = [next, i + 1];
        continue;
      }
      if (next.value < base.value && isEstimate(base) && !isEstimate(next) && this.#reverseEstimate(base, next)) {
        [base, i] = [next, i + 1];
        continue;
      }
      const back = this.#returnsAt(base, i);
      if (back !== null) {
        this.#find("glitch", base, readings[back] as RegisterReading, {
          passed_over: decimalText(next.value),
          readings: `${back - i}`,
        });
        i = back;
        continue;
      }
      if (next.value >= base.value) this.#hold("implausible_jump", base, next);
      else this.#drop(base, next);
      [base, i] = [next, i + 1];
    }
    this.#summary();
    return { steps: this.steps, held: this.held, findings: this.findings };
  }

  /** Of the next few readings the first that goes on from `base` as if nothing had happened, and stands apart from the odd one. */
  #returnsAt(base: RegisterReading, odd: number): number | null {
    const away = this.readings[odd] as RegisterReading;
    let elsewhere: Micro | null = null;
    for (let i = odd + 1; i < this.readings.length && i <= odd + GLITCH_READINGS_MAX; i++) {
      const later = this.readings[i] as RegisterReading;
      if (later.at - base.at > GLITCH_SPAN_MAX_MS) return null;
      const apart = away.value < base.value || later.value < away.value;
      if (!apart || later.value < base.value) continue;
      // Too far to be use, and later readings go on from there: the register stands elsewhere. Time alone would make it feasible.
      if (elsewhere !== null && later.value >= elsewhere) return null;
      if (this.#feasible(base, later, later.value - base.value)) return i;
      elsewhere = later.value;
    }
    return null;
  }

  #drop(base: RegisterReading, next: RegisterReading): void {
    const { dialMax } = this.limits;
    if (dialMax !== null && this.limits.maxPerHour !== null) {
      const grown = dialMax - base.value + next.value;
      const atEnds =
        base.value <= dialMax && base.value >= dialMax - dialMax / DIAL_END && next.value <= dialMax / DIAL_END;
      if (atEnds && this.#feasible(base, next, grown)) {
        this.#grow(base, next, grown);
        this.#find("rollover", base, next, { grown: decimalText(grown) });
        return;
      }
    }
    this.#hold(next.value === 0n ? "invalid_zero" : "backwards", base, next);
  }

  /** Takes back what was counted up to the estimates since the last actual reading, when the new one lies above that. */
  #reverseEstimate(estimate: RegisterReading, actual: RegisterReading): boolean {
    const start = this.#lastActual;
    if (start === null || actual.value < start.value) return false;
    if (this.held.some((period) => period.to > start.at)) return false;
    while ((this.steps.at(-1)?.period.from ?? Number.NEGATIVE_INFINITY) >= start.at) this.steps.pop();
    this.#grow(start, actual, actual.value - start.value);
    this.#find("estimate_reversed", start, actual, { estimate: decimalText(estimate.value) });
    return true;
  }

  #feasible(from: RegisterReading, to: RegisterReading, grown: Micro): boolean {
    const { maxPerHour } = this.limits;
    if (maxPerHour === null) return true;
    const span_ms = Math.max(to.at - from.at, RATE_SPAN_MIN_MS);
    if (span_ms !== this.#span_ms) {
      this.#span_ms = span_ms;
      this.#mostInSpan = (maxPerHour * BigInt(span_ms)) / BigInt(HOUR_MS);
    }
    return grown <= this.#mostInSpan;
  }

  #grow(from: RegisterReading, to: RegisterReading, quantity: Micro): void {
    const period = { from: from.at, to: to.at };
    this.steps.push({ period, quantity, basis: isEstimate(from) || isEstimate(to) ? "estimated" : "actual" });
    const { readEvery_ms } = this.limits;
    if (readEvery_ms !== undefined && to.at - from.at > GAP_AFTER_READS * readEvery_ms) {
      this.#find("gap", from, to, { silent_ms: `${to.at - from.at}` });
    }
  }

  #hold(result: VerdictResult, from: RegisterReading, to: RegisterReading): void {
    const decision = this.decided.find((one) => one.from === from.at && one.to === to.at)?.decision;
    const grown = decision === undefined ? null : this.#grownBy(decision, from, to);
    if (grown !== null) {
      this.#grow(from, to, grown);
      this.#find("accepted", from, to, { was: result, decision: `${decision}`, grown: decimalText(grown) });
      return;
    }
    this.held.push({ from: from.at, to: to.at });
    this.#find(result, from, to, {});
  }

  /** What was used in a stretch by a person's decision; `null` when the decision does not fit what the readings say now. */
  #grownBy(decision: Decided["decision"], from: RegisterReading, to: RegisterReading): Micro | null {
    if (decision === "no_use") return 0n;
    const dialMax = this.limits.dialMax ?? dialEndAbove(from.value);
    if (decision === "accept") return to.value > from.value ? to.value - from.value : 0n;
    return dialMax === null || to.value >= from.value || from.value > dialMax ? null : dialMax - from.value + to.value;
  }

  #find(result: VerdictResult, from: RegisterReading, to: RegisterReading, more: Record<string, string>): void {
    const inputs = { from: decimalText(from.value), to: decimalText(to.value), ...more };
    this.findings.push({ result, period: { from: from.at, to: to.at }, inputs, threshold: this.#threshold() });
  }

  #threshold(): Record<string, string> {
    const { dialMax, maxPerHour, readEvery_ms } = this.limits;
    return {
      ...(dialMax === null ? {} : { dial_max: decimalText(dialMax) }),
      ...(maxPerHour === null ? {} : { max_per_hour: decimalText(maxPerHour) }),
      ...(readEvery_ms === undefined ? {} : { read_every_ms: `${readEvery_ms}` }),
    };
  }

  /** One finding for all differences that only grew. */
  #summary(): void {
    const [first, last] = [this.readings[0], this.readings.at(-1)];
    if (first === undefined || last === undefined || this.normal === 0) return;
    this.#find("normal", first, last, { differences: `${this.normal}` });
  }
}

/** A person says that a dial of unknown size went round: it ended at the power of ten above, when the value stood in its last tenth. */
function dialEndAbove(value: Micro): Micro | null {
  let end = 1_000_000n;
  while (end <= value) end *= 10n;
  return value >= end - end / DIAL_END ? end : null;
}
