import { addDays, type Day } from "./period.ts";

/** Which days are worked in a country: weekends, less the weekends that make up for a holiday, plus the holidays. */
export type WorkCalendar = {
  readonly id: string;
  readonly title: { readonly zh: string; readonly en: string };
  /** By year, as far as it is published. A year that is not named has its weekends and nothing else. */
  readonly years: Readonly<Record<number, WorkYear>>;
};

export type WorkYear = {
  /** The document that says so. */
  readonly source: string;
  /** First and last day off, both included; weekends within may be left out or not. */
  readonly holidays: readonly {
    readonly name: { readonly zh: string; readonly en: string };
    readonly from: Day;
    readonly to: Day;
  }[];
  /** Saturdays and Sundays that are worked. */
  readonly workdays: readonly Day[];
};

const yearOf = (day: Day): number => Number(day.slice(0, 4));

/** Whether the year's holidays are known; otherwise only its weekends are. */
export const isPublished = (calendar: WorkCalendar, day: Day): boolean => calendar.years[yearOf(day)] !== undefined;

export function isWorkingDay(calendar: WorkCalendar, day: Day): boolean {
  const year = calendar.years[yearOf(day)];
  if (year?.workdays.includes(day) === true) return true;
  if (year?.holidays.some(({ from, to }) => from <= day && day <= to) === true) return false;
  return Temporal.PlainDate.from(day).dayOfWeek <= 5;
}

/**
 * The `count`-th working day after `day`; 0 = `day` itself.
 * `published` false: a day was walked whose year is not published yet, so that holidays may still move it.
 */
export function workingDayAfter(calendar: WorkCalendar, day: Day, count: number): { day: Day; published: boolean } {
  let at = day;
  let published = true;
  for (let left = count; left > 0; ) {
    at = addDays(at, 1);
    published &&= isPublished(calendar, at);
    if (isWorkingDay(calendar, at)) left -= 1;
  }
  return { day: at, published };
}

/** The public holiday that a day belongs to, or `null`. */
export const holidayOf = (calendar: WorkCalendar, day: Day): { readonly zh: string; readonly en: string } | null =>
  calendar.years[yearOf(day)]?.holidays.find(({ from, to }) => from <= day && day <= to)?.name ?? null;

/** Every day that is known to be off or, at a weekend, worked; and of which years. */
export function daysOffOf({ years }: WorkCalendar): { years: number[]; holidays: Day[]; workdays: Day[] } {
  const known = Object.keys(years).map(Number);
  const all = known.map((year) => years[year]).filter((year) => year !== undefined);
  const days = (from: Day, to: Day): Day[] => (from > to ? [] : [from, ...days(addDays(from, 1), to)]);
  return {
    years: known,
    holidays: all.flatMap(({ holidays }) => holidays.flatMap(({ from, to }) => days(from, to))),
    workdays: all.flatMap(({ workdays }) => [...workdays]),
  };
}
