import { expect, test } from "vitest";
import { recentAverage } from "../../../metering/estimate/recent-average.ts";
import { estimateBy } from "../../../metering/estimate/input.ts";
import { daily, input, micro, on, told } from "./history.ts";

const rising = (at: number) => (at < on("2026-03-11") ? 1 : at < on("2026-03-21") ? 2 : 3);

test.each([
  ["an even use goes on", daily("2026-01-01", "2026-03-31", () => 2), "2026-04-10", "1020 ±0"],
  [
    "what is older than 92 days does not count",
    daily("2025-09-01", "2026-03-31", (at) => (at < on("2025-12-29") ? 50 : 2)),
    "2026-04-10",
    "1020 ±0",
  ],
  [
    "of a rising use the mean goes on, and says how far it scatters",
    daily("2026-03-01", "2026-03-31", rising),
    "2026-04-10",
    "1020 ±10",
  ],
  [
    "thirteen days are too few",
    daily("2026-03-18", "2026-03-31", () => 2),
    "2026-04-10",
    "less than 14 days of readings before the last one",
  ],
  ["fifteen are enough", daily("2026-03-16", "2026-03-31", () => 2), "2026-04-10", "1020 ±0"],
  ["an empty home stays empty", daily("2026-01-01", "2026-03-31", () => 0), "2026-04-10", "1000 ±0"],
])("%s", (_, history, at, expected) => {
  expect(told(estimateBy(recentAverage, input(history, at)))).toBe(expected);
});

test("is held below what the capacity lets flow, and says what it would have been", () => {
  const limited = estimateBy(
    recentAverage,
    input(
      daily("2026-01-01", "2026-03-31", () => 48),
      "2026-04-01",
      { maxPerHour: micro(1) },
    ),
  );
  expect(limited).toMatchObject({ value: micro(1024), basis: { per_day: "48", limited_from: "1048" } });
});

test("does not run over the end of the dial", () => {
  const near = input(
    daily("2026-01-01", "2026-03-31", () => 2),
    "2026-04-10",
    { dialMax: micro(1010) },
  );
  expect(told(estimateBy(recentAverage, near))).toBe("the register would begin again at zero");
});
