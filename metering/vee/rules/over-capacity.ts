import { HOUR_MS } from "../../../domain/instant.ts";
import { RATE_SPAN_MIN_MS } from "../series.ts";
import { NOTHING, ours, ruleOf, stretchesOf, units } from "../rule.ts";

/** More than the supply can carry: a wrong value or ratio, or a fuse that is not the one on record. */
export const overCapacity = ruleOf({
  name: "over_capacity",
  version: 1,
  title: { zh: "超过额定容量", en: "Over rated capacity" },
  applies: { utilities: "all", kinds: ["cumulative"] },
  defaults: { capacity_percent: ours(110, "fuses and valves carry a little more than is written on them") },
  find: (input, { capacity_percent }) => {
    const { grown, at } = input.series;
    const { capacityPerHour } = input.meter;
    if (capacityPerHour === null) return NOTHING;
    const most = (capacityPerHour * capacity_percent) / 100 / HOUR_MS;
    const rate = (i: number): number => {
      const span = (at[i] as number) - (at[i - 1] as number);
      return (grown[i] as number) / (span < RATE_SPAN_MIN_MS ? RATE_SPAN_MIN_MS : span);
    };
    return stretchesOf(
      input,
      (i) => i > 0 && rate(i) > most,
      (from) => ({ per_hour: units(rate(from) * HOUR_MS), capacity_per_hour: units(capacityPerHour) }),
    );
  },
});
