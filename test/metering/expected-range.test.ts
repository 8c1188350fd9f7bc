import { describe, expect, test } from "vitest";
import { DAY_MS, type Instant, instant } from "../../domain/instant.ts";
import { decimalText, type Micro, microOf } from "../../domain/quantity.ts";
import type { DialLimits, RegisterReading } from "../../metering/difference.ts";
import { type ExpectedRange, expectedRange, inSteps, isExpected } from "../../metering/expected-range.ts";

const micro = (text: string): Micro => microOf(text) as Micro;
const day = (n: number): Instant => instant(Date.parse("2026-06-01T00:00:00Z") + Math.round(n * DAY_MS));
const readings = (...pairs: readonly (readonly [number, string])[]): RegisterReading[] =>
  pairs.map(([n, value]) => ({ at: day(n), value: micro(value) }));
const text = (value: Micro | null): string | null => (value === null ? null : decimalText(value));
const shown = (r: ExpectedRange) => [text(r.low), text(r.high), text(r.mostLikely), r.rollsOver, r.basis.kind];

const METER: DialLimits = { dialMax: micro("100000"), maxPerHour: micro("5") };
const NO_LIMITS: DialLimits = { dialMax: null, maxPerHour: null };
const WEEKLY = readings([0, "1000"], [7, "1070"], [14, "1126"], [21, "1210"]);

describe("what a dial is expected to show", () => {
  test.each<
    [
      string,
      readonly RegisterReading[],
      DialLimits,
      number,
      [string | null, string | null, string | null, boolean, string],
    ]
  >([
    // Rates of WEEKLY: 10, 8 and 12 a day, 10 on the mean. Low: half of 8 for all but a day. High: 1.5 × 12 a day, and one.
    ["a week after weekly readings", WEEKLY, METER, 28, ["1234", "1337", "1280", false, "recent_use"]],
    [
      "an hour after the last, a day's use and no less than nothing",
      WEEKLY,
      NO_LIMITS,
      21 + 1 / 24,
      ["1210", "1229", text(micro("1210") + 416_666n), false, "recent_use"],
    ],
    [
      "an hour after the last, never more than can flow",
      WEEKLY,
      METER,
      21 + 1 / 24,
      ["1210", "1216", text(micro("1210") + 416_666n), false, "recent_use"],
    ],
    [
      "a flat that uses nothing may use one unit",
      readings([0, "5"], [30, "5"]),
      METER,
      60,
      ["5", "6", "5", false, "recent_use"],
    ],
    ["after one reading only what can flow", readings([0, "50"]), METER, 2, ["50", "291", null, false, "capacity"]],
    [
      "after one reading and no known flow, anything above",
      readings([0, "50"]),
      NO_LIMITS,
      2,
      ["50", null, null, false, "last_reading"],
    ],
    ["a meter that was never read shows what its dial can", [], METER, 2, ["0", "100000", null, false, "dial"]],
    ["a meter of which nothing is known shows anything", [], NO_LIMITS, 2, ["0", null, null, false, "dial"]],
    [
      "near its end the dial may begin again",
      readings([0, "99900"], [7, "99970"]),
      METER,
      13,
      ["99995", "61", "30", true, "recent_use"],
    ],
    [
      "a dial that has begun again goes on",
      readings([0, "99950"], [7, "20"]),
      METER,
      14,
      ["50", "126", "90", false, "recent_use"],
    ],
    [
      "a typing error of last month is not where one counts from",
      readings([0, "1000"], [7, "1070"], [14, "11260"]),
      METER,
      21,
      ["1135", "1281", "1210", false, "recent_use"],
    ],
    [
      "readings of minutes apart say nothing of a day",
      readings([0, "10"], [0.01, "10.5"]),
      METER,
      1,
      ["10.5", "130.3", null, false, "capacity"],
    ],
  ])("%s", (_title, before, limits, at, expected) => {
    expect(shown(expectedRange(before, null, limits, day(at)))).toEqual(expected);
  });

  test("an entry that waited stands between the readings before and after it", () => {
    const range = expectedRange(WEEKLY, { at: day(31), value: micro("1310") }, METER, day(26));
    expect(shown(range)).toEqual(["1210", "1310", "1260", false, "between"]);
  });

  test("a later reading below the last one bounds nothing", () => {
    const range = expectedRange(WEEKLY, { at: day(29), value: micro("3") }, METER, day(28));
    expect(range.basis.kind).toBe("recent_use");
  });

  test("says when the last reading is in doubt", () => {
    const doubted = expectedRange(readings([0, "1000"], [7, "1070"], [14, "900"]), null, METER, day(21));
    expect(doubted.basis).toMatchObject({ kind: "recent_use", lastInDoubt: true, from: { value: micro("1070") } });
    expect(expectedRange(WEEKLY, null, METER, day(28)).basis).toMatchObject({ lastInDoubt: false });
  });

  test("counts from a reading that was held once a person has accepted it", () => {
    const dropped = readings([0, "1000"], [7, "1070"], [14, "900"]);
    const decided = [{ from: day(7), to: day(14), decision: "accept" }] as const;
    const range = expectedRange(dropped, null, METER, day(21), decided);
    expect(range.basis).toMatchObject({ from: { value: micro("900") }, lastInDoubt: false });
  });
});

test("a range is shown in whole steps of the dial, no narrower than it was", () => {
  const exact = expectedRange(readings([0, "1.23456"], [7, "3.33333"]), null, NO_LIMITS, day(9));
  expect(shown(exact)).toEqual(["3.483242", "5.232802", "3.932978", false, "recent_use"]);
  expect(shown(inSteps(exact, micro("0.1")))).toEqual(["3.4", "5.3", "3.9", false, "recent_use"]);
  expect(shown(inSteps(expectedRange([], null, METER, day(0)), micro("1")))).toEqual([
    "0",
    "100000",
    null,
    false,
    "dial",
  ]);
});

describe("whether a value was expected", () => {
  const week = expectedRange(WEEKLY, null, METER, day(28));
  const atEnd = expectedRange(readings([0, "99900"], [7, "99970"]), null, METER, day(9));
  test.each([
    [week, "1233.999999", false],
    [week, "1234", true],
    [week, "1337", true],
    [week, "1337.000001", false],
    [atEnd, "99969", false],
    [atEnd, "99975", true],
    [atEnd, "0.4", true],
    [atEnd, "50", false],
  ])("case %#", (range, value, fits) => {
    expect(isExpected(range, micro(value))).toBe(fits);
  });
});
