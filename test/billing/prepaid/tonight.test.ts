import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { SupplyFacts } from "../../../billing/prepaid/decide.ts";
import { forecast, type Outlooked } from "../../../billing/prepaid/tonight/forecast.ts";
import { supplyTonight } from "../../../billing/prepaid/tonight/read.ts";
import { type Instant, instant, instantOfIso, isoIn, MINUTE_MS } from "../../../domain/instant.ts";
import { money } from "../../../domain/money.ts";
import { day } from "../../../domain/period.ts";
import type { PrepaidPolicy } from "../../../domain/policy.ts";
import { Station } from "./station.ts";

const zone = "Asia/Shanghai";
const at = (text: string): Instant => instantOfIso(`2026-${text}:00+08:00`) ?? (0 as Instant);
const now = at("11-04T20:00"); // a Wednesday evening
const ago = (minutes: number) => instant(now - minutes * MINUTE_MS);
const title = { zh: "测试", en: "test" };

const policy: PrepaidPolicy = {
  id: "test",
  version: "1",
  effectiveFrom: day("2025-01-01"),
  title,
  source: ["invented for the test"],
  currency: "CNY",
  warn1: "20",
  warn2: "5",
  cutBelow: "0",
  reconnectAbove: "0",
  utilities: ["electricity"],
  noticeMinutes: 60,
  creditGraceMinutes: 30,
  readingAgeMinutesMax: 60,
  protectedHours: [{ from: "17:00", to: "09:00" }],
  protectedWeekdays: [6, 7],
  protectedDays: [],
  holidays: "cn",
  coldAtC: 0,
  cutsPerHourMax: 2,
  cutsPerHourPerBuildingMax: 1,
  order: { attemptsMax: 5, proofWithinSeconds: 60, unknownRetryMinutes: 15 },
};
/** Below the limit since yesterday, warned, everything known. */
const broke: SupplyFacts = {
  utility: "electricity",
  zone,
  stage: "cut_due",
  desired: "connected",
  reported: "connected",
  reportedAt: ago(5),
  available: money("CNY", -500n),
  band: null,
  lastReadingAt: ago(5),
  estimated: false,
  useHeld: false,
  protectedReason: null,
  holds: [],
  temperature: null,
  noticeServedAt: ago(1000),
  emergency: null,
  secondNoticeAt: null,
  secondNoticeServedAt: null,
  warned2At: ago(1000),
  lastCreditAt: null,
  held: "protected_hours",
  open: null,
  lastUnknownAt: null,
  cutsSentLastHour: 0,
  cutsQueued: 0,
  cutsSentInBuilding: 0,
  cutsQueuedInBuilding: 0,
};
const home = (accountId: bigint, of: Partial<Outlooked> = {}, facts: Partial<SupplyFacts> = {}): Outlooked => ({
  accountId,
  facts: { ...broke, ...facts },
  policy,
  building: String(accountId),
  holds: [],
  temperatures: new Map(),
  cuts: [],
  dueAt: now,
  ...of,
});
const hold = (kind: "pause" | "dispute" | "protection", until: Instant | null) => [{ kind, from: ago(60), until }];
const text = (when: Instant | null | undefined) => (when == null ? null : isoIn(when, zone).slice(5, 16));

