/**
 * Rating: one account with 2,880 intervals, three tiers × four times of use, ratings per second of the engine, which adds whole
 * millionths and prices sums, against the same rule with a Decimal for every interval. Both answers are compared.
 * Run: node bench/rate.ts [--seconds N] [--json]
 */
import { parseArgs } from "node:util";
import { report, tableText } from "./report.ts";
import { byDecimal, byEngine, INTERVALS, usageOfThirtyDays } from "./rate/decimal-twin.ts";

const { values: options } = parseArgs({
  options: { seconds: { type: "string", default: "3" }, json: { type: "boolean", default: false } },
});
const ROUNDS = 5;
const RATIO_MIN = 30;

const usage = usageOfThirtyDays();

/** Ratings per second in about this time; the usage is new to the engine each time but for its values. */
function speed(rate: (given: typeof usage) => unknown, ms: number): number {
  const begun = performance.now();
  let done = 0;
  while (performance.now() - begun < ms) {
    rate({ ...usage, slices: [...usage.slices] });
    done++;
  }
  return (done * 1000) / (performance.now() - begun);
}

const median = (all: readonly number[]): number => all.toSorted((a, b) => a - b)[all.length >> 1] ?? 0;

const [engine, decimal] = [byEngine(usage), byDecimal(usage)];
const keys = [...new Set([...Object.keys(engine), ...Object.keys(decimal)])].sort();
const apart = keys.filter((key) => engine[key] !== decimal[key]);

const part = (Number(options.seconds) * 1000) / ROUNDS / 2;
const seen: { engine: number; decimal: number }[] = [];
for (let round = 0; round <= ROUNDS; round++) {
  const both = { engine: speed(byEngine, part), decimal: speed(byDecimal, part) };
  if (round > 0) seen.push(both); // the first warms both up
}
const perSecond = { engine: median(seen.map((one) => one.engine)), decimal: median(seen.map((one) => one.decimal)) };
const ratio = median(seen.map((one) => one.engine / one.decimal));
const isGood = apart.length === 0 && ratio >= RATIO_MIN;

report(
  { intervals: INTERVALS, lines: keys.length, differing: apart, perSecond, ratio, least: RATIO_MIN, isGood },
  () => {
    const table = tableText([
      {
        rule: "whole millionths, prices on sums",
        "ratings/s": Math.round(perSecond.engine),
        ratio: Number(ratio.toFixed(1)),
      },
      { rule: "a Decimal for every interval", "ratings/s": Math.round(perSecond.decimal), ratio: 1 },
    ]);
    return `${table}\n${keys.length} lines of ${INTERVALS} intervals, ${apart.length} of them differ; at least ${RATIO_MIN} times is asked: ${isGood ? "met" : "NOT met"}`;
  },
);
if (!isGood) process.exitCode = 1;
