import { HOUR_MS, type Instant } from "../../../domain/instant.ts";
import { MICRO_PER_UNIT } from "../../../domain/quantity.ts";
import type { RegisterName } from "../../../domain/register.ts";
import type { VeeInput } from "../input.ts";
import { type Found, NOTHING, ours, ruleOf, units } from "../rule.ts";
import { placeAfter, type Series } from "../series.ts";

/** What flows by the meter's own word, and how much of the counter's unit that makes in an hour. */
const FLOWS: readonly { readonly register: RegisterName; readonly perHour: number }[] = [
  { register: "power_w", perHour: 1 / 1000 },
  { register: "flow_m3_per_h", perHour: 1 },
];
/** Values of the real world that never keep their last digit for long. */
const RESTLESS: readonly RegisterName[] = ["voltage_l1_v", "frequency_hz"];

/** A counter that stands still while the meter says that something flows, or a meter all of whose values are frozen. */
export const stale = ruleOf({
  name: "stale",
  version: 1,
  title: { zh: "数据冻结", en: "Stale or frozen" },
  applies: { utilities: "all", kinds: ["cumulative"] },
  defaults: {
    still_hours: ours(2, "a counter of 0.01 unit shows the smallest flow below in that time"),
    flow_micro: ours(50_000, "0.05 unit an hour: above what a meter may ignore as its starting flow"),
    frozen_readings: ours(12, "mains voltage keeps all its digits twelve times only in a cache"),
  },
  find: (input, t): readonly Found[] =>
    input.neighbours.size === 0 ? NOTHING : [...stillWhileFlowing(input, t), ...frozen(input, t)],
});

function stillWhileFlowing(
  { series, neighbours, first, end }: VeeInput,
  t: { still_hours: number; flow_micro: number },
): Found[] {
  const flow = FLOWS.find(({ register }) => neighbours.has(register));
  const told = flow === undefined ? undefined : neighbours.get(flow.register);
  if (flow === undefined || told === undefined) return [];
  const found: Found[] = [];
  for (let i = Math.max(first, 1); i < end; i++) {
    if (series.grown[i] !== 0) continue;
    const from = series.at[i - 1] as number;
    while (i + 1 < end && series.grown[i + 1] === 0) i++;
    const to = series.at[i] as number;
    if (to - from < t.still_hours * HOUR_MS) continue;
    const mean = meanBetween(told, from, to) * flow.perHour;
    if (mean < t.flow_micro) continue;
    const inputs = { value: units(series.value[i]), by: flow.register, flow_per_hour: units(mean) };
    found.push({ from: from as Instant, to: to as Instant, inputs });
  }
  return found;
}

function meanBetween(series: Series, from: number, to: number): number {
  const [begin, end] = [placeAfter(series, from), placeAfter(series, to)];
  let total = 0;
  for (let i = begin; i < end; i++) total += series.value[i] as number;
  return end > begin ? total / (end - begin) : 0;
}

function frozen({ period, neighbours }: VeeInput, t: { frozen_readings: number }): Found[] {
  const restless = RESTLESS.map((name) => neighbours.get(name)).find((series) => series !== undefined);
  if (restless === undefined) return [];
  const { at, value } = restless;
  const end = placeAfter(restless, period.to);
  const found: Found[] = [];
  for (let i = placeAfter(restless, period.from); i < end; i++) {
    const from = i;
    while (i + 1 < end && value[i + 1] === value[from]) i++;
    // A voltage of 0 is a phase without supply, and that may last.
    if (i - from + 1 < t.frozen_readings || Math.abs(value[from] as number) < Number(MICRO_PER_UNIT)) continue;
    const inputs = { register: restless.register, value: units(value[from]), readings: `${i - from + 1}` };
    found.push({ from: at[from] as Instant, to: at[i] as Instant, inputs });
  }
  return found;
}
