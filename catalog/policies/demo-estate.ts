import { day } from "../../domain/period.ts";
import type { PrepaidPolicy } from "../../domain/policy.ts";

/** Flats of the demo estate: cuts by day on working days only, an hour after the second warning. */
export const demoEstate: PrepaidPolicy = {
  id: "demo-estate",
  version: "1",
  effectiveFrom: day("2025-01-01"),
  title: { zh: "演示小区预付费规则", en: "Prepaid rules of the demo estate" },
  source: [
    "Invented for the demo; confirm amounts, hours and notice with the utility and the contract before real use.",
  ],
  currency: "CNY",
  warn1: "20.00",
  warn2: "5.00",
  cutBelow: "0.00",
  reconnectAbove: "0.00",
  utilities: ["electricity"],
  noticeMinutes: 60,
  creditGraceMinutes: 60,
  readingAgeMinutesMax: 120,
  protectedHours: [{ from: "17:00", to: "09:00" }],
  protectedWeekdays: [6, 7],
  protectedDays: [],
  cutsPerHourMax: 6,
  order: { attemptsMax: 5, proofWithinSeconds: 60, unknownRetryMinutes: 15 },
};
