/** Names of the validation rules; a verdict of one says `vee.<name>`. What each does: `metering/vee/rules`. */
export const VEE_RULES = [
  "duplicate",
  "inactive_meter",
  "negative",
  "decreasing",
  "rollover",
  "spike",
  "high_low",
  "zero_use",
  "missing",
  "interval_size",
  "sum",
  "multiplier",
  "unit",
  "clock",
  "future",
  "stale",
  "sentinel",
  "prolonged_estimation",
  "over_capacity",
  "check_meter",
  "leak",
  "vacancy_use",
] as const;
export type VeeRuleName = (typeof VEE_RULES)[number];

/**
 * Which rules judge what comes from one kind of source, in order, and where their thresholds differ from the rule's own.
 * A rule that is not named does not judge.
 */
export type RuleGroup = {
  /** Stable, lower case with hyphens. */
  readonly id: string;
  readonly title: { readonly zh: string; readonly en: string };
  readonly rules: Partial<Record<VeeRuleName, Readonly<Record<string, number>>>>;
  /** Why each changed threshold is what it is, as `rule.threshold`. */
  readonly why: Readonly<Record<string, string>>;
};
