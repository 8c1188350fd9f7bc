import { CodedError } from "../../domain/errors.ts";
import { DAY_MS, HOUR_MS, type Instant, isoIn } from "../../domain/instant.ts";
import type { Period } from "../../domain/period.ts";
import type { Micro } from "../../domain/quantity.ts";
import type { Tariff } from "../../domain/tariff.ts";
import type { TouPeriod, UsageBasis, UsageSlice } from "../../domain/usage.ts";
import { partUntil } from "../../metering/interpolate.ts";
import { type Timetable, timetableOf, type TouSpan } from "./timetable.ts";

/** Worst last: a line is as good as its worst part. */
export const BASES = ["actual", "interpolated", "estimated"] as const satisfies readonly UsageBasis[];
export const worse = (a: UsageBasis, b: UsageBasis): UsageBasis => (BASES.indexOf(a) >= BASES.indexOf(b) ? a : b);

const byTime = (a: UsageSlice, b: UsageSlice): number => a.period.from - b.period.from || a.period.to - b.period.to;

/** Slices in order of time, whatever order they came in; the same array when they already are. */
export function inOrder(slices: readonly UsageSlice[]): readonly UsageSlice[] {
  for (let i = 1; i < slices.length; i++) {
    if (byTime(slices[i - 1] as UsageSlice, slices[i] as UsageSlice) > 0) return [...slices].sort(byTime);
  }
  return slices;
}

/**
 * The part of ordered slices inside a stretch. A slice over its edge is shared by time, so that the parts
 * of neighbouring stretches add up to it exactly: each cut is rounded once, from the slice's beginning.
 */
export function slicesWithin(slices: readonly UsageSlice[], stretch: Period): readonly UsageSlice[] {
  if (areWithin(slices, stretch)) return slices;
  const within: UsageSlice[] = [];
  for (const slice of slices) {
    const { from, to } = slice.period;
    if (to <= stretch.from) continue;
    if (from >= stretch.to) break;
    if (from >= stretch.from && to <= stretch.to) {
      within.push(slice);
      continue;
    }
    const period = { from: Math.max(from, stretch.from) as Instant, to: Math.min(to, stretch.to) as Instant };
    const quantity = usedBy(slice, period.to) - usedBy(slice, period.from);
    within.push({ ...slice, period, quantity, basis: worse(slice.basis, "interpolated") });
  }
  return within;
}

/** Nearly always: a bill period's own intervals. */
function areWithin(slices: readonly UsageSlice[], { from, to }: Period): boolean {
  for (const { period } of slices) if (period.from < from || period.to > to) return false;
  return true;
}

/** Use of a slice from its beginning to `at`, even over its time. */
const usedBy = ({ period, quantity }: UsageSlice, at: Instant): Micro => partUntil(period, quantity, at);

/** Called for each part of a slice that lies in one time-of-use period, in order of time. */
export type OnPart = (tou: TouPeriod, quantity: Micro, basis: UsageBasis) => void;

const LONGEST_SPREAD_MS = DAY_MS + HOUR_MS; // a day whose clock is put back

/**
 * Splits one slice by the time of use: its own register's when it has one, else the tariff's clock.
 * @throws CodedError `usage.invalid` when neither can tell
 */
export function byTou(slice: UsageSlice, tariff: Tariff, spread: "pro_rata" | "refuse", onPart: OnPart): void {
  if (slice.tou !== undefined) return onPart(slice.tou, slice.quantity, slice.basis);
  const where = () => `${isoIn(slice.period.from, tariff.zone)} .. ${isoIn(slice.period.to, tariff.zone)}`;
  if (tariff.tou === undefined) {
    throw new CodedError(
      "usage.invalid",
      `${where()}: ${tariff.id} prices by time of use: give a quantity for each \`tou\` register`,
    );
  }
  const timetable = timetableOf(tariff.tou, tariff.zone);
  const { from, to } = slice.period;
  const first = runAt(timetable, from, to);
  if (first.to >= to) return onPart(first.tou, slice.quantity, slice.basis);
  if (spread === "refuse" && to - from > LONGEST_SPREAD_MS) {
    throw new CodedError(
      "usage.invalid",
      `${where()}: ${tariff.id} prices by time of use and this quantity says no hours: give \`tou\` registers or intervals of at most a day`,
    );
  }
  const basis = worse(slice.basis, "interpolated");
  let done = 0n;
  for (let at: Instant = from; at < to; ) {
    const run = runAt(timetable, at, to);
    const end = Math.min(run.to, to) as Instant;
    const used = usedBy(slice, end);
    onPart(run.tou, used - done, basis);
    done = used;
    at = end;
  }
}

/** Hours of one time of use from `at` on, over midnights too; not looked for beyond `until`. */
function runAt(timetable: Timetable, at: Instant, until: Instant): TouSpan {
  const first = timetable.spanAt(at);
  let to = first.to;
  while (to < until) {
    const next = timetable.spanAt(to as Instant);
    if (next.tou !== first.tou) break;
    to = next.to;
  }
  return to === first.to ? first : { ...first, to };
}
