import { expect, test } from "vitest";
import { instant, isoIn } from "../../domain/instant.ts";
import { roundOf } from "../../metering/round.ts";

test.each([
  ["day", "2026-03-01T00:00:00+08:00", "2026-03-01T00:00:00+08:00", "2026-03-02T00:00:00+08:00"],
  ["week", "2026-03-01T23:59:00+08:00", "2026-02-23T00:00:00+08:00", "2026-03-02T00:00:00+08:00"],
  ["week", "2026-03-02T00:00:00+08:00", "2026-03-02T00:00:00+08:00", "2026-03-09T00:00:00+08:00"],
  ["month", "2026-12-31T23:59:59+08:00", "2026-12-01T00:00:00+08:00", "2027-01-01T00:00:00+08:00"],
  ["quarter", "2026-05-20T12:00:00+08:00", "2026-04-01T00:00:00+08:00", "2026-07-01T00:00:00+08:00"],
  ["quarter", "2026-01-01T00:00:00+08:00", "2026-01-01T00:00:00+08:00", "2026-04-01T00:00:00+08:00"],
] as const)("the round of each %s that holds %s is %s to %s", (every, at, from, to) => {
  const round = roundOf(every, instant(Date.parse(at)), "Asia/Shanghai");
  expect([round.from, round.to].map((edge) => isoIn(edge, "Asia/Shanghai"))).toEqual([from, to]);
});
