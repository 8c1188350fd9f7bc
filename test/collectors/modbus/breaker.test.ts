import { expect, test } from "vitest";
import {
  afterAnswer,
  afterFailure,
  afterTurn,
  type Breaker,
  type BreakerRules,
  CLOSED,
  mayPoll,
  mayProbe,
} from "../../../collectors/modbus/breaker.ts";
import { LineBudget, SPARE_SHARE } from "../../../collectors/modbus/line-budget.ts";
import { instant } from "../../../domain/instant.ts";
import type { RefusalReason } from "../../../domain/refusal.ts";

const RULES: BreakerRules = { backoff: { minMs: 1000, maxMs: 300_000 }, pauseMsMin: 0 };
const STEP_MS = 1_000_000; // every event lies behind every pause
type Event = RefusalReason | "answer" | "turn";

function after(events: readonly Event[], rules = RULES, random = 0.5): Breaker {
  return events.reduce<Breaker>((breaker, event, i) => {
    if (event === "answer") return afterAnswer(breaker);
    if (event === "turn") return afterTurn(breaker);
    const failure = { cause: event, at: instant(i), monotonic: i * STEP_MS };
    return afterFailure(breaker, failure, rules, () => random);
  }, CLOSED);
}
const times = (many: number, event: Event): Event[] => Array.from({ length: many }, () => event);

test.each<[string, Event[], Partial<Breaker>]>([
  ["a slave that answers is trusted", ["answer", "turn"], { kind: "closed", failures: 0 }],
  ["one failure is a hiccup", ["timeout"], { kind: "closed", failures: 1 }],
  ["two are still borne", ["timeout", "crc_error"], { kind: "closed", failures: 2 }],
  ["an answer forgets them", ["timeout", "timeout", "answer"], { kind: "closed", failures: 0, notBefore: 0 }],
  ["the third opens", times(3, "timeout"), { kind: "open", failures: 3, cause: "timeout", since: instant(2) }],
  [
    "garbage opens, too",
    ["wrong_unit_id", "short_reply", "malformed_payload"],
    { kind: "open", cause: "malformed_payload" },
  ],
  [
    "two failures, an answer and two more do not open",
    ["timeout", "timeout", "answer", "timeout", "timeout"],
    { kind: "closed" },
  ],
  [
    "a probe in vain counts on, and the time of opening stays",
    times(5, "timeout"),
    { kind: "open", failures: 5, since: instant(2) },
  ],
  [
    "a probe that is answered begins the trial",
    [...times(4, "timeout"), "answer"],
    { kind: "half_open", failures: 4, notBefore: 0 },
  ],
  ["single answers do not end the trial", [...times(3, "timeout"), "answer", "answer"], { kind: "half_open" }],
  ["a whole turn ends it", [...times(3, "timeout"), "answer", "answer", "turn"], { kind: "closed", failures: 0 }],
  [
    "a failure on trial opens at once, and the pauses go on growing",
    [...times(3, "timeout"), "answer", "crc_error"],
    { kind: "open", failures: 4, cause: "crc_error", since: instant(2) },
  ],
  ["a turn that began before does not close what is open", [...times(3, "timeout"), "turn"], { kind: "open" }],
])("%s", (_, events, expected) => {
  expect(after(events)).toMatchObject(expected);
});

test("pauses double from one second to five minutes, with jitter of a quarter, and are never shorter than the wire needs", () => {
  const pause = (failures: number, random: number, rules = RULES): number =>
    after(times(failures, "timeout"), rules, random).notBefore - (failures - 1) * STEP_MS;
  expect([1, 2, 3, 4].map((n) => pause(n, 0.5))).toEqual([1000, 2000, 4000, 8000]);
  expect(pause(20, 0.5)).toBe(300_000);
  expect([pause(3, 0), pause(3, 0.999)]).toEqual([3000, 4998]);
  expect(pause(1, 0.5, { ...RULES, pauseMsMin: 1500 })).toBe(1500);
});

test("closed and on trial it is polled, open it is probed, each after its pause", () => {
  const open = after(times(3, "timeout"));
  expect([mayPoll(open, open.notBefore), mayProbe(open, open.notBefore - 1), mayProbe(open, open.notBefore)]).toEqual([
    false,
    false,
    true,
  ]);
  const trial = afterAnswer(open);
  expect([mayPoll(trial, 0), mayProbe(trial, 0)]).toEqual([true, false]);
  const hiccup = after(["timeout"]);
  expect([mayPoll(hiccup, hiccup.notBefore - 1), mayPoll(hiccup, hiccup.notBefore)]).toEqual([false, true]);
});

test("however slow and however many the dead are, they take a twentieth of a busy line", () => {
  for (const costMs of [5, 100, 1000, 3000]) {
    const budget = new LineBudget(0);
    let spent = 0;
    for (let now = 0; now < 3_600_000; now += 50) {
      if (!budget.may(now)) continue;
      budget.charge(costMs, now);
      spent += costMs;
    }
    expect(spent / 3_600_000).toBeLessThanOrEqual(SPARE_SHARE + costMs / 3_600_000);
    expect(spent / 3_600_000).toBeGreaterThan(SPARE_SHARE / 2);
  }
});

test("quiet times are not saved up, and a debt is forgiven above two minutes' worth", () => {
  const budget = new LineBudget(0);
  budget.charge(10, 86_400_000);
  expect(budget.may(86_400_001)).toBe(false);
  budget.charge(90_000, 86_400_001); // thirty slaves, three time-outs each
  expect([budget.may(86_400_001 + 119_000), budget.may(86_400_001 + 120_001)]).toEqual([false, true]);
});
