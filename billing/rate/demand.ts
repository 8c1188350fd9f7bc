import type { Line } from "../../domain/bill.ts";
import { CodedError } from "../../domain/errors.ts";
import { HOUR_MS, type Instant, isoIn, MINUTE_MS } from "../../domain/instant.ts";
import { dayOf, monthsWithin, type Period, type Zone } from "../../domain/period.ts";
import { MICRO_PER_UNIT, type Micro, roundDivide } from "../../domain/quantity.ts";
import type { DemandCharge, Ladder, Tariff, TouClock } from "../../domain/tariff.ts";
import type { TouPeriod, UsageSlice } from "../../domain/usage.ts";
import type { RateContext } from "../rate.ts";
import { coincidentKw } from "./coincident.ts";
import { touNames } from "./energy.ts";
import { priceAt } from "./energy-lines.ts";
import { contractedAt } from "./facts.ts";
import { climb, microOfDecimal, monthsIn } from "./ladder.ts";
import { lineHead, lineKey } from "./line.ts";
import type { Metered } from "./netting.ts";
import { lineAmount, roundedOnce } from "./price.ts";
import { slicesWithin } from "./slices.ts";
import type { MonthPeak, MovingState } from "./state.ts";
import type { VersionStretch } from "./stretch.ts";
import { timetableOf } from "./timetable.ts";

/** Without a window the intervals themselves are the windows: an hour at most, or nothing is known of the highest power. */
const LONGEST_WINDOW_MS = HOUR_MS;

type Window = { readonly window?: number; readonly sliding?: boolean };

/** Lines of a demand charge in one version's stretch: for each month (or the rated period), time of use and tier. */
export function demandLines(
  charge: DemandCharge,
  version: VersionStretch,
  metered: Metered,
  context: RateContext,
  state: MovingState,
): Line[] {
  const { tariff, stretch } = version;
  const parts = charge.per === "period" ? [stretch] : monthsWithin(stretch, tariff.zone);
  return parts.flatMap((part) => {
    const names = touNames(charge.tiers?.map((tier) => tier.price) ?? [charge.price ?? "0"]);
    const each: readonly (TouPeriod | null)[] = names.length === 0 ? [null] : names;
    return each.flatMap((tou) => {
      const billed = billedKw(charge, version, part, tou, metered, context, state);
      return billed === null ? [] : linesOf(charge, version, part, tou, billed, context);
    });
  });
}

/** Measured, then what the contract and the months before make of it. Null: this time of use has no hour here. */
function billedKw(
  charge: DemandCharge,
  { tariff }: VersionStretch,
  part: Period,
  tou: TouPeriod | null,
  metered: Metered,
  context: RateContext,
  state: MovingState,
): Billed | null {
  const contracted = () => contractedAt(context, "kW", charge.id, part.from, tariff.zone);
  if (charge.of === "contracted") return { kw: contracted() };
  const found = measuredKw(charge, tariff, part, tou, metered);
  if (found === null) return null;
  const { kw: measured, ...how } = found;
  const key = tou === null ? charge.id : `${charge.id}/${tou}`;
  const month = dayOf(part.from, tariff.zone).slice(0, 7);
  const before = state.peaks[key] ?? [];
  let kw = share(measured, charge.share ?? "1");
  for (const { percent, months, of } of charge.ratchet ?? []) {
    for (const peak of before) {
      const ago = monthsBetween(peak.month, month);
      if (ago < 1 || ago > months || !(of?.includes(Number(peak.month.slice(5))) ?? true)) continue;
      kw = larger(kw, share(peak.kw, percent));
    }
  }
  if (charge.ratchet !== undefined) {
    const kept = Math.max(...charge.ratchet.map(({ months }) => months));
    state.peaks[key] = withPeak(before, { month, kw: measured }, kept);
  }
  if (charge.minimumKw !== undefined) kw = larger(kw, microOfDecimal(charge.minimumKw));
  const least = charge.contracted?.atLeast;
  return { kw: least === undefined ? kw : larger(kw, share(contracted(), least)), ...how };
}

type Billed = { readonly kw: Micro } & Pick<Line, "measuredBy">;

