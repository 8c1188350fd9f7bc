import { DAY_MS, type Instant, instant, isoOf } from "../../domain/instant.ts";
import type { Period } from "../../domain/period.ts";
import { decimalText, type Micro } from "../../domain/quantity.ts";
import { daysText, evenly, type Method, type UsePoint, usedAt, usedBetween } from "./input.ts";

/** Three billing periods tell a home's use without last season's. Our choice. */
const LOOKS_BACK_MS = 92 * DAY_MS;
/** Less than two weeks may be one holiday. Our choice. */
const SPAN_MIN_MS = 14 * DAY_MS;
const THIRDS = 3;

/** The daily average of recent periods goes on. */
export const recentAverage: Method = {
  name: "recent_average",
  version: 1,
  growth({ history, last, at }) {
    const first = history.find((point) => point.at >= last.at - LOOKS_BACK_MS);
    const end = usedAt(history, last.at, 0);
    if (first === undefined || end === null || last.at - first.at < SPAN_MIN_MS) {
      return "less than 14 days of readings before the last one";
    }
    const [used, span_ms, for_ms] = [end - first.used, last.at - first.at, at - last.at];
    return {
      growth: evenly(used, span_ms, for_ms),
      basis: {
        from: isoOf(first.at),
        used: decimalText(used),
        per_day: decimalText(evenly(used, span_ms, DAY_MS)),
        days: daysText(for_ms),
      },
      uncertainty: scatterOf(history, { from: first.at, to: last.at }, for_ms),
    };
  },
};

/** Half the distance between the busiest and the quietest third, for the time to estimate. */
function scatterOf(history: readonly UsePoint[], { from, to }: Period, for_ms: number): Micro {
  const uses = [1, 2, 3].map((third) => {
    const [start, end] = [third - 1, third].map((n) => instant(from + Math.trunc(((to - from) * n) / THIRDS)));
    return usedBetween(history, start as Instant, end as Instant, to - from) ?? 0n;
  });
  const least = uses.reduce((a, b) => (b < a ? b : a));
  const most = uses.reduce((a, b) => (b > a ? b : a));
  return evenly((most - least) * BigInt(THIRDS), 2 * (to - from), for_ms);
}
