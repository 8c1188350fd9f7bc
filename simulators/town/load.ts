import { DAY_MS, HOUR_MS, type Instant, MINUTE_MS } from "../../domain/instant.ts";
import { chance } from "./random.ts";
import { type Shape, type ShapeName, SHAPES } from "./shapes.ts";

/** What one home draws through one meter, for ever. Everything else follows from it. */
export type Load = {
  readonly seed: number;
  readonly shape: ShapeName;
  /** Mean use of a day, micro units (millionths of a kWh or m³). */
  readonly perDay: number;
  /** Quarter hours that this home lives later than the shape. */
  readonly shift: number;
  /** Only the hours that a two-rate meter of Zhejiang counts as peak (08:00–22:00) or as valley; absent = all. */
  readonly window?: Window;
};
export type Window = "peak" | "valley";
const PEAK = { from: 32, to: 88 }; // quarter hours of the local day
const inWindow = (window: Window | undefined, slot: number): boolean =>
  window === undefined || (slot >= PEAK.from && slot < PEAK.to) === (window === "peak");

/** Milliseconds of `[from, to)` that fall into a window of the local day. */
export function msInWindow(window: Window | undefined, from: Instant, to: Instant): number {
  if (from >= to) return 0;
  if (window === undefined) return to - from;
  const peakBefore = (at: Instant): number => {
    const local = at + OFFSET_MS;
    const day = Math.floor(local / DAY_MS);
    const inDay = local - day * DAY_MS;
    const span = (PEAK.to - PEAK.from) * SLOT_MS;
    return day * span + Math.min(Math.max(inDay - PEAK.from * SLOT_MS, 0), span);
  };
  const peak = peakBefore(to) - peakBefore(from);
  return window === "peak" ? peak : to - from - peak;
}

/** The town stands in Zhejiang: UTC+8 without summer time since 1991, so that a day is a whole number. */
const OFFSET_MS = 8 * HOUR_MS;
/** Every register stood at its start value on this day (local, 2024-01-01); before it nothing was used. */
export const FIRST_DAY = 19_723;
const SLOTS = 96;
const SLOT_MS = 15 * MINUTE_MS;
/** Noise of a day in shares of the mean day: less than half the smallest day factor (0.402), so that a day never shrinks below 0. */
const DAY_NOISE = 0.36;
/** Boundaries move by less than half of the lesser neighbour, so that they never pass each other. */
const SLOT_NOISE = 0.45;

/**
 * Use since the first day in whole micro units. Exact and monotonic: day, quarter hour and minute each split the integer
 * above them at moved boundaries, so that both sides of a boundary agree to the last digit.
 */
export function usedSince(load: Load, at: Instant): number {
  const local = at + OFFSET_MS;
  const day = Math.floor(local / DAY_MS);
  if (day < FIRST_DAY) return 0;
  const inDay = local - day * DAY_MS;
  const slot = Math.floor(inDay / SLOT_MS);
  const from = atDay(load, day);
  const size = atDay(load, day + 1) - from;
  const a = from + Math.floor(size * slotShare(load, day, slot));
  const b = from + Math.floor(size * slotShare(load, day, slot + 1));
  const inSlot = inDay - slot * SLOT_MS;
  const minute = Math.floor(inSlot / MINUTE_MS);
  const key = day * SLOTS + slot;
  const c = a + Math.floor((b - a) * minuteShare(load, key, minute));
  const d = a + Math.floor((b - a) * minuteShare(load, key, minute + 1));
  return c + Math.floor(((d - c) * (inSlot - minute * MINUTE_MS)) / MINUTE_MS);
}

/** Micro units per hour at an instant: the slope of the minute that holds it. */
export function ratePerHour(load: Load, at: Instant): number {
  const minute = Math.floor(at / MINUTE_MS) * MINUTE_MS;
  return (usedSince(load, (minute + MINUTE_MS) as Instant) - usedSince(load, minute as Instant)) * 60;
}

