import { describe, expect, test } from "vitest";
import { CALENDARS } from "../../catalog/calendars/catalogue.ts";
import { china } from "../../catalog/calendars/china.ts";
import { day, daysBetween } from "../../domain/period.ts";
import { isWorkingDay, workingDayAfter } from "../../domain/work-calendar.ts";

describe("working days of China", () => {
  test.each([
    ["an ordinary Monday", "2026-11-23", true],
    ["an ordinary Saturday", "2026-11-28", false],
    ["a Thursday of National Day", "2026-10-01", false],
    ["the Saturday that makes up for it", "2026-10-10", true],
    ["the Sunday that makes up for New Year", "2026-01-04", true],
    ["the last day of Spring Festival", "2026-02-23", false],
    ["the day after it", "2026-02-24", true],
    ["a Monday of a holiday whose year is not published", "2027-10-04", true],
  ])("%s", (_, on, works) => {
    expect(isWorkingDay(china, day(on))).toBe(works);
  });

  test.each([
    // Mon 30 Nov to Fri 11 Dec
    ["no holiday within", "2026-11-27", 10, "2026-12-11", true],
    // 30 Sep, then 8, 9, 10 (Saturday worked), 12 Oct
    ["National Day within", "2026-09-29", 5, "2026-10-12", true],
    ["no day at all", "2026-10-01", 0, "2026-10-01", true],
    ["into a year that is not published", "2026-12-30", 2, "2027-01-01", false],
  ])("are counted: %s", (_, from, count, to, published) => {
    expect(workingDayAfter(china, day(from), count)).toEqual({ day: to, published });
  });
});

test("every published day is said once: a make-up day is a weekend outside its holidays, and holidays lie in their year", () => {
  for (const { years } of CALENDARS) {
    for (const [year, { holidays, workdays, source }] of Object.entries(years)) {
      expect(source).not.toBe("");
      for (const { from, to } of holidays) {
        expect([from.slice(0, 4), to.slice(0, 4)]).toEqual([year, year]);
        expect(daysBetween(from, to)).toBeGreaterThanOrEqual(0);
      }
      for (const on of workdays) {
        expect(Temporal.PlainDate.from(on).dayOfWeek).toBeGreaterThanOrEqual(6);
        expect(holidays.some(({ from, to }) => from <= on && on <= to)).toBe(false);
      }
    }
  }
});
