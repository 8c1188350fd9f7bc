import { CodedError } from "../../domain/errors.ts";
import { HOUR_MS, type Instant, isoIn } from "../../domain/instant.ts";
import { overlap, type Period, type Zone } from "../../domain/period.ts";
import type { Micro } from "../../domain/quantity.ts";
import type { Coincident } from "../../domain/tariff.ts";
import { momentOf } from "./moment.ts";
import type { Metered } from "./netting.ts";
import { slicesWithin } from "./slices.ts";

/** An interval shows the power of a named hour as long as it is not longer than one. */
const LONGEST_INTERVAL_MS = HOUR_MS;

/**
 * The mean power of the named hours in a part, each from what was drawn in it; null when none lies there.
 * @throws CodedError `usage.invalid` when the intervals do not show an hour
 */
export function coincidentKw(
  { hours, take = "highest" }: Coincident,
  part: Period,
  { drawn }: Metered,
  charge: string,
  zone: Zone,
): Micro | null {
  const within = hours.flatMap((hour) => overlap(periodOf(hour, zone), part) ?? []);
  if (within.length === 0) return null;
  const powers = within.map((hour) => meanKw(hour));
  if (take === "mean") return powers.reduce((sum, kw) => sum + kw, 0n) / BigInt(powers.length);
  return powers.reduce((most, kw) => (kw > most ? kw : most), 0n);

  function meanKw(hour: Period): Micro {
    const short = drawn.filter(({ period }) => period.to - period.from <= LONGEST_INTERVAL_MS);
    let [covered, energy] = [0, 0n];
    for (const { period, quantity } of slicesWithin(short, hour)) {
      covered += period.to - period.from;
      energy += quantity;
    }
    if (covered < hour.to - hour.from) {
      throw new CodedError(
        "usage.invalid",
        `${isoIn(hour.from, zone)}: \`${charge}\` is charged by the power of this hour: give intervals of at most an hour for all of it`,
      );
    }
    return (energy * BigInt(HOUR_MS)) / BigInt(hour.to - hour.from);
  }
}

/** @throws TypeError when an end is no moment (the schema has checked it before) */
function periodOf({ from, to }: { readonly from: string; readonly to: string }, zone: Zone): Period {
  const ends = [momentOf(from, zone), momentOf(to, zone)];
  if (ends.includes(null)) throw new TypeError(`not a moment: ${from} or ${to}`);
  return { from: ends[0] as Instant, to: ends[1] as Instant };
}
