import { HOUR_MS, DAY_MS, type Instant } from "../domain/instant.ts";
import { overlap, type Period, type Zone } from "../domain/period.ts";
import { decimalText, type Micro } from "../domain/quantity.ts";
import type { Tariff } from "../domain/tariff.ts";
import type { TouPeriod, UsageSlice } from "../domain/usage.ts";
import type { Verdict } from "../domain/verdict.ts";
import { MAIN_REGISTER, touOfRegister } from "../metering/register.ts";
import { type Installation, type UsageInput, type UsageResult, usageOf } from "../metering/usage.ts";
import { doubtsOf } from "./doubts.ts";
import { expectedIn, type HourProfile, hourProfileOf, sharedBy } from "./hour-profile.ts";
import { slicesWithin, worse } from "./rate/slices.ts";
import { type VersionStretch, versionStretches } from "./rate/stretch.ts";
import { isByTou, pricesOf, timetableOf, touEdges } from "./rate/timetable.ts";

/** Use of which every slice lies in hours of one price, and where those hours are known from. */
export type UsageInHours = UsageResult & {
  /** `tou`: the meter's own registers of each time of use were billed; `total`: its main register. */
  readonly by: "total" | "tou";
  /** Part of the use whose hours nobody saw: shared by time, `estimated`. */
  readonly guessed: Micro;
  /** What there is to say of the hours; the quantities' verdicts are in `verdicts`. */
  readonly notes: readonly Verdict[];
};

/** Readings this close together tell the hours: an hourly one may be missing. Our choice. */
const INTERVAL_MAX_MS = 2 * HOUR_MS;
/** A register was read at an end of the period when two readings this close enclose it: a day whose clock is put back. */
const END_READ_MAX_MS = DAY_MS + HOUR_MS;
/** The meter's clock is the tariff's when at most this part of the use was counted in other hours; a clock a few minutes off passes. Our choice. */
const STRAY_PART = 50n; // 2 %
/** The registers count the whole when they differ from the main one by less than this, or by rounding. Our choice. */
const DIFFER_PART = 50n; // 2 %
const DIFFER_ROUNDING: Micro = 100_000n;

/**
 * What was used in which hours. The meter's own registers, where every meter of the period has them, they were read at
 * both its ends, add up to the main register and count by the tariff's clock; else the main register's readings between
 * the hours; a step over several times of use and longer than two hours is shared by the hours of like days, else by
 * time, and said to be estimated.
 * @param onlyReadings registers for hours are not looked at: their steps are not the intervals of other registers
 */
export function usageInHours(
  tariffs: readonly Tariff[],
  input: Omit<UsageInput, "by">,
  { onlyReadings = false }: { readonly onlyReadings?: boolean } = {},
): UsageInHours {
  const versions = versionStretches(tariffs, input.period);
  const byHours = versions.filter(({ tariff }) => tariff.charges.some(isByTou));
  const plain = { guessed: 0n, notes: [] } as const;
  if (byHours.length === 0) return { ...usageOf(input), by: "total", ...plain };
  const installations = withoutIdle(input.installations, namesPriced(byHours));
  const own = usageOf({ ...input, installations, by: "tou" });
  // Without a clock of the tariff's own only the registers can tell.
  if (byHours.some(({ tariff }) => tariff.tou === undefined)) return { ...own, by: "tou", ...plain };
  const total = usageOf(input);
  if (!onlyReadings && areOwnRight(own, total, byHours, { ...input, installations }))
    return { ...own, by: "tou", ...plain };
  const { slices, guessed, byProfile } = inHoursOf(byHours, total.usage.slices);
  return {
    ...total,
    usage: { ...total.usage, slices },
    by: "total",
    guessed: guessed.reduce((sum, slice) => sum + slice.quantity, 0n),
    notes: notesOf(guessed, byProfile, input),
  };
}

