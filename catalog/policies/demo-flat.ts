import type { PrepaidPolicy } from "../../domain/policy.ts";
import { demoEstate } from "./demo-estate.ts";

/** The one demo flat that a newcomer may watch run out at any hour: no notice, no grace, no protected time. */
export const demoFlat: PrepaidPolicy = {
  ...demoEstate,
  id: "demo-flat",
  title: {
    zh: "演示户预付费规则（无保护时段，仅供演示）",
    en: "Rules of the demo flat (no protected hours, for show only)",
  },
  source: ["Invented for the demo. Never for a real customer: it has no notice and no protected time."],
  noticeMinutes: 0,
  creditGraceMinutes: 0,
  protectedHours: [],
  protectedWeekdays: [],
  protectedDays: [],
};
