import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decide, type SupplyFacts } from "../../../billing/prepaid/decide.ts";
import { instant, MINUTE_MS } from "../../../domain/instant.ts";
import type { SupplyStage } from "../../../domain/supply.ts";
import {
  ago,
  at,
  broke,
  cut,
  now,
  policy,
  queued,
  restoring,
  sent,
  type Situation,
  twice,
  well,
  yuan,
} from "./situations.ts";

const situations: Situation[] = [
  // money, supply flowing
  ["plenty", well, { stage: "normal" }],
  ["exactly the first warning", { ...well, available: yuan(20) }, { stage: "warned_1", event: "warned_1" }],
  ["the first warning was told", { ...well, stage: "warned_1", available: yuan(10) }, { stage: "warned_1" }],
  [
    "exactly the second warning",
    { ...well, stage: "warned_1", available: yuan(5) },
    { stage: "warned_2", event: "warned_2", warned2At: now },
  ],
  [
    "the second warning was told",
    { ...well, stage: "warned_2", available: yuan(1), warned2At: ago(5) },
    { stage: "warned_2", warned2At: ago(5) },
  ],
  [
    "back above the second warning",
    { ...well, stage: "warned_2", available: yuan(6), warned2At: ago(5) },
    { stage: "warned_1", warned2At: null },
  ],
  [
    "back above all warnings",
    { ...well, stage: "warned_2", available: yuan(21), warned2At: ago(5) },
    { stage: "normal", event: "recovered", warned2At: null },
  ],
  [
    "nothing left, never warned: the warning comes first",
    { ...well, available: yuan(-50) },
    { stage: "warned_2", event: "warned_2", warned2At: now },
  ],
  ["nothing left at all is not below zero yet", { ...broke, available: yuan(0) }, { stage: "warned_2" }],
  [
    "below zero after notice",
    broke,
    { stage: "cut_due", desired: "disconnected", control: "disconnect", event: "cut_due" },
  ],
  ["balance unknown", { ...broke, available: null, stage: "cut_due" }, { stage: "cut_due", held: "balance_unknown" }],
  // guards
  ["notice still runs", { ...broke, warned2At: ago(59) }, { stage: "warned_2", held: "notice_running" }],
  [
    "protected customer",
    { ...broke, protectedReason: "ventilator" },
    { stage: "cut_due", held: "protected_customer", event: "cut_held" },
  ],
  [
    "held for the same reason again is no news",
    { ...broke, stage: "cut_due", held: "protected_customer", protectedReason: "ventilator" },
    { stage: "cut_due", held: "protected_customer" },
  ],
  ["gas is never cut", { ...broke, utility: "gas" }, { held: "not_cuttable" }],
  ["no reading at all", { ...broke, lastReadingAt: null }, { held: "no_reading" }],
  ["stale reading", { ...broke, lastReadingAt: ago(61) }, { held: "stale_reading" }],
  ["estimated reading", { ...broke, estimated: true }, { held: "estimated_reading" }],
  ["use held for a person", { ...broke, useHeld: true }, { held: "held_reading" }],
  ["a credit a moment ago", { ...broke, lastCreditAt: ago(29) }, { held: "recent_credit" }],
  ["hourly cap reached by cuts sent", { ...broke, cutsSentLastHour: 3 }, { held: "hourly_cap" }],
  ["hourly cap reached by cuts queued", { ...broke, cutsSentLastHour: 1, cutsQueued: 2 }, { held: "hourly_cap" }],
  // an order that waits
  ["queued cut, still due", queued, { stage: "cut_due", desired: "disconnected" }],
  [
    "queued cut, others queued too: it keeps its place",
    { ...queued, cutsQueued: 50 },
    { stage: "cut_due", desired: "disconnected" },
  ],
  [
    "queued cut, cap filled meanwhile",
    { ...queued, cutsSentLastHour: 3 },
    { withdraw: true, desired: "connected", held: "hourly_cap" },
  ],
  [
    "queued cut, reading grew old",
    { ...queued, lastReadingAt: ago(90) },
    { withdraw: true, desired: "connected", held: "stale_reading", event: "cut_withdrawn" },
  ],
  [
    "queued cut, balance recovered a little",
    { ...queued, available: yuan(0) },
    { withdraw: true, desired: "connected", stage: "warned_2" },
  ],
  [
    "queued cut, position not known, recovered",
    { ...queued, available: yuan(30), reported: "unknown" },
    { control: "connect", desired: "connected" },
  ],
  // on the wire
  ["sent cut waits for its proof", sent, { stage: "cut_sent", desired: "disconnected" }],
  [
    "sent cut, guard forbids now: given back",
    { ...sent, protectedReason: "ventilator" },
    { stage: "reconnect_due", desired: "connected", control: "connect", held: "protected_customer" },
  ],
  [
    "sent cut, balance recovered",
    { ...sent, available: yuan(1) },
    { stage: "reconnect_due", control: "connect", event: "reconnect_due" },
  ],
  // cut
  ["cut and proven stays", cut, { stage: "cut", desired: "disconnected" }],
  ["cut in protected hours stays", { ...cut, lastReadingAt: ago(999) }, { stage: "cut", desired: "disconnected" }],
  [
    "cut, then rebilled above zero",
    { ...cut, available: yuan(0.01) },
    { stage: "reconnect_due", desired: "connected", control: "connect" },
  ],
  [
    "cut, then found to be protected",
    { ...cut, protectedReason: "ventilator" },
    { control: "connect", desired: "connected" },
  ],
  [
    "cut, but the relay is closed again",
    { ...cut, reported: "connected" },
    { control: "disconnect", stage: "cut_due" },
  ],
  ["cut, relay in fault", { ...cut, reported: "fault" }, { stage: "cut", desired: "disconnected" }],
  // unknown
  [
    "cut unknown, a moment ago",
    { ...cut, stage: "unknown", reported: "connected", reportedAt: ago(9), lastUnknownAt: ago(5) },
    { stage: "unknown", desired: "disconnected" },
  ],
  ["cut unknown, proven by a later report", { ...cut, stage: "unknown", lastUnknownAt: ago(5) }, { stage: "cut" }],
  [
    "cut unknown, time to try again",
    { ...cut, stage: "unknown", reported: "connected", lastUnknownAt: ago(16) },
    { control: "disconnect" },
  ],
  [
    "cut unknown, meter silent since: given back",
    { ...cut, stage: "unknown", reported: "connected", lastUnknownAt: ago(16), lastReadingAt: ago(80) },
    { control: "connect", desired: "connected" },
  ],
  [
    "reconnection unknown, a moment ago",
    { ...restoring, open: null, stage: "unknown", reportedAt: ago(9), lastUnknownAt: ago(5) },
    { stage: "unknown", desired: "connected" },
  ],
  [
    "reconnection unknown, time to try again",
    { ...restoring, open: null, stage: "unknown", lastUnknownAt: ago(16) },
    { stage: "reconnect_due", control: "connect" },
  ],
  [
    "reconnection unknown, proven by a later report",
    {
      ...restoring,
      open: null,
      stage: "unknown",
      reported: "connected",
      reportedAt: ago(1),
      lastUnknownAt: ago(5),
      available: yuan(50),
    },
    { stage: "normal" },
  ],
  // reconnection
  [
    "reconnection waits for its proof, whatever the balance",
    restoring,
    { stage: "reconnect_due", desired: "connected" },
  ],
  [
    "reconnection sent, balance below zero: no cut against it",
    { ...restoring, stage: "reconnect_sent", open: { action: "connect", state: "sent" }, available: yuan(-9) },
    { stage: "reconnect_sent", desired: "connected" },
  ],
  [
    "relay open though nobody ordered it",
    { ...well, reported: "disconnected" },
    { stage: "reconnect_due", control: "connect" },
  ],
];

