import { HOUR_MS, MINUTE_MS, type Instant } from "../../../domain/instant.ts";
import type { Period } from "../../../domain/period.ts";
import type { VeeInput } from "../input.ts";
import { NOTHING, ours, ruleOf, units } from "../rule.ts";
import { placeAfter } from "../series.ts";

/** Water or gas that never rests in a night. Heaters and cisterns rest; a leak does not. */
export const leak = ruleOf({
  name: "leak",
  version: 1,
  title: { zh: "疑似泄漏", en: "Leak" },
  applies: { utilities: ["water", "gas"], kinds: ["cumulative"] },
  defaults: {
    still_minutes: ours(60, "in five hours of night every home is still for one"),
    nights: ours(1, "an open gas pipe does not wait; a single night of a party is seen by a person at once"),
    hours: ours(3, "less of a night says nothing"),
  },
  find: (input, t) => {
    if (input.nights.length < t.nights) return NOTHING;
    let [used, hours] = [0, 0];
    for (const night of input.nights) {
      const seen = nightOf(input, night);
      if (seen.hours < t.hours || seen.still_ms >= t.still_minutes * MINUTE_MS || seen.used <= 0) return NOTHING;
      used += seen.used;
      hours += seen.hours;
    }
    const [first, last] = [input.nights[0] as Period, input.nights.at(-1) as Period];
    const inputs = { nights: `${input.nights.length}`, per_hour: units(used / hours) };
    return [{ from: first.from as Instant, to: last.to as Instant, inputs }];
  },
});

/** What flowed between the readings that lie in the night, and the longest stretch without. */
function nightOf({ series }: VeeInput, night: Period): { hours: number; still_ms: number; used: number } {
  const begin = placeAfter(series, night.from - 1);
  const end = placeAfter(series, night.to);
  if (end - begin < 2) return { hours: 0, still_ms: 0, used: 0 };
  let [still_ms, longest] = [0, 0];
  for (let i = begin + 1; i < end; i++) {
    still_ms = series.grown[i] === 0 ? still_ms + ((series.at[i] as number) - (series.at[i - 1] as number)) : 0;
    if (still_ms > longest) longest = still_ms;
  }
  return {
    hours: ((series.at[end - 1] as number) - (series.at[begin] as number)) / HOUR_MS,
    still_ms: longest,
    used: (series.total[end - 1] as number) - (series.total[begin] as number),
  };
}
