import type { Decision, SupplyFacts } from "../../../billing/prepaid/decide.ts";
import { type Instant, instant, instantOfIso, MINUTE_MS } from "../../../domain/instant.ts";
import { money } from "../../../domain/money.ts";
import { day } from "../../../domain/period.ts";
import type { PrepaidPolicy } from "../../../domain/policy.ts";

export const at = (text: string): Instant => instantOfIso(text) ?? (0 as Instant);
export const now = at("2026-11-04T11:00:00+08:00"); // a Wednesday
export const ago = (minutes: number) => instant(now - minutes * MINUTE_MS);
export const yuan = (amount: number) => money("CNY", BigInt(Math.round(amount * 100)));

export const policy: PrepaidPolicy = {
  id: "test",
  version: "1",
  effectiveFrom: day("2025-01-01"),
  title: { zh: "测试", en: "test" },
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
  protectedDays: [day("2026-10-01")],
  cutsPerHourMax: 3,
  order: { attemptsMax: 5, proofWithinSeconds: 60, unknownRetryMinutes: 15 },
};

/** Supply flows, plenty of money. */
export const well: SupplyFacts = {
  utility: "electricity",
  zone: "Asia/Shanghai",
  stage: "normal",
  desired: "connected",
  reported: "connected",
  reportedAt: ago(10),
  available: yuan(100),
  band: null,
  lastReadingAt: ago(10),
  estimated: false,
  useHeld: false,
  protectedReason: null,
  holds: [],
  temperature: null,
  noticeServedAt: null,
  emergency: null,
  secondNoticeAt: null,
  secondNoticeServedAt: null,
  warned2At: null,
  lastCreditAt: null,
  held: "",
  open: null,
  lastUnknownAt: null,
  cutsSentLastHour: 0,
  cutsQueued: 0,
  cutsSentInBuilding: 0,
  cutsQueuedInBuilding: 0,
};
/** Nothing left, noticed long ago: due to be cut. */
export const broke: SupplyFacts = { ...well, stage: "warned_2", available: yuan(-0.01), warned2At: ago(61) };
export const queued: SupplyFacts = {
  ...broke,
  stage: "cut_due",
  desired: "disconnected",
  open: { action: "disconnect", state: "queued" },
};
export const sent: SupplyFacts = { ...queued, stage: "cut_sent", open: { action: "disconnect", state: "sent" } };
export const cut: SupplyFacts = {
  ...broke,
  stage: "cut",
  desired: "disconnected",
  reported: "disconnected",
  reportedAt: ago(1),
};
export const restoring: SupplyFacts = {
  ...cut,
  stage: "reconnect_due",
  desired: "connected",
  open: { action: "connect", state: "queued" },
};

export const twice: PrepaidPolicy = { ...policy, secondNoticeMinutes: 30 };

export type Situation = [title: string, facts: SupplyFacts, expected: Partial<Decision>];