describe("what follows from", () => {
  test.each(situations)("%s", (_title, facts, expected) => {
    const decision = decide(facts, policy, now);
    expect(decision).toMatchObject(expected);
    // What a situation does not name must not happen.
    for (const key of ["control", "event", "withdraw"] as const) {
      if (
        key === "event" &&
        expected.event === undefined &&
        (expected.control ?? expected.withdraw ?? expected.held) !== undefined
      )
        continue;
      if (!(key in expected)) expect(decision[key], key).toBeUndefined();
    }
  });

  test.each([
    ["the minute before protection ends", "2026-11-04T08:59:59+08:00", "protected_hours"],
    ["the minute it ends", "2026-11-04T09:00:00+08:00", undefined],
    ["the last minute", "2026-11-04T16:59:59+08:00", undefined],
    ["the evening", "2026-11-04T17:00:00+08:00", "protected_hours"],
    ["Saturday", "2026-11-07T11:00:00+08:00", "protected_day"],
    ["a holiday", "2026-10-01T11:00:00+08:00", "protected_day"],
  ])("a due cut in %s", (_title, text, held) => {
    const moment = at(text);
    const facts = { ...broke, lastReadingAt: moment, warned2At: instant(moment - 61 * MINUTE_MS) };
    expect(decide(facts, policy, moment).held).toBe(held);
  });
});

