import { expect, test } from "vitest";
import { decide, type SupplyFacts } from "../../../billing/prepaid/decide.ts";
import { type Instant, instant } from "../../../domain/instant.ts";
import type { PrepaidPolicy } from "../../../domain/policy.ts";
import {
  ago,
  at,
  broke,
  cut,
  now,
  policy,
  queued,
  restoring,
  type Situation,
  twice,
  well,
  yuan,
} from "./situations.ts";

const toldTwice: SupplyFacts = { ...broke, stage: "cut_due", held: "second_notice", secondNoticeAt: ago(30) };
test.each<Situation>([
  [
    "nothing stands against the cut but the second notice: it is given",
    broke,
    { event: "second_notice", givesSecondNotice: true, held: "second_notice", stage: "cut_due" },
  ],
  [
    "it was given a minute too short ago",
    { ...toldTwice, secondNoticeAt: ago(29) },
    { held: "second_notice", stage: "cut_due" },
  ],
  ["it was given long enough ago", toldTwice, { control: "disconnect", event: "cut_due" }],
  [
    "it was given yesterday: it is given anew",
    { ...toldTwice, warned2At: ago(3000), secondNoticeAt: ago(1440) },
    { event: "second_notice", givesSecondNotice: true },
  ],
  [
    "it was given before the second warning of today",
    { ...toldTwice, secondNoticeAt: ago(62) },
    { event: "second_notice" },
  ],
  [
    "another guard stands in the way: nobody is told yet",
    { ...broke, holds: ["dispute"] },
    { held: "disputed", event: "cut_held" },
  ],
  [
    "at sending it is too old",
    { ...queued, warned2At: ago(3000), secondNoticeAt: ago(1441) },
    { withdraw: true, event: "cut_withdrawn", held: "second_notice", desired: "connected" },
  ],
])("a second notice before the cut: %s", (_title, facts, expected) => {
  const decision = decide(facts, twice, now);
  expect(decision).toMatchObject(expected);
  if (expected.control === undefined) expect(decision.control).toBeUndefined();
  if (expected.event === undefined) expect(decision.event).toBeUndefined();
});

test.each<Situation>([
  [
    "the second warning was delivered",
    { ...well, stage: "warned_2", available: yuan(1), warned2At: ago(5), noticeServedAt: ago(4) },
    { stage: "notice_served", event: "notice_served" },
  ],
  [
    "and that was told",
    { ...well, stage: "notice_served", available: yuan(1), warned2At: ago(5), noticeServedAt: ago(4) },
    { stage: "notice_served" },
  ],
  [
    "the message bounced: it counts no more",
    { ...well, stage: "notice_served", available: yuan(1), warned2At: ago(5) },
    { stage: "warned_2" },
  ],
  [
    "nothing is left, and the notice runs",
    { ...broke, warned2At: ago(59), noticeServedAt: ago(58) },
    { stage: "notice_served", held: "notice_running", event: "notice_served" },
  ],
  ["a cent below the limit, and two may be guessed", { ...broke, band: yuan(0.02) }, { stage: "warned_2" }],
  [
    "a cent below the limit, and one may be guessed: zero is not below",
    { ...broke, band: yuan(0.01) },
    { stage: "warned_2" },
  ],
  [
    "two cents below the limit, and one may be guessed",
    { ...broke, available: yuan(-0.02), band: yuan(0.01) },
    { control: "disconnect" },
  ],
  [
    "ordered off, and by the customer's edge there is enough",
    { ...queued, band: yuan(0.01) },
    { withdraw: true, desired: "connected" },
  ],
  ["off, and by the customer's edge there is enough", { ...cut, band: yuan(1) }, { control: "connect" }],
  [
    "permitted to close, and nobody has pressed yet",
    { ...restoring, stage: "close_permitted", open: { action: "connect", state: "sent" } },
    { stage: "close_permitted", desired: "connected" },
  ],
  [
    "permitted to close, and the order ended without a press",
    { ...restoring, stage: "close_permitted", open: null, lastUnknownAt: ago(20) },
    { stage: "reconnect_due", control: "connect" },
  ],
])("on the walk: %s", (_title, facts, expected) => {
  const decision = decide(facts, policy, now);
  expect(decision).toMatchObject(expected);
  if (expected.control === undefined) expect(decision.control).toBeUndefined();
  if (expected.event === undefined)
    expect(["cut_withdrawn", undefined, "reconnect_due", "cut_due"]).toContain(decision.event);
});

const strict: PrepaidPolicy = {
  ...policy,
  holidays: "cn",
  coldAtC: 0,
  hotAtC: 35,
  noticeServed: true,
  cutsPerHourPerBuildingMax: 1,
};
const served: SupplyFacts = { ...broke, warned2At: ago(100), noticeServedAt: ago(61) };
test.each<[title: string, facts: SupplyFacts, held: string | undefined, at?: string]>([
  ["nothing but money", served, undefined],
  ["a notice that was never served", { ...served, noticeServedAt: null }, "notice_not_served"],
  ["a notice served a short while ago", { ...served, noticeServedAt: ago(59) }, "notice_running"],
  ["a pause of the operator", { ...served, holds: ["pause"] }, "paused"],
  ["a dispute", { ...served, holds: ["dispute"] }, "disputed"],
  ["a supply reported out of use", { ...served, holds: ["stop_window"] }, "stop_window"],
  ["protection with evidence", { ...served, holds: ["protection"] }, "protected_customer"],
  ["a cold day", { ...served, temperature: { lowC: 0, highC: 6 } }, "protected_weather"],
  ["a hot day", { ...served, temperature: { lowC: 25, highC: 35 } }, "protected_weather"],
  ["a mild day", { ...served, temperature: { lowC: 0.1, highC: 34.9 } }, undefined],
  ["a cut in the building within the hour", { ...served, cutsSentInBuilding: 1 }, "building_cap"],
  ["a cut in the building that waits", { ...served, cutsQueuedInBuilding: 1 }, "building_cap"],
  ["National Day", served, "holiday", "2026-10-05T11:00:00+08:00"],
  ["a year whose holidays are not announced", served, "holiday", "2031-10-15T11:00:00+08:00"],
])("a strict policy looks at %s", (_title, facts, held, when) => {
  const moment = when === undefined ? now : at(when);
  const shift = (then: Instant | null) => (then === null ? null : instant(then + (moment - now)));
  const moved = {
    ...facts,
    lastReadingAt: shift(facts.lastReadingAt),
    warned2At: shift(facts.warned2At),
    noticeServedAt: shift(facts.noticeServedAt),
  };
  const decision = decide(moved, strict, moment);
  expect(decision.held).toBe(held);
  expect(decision.control).toBe(held === undefined ? "disconnect" : undefined);
});
