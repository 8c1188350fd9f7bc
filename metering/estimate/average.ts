import { DAY_MS, type Instant, isoOf } from "../../domain/instant.ts";
import { decimalText, type Micro } from "../../domain/quantity.ts";
import { daysText, evenly, type Method, usedAt } from "./input.ts";

/** Three billing periods tell a home's use without last season's. Our choice. */
const LOOKS_BACK_MS = 92 * DAY_MS;
/** Less than two weeks may be one holiday. Our choice. */
const SPAN_MIN_MS = 14 * DAY_MS;
const THIRDS = 3;

/** The daily average of recent periods goes on. */
export const average: Method = {
  name: "average",
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
      uncertainty: scatterOf(
        (of) => usedAt(history, (first.at + Math.trunc((span_ms * of) / THIRDS)) as Instant, span_ms),
        span_ms,
        for_ms,
      ),
    };
  },
};

/** Half the distance between the busiest and the quietest third, for the time to estimate. */
function scatterOf(usedAfter: (thirds: number) => Micro | null, span_ms: number, for_ms: number): Micro | null {
  const marks = [0, 1, 2, 3].map(usedAfter);
  let [least, most]: (Micro | null)[] = [null, null];
  for (let i = 1; i < marks.length; i++) {
    const [a, b] = [marks[i - 1], marks[i]];
    if (a === null || b === null || a === undefined || b === undefined) return null;
    if (least === null || b - a < least) least = b - a;
    if (most === null || b - a > most) most = b - a;
  }
  if (least === null || most === null) return null;
  return evenly((most - least) * BigInt(THIRDS), 2 * span_ms, for_ms);
}
