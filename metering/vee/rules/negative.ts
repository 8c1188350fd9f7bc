import { ours, ruleOf, stretchesOf, units } from "../rule.ts";

/** A counter below zero: a wrong sign, a wrong word type, reversed wiring that was netted. */
export const negative = ruleOf({
  name: "negative",
  version: 1,
  title: { zh: "负读数", en: "Negative register" },
  applies: { utilities: "all", kinds: ["cumulative", "maximum"] },
  defaults: { floor_micro: ours(0, "a counter begins at zero") },
  find: (input, { floor_micro }) => {
    const { value } = input.series;
    return stretchesOf(
      input,
      (i) => (value[i] as number) < floor_micro,
      (from) => ({ value: units(value[from]) }),
    );
  },
});
