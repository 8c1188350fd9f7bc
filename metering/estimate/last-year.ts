import { DAY_MS, type Instant, instant, isoOf } from "../../domain/instant.ts";
import type { Zone } from "../../domain/period.ts";
import { decimalText } from "../../domain/quantity.ts";
import { type Method, usedBetween } from "./input.ts";

/** How far back the two years' levels are compared. Two periods. Our choice. */
const LEVEL_MS = 60 * DAY_MS;
/** Last year's ends are known well enough from monthly readings. Our choice. */
const APART_MS = 35 * DAY_MS;
/** Beyond four times or a quarter of last year's level it is another household. Our choice. */
const RATIO_MAX = 4n;

/** The same days last year, scaled by how the weeks before compare between the years. */
export const lastYear: Method = {
  name: "last_year",
  version: 1,
  growth({ history, last, at, zone }) {
    const before = instant(last.at - LEVEL_MS);
    const [a, b, c] = [yearEarlier(before, zone), yearEarlier(last.at, zone), yearEarlier(at, zone)];
    const then = usedBetween(history, b, c, APART_MS);
    const levelThen = usedBetween(history, a, b, APART_MS);
    const levelNow = usedBetween(history, before, last.at, APART_MS);
    if (then === null || levelThen === null) return "no monthly readings of the same period last year";
    if (levelNow === null) return "no monthly readings of the last 60 days";
    if (levelThen <= 0n) return "nothing was used in the weeks before, last year";
    if (levelNow > levelThen * RATIO_MAX || levelNow * RATIO_MAX < levelThen) {
      return "the level is above four times or below a quarter of last year's";
    }
    return {
      growth: (then * levelNow) / levelThen,
      basis: {
        last_year_from: isoOf(b),
        last_year_to: isoOf(c),
        last_year_used: decimalText(then),
        level_last_year: decimalText(levelThen),
        level_now: decimalText(levelNow),
      },
      uncertainty: null,
    };
  },
};

const yearEarlier = (at: Instant, zone: Zone): Instant =>
  instant(Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone).subtract({ years: 1 }).epochMilliseconds);
