import type { Instant } from "../../../domain/instant.ts";
import { REGISTERS } from "../../../domain/register.ts";
import { covered, type Found, ours, ruleOf, units } from "../rule.ts";

/** Between units that registers come in: kilo to one and mega, gigajoule to kilowatt-hour, litre to cubic metre, cubic foot. */
const FACTORS = [1000, 1_000_000, 3.6, 277.777_777_8, 35.314_666_7];

/** The source names another unit than the register's, or the register's whole level moved by the factor between two units. */
export const unit = ruleOf({
  name: "unit",
  version: 1,
  title: { zh: "单位疑错", en: "Unit" },
  applies: { utilities: "all", kinds: ["cumulative"] },
  defaults: {
    near_permille: ours(5, "between two readings a lifetime counter moves by less than that"),
    level_micro: ours(100_000_000, "on a young counter below 100 units growth itself may be a factor"),
  },
  find: (input, t): readonly Found[] => {
    const { statedUnit } = input.meter;
    const { register, at, value } = input.series;
    const wanted = REGISTERS[register].unit;
    if (statedUnit !== null && statedUnit !== wanted) return covered(input, { stated: statedUnit, register: wanted });
    const near = t.near_permille / 1000;
    const found: Found[] = [];
    for (let i = Math.max(input.first, 1); i < input.end; i++) {
      const [before, after] = [value[i - 1] as number, value[i] as number];
      const [low, high] = before < after ? [before, after] : [after, before];
      if (high < low * 2 || low <= 0 || high < t.level_micro || before < t.level_micro) continue;
      const factor = FACTORS.find((f) => Math.abs(high / low / f - 1) <= near);
      if (factor === undefined) continue;
      const inputs = { before: units(before), after: units(after), factor: `${factor}` };
      found.push({ from: at[i - 1] as Instant, to: at[i] as Instant, inputs });
    }
    return found;
  },
});
