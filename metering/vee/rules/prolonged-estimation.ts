import { DAY_MS, type Instant } from "../../../domain/instant.ts";
import { READING_SOURCES } from "../../../domain/reading.ts";
import { NOTHING, ours, ruleOf } from "../rule.ts";

/** No actual reading for long: what is billed is a belief, and its correction grows with every month. */
export const prolongedEstimation = ruleOf({
  name: "prolonged_estimation",
  version: 1,
  title: { zh: "长期估抄", en: "Prolonged estimation" },
  applies: { utilities: "all", kinds: ["cumulative"] },
  defaults: { days: ours(62, "two monthly bills by estimate; the third is not defended easily") },
  find: ({ series, history, period, end }, { days }) => {
    let last = end - 1;
    while (last >= 0 && series.source[last] === READING_SOURCES.estimate) last--;
    const actual = last >= 0 ? (series.at[last] as Instant) : history.lastActualAt;
    if (actual === null || period.to - actual <= days * DAY_MS) return NOTHING;
    return [{ from: actual, to: period.to, inputs: { days: `${Math.floor((period.to - actual) / DAY_MS)}` } }];
  },
});
