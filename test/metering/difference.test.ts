import { describe, expect, test } from "vitest";
import { differencesOf } from "../../metering/difference.ts";
import { registerAt } from "../../metering/interpolate.ts";
import { decimalText } from "../../domain/quantity.ts";
import { at, micro, readings } from "./readings.ts";

const LIMITS = { dialMax: micro(100_000), maxPerHour: micro(10) };

const walk = (values: Record<string, number | string>, limits = {}) => {
  const { steps, held, findings } = differencesOf(readings(values), { ...LIMITS, ...limits });
  return {
    use: steps.map((step) => decimalText(step.quantity)).join(" "),
    held: held.length,
    found: findings
      .map(({ result }) => result)
      .filter((result) => result !== "normal")
      .join(" "),
  };
};

describe("differences of a register", () => {
  test.each<[string, Record<string, number | string>, { use: string; held?: number; found?: string }, object?]>([
    ["grow", { "03-01": 100, "03-02": 110, "03-03": 110, "03-04": 115.5 }, { use: "10 0 5.5" }],
    ["of one reading are none", { "03-01": 100 }, { use: "" }],
    ["of none are none", {}, { use: "" }],
    ["roll over at the dial's end", { "03-01": 99_990, "03-02": 5 }, { use: "15", found: "rollover" }],
    ["roll over to exactly zero", { "03-01": 99_990, "03-02": 0 }, { use: "10", found: "rollover" }],
    [
      "do not roll over in the middle of the dial",
      { "03-01": 50_000, "03-02": 5 },
      { use: "", held: 1, found: "backwards" },
    ],
    [
      "do not roll over faster than can flow",
      { "03-01": 99_000, "03-02": 5 },
      { use: "", held: 1, found: "backwards" },
    ],
    [
      "do not roll over on an unknown dial",
      { "03-01": 99_990, "03-02": 5 },
      { use: "", held: 1, found: "backwards" },
      { dialMax: null },
    ],
    [
      "do not roll over at an unknown rate",
      { "03-01": 99_990, "03-02": 5 },
      { use: "", held: 1, found: "backwards" },
      { maxPerHour: null },
    ],
    [
      "pass over a value that dropped and came back",
      { "03-01": 100, "03-02": 3, "03-03": 120 },
      { use: "20", found: "glitch" },
    ],
    [
      "pass over a zero that came back",
      { "03-01": 100, "03-02": 0, "03-03": 0, "03-04": 120 },
      { use: "20", found: "glitch" },
    ],
    [
      "pass over a drop near the dial's end that came back",
      { "03-01": 99_990, "03-02": 0, "03-03": 99_995 },
      { use: "5", found: "glitch" },
    ],
    [
      "hold a drop that comes back weeks later",
      { "03-01": 100, "03-02": 3, "03-25": 120 },
      { use: "117", held: 1, found: "backwards" },
    ],
    ["hold a zero that stays", { "03-01": 100, "03-02": 0, "03-03": 5 }, { use: "5", held: 1, found: "invalid_zero" }],
    [
      "hold what goes backwards and count on from there",
      { "03-01": 100, "03-02": 90, "03-03": 95 },
      { use: "5", held: 1, found: "backwards" },
    ],
    ["hold even a small step back", { "03-01": 100, "03-02": 99.999 }, { use: "", held: 1, found: "backwards" }],
    [
      "do not take a jump for use because a zero came before it",
      { "03-01": 100, "03-02": 0, "03-03": 700, "03-04": 705 },
      { use: "5", held: 2, found: "invalid_zero implausible_jump" },
    ],
    [
      "pass over two odd values in a row",
      { "03-01": 100, "03-02": 0, "03-03": 9_000, "03-04": 120 },
      { use: "20", found: "glitch" },
    ],
    ["pass over a jump that came back", { "03-01": 100, "03-02": 9_000, "03-03": 120 }, { use: "20", found: "glitch" }],
    [
      "hold a jump that stays",
      { "03-01": 100, "03-02": 9_000, "03-03": 9_010 },
      { use: "10", held: 1, found: "implausible_jump" },
    ],
    ["know no jump where the rate is unknown", { "03-01": 100, "03-02": 9_000 }, { use: "8900" }, { maxPerHour: null }],
    ["allow a register's step in a short time", { "03-01 00:00": 100, "03-01 00:01": 101 }, { use: "1" }],
    [
      "reverse an estimate that was too high",
      { "03-01": 100, "03-02": "150e", "03-03": 130 },
      { use: "30", found: "estimate_reversed" },
    ],
    [
      "reverse a row of estimates at once",
      { "02-28": 90, "03-01": 100, "03-02": "150e", "03-03": "200e", "03-04": 130, "03-05": 140 },
      { use: "10 30 10", found: "estimate_reversed" },
    ],
    [
      "never reverse an estimate below the last actual",
      { "03-01": 100, "03-02": "150e", "03-03": 90 },
      { use: "50", held: 1, found: "backwards" },
    ],
    ["tell a long silence", { "03-01": 100, "03-04": 130 }, { use: "30", found: "gap" }, { readEvery_ms: 3_600_000 }],
  ])("%s", (_, values, { use, held = 0, found = "" }, limits) => {
    expect(walk(values, limits)).toEqual({ use, held, found });
  });

  test("are estimated where an end is", () => {
    const { steps } = differencesOf(readings({ "03-01": 100, "03-02": "110e", "03-03": 120, "03-04": 130 }), LIMITS);
    expect(steps.map((step) => step.basis)).toEqual(["estimated", "estimated", "actual"]);
  });

  test("keep what was looked at and the threshold beside each finding", () => {
    const { findings } = differencesOf(readings({ "03-01": 99_990, "03-02": 5 }), LIMITS);
    expect(findings).toEqual([
      {
        result: "rollover",
        period: { from: at("03-01"), to: at("03-02") },
        inputs: { from: "99990", to: "5", grown: "15" },
        threshold: { dial_max: "100000", max_per_hour: "10" },
      },
    ]);
  });
});