/** Slices cut where hours of another price begin, and those whose hours nobody saw. */
export function inHoursOf(
  versions: readonly VersionStretch[],
  slices: readonly UsageSlice[],
): { slices: readonly UsageSlice[]; guessed: readonly UsageSlice[]; byProfile: Micro } {
  const byHours = versions.filter(({ tariff }) => tariff.charges.some(isByTou) && tariff.tou !== undefined);
  const edges = byHours.flatMap(({ tariff, stretch }) => touEdges([tariff], stretch));
  return cutAt(slices, edges, byHours[0]?.tariff.zone ?? "UTC");
}

function areOwnRight(
  own: UsageResult,
  total: UsageResult,
  versions: readonly VersionStretch[],
  { utility, period, installations }: Omit<UsageInput, "by">,
): boolean {
  const stays = installations.filter((stay) => windowOf(stay, period) !== null);
  if (doubtsOf(own, installations).length > 0) return false;
  const names = namesOnClock(versions);
  for (const stay of stays) {
    const counted = new Set(stay.registers.map(({ register }) => touOfRegister(register)));
    if (![...names].every((name) => counted.has(name))) return false;
    if (
      !stay.registers.every((series) => touOfRegister(series.register) === null || isReadAtEnds(stay, series, period))
    )
      return false;
  }
  if (own.usage.slices.some(({ tou, quantity }) => quantity !== 0n && !names.has(tou ?? ""))) return false;
  const mainIsWhole = doubtsOf(total, installations).length === 0;
  if (mainIsWhole && differs(own.usage.total, total.usage.total)) return false;
  if (!mainIsWhole && stays.some((stay) => stay.registers.some(({ register }) => register === MAIN_REGISTER[utility])))
    return false;
  return strayOf(own.usage.slices, versions) * STRAY_PART <= own.usage.total;
}

const windowOf = ({ installedAt, removedAt }: Installation, period: Period): Period | null =>
  overlap({ from: installedAt, to: removedAt ?? period.to }, period);

const differs = (own: Micro, main: Micro): boolean => {
  const apart = own > main ? own - main : main - own;
  return apart > DIFFER_ROUNDING && apart * DIFFER_PART > main;
};

/** An end at which the meter came or went has its own reading or is in doubt. */
function isReadAtEnds(stay: Installation, { readings }: Installation["registers"][number], period: Period): boolean {
  const isRead = (at: Instant): boolean => {
    if (at <= stay.installedAt || (stay.removedAt !== null && at >= stay.removedAt)) return true;
    let before: number = Number.NEGATIVE_INFINITY;
    let after: number = Number.POSITIVE_INFINITY;
    for (const reading of readings) {
      if (reading.at <= at && reading.at > before) before = reading.at;
      if (reading.at >= at && reading.at < after) after = reading.at;
    }
    return after - before <= END_READ_MAX_MS;
  };
  return isRead(period.from) && isRead(period.to);
}

/** Times of use that some hour of the period has. */
function namesOnClock(versions: readonly VersionStretch[]): Set<TouPeriod> {
  const names = new Set<TouPeriod>();
  for (const { tariff, stretch } of versions) {
    if (tariff.tou === undefined) continue;
    const timetable = timetableOf(tariff.tou, tariff.zone);
    for (const at of [stretch.from, ...touEdges([tariff], stretch)]) names.add(timetable.spanAt(at).tou);
  }
  return names;
}

function namesPriced(versions: readonly VersionStretch[]): Set<TouPeriod> {
  const names = new Set<TouPeriod>();
  for (const { tariff } of versions) {
    for (const charge of tariff.charges) {
      if (charge.kind !== "energy") continue;
      for (const price of pricesOf(charge))
        if (typeof price !== "string") for (const name of Object.keys(price)) names.add(name);
    }
  }
  return names;
}

/** Without registers for hours that the tariff does not price and the meter never counted on: a two-rate meter may show five. */
const withoutIdle = (installations: readonly Installation[], names: ReadonlySet<TouPeriod>): Installation[] =>
  installations.map((stay) => ({
    ...stay,
    registers: stay.registers.filter(({ register, readings }) => {
      const tou = touOfRegister(register);
      return tou === null || names.has(tou) || readings.some(({ value }) => value !== readings[0]?.value);
    }),
  }));

