import { HOUR_MS, type Instant, instant } from "../domain/instant.ts";
import type { Micro } from "../domain/quantity.ts";
import { type RegisterName, REGISTERS } from "../domain/register.ts";
import type { Unit, Utility } from "../domain/unit.ts";
import { accumulationOf, microOfUom, OTHER_UOMS, registerOf, sourceOf, type Uom, UOMS } from "./espi-codes.ts";
import type { IntervalReading, ReadingType } from "./espi-entry.ts";
import type { FeedSeries } from "./feed.ts";
import type { Refused } from "./report.ts";

/** A series that fits a register: what its values mean. */
export type SeriesPlan = {
  readonly series: FeedSeries;
  readonly register: RegisterName;
  readonly unit: Unit;
  readonly accumulation: "delta" | "register";
  readonly uom: Uom;
  readonly multiplier: number;
  readonly defaultQuality: number | null;
};

/** One value in the register's unit: the use of `[from, to)`, or what the register showed at `to`. */
export type SeriesValue = {
  readonly line: number;
  readonly from: Instant;
  readonly to: Instant;
  readonly micro: Micro;
  readonly source: "import" | "estimate";
};

/** 2000-01-01T00:00Z: a clock that was never set says 1970. */
const EARLIEST = 946_684_800_000;
const INT64_MAX = 2n ** 63n - 1n;

/** What a series fills, or why it cannot be taken. @param stated stands in for a reading type that the feed does not have */
export function planOf(series: FeedSeries, utility: Utility, stated: ReadingType | null): SeriesPlan | Refused {
  const no = (why: string): Refused => ({
    line: series.line,
    what: `series ${JSON.stringify(series.title || series.key)} (${series.readings.length} values)`,
    why,
  });
  const type = series.type ?? stated;
  if (type === null) return no("it has no ReadingType, so that nobody can know its unit: state one with --uom");
  const code = type.uom ?? stated?.uom ?? null;
  const uom = code === null ? undefined : UOMS.get(code);
  if (uom === undefined)
    return no(
      code === null
        ? "its ReadingType has no uom: state one with --uom"
        : `uom ${code}: ${OTHER_UOMS[code] ?? "not a quantity that the books keep"}`,
    );
  if (Math.abs(type.multiplier) > 12) return no(`powerOfTenMultiplier ${type.multiplier} is out of range`);
  const accumulation = accumulationOf(type.accumulation);
  if (accumulation === null)
    return no(`accumulationBehaviour ${type.accumulation} is neither use per interval (4) nor a register (1, 3, 9)`);
  if (type.tier !== 0) return no(`consumption tier ${type.tier}: a part of a total that has no register`);
  if (type.qualifier !== null && [2, 5, 7, 8, 9, 16, 17, 23, 24, 25].includes(type.qualifier))
    return no(`dataQualifier ${type.qualifier}: an average, extreme or threshold and not a quantity`);
  const fits = registerOf(utility, uom.measures, type.flow, type.tou);
  if ("refused" in fits) return no(fits.refused);
  const { register } = fits;
  const { multiplier, defaultQuality } = type;
  return { series, register, unit: REGISTERS[register].unit, accumulation, uom, multiplier, defaultQuality };
}

/** Values in order of time, and those of which something is missing or impossible. */
export function valuesOf(plan: SeriesPlan, now: Instant): { values: SeriesValue[]; refused: Refused[] } {
  const values: SeriesValue[] = [];
  const refused: Refused[] = [];
  for (const reading of plan.series.readings) {
    const value = valueOf(reading, plan, now);
    if (typeof value === "string") refused.push({ line: reading.line, what: whatOf(reading), why: value });
    else values.push(value);
  }
  values.sort((a, b) => a.from - b.from || a.to - b.to || a.line - b.line);
  return { values, refused };
}

function valueOf(reading: IntervalReading, plan: SeriesPlan, now: Instant): SeriesValue | string {
  const { start, seconds, count, text, qualities, line } = reading;
  if (count === null)
    return text === "" ? "it has no value" : `its value ${JSON.stringify(text)} is not a whole number`;
  if (start === null) return "it has no time: neither a timePeriod, nor a block's start with the type's intervalLength";
  if (seconds === null || seconds < 0) return "its duration is missing or negative";
  if (plan.accumulation === "delta" && seconds === 0) return "its duration is 0: use needs a stretch of time";
  const end = (start + seconds) * 1000;
  if (start * 1000 < EARLIEST) return "it was measured before 2000";
  if (end > now) return "it ends in the future";
  const origin = sourceOf(qualities.length > 0 ? qualities : [plan.defaultQuality ?? 0]);
  if ("refused" in origin) return origin.refused;
  const micro = microOfUom(count, plan.multiplier, plan.uom);
  if (micro < 0n) return "it is negative: neither a use nor a register of use can be";
  if (micro > INT64_MAX) return "it is greater than the books can hold";
  return { line, from: instant(start * 1000), to: instant(end), micro, source: origin.source };
}

const whatOf = ({ start, text }: IntervalReading): string =>
  `interval ${start === null || start > 8e12 || start < -8e12 ? "without a time" : `from ${Temporal.Instant.fromEpochMilliseconds(start * 1000).toString()}`}${text === "" ? "" : `, value ${text}`}`;

/** What the column `capacity_per_hour` can hold: numeric(18, 6). */
const CAPACITY_MAX = 10n ** 18n - 1n;

/** Millionths per hour of the greatest use, doubled and at least one unit: what is feasible where nobody states it. Our choice. */
export function capacityOf(plans: readonly { plan: SeriesPlan; values: readonly SeriesValue[] }[]): Micro {
  let most = 500_000n;
  for (const { plan, values } of plans) {
    for (const [i, value] of values.entries()) {
      const before = plan.accumulation === "delta" ? { to: value.from, micro: 0n } : values[i - 1];
      if (before === undefined || before.to >= value.to) continue;
      const rate = ((value.micro - before.micro) * BigInt(HOUR_MS)) / BigInt(value.to - before.to);
      if (rate > most) most = rate;
    }
  }
  return most * 2n < CAPACITY_MAX ? most * 2n : CAPACITY_MAX;
}
