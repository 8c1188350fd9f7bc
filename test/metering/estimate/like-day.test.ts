import { expect, test } from "vitest";
import { DAY_MS, type Instant } from "../../../domain/instant.ts";
import { day, wallClock } from "../../../domain/period.ts";
import { likeDay } from "../../../metering/estimate/like-day.ts";
import { estimateBy } from "../../../metering/estimate/input.ts";
import { daily, hourly, input, on, steady, told } from "./history.ts";

const week = (at: Instant) => (wallClock(at, "Asia/Shanghai").weekday >= 6 ? 10 : 2);
// 2026-04-01 is a Wednesday
const history = daily("2026-03-01", "2026-04-01", week);

test.each([
  ["two working days", history, "2026-04-03", "1004 ±0"],
  ["half a working day", history, "2026-04-01 12:00", "1001 ±0"],
  ["over a weekend", history, "2026-04-08", "1030 ±0"],
  ["hourly readings are added up to days", hourly("2026-03-01", "2026-04-01", () => 1), "2026-04-03", "1048 ±0"],
  ["more than two months ahead", history, "2026-06-10", "more than 62 days after the last reading"],
  [
    "a meter that is read twice a week",
    steady("2026-03-01", "2026-04-01", 3 * DAY_MS, () => 9),
    "2026-04-03",
    "fewer than 3 days read day by day of the kind workday in six weeks",
  ],
])("%s", (_, known, at, expected) => {
  expect(told(estimateBy(likeDay, input(known, at)))).toBe(expected);
});

test("a declared rest day counts as a weekend, ahead and behind", () => {
  const restDays = [day("2026-04-02"), day("2026-03-31")];
  expect(estimateBy(likeDay, input(history, "2026-04-03", { restDays }))).toMatchObject({
    basis: { workday_days: "1", workday_per_day: "2", rest_days: "1", rest_per_day: "8.4" }, // (4 × 10 + 2) ÷ 5
  });
});

test("says which days it was found from, and how they scatter", () => {
  const uneven = daily("2026-03-01", "2026-04-01", (at) => (at >= on("2026-03-30") ? 4 : 2));
  expect(estimateBy(likeDay, input(uneven, "2026-04-02"))).toMatchObject({
    basis: { workday_per_day: "2.8", workday_like: "2026-03-31 2026-03-30 2026-03-27 2026-03-26 2026-03-25" },
    uncertainty: 1_000_000n,
  });
});
