import { SECOND_MS } from "../../../domain/instant.ts";
import { ours, ruleOf, stretchesOf } from "../rule.ts";

/** Measured after it was received: no reading comes from tomorrow. */
export const future = ruleOf({
  name: "future",
  version: 1,
  title: { zh: "未来时刻", en: "From the future" },
  applies: { utilities: "all", kinds: ["cumulative", "instantaneous", "maximum"] },
  defaults: { ahead_seconds: ours(600, "more than clocks differ by when they are kept at all") },
  find: (input, { ahead_seconds }) => {
    const { at, receivedAt } = input.series;
    const ahead_ms = ahead_seconds * SECOND_MS;
    return stretchesOf(
      input,
      (i) => (at[i] as number) - (receivedAt[i] as number) > ahead_ms,
      (from) => ({ ahead_ms: `${(at[from] as number) - (receivedAt[from] as number)}` }),
    );
  },
});
