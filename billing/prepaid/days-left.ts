import { DAY_MS, HOUR_MS, type Instant, instant } from "../../domain/instant.ts";
import { addDays, dayOf, startOfDay, type Zone } from "../../domain/period.ts";
import type { Micro } from "../../domain/quantity.ts";
import type { MeterId } from "../../domain/reading.ts";
import type { BookedReading } from "../../ledger/usage.ts";
import { registerAt } from "../../metering/interpolate.ts";
import { MAIN_REGISTER } from "../../metering/register.ts";
import type { SettlementInput } from "../settlement.ts";
import { type AccrualBasis, accrualOf } from "./accrual.ts";

/** How a home uses on a day, by what its meters counted over the last weeks. */
export type Habits = {
  /** Millionths of each utility's unit on an average day. */
  readonly perDay: ReadonlyMap<MeterId, Micro>;
  /** By what the third of the days with the least and the most use differ from the average. */
  readonly least: number;
  readonly most: number;
  /** Whole days seen. */
  readonly days: number;
};

/** Days of supply that what is available pays for. Whole days, at most `DAYS_MAX`. */
export type DaysLeft = { readonly low: number; readonly expected: number; readonly high: number };

/** Days looked back at: four of each weekday. Our choice. */
export const HABIT_DAYS = 28;
/** Nobody needs to know more. Our choice. */
export const DAYS_MAX = 365;
/** With fewer days than this the band is as wide as a half and a double. Our choice. */
const DAYS_KNOWN_MIN = 6;
const HOURS_A_DAY = 24;

/** Local midnights at which registers are looked at, oldest first. */
export const midnightsBefore = (now: Instant, zone: Zone): Instant[] =>
  Array.from({ length: HABIT_DAYS + 1 }, (_, i) => startOfDay(addDays(dayOf(now, zone), i - HABIT_DAYS), zone));

/**
 * What is usual in this home. `null` = nothing is known.
 * @param readings around `midnightsBefore(now)`, of the meters' main registers
 */
export function habitsOf(
  inputs: readonly SettlementInput[],
  readings: ReadonlyMap<MeterId, readonly BookedReading[]>,
  midnights: readonly Instant[],
): Habits | null {
  const perDay = new Map<MeterId, Micro>();
  const shares: number[][] = [];
  for (const { agreement } of inputs) {
    const stay = agreement.stays.at(-1);
    if (stay === undefined) continue;
    const own = (readings.get(stay.meterId) ?? []).filter(
      ({ register }) => register === MAIN_REGISTER[agreement.utility],
    );
    const uses = usesOf(own, midnights);
    const mean = uses.reduce((sum, use) => sum + use, 0n) / BigInt(uses.length || 1);
    if (mean <= 0n) continue;
    perDay.set(stay.meterId, mean);
    shares.push(uses.map((use) => Number(use) / Number(mean)));
  }
  if (perDay.size === 0) return null;
  const days = Math.min(...shares.map(({ length }) => length));
  const together = Array.from({ length: days }, (_, i) => meanOf(shares.map((of) => of.at(-1 - i) ?? 1))).sort(
    (a, b) => a - b,
  );
  const third = Math.ceil(days / 3);
  return days < DAYS_KNOWN_MIN
    ? { perDay, least: 0.5, most: 2, days }
    : { perDay, least: meanOf(together.slice(0, third)), most: meanOf(together.slice(-third)), days };
}

/** Use of each whole day whose ends were read, oldest first. */
function usesOf(readings: readonly BookedReading[], midnights: readonly Instant[]): Micro[] {
  const ordered = [...readings].sort((a, b) => a.at - b.at).filter(({ at }, i, all) => at !== all[i - 1]?.at);
  const values = midnights.map((at) => registerAt(ordered, at)?.value ?? null);
  return values.flatMap((value, i) => {
    const before = values[i - 1];
    return i === 0 || value === null || before === null || before === undefined || value < before
      ? []
      : [value - before];
  });
}

const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * For how many days the money lasts: the bill's own functions price the use that is usual here, on from each meter's last
 * reading, ladder, seasons and announced prices included. `null` = use is unknown, or cannot be priced.
 * @param spendable minor units until supply would be cut
 */
export function daysLeftOf(basis: AccrualBasis, habits: Habits | null, spendable: bigint): DaysLeft | null {
  if (habits === null) return null;
  const lasts = (factor: number): number | null =>
    lastAffordable((days) => costOf(basis, habits, days, factor), spendable, DAYS_MAX);
  const [low, expected, high] = [lasts(Math.max(habits.most, 1)), lasts(1), lasts(Math.min(habits.least, 1) || 0.01)];
  return low === null || expected === null || high === null ? null : { low, expected, high };
}

/** When usual use has used up the money, to the hour; `null` = not before `until`, or it cannot be told. */
export function runsOutAt(
  basis: AccrualBasis,
  habits: Habits | null,
  spendable: bigint,
  { lastReadingAt, until }: { readonly lastReadingAt: Instant; readonly until: Instant },
): Instant | null {
  if (habits === null) return null;
  const most = Math.ceil((until - lastReadingAt) / HOUR_MS);
  const hours = lastAffordable((all) => costOf(basis, habits, all / HOURS_A_DAY, 1), spendable, most);
  return hours === null || hours >= most ? null : instant(lastReadingAt + (hours + 1) * HOUR_MS);
}

/** What so many days of usual use would cost, in minor units. */
function costOf(basis: AccrualBasis, habits: Habits, days: number, factor: number): bigint | null {
  const owed = accrualOf(basis).unbilled;
  const later = accrualOf(usedOn(basis, habits, days, factor)).unbilled;
  return owed === null || later === null ? null : later.minor - owed.minor;
}

/** The most days, or hours, whose cost is within the money; costs only grow. */
function lastAffordable(costs: (days: number) => bigint | null, spendable: bigint, most: number): number | null {
  let [low, high] = [0, most + 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    const cost = costs(middle);
    if (cost === null) return null;
    if (cost <= spendable) low = middle;
    else high = middle;
  }
  return low;
}

/** The basis as it would be after so many days of usual use, by the main registers alone. */
function usedOn(basis: AccrualBasis, habits: Habits, days: number, factor: number): AccrualBasis {
  const readings = new Map(basis.inputs[0]?.readings ?? []);
  let end: number = 0;
  for (const { agreement } of basis.inputs) {
    const meterId = agreement.stays.at(-1)?.meterId;
    const own = meterId === undefined ? [] : (readings.get(meterId) ?? []);
    const last = own.findLast(({ register }) => register === MAIN_REGISTER[agreement.utility]);
    const daily = meterId === undefined ? undefined : habits.perDay.get(meterId);
    if (meterId === undefined || last === undefined || daily === undefined) continue;
    const at = instant(Math.round(last.at + days * DAY_MS));
    const used = BigInt(Math.round(Number(daily) * factor * days));
    readings.set(meterId, [...own, { ...last, at, value: last.value + used }]);
    end = Math.max(end, at + 1);
  }
  const inputs = basis.inputs.map((input) => ({
    ...input,
    readings,
    stretch: { from: input.stretch.from, to: instant(Math.max(input.stretch.to, end)) },
  }));
  return { ...basis, inputs };
}
