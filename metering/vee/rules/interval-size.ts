import { covered, medianOf, NOTHING, ours, ruleOf } from "../rule.ts";

/** The usual time between readings is not the one that was agreed: a device set otherwise than its record. */
export const intervalSize = ruleOf({
  name: "interval_size",
  version: 1,
  title: { zh: "采集间隔不符", en: "Interval size" },
  applies: { utilities: "all", kinds: ["cumulative", "instantaneous"] },
  defaults: {
    off_percent: ours(25, "clocks and queues move single readings, not the median by a quarter"),
    intervals: ours(4, "fewer do not show what is usual"),
  },
  find: (input, t) => {
    const { series, first, end } = input;
    const every = input.meter.readEvery_ms;
    const begin = Math.max(first, 1);
    if (every === null || every <= 0 || end - begin < t.intervals) return NOTHING;
    const allowed = (every * t.off_percent) / 100;
    // Where most intervals are right the median is; only else it is worth sorting for.
    let right = 0;
    const [least, most] = [input.meter.mayReadMore === true ? 0 : every - allowed, every + allowed];
    for (let i = begin; i < end; i++) {
      const span = (series.at[i] as number) - (series.at[i - 1] as number);
      if (span >= least && span <= most) right++;
    }
    if (right * 2 > end - begin) return NOTHING;
    const spans = new Float64Array(end - begin);
    for (let i = begin; i < end; i++) spans[i - begin] = (series.at[i] as number) - (series.at[i - 1] as number);
    const usual = medianOf(spans);
    if (usual >= least && usual <= most) return NOTHING;
    return covered(input, { usual_ms: `${usual}`, read_every_ms: `${every}` });
  },
});
