import type { Instant } from "../../domain/instant.ts";
import { type Period, type Zone, ladderYearOf, monthOf, wallClock } from "../../domain/period.ts";
import { type Micro, microOf } from "../../domain/quantity.ts";
import type {
  AddedTier,
  DecimalText,
  EnergyCharge,
  GraduatedCharge,
  HouseholdRule,
  Ladder,
  PricedTier,
  SurchargedCharge,
  Tariff,
} from "../../domain/tariff.ts";

export type LadderCharge = GraduatedCharge | SurchargedCharge;
type Tier = PricedTier | AddedTier;

/** The charges of a tariff that climb a ladder: for each, the books must know what was used before. */
export const ladderChargesOf = (tariff: Tariff): LadderCharge[] =>
  tariff.charges.filter((charge): charge is LadderCharge => charge.kind === "energy" && hasLadder(charge));

export const hasLadder = (charge: EnergyCharge): charge is LadderCharge => charge.form !== "flat";

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

/** Ends of all tiers but the last, grown by the household's rules, never falling. */
export function thresholdsOf(tiers: readonly Tier[], ladder: Ladder, persons: number | null): Micro[] {
  const thresholds: Micro[] = [];
  let floor = 0n;
  for (const [i, tier] of tiers.entries()) {
    if (tier.upTo === null) break;
    let upTo = microOfDecimal(tier.upTo);
    for (const rule of ladder.household ?? []) {
      if (persons !== null && (rule.thresholds?.includes(i + 1) ?? true))
        upTo += householdGrowth(rule, ladder, persons);
    }
    floor = upTo > floor ? upTo : floor;
    thresholds.push(floor);
  }
  return thresholds;
}

function householdGrowth(rule: HouseholdRule, ladder: Ladder, persons: number): Micro {
  if (persons < rule.fromPersons) return 0n;
  const times = rule.each === "household" ? 1 : persons - rule.fromPersons + 1;
  const months = rule.per === "month" && ladder.basis === "year" ? 12 : 1;
  return microOfDecimal(rule.add) * BigInt(times * months);
}

function microOfDecimal(text: DecimalText): Micro {
  const micro = microOf(text);
  if (micro === null) throw new TypeError(`not a decimal: ${text}`);
  return micro;
}

/**
 * Where a quantity falls on a ladder that stands at `position`: the part in each tier, the last tier open.
 * The parts add up to the quantity exactly. A unit at a threshold still belongs to the tier that ends there.
 */
export function climb(thresholds: readonly Micro[], position: Micro, quantity: Micro): Micro[] {
  const parts = Array.from({ length: thresholds.length + 1 }, () => 0n);
  let at = position;
  let rest = quantity;
  for (const [tier, end] of thresholds.entries()) {
    if (rest === 0n) break;
    if (at >= end) continue;
    const part = rest < end - at ? rest : end - at;
    parts[tier] = part;
    at += part;
    rest -= part;
  }
  parts[thresholds.length] = rest;
  return parts;
}
