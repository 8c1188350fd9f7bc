import type { ComputedMethod, Estimate } from "../../domain/estimate.ts";
import { DAY_MS, HOUR_MS, type Instant, isoOf } from "../../domain/instant.ts";
import type { Day, Zone } from "../../domain/period.ts";
import { decimalText, type Micro } from "../../domain/quantity.ts";

/** Use of the usage point up to an instant, counted on through rollovers and exchanges; only by actual readings. */
export type UsePoint = { readonly at: Instant; readonly used: Micro };

/** What is known of one register of one meter around the instant to estimate. */
export type EstimateInput = {
  readonly at: Instant;
  readonly zone: Zone;
  /** In order of time, never falling; may go on after `at`. */
  readonly history: readonly UsePoint[];
  /** The last actual reading before `at`; the estimate goes on from it. */
  readonly last: { readonly at: Instant; readonly value: Micro };
  /** The first actual reading after `at`, of the same meter; `null` while there is none. */
  readonly next: { readonly at: Instant; readonly value: Micro } | null;
  /** The most that can flow in an hour; `null` = unknown. */
  readonly maxPerHour: Micro | null;
  /** Where the register begins again at zero; `null` = unknown. */
  readonly dialMax: Micro | null;
  /** Median use per day of usage points of the same utility and class; `null` = not known. */
  readonly classProfile: { readonly perDay: Micro; readonly points: number; readonly name: string } | null;
  /** Days that are used like a Sunday. */
  readonly restDays: readonly Day[];
};

/** Growth since the last reading, and what it was found from; a text says what was missing. */
export type Growth =
  | { readonly growth: Micro; readonly basis: Readonly<Record<string, string>>; readonly uncertainty: Micro | null }
  | string;

export type Method = {
  readonly name: ComputedMethod;
  readonly version: number;
  /** Never falls as `at` grows while all else stays. */
  readonly growth: (input: EstimateInput) => Growth;
};

/**
 * The value that a method gives: never below the last reading, never above what the capacity lets flow, never above the
 * next reading.
 */
export function estimateBy(method: Method, input: EstimateInput): Estimate {
  const { name, version } = method;
  const refuse = (missing: string): Estimate => ({ kind: "not_enough", method: name, missing });
  const { last, next, at } = input;
  if (at <= last.at) return refuse("the instant is not after the last reading");
  if (next !== null && next.value < last.value) return refuse("the next reading is below the last one");
  const found = method.growth(input);
  if (typeof found === "string") return refuse(found);
  const growth = within(found.growth, mostOf(input));
  const value = last.value + growth;
  if (input.dialMax !== null && value >= input.dialMax) return refuse("the register would begin again at zero");
  return {
    kind: "estimated",
    method: name,
    version,
    value,
    basis: {
      last_at: isoOf(last.at),
      last: decimalText(last.value),
      ...found.basis,
      ...(growth === found.growth ? {} : { limited_from: decimalText(last.value + found.growth) }),
    },
    uncertainty: found.uncertainty,
  };
}

const within = (growth: Micro, most: Micro | null): Micro =>
  growth < 0n ? 0n : most !== null && growth > most ? most : growth;

function mostOf({ maxPerHour, last, next, at }: EstimateInput): Micro | null {
  const feasible = maxPerHour === null ? null : (maxPerHour * BigInt(at - last.at)) / BigInt(HOUR_MS);
  if (next === null) return feasible;
  const known = next.value - last.value;
  return feasible === null || known < feasible ? known : feasible;
}

/** What is known of the use up to an instant: a straight line between neighbours no further apart than `apart_ms`, else `null`. */
export function usedAt(history: readonly UsePoint[], at: Instant, apart_ms: number): Micro | null {
  let [low, high] = [0, history.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((history[middle]?.at ?? 0) < at) low = middle + 1;
    else high = middle;
  }
  const [before, after] = [history[low - 1], history[low]];
  if (after?.at === at) return after.used;
  if (before === undefined || after === undefined || after.at - before.at > apart_ms) return null;
  return before.used + ((after.used - before.used) * BigInt(at - before.at)) / BigInt(after.at - before.at);
}

/** Use between two instants, both known. */
export function usedBetween(history: readonly UsePoint[], from: Instant, to: Instant, apart_ms: number): Micro | null {
  const [start, end] = [usedAt(history, from, apart_ms), usedAt(history, to, apart_ms)];
  return start === null || end === null ? null : end - start;
}

/** An even use per `span_ms` over a time, rounded down. */
export const evenly = (used: Micro, span_ms: number, for_ms: number): Micro =>
  (used * BigInt(for_ms)) / BigInt(span_ms);

export const daysText = (ms: number): string => `${Math.round((ms / DAY_MS) * 100) / 100}`;