test.each<[title: string, of: Partial<Outlooked>, facts: Partial<SupplyFacts>, shut: object, cutAt: string | null]>([
  ["protected hours end at nine", {}, {}, { protected_hours: "11-05T09:00" }, "11-05T09:00"],
  [
    "a Friday night waits for Monday",
    { dueAt: at("11-06T18:00") },
    {},
    { protected_hours: "11-05T09:00" },
    "11-09T09:00",
  ],
  [
    "money lasts until noon tomorrow",
    { dueAt: at("11-05T12:00") },
    {},
    { protected_hours: "11-05T09:00" },
    "11-05T12:00",
  ],
  ["money lasts", { dueAt: null }, {}, { protected_hours: "11-05T09:00" }, null],
  [
    "a dispute without an end: somebody must act",
    { holds: hold("dispute", null) },
    {},
    { disputed: null, protected_hours: "11-05T09:00" },
    null,
  ],
  [
    "a pause until ten",
    { holds: hold("pause", at("11-05T10:00")) },
    {},
    { paused: "11-05T10:00", protected_hours: "11-05T09:00" },
    "11-05T10:00",
  ],
  [
    "protection of the account itself never ends",
    { holds: hold("protection", at("11-05T10:00")) },
    { protectedReason: "oxygen at home" },
    { protected_customer: null, protected_hours: "11-05T09:00" },
    null,
  ],
  [
    "an old reading: only another reading opens it",
    {},
    { lastReadingAt: ago(61) },
    { stale_reading: null, protected_hours: "11-05T09:00" },
    null,
  ],
  [
    "frost is foretold for tomorrow",
    { temperatures: new Map([["2026-11-05" as never, { lowC: -2, highC: 4 }]]) },
    {},
    { protected_hours: "11-05T09:00" },
    "11-06T09:00",
  ],
  [
    "a notice of a day, given an hour ago",
    { policy: { ...policy, noticeMinutes: 24 * 60 } },
    { warned2At: ago(60) },
    { notice_running: "11-05T19:00", protected_hours: "11-05T09:00" },
    "11-06T09:00",
  ],
  [
    "a notice that was not served",
    { policy: { ...policy, noticeServed: true } },
    { noticeServedAt: null },
    { notice_not_served: null, notice_running: null, protected_hours: "11-05T09:00" },
    null,
  ],
  [
    "nobody was warned yet: the notice runs from now at the earliest",
    { policy: { ...policy, noticeMinutes: 20 * 60 } },
    { warned2At: null, noticeServedAt: null, stage: "warned_1" },
    { notice_running: "11-05T16:00", protected_hours: "11-05T09:00" },
    "11-05T16:00",
  ],
  [
    "a second notice of half an hour goes out when nothing else stands against the cut",
    { policy: { ...policy, secondNoticeMinutes: 30 } },
    {},
    { protected_hours: "11-05T09:00", second_notice: "11-05T09:30" },
    "11-05T09:30",
  ],
])("tonight: %s", (_title, of, facts, shut, cutAt) => {
  const [seen] = forecast([home(1n, of, facts)], now);
  const waiting = seen?.guards.filter(({ passes }) => !passes).map(({ guard, opensAt }) => [guard, text(opensAt)]);
  expect(Object.fromEntries(waiting ?? [])).toEqual(shut);
  expect(text(seen?.cutAt)).toBe(cutAt);
});

test("hourly limits put cuts one behind the other, in a building and in all", () => {
  const plan = forecast([home(1n, { building: "A" }), home(2n, { building: "A" }), home(3n), home(4n)], now);
  expect(plan.map(({ cutAt }) => text(cutAt))).toEqual(["11-05T09:00", "11-05T10:00", "11-05T09:00", "11-05T10:00"]);
  const sent = { at: at("11-05T08:30"), building: "A" };
  const morning = at("11-05T09:00");
  const [first] = forecast([home(1n, { building: "A", cuts: [sent], dueAt: morning })], morning);
  expect(first?.guards.filter(({ passes }) => !passes).map(({ guard, opensAt }) => [guard, text(opensAt)])).toEqual([
    ["stale_reading", null],
    ["building_cap", "11-05T09:30"],
  ]);
});

describe("on the books", () => {
  let station: Station;
  beforeAll(async () => {
    station = await Station.open();
  });
  beforeEach(() => station.begin());
  afterAll(() => station.close());

  test("who is warned is listed with what is going to happen, and it does", async () => {
    const [rich, poor] = [await station.moveIn("1", 500), await station.moveIn("2", 100)];
    await rich.uses(20);
    await poor.uses(99); // 1 yuan left
    station.later(30 * MINUTE_MS);
    await poor.uses(110);
    await rich.uses(21);
    const look = (hours: number) =>
      station.fresh.db.as(station.town.operatorId, (trx) => supplyTonight(trx, station.deps, station.now, hours));
    const seen = await look(12);
    expect(seen).toMatchObject({ well: 1, off: 0, leftOut: 0 });
    expect(seen.rows).toMatchObject([{ accountId: poor.account, verdict: "under_way", stage: "cut_due" }]);
    await poor.pay(5); // what is left is below zero still, and the credit's grace runs
    await poor.reports("connected");
    const [row] = (await look(12)).rows;
    expect(row).toMatchObject({ verdict: "cut", dueAt: station.now });
    // Its second warning was taken back by the credit: the notice begins anew with the next look.
    expect(text(row?.cutAt)).toBe(text(instant(station.now + 10 * MINUTE_MS)));
    station.later(10 * MINUTE_MS);
    await poor.uses(110);
    await station.dispatcher.turn();
    expect(station.wire.filter(({ action }) => action === "disconnect")).toHaveLength(1);
    expect(await look(1)).toMatchObject({ rows: [{ verdict: "under_way", stage: "cut_sent" }] });
  });
});
