import type { VeeRuleName } from "../../domain/vee.ts";
import type { Rule } from "./rule.ts";
import { duplicate } from "./rules/duplicate.ts";
import { inactiveMeter } from "./rules/inactive-meter.ts";
import { negative } from "./rules/negative.ts";
import { decreasing } from "./rules/decreasing.ts";
import { rollover } from "./rules/rollover.ts";
import { spike } from "./rules/spike.ts";
import { highLow } from "./rules/high-low.ts";
import { zeroUse } from "./rules/zero-use.ts";
import { missing } from "./rules/missing.ts";
import { intervalSize } from "./rules/interval-size.ts";
import { sum } from "./rules/sum.ts";
import { multiplier } from "./rules/multiplier.ts";
import { unit } from "./rules/unit.ts";
import { clock } from "./rules/clock.ts";
import { future } from "./rules/future.ts";
import { stale } from "./rules/stale.ts";
import { sentinel } from "./rules/sentinel.ts";
import { prolongedEstimation } from "./rules/prolonged-estimation.ts";
import { overCapacity } from "./rules/over-capacity.ts";
import { checkMeter } from "./rules/check-meter.ts";
import { leak } from "./rules/leak.ts";
import { vacancyUse } from "./rules/vacancy-use.ts";

/** Every rule by its name. */
export const RULES: Readonly<Record<VeeRuleName, Rule>> = {
  duplicate,
  inactive_meter: inactiveMeter,
  negative,
  decreasing,
  rollover,
  spike,
  high_low: highLow,
  zero_use: zeroUse,
  missing,
  interval_size: intervalSize,
  sum,
  multiplier,
  unit,
  clock,
  future,
  stale,
  sentinel,
  prolonged_estimation: prolongedEstimation,
  over_capacity: overCapacity,
  check_meter: checkMeter,
  leak,
  vacancy_use: vacancyUse,
};
