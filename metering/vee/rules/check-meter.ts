import type { Instant } from "../../../domain/instant.ts";
import { NOTHING, ours, ruleOf, units } from "../rule.ts";
import { growthBetween } from "../series.ts";

/** Against a second meter on the same supply, over the stretch that both know. */
export const checkMeter = ruleOf({
  name: "check_meter",
  version: 1,
  title: { zh: "与比对表不符", en: "Comparison with check meter" },
  applies: { utilities: "all", kinds: ["cumulative"] },
  defaults: {
    off_percent: ours(4, "two meters of class 2 may stand at opposite ends of what they are allowed"),
    off_micro: ours(200_000, "each is cut off at its last digit: 0.1 unit at either end"),
  },
  find: ({ series, check, first, end }, t) => {
    if (check === null || check.count < 2 || end <= first) return NOTHING;
    const from = Math.max(series.at[Math.max(first - 1, 0)] as number, check.at[0] as number);
    const to = Math.min(series.at[end - 1] as number, check.at[check.count - 1] as number);
    if (from >= to) return NOTHING;
    const [used, checked] = [growthBetween(series, from, to), growthBetween(check, from, to)];
    if (used === null || checked === null) return NOTHING;
    const off = Math.abs(used - checked);
    if (off <= t.off_micro || off <= (Math.abs(checked) * t.off_percent) / 100) return NOTHING;
    return [{ from: from as Instant, to: to as Instant, inputs: { used: units(used), checked: units(checked) } }];
  },
});
