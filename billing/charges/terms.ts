import type { Day } from "../../domain/period.ts";
import { type WorkCalendar, workingDayAfter } from "../../domain/work-calendar.ts";

/** How bills are made out from a day on. */
export type BillingTerms = {
  readonly fromDay: Day;
  /** Due date = so many working days after the day of issue. */
  readonly dueWorkingDays: number;
  readonly calendar: WorkCalendar;
};

/**
 * The day on which a bill is due that is issued on a day.
 * @param terms in the order of their days, one of them for every day
 */
export function dueOn(terms: readonly BillingTerms[], issuedOn: Day): Day {
  const known = DUE_DAYS.get(terms);
  if (known?.issuedOn === issuedOn) return known.due;
  const held = terms.findLast(({ fromDay }) => fromDay <= issuedOn);
  if (held === undefined) throw new TypeError(`no billing terms for ${issuedOn}`);
  const due = workingDayAfter(held.calendar, issuedOn, held.dueWorkingDays).day;
  DUE_DAYS.set(terms, { issuedOn, due });
  return due;
}

/** The last answer by terms: a run asks the same for every bill. */
const DUE_DAYS = new WeakMap<readonly BillingTerms[], { readonly issuedOn: Day; readonly due: Day }>();
