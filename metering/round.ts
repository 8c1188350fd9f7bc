import { type Instant, instant } from "../domain/instant.ts";
import { type Period, period, type Zone } from "../domain/period.ts";

/** How often a route is walked: once in each such stretch of the calendar. */
export const ROUNDS_EVERY = ["day", "week", "month", "quarter"] as const;
export type RoundEvery = (typeof ROUNDS_EVERY)[number];

/** The round that holds `at`, by the calendar of the zone; weeks begin on Monday. */
export function roundOf(every: RoundEvery, at: Instant, zone: Zone): Period {
  const today = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone).toPlainDate();
  const first = firstDayOf(every, today);
  const next = first.add(LENGTHS[every]);
  return period(startOf(first, zone), startOf(next, zone));
}

const LENGTHS: Record<RoundEvery, Temporal.DurationLike> = {
  day: { days: 1 },
  week: { days: 7 },
  month: { months: 1 },
  quarter: { months: 3 },
};
const QUARTER_MONTHS = 3;

function firstDayOf(every: RoundEvery, today: Temporal.PlainDate): Temporal.PlainDate {
  switch (every) {
    case "day":
      return today;
    case "week":
      return today.subtract({ days: today.dayOfWeek - 1 });
    case "month":
      return today.with({ day: 1 });
    case "quarter":
      return today.with({ day: 1 }).subtract({ months: (today.month - 1) % QUARTER_MONTHS });
  }
}

const startOf = (day: Temporal.PlainDate, zone: Zone): Instant => instant(day.toZonedDateTime(zone).epochMilliseconds);
