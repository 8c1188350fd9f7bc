import { ours, ruleOf, stretchesOf, units } from "../rule.ts";

/** Use on a meter before it was installed or after it was removed. */
export const inactiveMeter = ruleOf({
  name: "inactive_meter",
  version: 1,
  title: { zh: "停用表有用量", en: "Use on an inactive meter" },
  applies: { utilities: "all", kinds: ["cumulative"] },
  defaults: {
    use_micro: ours(0, "a meter on the shelf or taken off does not count at all"),
  },
  find: (input, { use_micro }) => {
    const { at, grown, total } = input.series;
    const { installedAt, removedAt } = input.meter;
    const end = removedAt ?? Number.POSITIVE_INFINITY;
    return stretchesOf(
      input,
      (i) =>
        i > 0 && (grown[i] as number) > use_micro && ((at[i] as number) <= installedAt || (at[i - 1] as number) >= end),
      (from, to) => ({ used: units((total[to] as number) - (total[from - 1] as number)) }),
    );
  },
});
