import type { Instant } from "../../domain/instant.ts";
import {
  type Period,
  type Zone,
  addDays,
  dayOf,
  daysBetween,
  ladderYearOf,
  monthOf,
  startOfDay,
  wallClock,
} from "../../domain/period.ts";
import { MICRO_PER_UNIT, type Micro, microOf, roundDivide } from "../../domain/quantity.ts";
import { recalled } from "../../domain/recalled.ts";
import type {
  AddedTier,
  DecimalText,
  EnergyCharge,
  GraduatedCharge,
  HouseholdRule,
  Ladder,
  PricedTier,
  SlabCharge,
  SurchargedCharge,
  Tariff,
} from "../../domain/tariff.ts";

export type LadderCharge = GraduatedCharge | SurchargedCharge | SlabCharge;
type Tier = PricedTier | AddedTier;

/** The charges of a tariff that climb a ladder: for each, the books must know what was used before. */
export const ladderChargesOf = (tariff: Tariff): LadderCharge[] =>
  tariff.charges.filter((charge): charge is LadderCharge => charge.kind === "energy" && hasLadder(charge));

export const hasLadder = (charge: EnergyCharge): charge is LadderCharge =>
  charge.form !== "flat" && charge.form !== "series";

const KNOWN = new Map<string, Period[]>();
const KNOWN_MAX = 1_000;

/** The ladder's own period that holds `at`: the count begins at its start. A ladder by rated period has that period. */
export function ladderPeriodAt(ladder: Ladder, zone: Zone, at: Instant, rated: Period): Period {
  if (ladder.basis === "period") return rated;
  const key = `${zone} ${ladder.basis} ${ladder.yearStart ?? ""}`;
  const known = KNOWN.get(key) ?? [];
  for (const period of known) if (period.from <= at && at < period.to) return period;
  const made = ladder.basis === "year" ? ladderYearOf(at, zone, ladder.yearStart) : monthOf(at, zone);
  if (known.length >= KNOWN_MAX) known.length = 0;
  known.push(made);
  KNOWN.set(key, known);
  return made;
}

/** The tiers in force in the month of `at`: the season's, else the charge's own. */
export function tiersAt(charge: LadderCharge, zone: Zone, at: Instant): readonly Tier[] {
  if (charge.seasons === undefined) return charge.tiers;
  const { month } = wallClock(at, zone);
  const seasons: readonly { months: readonly number[]; tiers: readonly Tier[] }[] = charge.seasons;
  return seasons.find((season) => season.months.includes(month))?.tiers ?? charge.tiers;
}

/** What thresholds depend on besides the tariff. */
export type ThresholdFacts = {
  readonly persons: number | null;
  /** Millionths of a kW; null = not known, and tiers per kW cannot be used. */
  readonly kw: Micro | null;
  /** By how much thresholds count for a ladder's period of this length: a fraction. */
  readonly times: Fraction;
};
export type Fraction = { readonly over: bigint; readonly under: bigint };
export const WHOLE: Fraction = { over: 1n, under: 1n };

/** Ends of all tiers but the last, grown by the household's rules, by kW and by the period's length, never falling. */
export function thresholdsOf(tiers: readonly Tier[], ladder: Ladder, { persons, kw, times }: ThresholdFacts): Micro[] {
  const thresholds: Micro[] = [];
  let floor = 0n;
  for (const [i, tier] of tiers.slice(0, -1).entries()) {
    let upTo: Micro | null = tier.upTo === null ? null : microOfDecimal(tier.upTo);
    for (const rule of upTo === null ? [] : (ladder.household ?? [])) {
      if (upTo !== null && persons !== null && (rule.thresholds?.includes(i + 1) ?? true))
        upTo += householdGrowth(rule, ladder, persons);
    }
    if (upTo !== null) upTo = roundDivide(upTo * times.over, times.under);
    if ("upToPerKw" in tier && tier.upToPerKw !== undefined) {
      // Units for each kW: a scale by days counts them for each day too.
      const perKw = microOfDecimal(tier.upToPerKw) * (kw ?? 0n);
      const end =
        ladder.scale === undefined
          ? roundDivide(perKw, MICRO_PER_UNIT)
          : roundDivide(perKw * times.over, MICRO_PER_UNIT * times.under);
      upTo = upTo === null || end < upTo ? end : upTo;
    }
    if (upTo !== null && upTo > floor) floor = upTo;
    thresholds.push(floor);
  }
  return thresholds;
}

/** Days of a period as the calendar counts them: each day that begins in it. */
export function daysIn({ from, to }: Period, zone: Zone): number {
  return daysBetween(firstDay(from, zone), firstDay(to, zone));
}

function firstDay(at: Instant, zone: Zone) {
  const day = dayOf(at, zone);
  return startOfDay(day, zone) === at ? day : addDays(day, 1);
}

/** Months of a stretch in millionths: of a part month, its days over the month's days. */
export function monthsIn(stretch: Period, zone: Zone): Micro {
  let months = 0n;
  for (let at = stretch.from; at < stretch.to; ) {
    const month = monthOf(at, zone);
    const to = Math.min(month.to, stretch.to) as Instant;
    const [part, whole] = [daysIn({ from: at, to }, zone), daysIn(month, zone)];
    months += roundDivide(BigInt(part) * MICRO_PER_UNIT, BigInt(whole));
    at = to;
  }
  return months;
}

/**
 * How often a ladder's thresholds count: for each day or month of its period where they are scaled, and for a part of it
 * by days where the tariff says so. @param occupied the part of the ladder's period that the account had
 */
export function timesOf({ scale, part }: Ladder, ladderPeriod: Period, occupied: Period, zone: Zone): Fraction {
  const counted = part === "by_days" ? occupied : ladderPeriod;
  if (scale === "day") return { over: BigInt(daysIn(counted, zone)), under: 1n };
  if (scale === "month") return { over: monthsIn(counted, zone), under: MICRO_PER_UNIT };
  if (part !== "by_days") return WHOLE;
  return { over: BigInt(daysIn(occupied, zone)), under: BigInt(daysIn(ladderPeriod, zone)) };
}

function householdGrowth(rule: HouseholdRule, ladder: Ladder, persons: number): Micro {
  if (persons < rule.fromPersons) return 0n;
  const times = rule.each === "household" ? 1 : persons - rule.fromPersons + 1;
  const months = rule.per === "month" && ladder.basis === "year" ? 12 : 1;
  return microOfDecimal(rule.add) * BigInt(times * months);
}

const MICROS_MAX = 10_000; // as for prices

/** @throws TypeError when it is not decimal text (the schema has checked it before) */
export const microOfDecimal: (text: DecimalText) => Micro = recalled(MICROS_MAX, (text: DecimalText) => {
  const micro = microOf(text);
  if (micro === null) throw new TypeError(`not a decimal: ${text}`);
  return micro;
});

/**
 * Where a quantity falls on a ladder that stands at `position`: the part in each tier, the last tier open.
 * The parts add up to the quantity exactly. A unit at a threshold still belongs to the tier that ends there.
 */
export function climb(thresholds: readonly Micro[], position: Micro, quantity: Micro): Micro[] {
  const parts = Array.from({ length: thresholds.length + 1 }, () => 0n);
  let at = position;
  let rest = quantity;
  for (let tier = 0; tier < thresholds.length && rest !== 0n; tier++) {
    const end = thresholds[tier] as Micro;
    if (at >= end) continue;
    const part = rest < end - at ? rest : end - at;
    parts[tier] = part;
    at += part;
    rest -= part;
  }
  parts[thresholds.length] = rest;
  return parts;
}
