import fc from "fast-check";
import { expect, test } from "vitest";
import { ESTIMATION_POLICIES, estimationPolicyOf } from "../../../catalog/estimation/catalogue.ts";
import { COMPUTED_METHODS } from "../../../domain/estimate.ts";
import { DAY_MS, HOUR_MS, type Instant, instant } from "../../../domain/instant.ts";
import { UTILITIES } from "../../../domain/unit.ts";
import { chooseEstimate, METHODS, previewEstimates } from "../../../metering/estimate/choose.ts";
import { useHistory } from "../../../metering/estimate/history.ts";
import { type EstimateInput, estimateBy } from "../../../metering/estimate/input.ts";
import { daily, input, micro, on, told } from "./history.ts";

const year = daily("2025-01-01", "2026-04-01", () => 2);
const weeks = daily("2026-03-01", "2026-04-01", () => 3);
const order = ["linear", "last_year", "like_day", "recent_average", "class_profile"] as const;

test("the first method of the order that can tell is taken", () => {
  expect(chooseEstimate(order, [input(year, "2026-04-11")])).toMatchObject({ estimates: [{ method: "last_year" }] });
  expect(chooseEstimate(order, [input(weeks, "2026-04-11")])).toMatchObject({ estimates: [{ method: "like_day" }] });
});

test("registers of one meter are told by one method, though one of them could do better", () => {
  const chosen = chooseEstimate(order, [input(year, "2026-04-11"), input(weeks, "2026-04-11")]);
  expect(chosen).toMatchObject({ estimates: [{ method: "like_day" }, { method: "like_day" }] });
});

test("when none can, each says what was missing", () => {
  const chosen = chooseEstimate(order, [input([], "2026-01-11")]);
  expect(chosen).toMatchObject({ kind: "none" });
  expect(chosen.kind === "none" && chosen.missing.map(({ method }) => method)).toEqual(order);
});

test("a preview shows all methods, the declared order first", () => {
  const shown = previewEstimates(["recent_average"], input(weeks, "2026-04-11"));
  expect(shown.map(({ method }) => method)).toEqual([
    "recent_average",
    "linear",
    "last_year",
    "like_day",
    "class_profile",
  ]);
});

test("every utility and payment mode has one policy, with an order and limits", () => {
  for (const utility of UTILITIES) {
    for (const mode of ["postpaid", "prepaid"] as const) {
      const own = ESTIMATION_POLICIES.filter((p) => p.utilities.includes(utility) && p.paymentModes.includes(mode));
      expect(own).toEqual([estimationPolicyOf(utility, mode)]);
      expect(new Set(own[0]?.order).size).toBe(own[0]?.order.length);
      expect(own[0]?.silentDays).toBeGreaterThan(0);
      expect(own[0]?.periodsMax).toBeGreaterThan(0);
    }
  }
});

test("history goes on over a rollover and an exchange, and passes estimates over", () => {
  const reading = (at: string, value: number, source: "modbus" | "estimate" = "modbus") => ({
    at: on(at),
    value: micro(value),
    source,
  });
  const limits = { dialMax: micro(1000), maxPerHour: micro(10) };
  const old = [
    reading("2026-03-01", 980),
    reading("2026-03-02", 30),
    reading("2026-03-03", 90, "estimate"),
    reading("2026-03-04", 60),
  ];
  const points = useHistory([
    { ...limits, readings: old },
    { ...limits, readings: [reading("2026-03-04", 5), reading("2026-03-05", 15)] },
  ]);
  expect(points.map(({ used }) => used)).toEqual([0, 50, 80, 90].map(micro));
});

/** Days of any use, read once to six times a day, with days left out. */
const histories = fc
  .array(fc.record({ use: fc.integer({ min: 0, max: 200 }), gap: fc.integer({ min: 4, max: 40 }) }), {
    minLength: 2,
    maxLength: 700,
  })
  .map((rows) => {
    let [at, used] = [on("2024-06-01") as number, 0n];
    return rows.map(({ use, gap }) => {
      at += gap * HOUR_MS;
      used += micro(use) / 10n;
      return { at: instant(at), used };
    });
  });

test("no method falls below the last reading, above the capacity or the next reading, or as time goes on", () => {
  fc.assert(
    fc.property(
      histories,
      fc.array(fc.integer({ min: 1, max: 60 * 24 }), { minLength: 2, maxLength: 5 }),
      fc.option(fc.integer({ min: 0, max: 500 }), { nil: null }),
      fc.integer({ min: 0, max: 20 }),
      (history, hours, nextGrowth, capacity) => {
        const end = history.at(-1) as { at: Instant; used: bigint };
        const last = { at: end.at, value: micro(1000) + end.used };
        const next =
          nextGrowth === null ? null : { at: instant(end.at + 61 * DAY_MS), value: last.value + micro(nextGrowth) };
        const base: EstimateInput = {
          ...input(history, "2026-01-01"),
          last,
          next,
          maxPerHour: micro(capacity),
          classProfile: { perDay: micro(7), points: 9, name: "any" },
        };
        for (const name of COMPUTED_METHODS) {
          let before = last.value;
          for (const after of [...hours].sort((a, b) => a - b)) {
            const found = estimateBy(METHODS[name], { ...base, at: instant(end.at + after * HOUR_MS) });
            if (found.kind === "not_enough") continue;
            expect(found.value).toBeGreaterThanOrEqual(before);
            expect(found.value - last.value).toBeLessThanOrEqual(micro(capacity) * BigInt(after));
            if (next !== null) expect(found.value).toBeLessThanOrEqual(next.value);
            before = found.value;
          }
        }
      },
    ),
    { numRuns: 60 },
  );
});

test("an estimate at the instant of a reading before it is refused", () => {
  expect(told(estimateBy(METHODS.recent_average, { ...input(weeks, "2026-04-11"), at: on("2026-04-01") }))).toBe(
    "the instant is not after the last reading",
  );
});
