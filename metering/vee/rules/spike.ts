import { HOUR_MS, type Instant } from "../../../domain/instant.ts";
import { RATE_SPAN_MIN_MS } from "../series.ts";
import { NOTHING, ours, ruleOf, units } from "../rule.ts";

/** The highest interval against the third-highest, by rate. Only what stands near the capacity, where one is known. */
export const spike = ruleOf({
  name: "spike",
  version: 1,
  title: { zh: "尖峰突增", en: "Spike" },
  applies: { utilities: "all", kinds: ["cumulative"] },
  defaults: {
    over_third_percent: ours(180, "a true peak lasts or comes again: the third-highest is near it"),
    capacity_percent: ours(25, "a kettle or a bath stands out of a quiet day without being a fault"),
    intervals: ours(12, "among fewer, the third-highest says little"),
  },
  find: ({ series, meter, first, end }, t) => {
    const { at, grown } = series;
    let [one, two, three, place] = [0, 0, 0, 0];
    const begin = Math.max(first, 1);
    if (end - begin < t.intervals) return NOTHING;
    for (let i = begin; i < end; i++) {
      const span = (at[i] as number) - (at[i - 1] as number);
      const rate = (grown[i] as number) / (span < RATE_SPAN_MIN_MS ? RATE_SPAN_MIN_MS : span);
      if (rate <= three) continue;
      if (rate > one) [one, two, three, place] = [rate, one, two, i];
      else if (rate > two) [two, three] = [rate, two];
      else three = rate;
    }
    const least = ((meter.capacityPerHour ?? 0) * t.capacity_percent) / 100 / HOUR_MS;
    if (one === 0 || one < least || one <= three * (1 + t.over_third_percent / 100)) return NOTHING;
    const inputs = { highest_per_hour: units(one * HOUR_MS), third_per_hour: units(three * HOUR_MS) };
    return [{ from: at[place - 1] as Instant, to: at[place] as Instant, inputs }];
  },
});
