import { expect, test } from "vitest";
import { estimateBy } from "../../../metering/estimate/input.ts";
import { linear } from "../../../metering/estimate/linear.ts";
import { daily, input, micro, on, told } from "./history.ts";

const history = daily("2026-03-01", "2026-03-11", () => 2);
const next = (value: number) => ({ at: on("2026-03-21"), value: micro(value) });

test.each([
  ["half way between two readings half is used", "2026-03-16", next(1020), "1010"],
  ["a quarter of the way a quarter", "2026-03-13 12:00", next(1020), "1005"],
  ["a register that stood still stood still", "2026-03-16", next(1000), "1000"],
  ["without a later reading there is no line", "2026-03-16", null, "no reading after"],
  [
    "a later reading below the last one has no line either",
    "2026-03-16",
    next(990),
    "the next reading is below the last one",
  ],
])("%s", (_, at, after, expected) => {
  expect(told(estimateBy(linear, input(history, at, { next: after })))).toBe(expected);
});

test("says between which readings the line runs", () => {
  expect(estimateBy(linear, input(history, "2026-03-16", { next: next(1020) }))).toMatchObject({
    method: "linear",
    basis: { last_at: "2026-03-10T16:00:00Z", last: "1000", next_at: "2026-03-20T16:00:00Z", next: "1020" },
  });
});
