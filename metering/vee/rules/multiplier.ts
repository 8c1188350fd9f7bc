import { DAY_MS, HOUR_MS } from "../../../domain/instant.ts";
import { covered, medianOf, NOTHING, ours, ruleOf, units } from "../rule.ts";

/** Use changed by just the meter's ratio, or by the factor between two of its ratios: applied twice, not at all, or the old one. */
export const multiplier = ruleOf({
  name: "multiplier",
  version: 1,
  title: { zh: "倍率疑错", en: "Multiplier" },
  applies: { utilities: "all", kinds: ["cumulative"] },
  defaults: {
    near_percent: ours(25, "a home's day differs from its median by so much, while ratios differ by factors"),
    factor_percent: ours(300, "a factor below three is told from use by nobody"),
    days: ours(7, "a week holds every weekday once"),
    hours: ours(18, "less of a day does not stand for a day"),
    daily_micro: ours(500_000, "of less than half a unit a day a factor cannot be told"),
  },
  find: (input, t) => {
    const { ratios } = input.meter;
    const { recentDaily } = input.history;
    if (ratios.length === 0 || recentDaily.length < t.days || input.covered_ms < t.hours * HOUR_MS) return NOTHING;
    const usual = medianOf(recentDaily);
    const daily = (input.used * DAY_MS) / input.covered_ms;
    if (usual < t.daily_micro || daily <= 0) return NOTHING;
    const changed = daily / usual;
    for (const factor of factorsOf(ratios)) {
      const large = Math.max(factor, 1 / factor) >= t.factor_percent / 100;
      if (large && Math.abs(changed / factor - 1) <= t.near_percent / 100) {
        return covered(input, {
          daily: units(daily),
          recent_daily: units(usual),
          factor: `${Number(factor.toPrecision(9))}`,
        });
      }
    }
    return NOTHING;
  },
});

/** The ratio in force, its inverse, and what lies between it and each one before. */
function factorsOf(ratios: readonly { readonly ratio: number }[]): number[] {
  const now = ratios.at(-1)?.ratio ?? 1;
  const all = [now, ...ratios.slice(0, -1).map(({ ratio }) => now / ratio)];
  return all.filter((factor) => factor > 0 && Number.isFinite(factor)).flatMap((factor) => [factor, 1 / factor]);
}
