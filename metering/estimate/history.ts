import type { Instant } from "../../domain/instant.ts";
import type { Micro } from "../../domain/quantity.ts";
import { type DialLimits, differencesOf, type RegisterReading } from "../difference.ts";
import type { UsePoint } from "./input.ts";

/** What one meter of the usage point read, by actual readings in order of time. */
export type MeterHistory = DialLimits & { readonly readings: readonly RegisterReading[] };

/**
 * Use of a usage point counted on through rollovers, glitches and exchanges. Estimates are not looked at: what is
 * estimated must not rest on what was estimated. What is held adds nothing.
 * @param meters in the order in which they stood there
 */
export function useHistory(meters: readonly MeterHistory[]): UsePoint[] {
  const points: UsePoint[] = [];
  let used: Micro = 0n;
  const note = (at: Instant): void => {
    const before = points.at(-1);
    if (before !== undefined && before.at >= at) points.pop();
    points.push({ at, used });
  };
  for (const meter of meters) {
    const actual = meter.readings.filter(({ source }) => source !== "estimate");
    const first = actual[0];
    if (first !== undefined && (points.at(-1)?.at ?? Number.NEGATIVE_INFINITY) < first.at) note(first.at);
    for (const { period, quantity } of differencesOf(actual, meter).steps) {
      if ((points.at(-1)?.at ?? period.from) < period.from) note(period.from);
      used += quantity;
      note(period.to);
    }
  }
  return points;
}
