import { expect, test } from "vitest";
import { classProfile } from "../../../metering/estimate/class-profile.ts";
import { estimateBy } from "../../../metering/estimate/input.ts";
import { input, micro, told } from "./history.ts";

const of = (perDay: number, points: number) => ({ perDay: micro(perDay), points, name: "zj.residential" });

test.each([
  ["a home without history is taken for its class", of(3, 20), "1030"],
  ["an unused class", of(0, 20), "1000"],
  ["five neighbours are enough", of(3, 5), "1030"],
  ["four are not", of(3, 4), "the class has 4 usage points with a bill, 5 are needed"],
  ["no figures", null, "no figures of the class"],
])("%s", (_, profile, expected) => {
  expect(told(estimateBy(classProfile, input([], "2026-01-11", { classProfile: profile })))).toBe(expected);
});
