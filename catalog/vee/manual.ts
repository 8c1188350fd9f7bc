import type { RuleGroup } from "../../domain/vee.ts";

/**
 * What a person reads and types, days or weeks apart: no rule that needs intervals, and wider limits where a day's time
 * of reading, a rounded digit or a month between visits move the figures.
 */
export const manual: RuleGroup = {
  id: "manual",
  title: { zh: "人工抄表（宽松）", en: "Manual (looser)" },
  rules: {
    duplicate: {},
    inactive_meter: { use_micro: 1_000_000 },
    negative: {},
    decreasing: {},
    rollover: {},
    high_low: { high_percent: 600, low_percent: 5 },
    zero_use: { days: 30 },
    multiplier: {},
    unit: {},
    future: { ahead_seconds: 86_400 },
    sentinel: {},
    prolonged_estimation: { days: 93 },
    over_capacity: {},
    check_meter: { off_percent: 8, off_micro: 2_000_000 },
    vacancy_use: { use_micro: 2_000_000 },
  },
  why: {
    "inactive_meter.use_micro": "a person rounds to whole units: one may appear between two looks",
    "high_low.high_percent": "the hour of reading differs from visit to visit",
    "high_low.low_percent": "the hour of reading differs from visit to visit",
    "zero_use.days": "a home away for a month is common, and the next visit tells",
    "future.ahead_seconds": "a typed day without an hour may stand for its end",
    "prolonged_estimation.days": "a locked door is found locked again; three months before somebody must go in",
    "check_meter.off_percent": "the two are not read in the same minute",
    "check_meter.off_micro": "whole units at either end of both",
    "vacancy_use.use_micro": "whole units at either end",
  },
};