const STAGES: SupplyStage[] = [
  "normal",
  "warned_1",
  "warned_2",
  "notice_served",
  "close_permitted",
  "cut_due",
  "cut_sent",
  "cut",
  "reconnect_due",
  "reconnect_sent",
  "unknown",
];
const anyFacts: fc.Arbitrary<SupplyFacts> = fc.record({
  utility: fc.constantFrom("electricity", "gas", "water"),
  zone: fc.constant("Asia/Shanghai"),
  stage: fc.constantFrom(...STAGES),
  desired: fc.constantFrom("connected", "disconnected"),
  reported: fc.constantFrom("connected", "disconnected", "moving", "fault", "unknown"),
  reportedAt: fc.constantFrom(null, ago(1), ago(100)),
  available: fc.constantFrom(null, yuan(-1), yuan(0), yuan(3), yuan(10), yuan(100)),
  lastReadingAt: fc.constantFrom(null, ago(1), ago(100)),
  estimated: fc.boolean(),
  useHeld: fc.boolean(),
  protectedReason: fc.constantFrom(null, "ventilator"),
  warned2At: fc.constantFrom(null, ago(1), ago(100)),
  lastCreditAt: fc.constantFrom(null, ago(1), ago(100)),
  held: fc.constant(""),
  open: fc.constantFrom(
    null,
    { action: "disconnect", state: "queued" },
    { action: "disconnect", state: "sent" },
    { action: "connect", state: "queued" },
  ),
  lastUnknownAt: fc.constantFrom(null, ago(1), ago(100)),
  cutsSentLastHour: fc.constantFrom(0, 3),
  cutsQueued: fc.constantFrom(0, 3),
  holds: fc.subarray(["pause", "dispute", "stop_window", "protection"]),
  temperature: fc.constantFrom(null, { lowC: -5, highC: 3 }, { lowC: 24, highC: 38 }, { lowC: 12, highC: 20 }),
  noticeServedAt: fc.constantFrom(null, ago(1), ago(100)),
  band: fc.constantFrom(null, yuan(0.5), yuan(2)),
  emergency: fc.constantFrom(null, { amount: yuan(1), takenAt: ago(10) }),
  secondNoticeAt: fc.constantFrom(null, ago(1), ago(50), ago(2000)),
  secondNoticeServedAt: fc.constantFrom(null, ago(1), ago(50)),
  cutsSentInBuilding: fc.constantFrom(0, 2),
  cutsQueuedInBuilding: fc.constantFrom(0, 2),
} as Record<keyof SupplyFacts, fc.Arbitrary<never>>);

test("in no situation at all is a cut ordered against a guard, or a second order queued beside a cut that stands", () => {
  fc.assert(
    fc.property(anyFacts, (facts) => {
      const decision = decide(facts, twice, now);
      if (decision.control !== "disconnect") return;
      expect((facts.available?.minor ?? 0n) + (facts.band?.minor ?? 0n)).toBeLessThan(0n);
      expect(now - (facts.secondNoticeAt ?? now)).toBeGreaterThanOrEqual(30 * MINUTE_MS);
      expect(now - (facts.secondNoticeAt ?? 0)).toBeLessThan(24 * 60 * MINUTE_MS);
      expect(facts.open).toBeNull();
      expect(facts).toMatchObject({ utility: "electricity", protectedReason: null, estimated: false, useHeld: false });
      expect(facts.available?.minor).toBeLessThan(1n);
      expect(now - (facts.lastReadingAt ?? 0)).toBeLessThanOrEqual(60 * MINUTE_MS);
      expect(now - (facts.warned2At ?? now)).toBeGreaterThanOrEqual(60 * MINUTE_MS);
      expect(facts.cutsSentLastHour + facts.cutsQueued).toBeLessThan(3);
      expect(facts.holds).toEqual([]);
    }),
    { seed: 20261104, numRuns: 5000 },
  );
});
