import type { PrepaidPolicy } from "../../domain/policy.ts";
import { chinaEstate } from "./china-estate.ts";

/** Homes and farms of a rural supply station: a longer overdraft (the counter is far), mornings only, so that money can be brought the same day. */
export const chinaStation: PrepaidPolicy = {
  ...chinaEstate,
  id: "cn-station",
  title: { zh: "农村供电所预付费规则", en: "Prepaid rules of a rural supply station in China" },
  warn1: "30.00",
  warn2: "10.00",
  cutBelow: "-20.00",
  emergencyCredit: { amount: "20.00", offeredBelow: "0.00" },
  creditGraceMinutes: 12 * 60,
  readingAgeMinutesMax: 180,
  protectedHours: [{ from: "12:00", to: "09:00" }],
  protectedWeekdays: [6, 7],
  cutsPerHourMax: 20,
  cutsPerHourPerBuildingMax: 5,
  order: { attemptsMax: 5, proofWithinSeconds: 120, unknownRetryMinutes: 30 },
};
