import { type Instant, instant, instantOfIso } from "../../domain/instant.ts";
import { type Zone, isDay, startOfDay } from "../../domain/period.ts";

/**
 * A moment as files write it: a day (its beginning in `zone`), an instant with an offset, or local time in `zone`.
 * `null` when it is none of these, or a local time that the zone has twice or never.
 */
export function momentOf(text: string, zone: Zone): Instant | null {
  const [only, second] = momentsOf(text, zone);
  return second === undefined ? (only ?? null) : null;
}

/** The same, with both instants, in order, of a local time that the zone has twice. */
export function momentsOf(text: string, zone: Zone): Instant[] {
  if (isDay(text)) return [startOfDay(text, zone)];
  const at = instantOfIso(text);
  if (at !== null) return [at];
  if (!/^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?$/.test(text)) return [];
  try {
    const local = Temporal.PlainDateTime.from(text.replace(" ", "T"));
    const both = (["earlier", "later"] as const)
      .map((disambiguation) => local.toZonedDateTime(zone, { disambiguation }))
      .filter((one) => one.toPlainDateTime().equals(local))
      .map((one) => instant(one.epochMilliseconds));
    return [...new Set(both)];
  } catch {
    return [];
  }
}