/** What registers counted in stretches that lie wholly in hours of another time of use. */
function strayOf(slices: readonly UsageSlice[], versions: readonly VersionStretch[]): Micro {
  let stray = 0n;
  for (const { tariff, stretch } of versions) {
    if (tariff.tou === undefined) continue;
    const edges = touEdges([tariff], stretch);
    const timetable = timetableOf(tariff.tou, tariff.zone);
    let next = 0;
    for (const { period, tou, quantity } of slices) {
      if (period.from < stretch.from || period.to > stretch.to) continue;
      while (next < edges.length && (edges[next] as Instant) <= period.from) next++;
      const isWhole = next === edges.length || (edges[next] as Instant) >= period.to;
      if (isWhole && quantity !== 0n && timetable.spanAt(period.from).tou !== tou) stray += quantity;
    }
  }
  return stray;
}

/** How much was shared by plain time, and how much by the home's own hours of the same period. */
const sharedText = (quantity: Micro, byProfile: Micro): Record<string, string> =>
  byProfile === 0n
    ? { shared_by_time: decimalText(quantity) }
    : { shared: decimalText(quantity), shared_by_hours_of_like_days: decimalText(byProfile) };

/**
 * Cuts slices where the time of use changes. Of a long one nobody knows the hours: it is shared as the same home used its
 * energy over the hours of like days of the period, where each of them was seen on three days, else by plain time.
 */
function cutAt(
  slices: readonly UsageSlice[],
  edges: readonly Instant[],
  zone: Zone,
): { slices: UsageSlice[]; guessed: UsageSlice[]; byProfile: Micro } {
  const cut: UsageSlice[] = [];
  const guessed: UsageSlice[] = [];
  let byProfile: Micro = 0n;
  let profile: HourProfile | null | undefined;
  let first = 0;
  for (const slice of slices) {
    const { from, to } = slice.period;
    while (first < edges.length && (edges[first] as Instant) <= from) first++;
    let end = first;
    while (end < edges.length && (edges[end] as Instant) < to) end++;
    if (end === first) {
      cut.push(slice);
      continue;
    }
    const isGuess = to - from > INTERVAL_MAX_MS && slice.quantity !== 0n;
    if (isGuess) guessed.push(slice);
    const known = { ...slice, basis: isGuess ? "estimated" : worse(slice.basis, "interpolated") } as const;
    const cuts = [from, ...edges.slice(first, end), to];
    if (isGuess && profile === undefined) profile = hourProfileOf(slices, INTERVAL_MAX_MS, zone);
    const expected = isGuess && profile != null ? expectedIn(profile, cuts) : null;
    if (expected !== null) {
      byProfile += slice.quantity;
      cut.push(...sharedBy(known, cuts, expected));
      continue;
    }
    for (let i = 1; i < cuts.length; i++)
      cut.push(...slicesWithin([known], { from: cuts[i - 1] as Instant, to: cuts[i] as Instant }));
  }
  return { slices: cut, guessed, byProfile };
}

/** One note for each meter with use whose hours are not known. */
function notesOf(
  guessed: readonly UsageSlice[],
  byProfile: Micro,
  { utility, installations, period }: Omit<UsageInput, "by">,
): Verdict[] {
  return installations.flatMap((stay): Verdict[] => {
    const window = windowOf(stay, period);
    const own = window === null ? [] : guessed.filter((slice) => overlap(slice.period, window) !== null);
    const [first, last] = [own[0], own.at(-1)];
    if (first === undefined || last === undefined) return [];
    const longest = Math.max(...own.map((slice) => slice.period.to - slice.period.from));
    const quantity = own.reduce((sum, slice) => sum + slice.quantity, 0n);
    return [
      {
        rule: "hours.estimated",
        version: 1,
        result: "gap",
        meterId: stay.meterId,
        register: MAIN_REGISTER[utility],
        period: { from: first.period.from, to: last.period.to },
        inputs: { ...sharedText(quantity, byProfile), stretches: `${own.length}`, longest_ms: `${longest}` },
        threshold: { interval_max_ms: `${INTERVAL_MAX_MS}` },
      },
    ];
  });
}
