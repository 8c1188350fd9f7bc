import { HOUR_MS } from "../../../domain/instant.ts";
import { covered, NOTHING, ours, ruleOf } from "../rule.ts";

/** No use for days where there was use before and somebody lives: a stopped meter, a bypass, a home left unsaid. */
export const zeroUse = ruleOf({
  name: "zero_use",
  version: 1,
  title: { zh: "零用量", en: "Zero use" },
  applies: { utilities: "all", kinds: ["cumulative"] },
  defaults: {
    days: ours(3, "a weekend away is no fault"),
    hours: ours(18, "less of a day does not stand for a day"),
  },
  find: (input, t) => {
    if (input.used !== 0 || input.covered_ms < t.hours * HOUR_MS) return NOTHING;
    const { period } = input;
    if (input.meter.vacant.some(({ from, to }) => from < period.to && to > period.from)) return NOTHING;
    const lastUse = input.history.recentDaily.findLastIndex((daily) => daily !== 0);
    const still = input.history.recentDaily.length - lastUse;
    return lastUse < 0 || still < t.days ? NOTHING : covered(input, { days_without_use: `${still}` });
  },
});