describe("a register between readings", () => {
  const known = readings({ "03-01": 100, "03-03": 120, "03-04": 90 });
  test.each([
    ["03-01", { value: micro(100), basis: "actual" }],
    ["03-02", { value: micro(110), basis: "interpolated" }],
    ["03-03", { value: micro(120), basis: "actual" }],
    ["03-03 12:00", null],
    ["02-28", null],
    ["03-05", null],
  ])("at %s", (when, value) => expect(registerAt(known, at(when))).toEqual(value));
});

describe("a person's decision about a held stretch", () => {
  const decide = (
    values: Record<string, number>,
    from: string,
    to: string,
    decision: "accept" | "no_use" | "rollover",
    limits = {},
  ) => {
    const decided = [{ from: at(from), to: at(to), decision }];
    const { steps, held, findings } = differencesOf(readings(values), { ...LIMITS, ...limits }, decided);
    const found = findings.map(({ result }) => result).filter((result) => result !== "normal");
    return {
      use: steps.map((step) => decimalText(step.quantity)).join(" "),
      held: held.length,
      found: found.join(" "),
    };
  };
  const jump = { "03-01": 100, "03-02": 5_000, "03-03": 5_010 };
  const drop = { "03-01": 50_000, "03-02": 5, "03-03": 15 };

  test("counts a jump that was really used", () => {
    expect(decide(jump, "03-01", "03-02", "accept")).toEqual({ use: "4900 10", held: 0, found: "accepted" });
  });
  test("lets a drop have used nothing and counts on from the new value", () => {
    expect(decide(drop, "03-01", "03-02", "accept")).toEqual({ use: "0 10", held: 0, found: "accepted" });
  });
  test("lets a jump that nobody used count nothing", () => {
    expect(decide(jump, "03-01", "03-02", "no_use")).toEqual({ use: "0 10", held: 0, found: "accepted" });
  });
  test("counts once round a dial of unknown size when it stood near a power of ten", () => {
    const round = { "03-01": 99_950, "03-02": 5, "03-03": 15 };
    const unknown = { dialMax: null };
    expect(decide(round, "03-01", "03-02", "rollover", unknown)).toEqual({ use: "55 10", held: 0, found: "accepted" });
  });
  test("counts a drop as once round the dial", () => {
    expect(decide(drop, "03-01", "03-02", "rollover")).toEqual({ use: "50005 10", held: 0, found: "accepted" });
  });
  test("that does not fit the readings any more leaves the stretch held", () => {
    expect(decide(drop, "03-01", "03-03", "accept")).toMatchObject({ held: 1, found: "backwards" });
    expect(decide(drop, "03-01", "03-02", "rollover", { dialMax: null })).toMatchObject({ held: 1 });
    expect(decide(jump, "03-01", "03-02", "rollover")).toMatchObject({ held: 1, found: "implausible_jump" });
  });
});