/** Null: none of the hours that count lies in this part. */
function measuredKw(
  charge: DemandCharge,
  { zone, tou: clockOfTariff }: Tariff,
  part: Period,
  tou: TouPeriod | null,
  metered: Metered,
): Billed | null {
  if (charge.coincident !== undefined) {
    const measured = coincidentKw(charge.coincident, part, metered, charge.id, zone);
    if (measured !== null) return { kw: measured, measuredBy: "intervals" };
    return charge.ratchet === undefined ? null : { kw: 0n }; // months without an hour pay what the hours of others came to
  }
  const clock = charge.tou ?? clockOfTariff;
  const wanted = tou === null ? charge.in : [tou];
  if (wanted !== undefined && !hasHours(clock, zone, part, wanted, metered)) return null;
  const byRegister = charge.measure === "intervals" ? null : registerKw(part, metered, wanted);
  if (byRegister !== null) return { kw: byRegister, measuredBy: "register" };
  return { kw: highestIn(part, metered, charge, clock, zone, wanted, charge.id), measuredBy: "intervals" };
}

/** The highest that the meter's demand registers showed, when they speak of the whole part. */
function registerKw(part: Period, { demands }: Metered, wanted: readonly string[] | undefined): Micro | null {
  const read = demands
    .filter(({ period: { from, to } }) => from < part.to && to > part.from)
    .filter(({ tou }) => wanted === undefined || (tou !== undefined && wanted.includes(tou)))
    .sort((a, b) => a.period.from - b.period.from);
  let known: Instant = part.from;
  for (const { period } of read) if (period.from <= known && period.to > known) known = period.to;
  return known < part.to ? null : read.reduce((most, { kw }) => larger(most, kw), 0n);
}

const larger = (a: Micro, b: Micro): Micro => (a > b ? a : b);
const share = (kw: Micro, of: string): Micro => roundDivide(kw * microOfDecimal(of), MICRO_PER_UNIT);
const monthsBetween = (earlier: string, later: string): number =>
  (Number(later.slice(0, 4)) - Number(earlier.slice(0, 4))) * 12 + Number(later.slice(5)) - Number(earlier.slice(5));

/** One peak for each month, the newest `kept + 1` of them. */
function withPeak(before: readonly MonthPeak[], peak: MonthPeak, kept: number): MonthPeak[] {
  const same = before.find(({ month }) => month === peak.month);
  const others = before.filter(({ month }) => month !== peak.month);
  const all = [...others, same === undefined ? peak : { ...peak, kw: larger(same.kw, peak.kw) }];
  return all.sort((a, b) => (a.month < b.month ? -1 : 1)).slice(-(kept + 1));
}

function linesOf(
  charge: DemandCharge,
  { tariff }: VersionStretch,
  part: Period,
  tou: TouPeriod | null,
  { kw, measuredBy }: Billed,
  context: RateContext,
): Line[] {
  const head = lineHead(tariff, charge, part);
  const months = charge.per === "period" ? MICRO_PER_UNIT : monthsIn(part, tariff.zone);
  const tiers = charge.tiers ?? [{ upTo: null, price: charge.price ?? "0" }];
  const thresholds = tiers.slice(0, -1).map((tier) => microOfDecimal(tier.upTo ?? "0"));
  const lines = climb(thresholds, 0n, kw).flatMap((within, i): Line[] => {
    if (within === 0n && i > 0) return [];
    const tier = charge.tiers === undefined ? undefined : i + 1;
    return [demandLine(lineKey(head, tariff.zone, tier, tou), within, priceAt(tiers[i]?.price ?? "0", tou), tier)];
  });
  return [...roundedOnce(tariff.currency, lines, charge), ...overContract()];

  function demandLine(key: string, within: Micro, price: string, tier?: number): Line {
    const quantity = roundDivide(within * months, MICRO_PER_UNIT);
    return {
      key,
      ...head,
      kind: "demand",
      ...(tier === undefined ? {} : { tier }),
      ...(tou === null ? {} : { tou }),
      quantity,
      unit: "kW",
      price,
      amount: lineAmount(tariff.currency, quantity, price, charge),
      ...(measuredBy === undefined ? {} : { measuredBy }),
    };
  }

  /** What was drawn above the contract costs `factor` times: the line is the part of it above one. */
  function overContract(): Line[] {
    const { over, factor } = charge.contracted ?? {};
    if (over === undefined || factor === undefined) return [];
    const above = kw - share(contractedAt(context, "kW", charge.id, part.from, tariff.zone), over);
    if (above <= 0n) return [];
    const price = tiers.at(-1)?.price ?? "0";
    const more = share(above, factor) - above;
    const { zh, en } = charge.title;
    const title = { zh: `${zh}（超合同容量）`, en: `${en}, above the contract` };
    const line = demandLine(`${lineKey(head, tariff.zone, undefined, tou)}/over`, more, priceAt(price, tou));
    return [{ ...line, title }];
  }
}

