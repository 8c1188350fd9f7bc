import { DAY_MS, HOUR_MS, type Instant } from "../domain/instant.ts";
import { type Micro, MICRO_PER_UNIT, roundDivide } from "../domain/quantity.ts";
import { type Decided, differencesOf, type DialLimits, type RegisterReading } from "./difference.ts";

/** What a dial may show when a person stands before it, and why that is thought. */
export type ExpectedRange = {
  /** `null`: nothing is known that would bound it on this side. */
  readonly low: Micro | null;
  readonly high: Micro | null;
  readonly mostLikely: Micro | null;
  /** The dial may have passed its end: then `high` < `low`, and a value fits from `low` to the end or from 0 to `high`. */
  readonly rollsOver: boolean;
  readonly basis: RangeBasis;
};

/**
 * - `recent_use`: daily use between the readings of the last weeks, its least and most;
 * - `between`: a later reading is in the book already (the entry waited on a phone), the register stood between the two;
 * - `capacity`: one reading alone, and the most that can flow since;
 * - `last_reading`: one reading alone, nothing known about the flow;
 * - `dial`: never read: what the dial can show at all.
 */
export type RangeBasis =
  | {
      readonly kind: "recent_use";
      readonly from: RegisterReading;
      /** Units per day, millionths. */
      readonly perDay: Micro;
      readonly perDayLeast: Micro;
      readonly perDayMost: Micro;
      /** Stretches of use that were looked at. */
      readonly stretches: number;
      /** The last reading is held for a person: the range counts from the one before. */
      readonly lastInDoubt: boolean;
    }
  | { readonly kind: "between"; readonly from: RegisterReading; readonly to: RegisterReading }
  | { readonly kind: "capacity" | "last_reading"; readonly from: RegisterReading; readonly lastInDoubt: boolean }
  | { readonly kind: "dial" };

/** Half as much again as the heaviest recent stretch, half of the lightest. Our choice: a week differs from the next. */
const MOST_TIMES = { of: 3n, by: 2n };
const LEAST_TIMES = { of: 1n, by: 2n };
/** Use is uneven within a day: less than a day may hold a day's use, and a day more or less is doubt on both sides. Our choice. */
const UNEVEN_MS = DAY_MS;
/** A person reads whole units as often as not: one more is nobody's fault. Our choice, as in catalog/vee/manual.ts. */
const ROUNDING: Micro = MICRO_PER_UNIT;
/** Of shorter stretches a daily rate says nothing. Our choice. */
const STRETCH_MIN_MS = DAY_MS / 4;

/**
 * @param before validated readings of one register up to `at`, in order of time; some weeks of them are enough
 * @param after the first validated reading after `at`, if the book holds one
 * @param decided what persons decided about stretches between these readings
 */
export function expectedRange(
  before: readonly RegisterReading[],
  after: RegisterReading | null,
  limits: DialLimits,
  at: Instant,
  decided: readonly Decided[] = [],
): ExpectedRange {
  const { steps, held } = differencesOf(before, limits, decided);
  const newest = before.at(-1);
  if (newest === undefined) return { low: 0n, high: limits.dialMax, mostLikely: null, rollsOver: false, basis: DIAL };
  const doubt = held.find((stretch) => stretch.to === newest.at);
  const from = before.find((reading) => reading.at === doubt?.from) ?? newest;
  const lastInDoubt = doubt !== undefined;
  if (after !== null && after.value >= from.value) {
    const basis = { kind: "between", from, to: after } as const;
    return { low: from.value, high: after.value, mostLikely: between(from, after, at), rollsOver: false, basis };
  }
  const span = Math.max(at - from.at, 0);
  const ceiling = limits.maxPerHour === null ? null : timesSpan(limits.maxPerHour, span, HOUR_MS) + ROUNDING;
  const rates = steps
    .filter(({ period }) => period.to - period.from >= STRETCH_MIN_MS)
    .map(({ period, quantity }) => perDayOf(quantity, period.to - period.from));
  if (rates.length === 0) {
    const kind = ceiling === null ? "last_reading" : "capacity";
    const basis = { kind, from, lastInDoubt } as const;
    return onDial(from.value, { least: 0n, most: ceiling, likely: null }, limits.dialMax, basis);
  }
  const whole = steps.reduce((sum, { quantity }) => sum + quantity, 0n);
  const days_ms = steps.reduce((sum, { period }) => sum + period.to - period.from, 0);
  const perDay = perDayOf(whole, days_ms);
  const perDayMost = rates.reduce((most, rate) => (rate > most ? rate : most));
  const perDayLeast = rates.reduce((least, rate) => (rate < least ? rate : least));
  const heavy = timesSpan((perDayMost * MOST_TIMES.of) / MOST_TIMES.by, Math.max(span, UNEVEN_MS), DAY_MS) + ROUNDING;
  const most = ceiling !== null && ceiling < heavy ? ceiling : heavy;
  const light = timesSpan((perDayLeast * LEAST_TIMES.of) / LEAST_TIMES.by, Math.max(span - UNEVEN_MS, 0), DAY_MS);
  const likely = timesSpan(perDay, span, DAY_MS);
  const basis = {
    kind: "recent_use",
    from,
    perDay,
    perDayLeast,
    perDayMost,
    stretches: rates.length,
    lastInDoubt,
  } as const;
  return onDial(from.value, { least: light < most ? light : 0n, most, likely }, limits.dialMax, basis);
}

/** The range in whole steps of a dial's last digit, no narrower than it was. */
export function inSteps(range: ExpectedRange, step: Micro): ExpectedRange {
  const { low, high, mostLikely } = range;
  return {
    ...range,
    low: low === null ? null : (low / step) * step,
    high: high === null ? null : ((high + step - 1n) / step) * step,
    mostLikely: mostLikely === null ? null : roundDivide(mostLikely, step) * step,
  };
}

/** Whether a dial's value is what was expected. */
export function isExpected(range: ExpectedRange, value: Micro): boolean {
  const aboveLow = range.low === null || value >= range.low;
  const belowHigh = range.high === null || value <= range.high;
  return range.rollsOver ? aboveLow || belowHigh : aboveLow && belowHigh;
}

const DIAL: RangeBasis = { kind: "dial" };

type Growth = { readonly least: Micro; readonly most: Micro | null; readonly likely: Micro | null };

/** Lays what has flowed since on the dial, which begins again at zero after its end. */
function onDial(from: Micro, { least, most, likely }: Growth, dialMax: Micro | null, basis: RangeBasis): ExpectedRange {
  const wrapped = (value: Micro) => (dialMax !== null && value >= dialMax ? value - dialMax : value);
  const low = wrapped(from + least);
  const mostLikely = likely === null ? null : wrapped(from + likely);
  if (most === null) return { low, high: null, mostLikely, rollsOver: false, basis };
  // More than a whole turn: any value is possible.
  if (dialMax !== null && most - least >= dialMax)
    return { low: 0n, high: dialMax, mostLikely, rollsOver: false, basis };
  const high = wrapped(from + most);
  return { low, high, mostLikely, rollsOver: high < low, basis };
}

const perDayOf = (quantity: Micro, span_ms: number): Micro => (quantity * BigInt(DAY_MS)) / BigInt(span_ms);
const timesSpan = (rate: Micro, span_ms: number, per_ms: number): Micro => (rate * BigInt(span_ms)) / BigInt(per_ms);

/** On the straight line between two readings. */
function between(from: RegisterReading, to: RegisterReading, at: Instant): Micro {
  const span = to.at - from.at;
  return span <= 0 ? from.value : from.value + timesSpan(to.value - from.value, Math.max(at - from.at, 0), span);
}
