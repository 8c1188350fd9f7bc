import { day } from "../../domain/period.ts";
import type { PrepaidPolicy } from "../../domain/policy.ts";

/** Flats of an estate in China: three days of served notice, working hours of working days, never on a cold or hot day. */
export const chinaEstate: PrepaidPolicy = {
  id: "cn-estate",
  version: "1",
  effectiveFrom: day("2025-01-01"),
  title: { zh: "居民小区预付费规则", en: "Prepaid rules of an estate in China" },
  source: [
    "《供电营业规则》停限电程序：停电通知书提前三至七天送达 (notice served three to seven days before); confirm the text in force",
    "《供电营业规则》停限电程序：停电前三十分钟再通知用户一次 (told once more half an hour before); confirm the text in force",
    "《电力供应与使用条例》第三十九条: 欠费经催交仍未交付方可按程序停电; confirm",
    "Amounts, hours, temperatures and caps are a proposal: confirm with the utility, the owners' meeting and the contract.",
  ],
  currency: "CNY",
  warn1: "50.00",
  warn2: "20.00",
  cutBelow: "-10.00",
  reconnectAbove: "0.00",
  utilities: ["electricity"],
  noticeMinutes: 3 * 24 * 60,
  noticeServed: true,
  secondNoticeMinutes: 30,
  creditGraceMinutes: 24 * 60,
  readingAgeMinutesMax: 120,
  protectedHours: [{ from: "16:00", to: "09:00" }],
  protectedWeekdays: [5, 6, 7],
  protectedDays: [],
  holidays: "cn",
  coldAtC: 0,
  hotAtC: 35,
  cutsPerHourMax: 10,
  cutsPerHourPerBuildingMax: 3,
  order: { attemptsMax: 5, proofWithinSeconds: 60, unknownRetryMinutes: 15 },
};
