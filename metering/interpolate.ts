import type { Instant } from "../domain/instant.ts";
import type { Period } from "../domain/period.ts";
import type { Micro } from "../domain/quantity.ts";

/** Of a quantity spread evenly over a period, the part from its beginning to `at`, rounded down; none before, all after. */
export function partUntil({ from, to }: Period, quantity: Micro, at: Instant): Micro {
  if (at >= to) return quantity;
  if (at <= from) return 0n;
  return (quantity * BigInt(at - from)) / BigInt(to - from);
}

export type RegisterValue = { readonly value: Micro; readonly basis: "actual" | "interpolated" };

/**
 * What a register showed at an instant: the reading of that instant, else a straight line between its neighbours.
 * `null` before the first and after the last reading, and between two of which the later is lower: no line is right there.
 * @param readings in order of time
 */
export function registerAt(
  readings: readonly { readonly at: Instant; readonly value: Micro }[],
  at: Instant,
): RegisterValue | null {
  let [low, high] = [0, readings.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((readings[middle]?.at ?? 0) < at) low = middle + 1;
    else high = middle;
  }
  const [before, after] = [readings[low - 1], readings[low]];
  if (after?.at === at) return { value: after.value, basis: "actual" };
  if (before === undefined || after === undefined || after.value < before.value) return null;
  const grown = partUntil({ from: before.at, to: after.at }, after.value - before.value, at);
  return { value: before.value + grown, basis: "interpolated" };
}
