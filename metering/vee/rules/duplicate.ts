import { ruleOf, units } from "../rule.ts";

/** Several readings of one instant: the same value again is noted, another value is doubtful. */
export const duplicate = ruleOf({
  name: "duplicate",
  version: 1,
  title: { zh: "重复读数", en: "Duplicate reading" },
  applies: { utilities: "all", kinds: ["cumulative", "instantaneous", "maximum"] },
  defaults: {},
  find: ({ series, period }) =>
    series.twins
      .filter(({ at }) => at > period.from && at <= period.to)
      .map(({ at, values }) => ({
        result: values.every((value) => value === values[0]) ? "noted" : "suspect",
        from: at,
        to: at,
        inputs: { values: values.map(units).join(" ") },
      })),
});
