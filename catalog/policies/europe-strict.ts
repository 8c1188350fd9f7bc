import { day } from "../../domain/period.ts";
import type { PrepaidPolicy } from "../../domain/policy.ts";

/** As strict as European households know it: four weeks of served notice, no cut before a weekend, in winter's cold or on a holiday. */
export const europeStrict: PrepaidPolicy = {
  id: "eu-strict",
  version: "1",
  effectiveFrom: day("2025-01-01"),
  title: { zh: "严格规则（欧洲式）", en: "Strict rules, as in Europe" },
  source: [
    "Directive (EU) 2019/944, Articles 10(11) and 28: alternatives told well before a planned disconnection, none for vulnerable customers in critical times; confirm in national law",
    "Directive (EU) 2024/1711, Article 28a: protection from disconnection; confirm in national law",
    "Days, amounts and temperatures are a proposal. Amounts are in the currency of the demo; holidays are China's calendar until another one is in catalog/calendars.",
  ],
  currency: "CNY",
  warn1: "100.00",
  warn2: "50.00",
  cutBelow: "-50.00",
  emergencyCredit: { amount: "50.00", offeredBelow: "0.00" },
  debtShare: { percent: 25, max: "50.00" },
  reconnectAbove: "-50.00",
  utilities: ["electricity"],
  noticeMinutes: 28 * 24 * 60,
  noticeServed: true,
  secondNoticeMinutes: 120,
  creditGraceMinutes: 7 * 24 * 60,
  readingAgeMinutesMax: 60,
  protectedHours: [{ from: "13:00", to: "09:00" }],
  protectedWeekdays: [5, 6, 7],
  protectedDays: [],
  holidays: "cn",
  coldAtC: 5,
  hotAtC: 32,
  cutsPerHourMax: 5,
  cutsPerHourPerBuildingMax: 1,
  order: { attemptsMax: 3, proofWithinSeconds: 60, unknownRetryMinutes: 15 },
};
