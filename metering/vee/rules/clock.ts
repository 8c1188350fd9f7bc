import { SECOND_MS } from "../../../domain/instant.ts";
import { covered, NOTHING, ours, ruleOf } from "../rule.ts";

/** A meter's clock that stands off the receiver's by the same all day. A backlog is no clock: its delays differ. */
export const clock = ruleOf({
  name: "clock",
  version: 1,
  title: { zh: "时钟偏差", en: "Clock" },
  applies: { utilities: "all", kinds: ["cumulative", "instantaneous", "maximum"] },
  defaults: {
    fast_seconds: ours(30, "nothing arrives before it was measured; half a minute is for two clocks that are kept"),
    slow_seconds: ours(
      300,
      "a queue may hold a reading for minutes; time-of-use edges stand five minutes wrong at most",
    ),
    steady_seconds: ours(120, "a wrong clock is wrong by the same; a late wire is not"),
    readings: ours(3, "two delays may be alike by chance"),
  },
  find: (input, t) => {
    const { at, receivedAt } = input.series;
    if (input.end - input.first < t.readings) return NOTHING;
    let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let i = input.first; i < input.end; i++) {
      const delay = (receivedAt[i] as number) - (at[i] as number);
      if (delay < least) least = delay;
      if (delay > most) most = delay;
    }
    if (most - least > t.steady_seconds * SECOND_MS) return NOTHING;
    if (most >= -t.fast_seconds * SECOND_MS && least <= t.slow_seconds * SECOND_MS) return NOTHING;
    return covered(input, { delay_least_ms: `${least}`, delay_most_ms: `${most}` });
  },
});
