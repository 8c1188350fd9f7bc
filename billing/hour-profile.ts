import { HOUR_MS, type Instant, MINUTE_MS } from "../domain/instant.ts";
import { type Period, type Zone, wallClock } from "../domain/period.ts";
import type { UsageSlice } from "../domain/usage.ts";

/** How the same home used its energy over the hours of working days and weekends, as far as somebody saw. */
export type HourProfile = { readonly seen: readonly { micro: bigint; ms: number }[]; readonly zone: Zone };

/** An hour of a kind of day is known when it was seen on so many days. Our choice. */
const SEEN_MIN_MS = 3 * HOUR_MS;
const HOURS = 24;
const SATURDAY = 6;
/** Keeps rates whole: a millionth over a day is still more than nothing. */
const SCALE = 1_000_000_000n;

/** From slices short enough to tell their hour; `null` when there are none. @param longest_ms of a slice that tells it */
export function hourProfileOf(slices: readonly UsageSlice[], longest_ms: number, zone: Zone): HourProfile | null {
  const known = slices.filter(({ period }) => period.to - period.from <= longest_ms);
  if (known.length === 0) return null;
  const seen = Array.from({ length: 2 * HOURS }, () => ({ micro: 0n, ms: 0 }));
  for (const { period, quantity } of known) {
    const middle = Math.trunc((period.from + period.to) / 2) as Instant;
    const cell = seen[cellAt(middle, zone).cell];
    if (cell === undefined) continue;
    cell.micro += quantity;
    cell.ms += period.to - period.from;
  }
  return { seen, zone };
}

/**
 * What the profile expects in each part of a stretch; `null` when an hour of it was not seen often enough or nothing was
 * used in all of them: then the profile cannot tell.
 * @param cuts instants in order, the stretch's ends among them
 */
export function expectedIn({ seen, zone }: HourProfile, cuts: readonly Instant[]): bigint[] | null {
  const parts: bigint[] = [];
  for (let i = 1; i < cuts.length; i++) {
    const [from, to] = [cuts[i - 1] as Instant, cuts[i] as Instant];
    let expected = 0n;
    for (let at = from; at < to; ) {
      const { cell, end } = cellAt(at, zone);
      const until = Math.min(end, to) as Instant;
      const rate = seen[cell];
      if (rate === undefined || rate.ms < SEEN_MIN_MS) return null;
      expected += (rate.micro * BigInt(until - at) * SCALE) / BigInt(rate.ms);
      at = until;
    }
    parts.push(expected);
  }
  return parts.some((part) => part > 0n) ? parts : null;
}

/** A slice cut into parts in the proportion of what is expected in them; the parts add up to it exactly. */
export function sharedBy(slice: UsageSlice, cuts: readonly Instant[], expected: readonly bigint[]): UsageSlice[] {
  const whole = expected.reduce((sum, part) => sum + part, 0n);
  let [until, done] = [0n, 0n];
  return expected.map((part, i) => {
    until += part;
    const used = (slice.quantity * until) / whole;
    const quantity = used - done;
    done = used;
    const period: Period = { from: cuts[i] as Instant, to: cuts[i + 1] as Instant };
    return { ...slice, period, quantity };
  });
}

/** Which hour of which kind of day an instant lies in, and where that hour ends. */
function cellAt(at: Instant, zone: Zone): { cell: number; end: Instant } {
  const { weekday, minute } = wallClock(at, zone);
  const hour = Math.floor(minute / 60);
  const into_ms = (minute % 60) * MINUTE_MS + (at % MINUTE_MS);
  return { cell: (weekday >= SATURDAY ? HOURS : 0) + hour, end: (at - into_ms + HOUR_MS) as Instant };
}
