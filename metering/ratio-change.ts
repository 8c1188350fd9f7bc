import type { Instant } from "../domain/instant.ts";
import type { Micro } from "../domain/quantity.ts";
import { atRatio, type Nano } from "../domain/ratio.ts";
import { partUntil } from "./interpolate.ts";

/** A register's value at an instant, with the ratio that is in it. */
export type RatedValue = { readonly at: Instant; readonly value: Micro; readonly ratio: Nano };

/**
 * What a register showed at the instant of a change of ratio, at the ratio before it: seen there, else on the straight line
 * of the dial between its neighbours, whatever ratios they carry. `null` without a neighbour on either side or when the
 * dial went back between them: no line is right there.
 * @param values in order of time
 */
export function valueAtChange(
  values: readonly RatedValue[],
  at: Instant,
  before: Nano,
): { readonly value: Micro; readonly basis: "actual" | "interpolated" } | null {
  let last: RatedValue | undefined;
  for (const value of values) {
    if (value.at < at) {
      last = value;
      continue;
    }
    const end = atRatio(value.value, value.ratio, before);
    if (value.at === at) return { value: end, basis: "actual" };
    if (last === undefined) return null;
    const start = atRatio(last.value, last.ratio, before);
    if (end < start) return null;
    return { value: start + partUntil({ from: last.at, to: value.at }, end - start, at), basis: "interpolated" };
  }
  return null;
}
