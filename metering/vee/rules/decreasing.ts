import { READING_SOURCES } from "../../../domain/reading.ts";
import { type Found, ours, ruleOf, stretchesOf, units } from "../rule.ts";

/** A counter that fell and did not roll over. Below an estimate that is a correction, and noted. */
export const decreasing = ruleOf({
  name: "decreasing",
  version: 1,
  title: { zh: "读数倒退", en: "Decreasing register" },
  applies: { utilities: "all", kinds: ["cumulative"] },
  defaults: { step_micro: ours(0, "a counter never goes back, not by its smallest step") },
  find: (input, { step_micro }): readonly Found[] => {
    const { grown, value, source } = input.series;
    const told = (from: number, to: number) => ({ before: units(value[from - 1]), after: units(value[to]) });
    const fell = (i: number): boolean => (grown[i] as number) < -step_micro;
    const corrects = (i: number): boolean =>
      source[i - 1] === READING_SOURCES.estimate && source[i] !== READING_SOURCES.estimate;
    const faults = stretchesOf(input, (i) => fell(i) && !corrects(i), told);
    const corrections = stretchesOf(input, (i) => fell(i) && corrects(i), told, "noted");
    return corrections.length === 0 ? faults : [...faults, ...corrections];
  },
});
