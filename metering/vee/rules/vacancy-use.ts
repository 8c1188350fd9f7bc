import { type Found, NOTHING, ours, ruleOf, units } from "../rule.ts";
import { placeAfter } from "../series.ts";
import { overlap } from "../../../domain/period.ts";

/** Use where nobody lives: a moved-in home without a contract, a leak, a tap on the neighbour. */
export const vacancyUse = ruleOf({
  name: "vacancy_use",
  version: 1,
  title: { zh: "空置有用量", en: "Use while vacant" },
  applies: { utilities: "all", kinds: ["cumulative"] },
  defaults: { use_micro: ours(500_000, "half a unit: a meter's test and a viewing with the light on") },
  find: ({ series, meter, period }, { use_micro }): readonly Found[] => {
    if (meter.vacant.length === 0) return NOTHING;
    return meter.vacant.flatMap((vacant) => {
      const stretch = overlap(vacant, period);
      if (stretch === null) return [];
      // Only what flowed between readings inside: at the edges somebody may still have been, or have come.
      const begin = placeAfter(series, stretch.from - 1);
      const end = placeAfter(series, stretch.to);
      if (end - begin < 2) return [];
      const used = (series.total[end - 1] as number) - (series.total[begin] as number);
      return used > use_micro ? [{ ...stretch, inputs: { used: units(used) } }] : [];
    });
  },
});
