import { DAY_MS, HOUR_MS } from "../../../domain/instant.ts";
import { covered, medianOf, NOTHING, ours, ruleOf, units } from "../rule.ts";

/** Use per day against the meter's own last days and the same season a year ago: outside the span of both. */
export const highLow = ruleOf({
  name: "high_low",
  version: 1,
  title: { zh: "用量过高或过低", en: "High or low use" },
  applies: { utilities: "all", kinds: ["cumulative"] },
  defaults: {
    high_percent: ours(400, "guests and cold days double or triple a home's use"),
    low_percent: ours(10, "a home left for a day still runs its refrigerator; below a tenth something stopped"),
    daily_micro: ours(2_000_000, "under 2 units a day every change is a large share"),
    hours: ours(18, "less of a day does not stand for a day"),
    days: ours(7, "a week holds every weekday once"),
  },
  find: (input, t) => {
    const { recentDaily, seasonDaily } = input.history;
    if (input.covered_ms < t.hours * HOUR_MS || recentDaily.length < t.days) return NOTHING;
    const recent = medianOf(recentDaily);
    const [low, high] = [Math.min(recent, seasonDaily ?? recent), Math.max(recent, seasonDaily ?? recent)];
    const daily = (input.used * DAY_MS) / input.covered_ms;
    const tooHigh = daily > (Math.max(high, t.daily_micro) * t.high_percent) / 100;
    // No use at all is another rule's.
    const tooLow = input.used > 0 && low >= t.daily_micro && daily < (low * t.low_percent) / 100;
    if (!tooHigh && !tooLow) return NOTHING;
    return covered(input, {
      daily: units(daily),
      recent_daily: units(recent),
      ...(seasonDaily === null ? {} : { season_daily: units(seasonDaily) }),
    });
  },
});
