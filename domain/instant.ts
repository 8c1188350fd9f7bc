import { recalled } from "./recalled.ts";

/** A moment: milliseconds since 1970-01-01T00:00:00Z. Only `period.ts` knows calendars; only a `main.ts` knows now. */
export type Instant = number & { readonly __unit: "ms since 1970 UTC" };

/** Where a room gets the time from. A shell makes it; a demo town may run it faster than the wall. */
export type Clock = { now(): Instant };

export const SECOND_MS = 1000;
export const MINUTE_MS = 60 * SECOND_MS;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** @param ms whole milliseconds since 1970 UTC */
export function instant(ms: number): Instant {
  if (!Number.isSafeInteger(ms)) throw new RangeError(`not an instant: ${ms}`);
  return ms as Instant;
}

/** An instant from ISO 8601 text that carries an offset; `null` when it is not one (a local time is refused: whose?). */
export function instantOfIso(text: string): Instant | null {
  if (!/^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d([.,]\d+)?)?(Z|[+-]\d\d(:?\d\d)?)$/i.test(text)) return null;
  try {
    return instant(Temporal.Instant.from(text.replace(" ", "T").replace(",", ".")).epochMilliseconds);
  } catch {
    return null;
  }
}

/** What belongs to a bill run or a batch shares a few instants, and to write one takes a microsecond. */
const ISO_TEXTS_MAX = 10_000; // a megabyte

/** ISO 8601 in UTC, milliseconds only when there are any. */
export const isoOf: (at: Instant) => string = recalled(ISO_TEXTS_MAX, (at: Instant) =>
  Temporal.Instant.fromEpochMilliseconds(at).toString(),
);

/** ISO 8601 with the zone's offset, as people and the API read it. */
export function isoIn(at: Instant, zone: string): string {
  return Temporal.Instant.fromEpochMilliseconds(at)
    .toZonedDateTimeISO(zone)
    .toString({ timeZoneName: "never", smallestUnit: at % 1000 === 0 ? "second" : "millisecond" });
}
