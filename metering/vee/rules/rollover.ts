import { HOUR_MS } from "../../../domain/instant.ts";
import { RATE_SPAN_MIN_MS } from "../series.ts";
import { type Found, ours, ruleOf, stretchesOf, units } from "../rule.ts";

/** A dial that began again at zero: noted, and doubtful when so much use over the end is unlike the meter. */
export const rollover = ruleOf({
  name: "rollover",
  version: 1,
  title: { zh: "表盘翻转", en: "Dial rollover" },
  applies: { utilities: "all", kinds: ["cumulative"] },
  defaults: {
    capacity_percent: ours(50, "above half of what can flow, a meter set back to zero is as likely as a dial's end"),
  },
  find: (input, { capacity_percent }): readonly Found[] => {
    const { rolled, grown, at, value } = input.series;
    const { dialMax, capacityPerHour } = input.meter;
    const most = ((capacityPerHour ?? Number.POSITIVE_INFINITY) * capacity_percent) / 100 / HOUR_MS;
    const doubtful = (i: number): boolean =>
      (grown[i] as number) > most * Math.max((at[i] as number) - (at[i - 1] as number), RATE_SPAN_MIN_MS);
    const told = (i: number) => ({
      before: units(value[i - 1]),
      after: units(value[i]),
      grown: units(grown[i]),
      dial_max: units(dialMax ?? 0),
    });
    const calm = stretchesOf(input, (i) => rolled[i] === 1 && !doubtful(i), told, "noted");
    const odd = stretchesOf(input, (i) => rolled[i] === 1 && doubtful(i), told);
    return odd.length === 0 ? calm : [...calm, ...odd];
  },
});
