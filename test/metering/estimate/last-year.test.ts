import { expect, test } from "vitest";
import { DAY_MS } from "../../../domain/instant.ts";
import { estimateBy } from "../../../metering/estimate/input.ts";
import { lastYear } from "../../../metering/estimate/last-year.ts";
import { daily, input, on, steady, told } from "./history.ts";

/** A day's use: `before` last winter, `april` in last April, `now` from this January on. */
const years = (before: number, april: number, now: number) => (at: number) =>
  at >= on("2026-01-01") ? now : at >= on("2025-04-01") && at < on("2025-05-01") ? april : before;

test.each([
  ["as much as last year when the weeks before are alike", years(2, 5, 2), "1050"],
  ["twice as much when they are twice as high", years(2, 5, 4), "1100"],
  ["half as much when they are half", years(4, 5, 2), "1025"],
  ["nothing where nothing was used", years(2, 0, 2), "1000"],
  ["another household says nothing", years(2, 5, 9), "the level is above four times or below a quarter of last year's"],
  ["an empty winter says nothing", years(0, 5, 2), "nothing was used in the weeks before, last year"],
])("%s", (_, use, expected) => {
  expect(told(estimateBy(lastYear, input(daily("2025-01-01", "2026-04-01", use), "2026-04-11")))).toBe(expected);
});

test.each([
  [
    "half a year of readings is too short",
    daily("2025-11-01", "2026-04-01", () => 2),
    "no monthly readings of the same period last year",
  ],
  [
    "two readings a year apart tell no month",
    steady("2024-05-01", "2026-04-01", 350 * DAY_MS, () => 700),
    "no monthly readings of the same period last year",
  ],
])("%s", (_, history, expected) => {
  expect(told(estimateBy(lastYear, input(history, "2026-04-11")))).toBe(expected);
});

test("says both years' levels", () => {
  expect(estimateBy(lastYear, input(daily("2025-01-01", "2026-04-01", years(2, 5, 4)), "2026-04-11"))).toMatchObject({
    basis: {
      last_year_from: "2025-03-31T16:00:00Z",
      last_year_to: "2025-04-10T16:00:00Z",
      last_year_used: "50",
      level_last_year: "120",
      level_now: "240",
    },
  });
});
