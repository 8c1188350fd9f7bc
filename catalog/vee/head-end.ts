import type { RuleGroup } from "../../domain/vee.ts";

/** What machines send by themselves: every rule, at its own thresholds. */
export const headEnd: RuleGroup = {
  id: "head-end",
  title: { zh: "自动采集（严格）", en: "Head end (strict)" },
  rules: {
    duplicate: {},
    inactive_meter: {},
    negative: {},
    decreasing: {},
    rollover: {},
    spike: {},
    high_low: {},
    zero_use: {},
    missing: {},
    interval_size: {},
    sum: {},
    multiplier: {},
    unit: {},
    clock: {},
    future: {},
    stale: {},
    sentinel: {},
    prolonged_estimation: {},
    over_capacity: {},
    check_meter: {},
    leak: {},
    vacancy_use: {},
  },
  why: {},
};