const atDay = (load: Load, day: number): number =>
  day <= FIRST_DAY
    ? 0
    : Math.floor(
        load.perDay * (factorsBefore(load, day) + DAY_NOISE * leastShare(load) * (chance(load.seed, 1, day) - 0.5) + 1),
      );

/** Noise of a day is in proportion to what the window holds of it. */
const leastShare = (load: Load): number => Math.min(windowShare(load, false), windowShare(load, true));

function slotShare(load: Load, day: number, slot: number): number {
  if (slot <= 0) return 0;
  if (slot >= SLOTS) return 1;
  const { shares } = sharesOf(load, isWeekend(day));
  const here = shares[slot] ?? 0;
  const room = Math.min(here - (shares[slot - 1] ?? 0), (shares[slot + 1] ?? 1) - here);
  return here + room * SLOT_NOISE * 2 * (chance(load.seed, 2, day, slot) - 0.5);
}

function minuteShare(load: Load, key: number, minute: number): number {
  if (minute <= 0) return 0;
  if (minute >= 15) return 1;
  return (minute + 2 * SLOT_NOISE * (chance(load.seed, 3, key, minute) - 0.5)) / 15;
}

/** 1970-01-01 was a Thursday. */
const isWeekend = (day: number): boolean => (day + 3) % 7 >= 5;

/** Share of a weekday's or weekend day's use that falls into the window. */
const windowShare = (load: Load, weekend: boolean): number => sharesOf(load, weekend).windowShare;

type Shares = { readonly shares: Float64Array; readonly windowShare: number };
/** What loads of one shape, shift and window have in common: made once, never changed but for longer sums. */
type Common = {
  readonly byDay: readonly [weekday: Shares, weekend: Shares];
  /** Sums of day factors since the first day: one number per day. */
  readonly sums: number[];
};
const commons = new Map<string, Common>();
const commonOfLoad = new WeakMap<Load, Common>();

function commonOf(load: Load): Common {
  const known = commonOfLoad.get(load);
  if (known !== undefined) return known;
  const key = `${load.shape} ${load.shift} ${load.window ?? ""}`;
  let common = commons.get(key);
  if (common === undefined) {
    const { weekday, weekend } = SHAPES[load.shape];
    commons.set(key, (common = { byDay: [sharesOfHours(weekday, load), sharesOfHours(weekend, load)], sums: [0] }));
  }
  commonOfLoad.set(load, common);
  return common;
}

/** Sum of a shape's day factors from the first day up to, not including, `day`. */
function factorsBefore(load: Load, day: number): number {
  const { sums } = commonOf(load);
  const { days } = SHAPES[load.shape];
  for (let d = FIRST_DAY + sums.length - 1; d < day; d++) {
    const factors = days[new Date(d * DAY_MS).getUTCMonth()] ?? [1, 1];
    const weekend = isWeekend(d);
    sums.push((sums.at(-1) ?? 0) + factors[weekend ? 1 : 0] * windowShare(load, weekend));
  }
  return sums[day - FIRST_DAY] ?? 0;
}

/** Shares of a day used before each quarter hour: 97 numbers from 0 to 1. */
const sharesOf = (load: Load, weekend: boolean): Shares => commonOf(load).byDay[weekend ? 1 : 0];

function sharesOfHours(hours: Shape["weekday"], { shift, window }: Load): Shares {
  const shares = new Float64Array(SLOTS + 1);
  let sum = 0;
  for (let slot = 0; slot < SLOTS; slot++) {
    const hour = Math.floor(((slot - shift + SLOTS) % SLOTS) / 4);
    if (inWindow(window, slot)) sum += hours[hour] ?? 0;
    shares[slot + 1] = sum;
  }
  for (let slot = 1; slot <= SLOTS; slot++) shares[slot] = (shares[slot] ?? 0) / sum;
  return { shares, windowShare: sum / (hours.reduce((all, hour) => all + hour, 0) * 4) };
}
