import { type Instant, instant, instantOfIso } from "../../domain/instant.ts";
import { type Zone, isDay, startOfDay } from "../../domain/period.ts";

/**
 * A moment as files write it: a day (its beginning in `zone`), an instant with an offset, or local time in `zone`.
 * `null` when it is none of these, or a local time that the zone has twice or never.
 */
export function momentOf(text: string, zone: Zone): Instant | null {
  if (isDay(text)) return startOfDay(text, zone);
  const at = instantOfIso(text);
  if (at !== null) return at;
  if (!/^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?$/.test(text)) return null;
  try {
    const local = Temporal.PlainDateTime.from(text.replace(" ", "T"));
    return instant(local.toZonedDateTime(zone, { disambiguation: "reject" }).epochMilliseconds);
  } catch {
    return null;
  }
}
