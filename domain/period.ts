import { type Instant, instant } from "./instant.ts";

/** Half-open `[from, to)`. The instant `to` belongs to the next period, so that periods that touch never count twice. */
export type Period = { readonly from: Instant; readonly to: Instant };

/** A calendar day `YYYY-MM-DD`, meaning that day in a zone that is known beside it. */
export type Day = string & { readonly __unit: "YYYY-MM-DD" };

/** An IANA zone name, as `Asia/Shanghai`. */
export type Zone = string;

export function period(from: Instant, to: Instant): Period {
  if (!(from < to)) throw new RangeError(`a period ends after it begins: ${from} .. ${to}`);
  return { from, to };
}

export const contains = (p: Period, at: Instant): boolean => p.from <= at && at < p.to;

export const overlap = (a: Period, b: Period): Period | null => {
  const from = Math.max(a.from, b.from) as Instant;
  const to = Math.min(a.to, b.to) as Instant;
  return from < to ? { from, to } : null;
};

export const isDay = (text: string): text is Day => {
  try {
    return /^\d{4}-\d\d-\d\d$/.test(text) && Temporal.PlainDate.from(text).toString() === text;
  } catch {
    return false;
  }
};

/** @throws RangeError when it is not a day of the calendar */
export function day(text: string): Day {
  if (!isDay(text)) throw new RangeError(`not a day (YYYY-MM-DD): ${text}`);
  return text;
}

const zoned = (at: Instant, zone: Zone) => Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone);

export const dayOf = (at: Instant, zone: Zone): Day => zoned(at, zone).toPlainDate().toString() as Day;

/** The first instant of a day in a zone (a day may have 23 or 25 hours, or begin at 01:00). */
export function startOfDay(d: Day, zone: Zone): Instant {
  const key = `${d} ${zone}`;
  let start = DAY_STARTS.get(key);
  if (start === undefined) {
    start = instant(Temporal.PlainDate.from(d).toZonedDateTime(zone).epochMilliseconds);
    if (DAY_STARTS.size >= DAY_STARTS_MAX) DAY_STARTS.clear();
    DAY_STARTS.set(key, start);
  }
  return start;
}

/** Days that were asked for: a bill run asks for the same few of each home. */
const DAY_STARTS = new Map<string, Instant>();
const DAY_STARTS_MAX = 10_000; // days of twenty-seven years; beyond that the memory begins again

export const addDays = (d: Day, days: number): Day => Temporal.PlainDate.from(d).add({ days }).toString() as Day;
export const addMonths = (d: Day, months: number): Day => Temporal.PlainDate.from(d).add({ months }).toString() as Day;
/** Whole days from `a` to `b`; negative when `b` is earlier. */
export const daysBetween = (a: Day, b: Day): number =>
  Temporal.PlainDate.from(a).until(Temporal.PlainDate.from(b), { largestUnit: "days" }).days;

/** `[first day, last day)` as instants in a zone. */
export const periodOfDays = (from: Day, to: Day, zone: Zone): Period =>
  period(startOfDay(from, zone), startOfDay(to, zone));

/** Days `[from, to)` that a period touches. */
export function daysOf({ from, to }: Period, zone: Zone): { from: Day; to: Day } {
  const last = dayOf(to, zone);
  return { from: dayOf(from, zone), to: startOfDay(last, zone) === to ? last : addDays(last, 1) };
}

/** The calendar month that holds `at`, or `months` months away from it. */
export function monthOf(at: Instant, zone: Zone, months = 0): Period {
  const first = zoned(at, zone).toPlainDate().with({ day: 1 }).add({ months });
  return periodOfDays(first.toString() as Day, first.add({ months: 1 }).toString() as Day, zone);
}

/** Local wall-clock parts of an instant. `weekday` is ISO: Monday 1 … Sunday 7; `minute` counts from local midnight. */
export function wallClock(at: Instant, zone: Zone): { day: Day; month: number; weekday: number; minute: number } {
  const z = zoned(at, zone);
  return {
    day: z.toPlainDate().toString() as Day,
    month: z.month,
    weekday: z.dayOfWeek,
    minute: z.hour * 60 + z.minute,
  };
}

/** The year of a ladder that begins on `start` (`MM-DD`) and holds `at`. */
export function ladderYearOf(at: Instant, zone: Zone, start = "01-01"): Period {
  const today = zoned(at, zone).toPlainDate();
  const begin = Temporal.PlainDate.from(`${today.year}-${start}`);
  const first = Temporal.PlainDate.compare(begin, today) <= 0 ? begin : begin.subtract({ years: 1 });
  return periodOfDays(first.toString() as Day, first.add({ years: 1 }).toString() as Day, zone);
}

/** Calendar months that a period touches, cut to it. */
export function monthsWithin({ from, to }: Period, zone: Zone): Period[] {
  const months: Period[] = [];
  for (let at = from; at < to; ) {
    const end = Math.min(monthOf(at, zone).to, to) as Instant;
    months.push({ from: at, to: end });
    at = end;
  }
  return months;
}