/** Whether any hour of the part has one of these times of use, or a register for them was read. */
function hasHours(
  clock: TouClock | undefined,
  zone: Zone,
  part: Period,
  wanted: readonly string[],
  metered: Metered,
): boolean {
  if (metered.demands.some(({ tou }) => tou !== undefined && wanted.includes(tou))) return true;
  if (clock === undefined) return metered.drawn.some(({ tou }) => tou !== undefined && wanted.includes(tou));
  const timetable = timetableOf(clock, zone);
  for (let at: number = part.from; at < part.to; ) {
    const span = timetable.spanAt(at as Instant);
    if (wanted.includes(span.tou)) return true;
    at = span.to;
  }
  return false;
}

/** The kW that a ladder's tiers count with. */
export const ladderKw =
  (metered: Metered, context: RateContext, zone: Zone) =>
  (ladder: Ladder, stretch: Period): Micro | null => {
    if (ladder.kw === undefined) return null;
    if (ladder.kw.of === "contracted") return contractedAt(context, "kW", "ladder", stretch.from, zone);
    return (
      registerKw(stretch, metered, undefined) ??
      highestIn(stretch, metered, ladder.kw, undefined, zone, undefined, "ladder")
    );
  };

/**
 * The highest mean power of a part, by windows of the intervals.
 * @throws CodedError `usage.invalid` when the intervals are too long to show it
 */
function highestIn(
  part: Period,
  { drawn }: Metered,
  { window, sliding }: Window,
  clock: TouClock | undefined,
  zone: Zone,
  wanted: readonly string[] | undefined,
  charge: string,
): Micro {
  const slices = slicesWithin(drawn, part);
  const longest = window === undefined ? LONGEST_WINDOW_MS : window * MINUTE_MS;
  const long = slices.find(({ period, quantity }) => quantity !== 0n && period.to - period.from > longest);
  if (long !== undefined) {
    const { from, to } = long.period;
    throw new CodedError(
      "usage.invalid",
      `${isoIn(from, zone)}: \`${charge}\` needs the mean power of ${longest / MINUTE_MS} minutes, and this interval has ${(to - from) / MINUTE_MS}: give shorter intervals, or what the demand register showed (\`demand\`)`,
    );
  }
  const windows =
    window === undefined
      ? slices
      : sliding === true
        ? slidingOf(slices, longest, part)
        : blocksOf(slices, longest, part);
  let highest = 0n;
  const timetable = wanted === undefined || clock === undefined ? null : timetableOf(clock, zone);
  for (const { period, quantity, tou } of windows) {
    const kw = (quantity * BigInt(HOUR_MS)) / BigInt(window === undefined ? period.to - period.from : longest);
    if (kw <= highest) continue;
    const own = timetable?.spanAt(period.from).tou ?? tou;
    if (wanted === undefined || (own !== undefined && wanted.includes(own))) highest = kw;
  }
  return highest;
}

/** Windows one after another from the part's beginning; an interval over an edge is shared by time. */
function blocksOf(slices: readonly UsageSlice[], length: number, part: Period): UsageSlice[] {
  const blocks: UsageSlice[] = [];
  const byStart = new Map<number, number>();
  const put = (slice: UsageSlice, start: number, quantity: Micro) => {
    const i = byStart.get(start);
    const block = i === undefined ? undefined : blocks[i];
    if (i !== undefined && block !== undefined) blocks[i] = { ...block, quantity: block.quantity + quantity };
    else {
      byStart.set(start, blocks.length);
      blocks.push({ ...slice, period: { from: start as Instant, to: (start + length) as Instant }, quantity });
    }
  };
  for (const slice of slices) {
    const { from, to } = slice.period;
    const start = part.from + Math.floor((from - part.from) / length) * length;
    if (to <= start + length) put(slice, start, slice.quantity);
    else {
      const first = (slice.quantity * BigInt(start + length - from)) / BigInt(to - from);
      put(slice, start, first);
      put(slice, start + length, slice.quantity - first);
    }
  }
  return blocks;
}

/** A window from each interval on, as far as it lies in the part. */
function slidingOf(slices: readonly UsageSlice[], length: number, part: Period): UsageSlice[] {
  const windows: UsageSlice[] = [];
  let [end, sum] = [0, 0n];
  for (const [i, slice] of slices.entries()) {
    const to = slice.period.from + length;
    if (to > part.to && i > 0) break;
    for (let next = slices[end]; next !== undefined && next.period.to <= to; next = slices[end]) {
      sum += next.quantity;
      end++;
    }
    windows.push({ ...slice, period: { from: slice.period.from, to: to as Instant }, quantity: sum });
    sum -= slice.quantity;
  }
  return windows;
}
