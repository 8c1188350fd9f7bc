import { day } from "../../domain/period.ts";
import type { PrepaidPolicy } from "../../domain/policy.ts";

/** Homes of the demo supply station: a small overdraft, cuts on any day outside the night. */
export const demoStation: PrepaidPolicy = {
  id: "demo-station",
  version: "1",
  effectiveFrom: day("2025-01-01"),
  title: { zh: "演示供电所预付费规则", en: "Prepaid rules of the demo supply station" },
  source: [
    "Invented for the demo; confirm amounts, hours and notice with the utility and the contract before real use.",
  ],
  currency: "CNY",
  warn1: "10.00",
  warn2: "2.00",
  cutBelow: "-2.00",
  reconnectAbove: "0.00",
  utilities: ["electricity"],
  noticeMinutes: 30,
  creditGraceMinutes: 30,
  readingAgeMinutesMax: 60,
  protectedHours: [{ from: "20:00", to: "08:00" }],
  protectedWeekdays: [],
  protectedDays: [],
  cutsPerHourMax: 10,
  order: { attemptsMax: 5, proofWithinSeconds: 60, unknownRetryMinutes: 10 },
};
