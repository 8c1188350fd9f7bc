import { CodedError } from "../../domain/errors.ts";
import { type Instant, isoIn } from "../../domain/instant.ts";
import { type Day, type Period, overlap, startOfDay } from "../../domain/period.ts";
import type { Tariff } from "../../domain/tariff.ts";
import { hasLadder, type LadderCharge, ladderPeriodAt } from "./ladder.ts";

export type HouseholdSize = number | readonly { readonly from: Day; readonly persons: number }[];

/** Part of a rated period with one tariff version. */
export type VersionStretch = { readonly tariff: Tariff; readonly stretch: Period };

/** Part of a version's stretch with one ladder period and one household size. */
export type LadderStretch = {
  readonly stretch: Period;
  readonly ladderPeriod: Period;
  readonly persons: number | null;
};

/**
 * Cuts a period where one version ends and the next begins.
 * @throws CodedError `tariff.invalid` when two versions overlap, or none is in force somewhere
 */
export const versionStretches = lastByVersions(cutIntoVersions);

/**
 * The same function, which remembers its last answer for each list of versions, which never change: a run asks the same for every
 * account, and several times.
 */
export function lastByVersions<T>(
  make: (versions: readonly Tariff[], period: Period) => T,
): (versions: readonly Tariff[], period: Period) => T {
  const last = new WeakMap<readonly Tariff[], { readonly period: Period; readonly made: T }>();
  return (versions, period) => {
    const known = last.get(versions);
    if (known !== undefined && known.period.from === period.from && known.period.to === period.to) return known.made;
    const made = make(versions, period);
    last.set(versions, { period, made });
    return made;
  };
}

function cutIntoVersions(tariffs: readonly Tariff[], rated: Period): readonly VersionStretch[] {
  const versions = [...tariffs].sort((a, b) => (a.effectiveFrom < b.effectiveFrom ? -1 : 1));
  const stretches: VersionStretch[] = [];
  let at = rated.from;
  for (const [i, tariff] of versions.entries()) {
    const next = versions[i + 1];
    if (next !== undefined && next.id !== tariff.id)
      throw invalid(`versions of two tariffs: ${tariff.id} and ${next.id}`);
    if (next !== undefined && (tariff.effectiveTo ?? next.effectiveFrom) > next.effectiveFrom) {
      throw invalid(`${tariff.id}: version ${tariff.version} overlaps ${next.version}`);
    }
    const part = overlap(inForce(tariff, next), rated);
    if (part === null) continue;
    if (part.from > at) throw notInForce(tariff, { from: at, to: part.from });
    stretches.push({ tariff, stretch: part });
    at = part.to;
  }
  if (at < rated.to) {
    const first = versions[0];
    if (first === undefined) throw invalid("no tariff given");
    throw notInForce(first, { from: at, to: rated.to });
  }
  return stretches;
}

const END_OF_TIME = 8.64e15 as Instant; // the last instant of ECMAScript

function inForce(tariff: Tariff, next: Tariff | undefined): Period {
  const until = tariff.effectiveTo ?? next?.effectiveFrom;
  return {
    from: startOfDay(tariff.effectiveFrom, tariff.zone),
    to: until === undefined ? END_OF_TIME : startOfDay(until, tariff.zone),
  };
}

/** Cuts a version's stretch where the ladder begins again or the household's size changes. */
export function ladderStretches(
  charge: LadderCharge,
  { tariff, stretch }: VersionStretch,
  rated: Period,
  household: HouseholdSize | undefined,
): LadderStretch[] {
  const changes = charge.ladder.household === undefined ? [] : sizeChanges(household, tariff);
  const stretches: LadderStretch[] = [];
  for (let at = stretch.from; at < stretch.to; ) {
    const ladderPeriod = ladderPeriodAt(charge.ladder, tariff.zone, at, rated);
    const change = changes.find(({ since }) => since > at);
    const to = Math.min(stretch.to, ladderPeriod.to, change?.since ?? END_OF_TIME) as Instant;
    const persons = changes.findLast(({ since }) => since <= at)?.persons ?? null;
    stretches.push({ stretch: { from: at, to }, ladderPeriod, persons });
    at = to;
  }
  return stretches;
}

function sizeChanges(household: HouseholdSize | undefined, tariff: Tariff): { since: number; persons: number }[] {
  if (household === undefined) return [];
  if (typeof household === "number") return [{ since: Number.NEGATIVE_INFINITY, persons: household }];
  return household
    .map(({ from, persons }) => ({ since: startOfDay(from, tariff.zone), persons }))
    .sort((a, b) => a.since - b.since);
}

/** Instants at which some charge of some version must be cut: a usage read there needs no interpolation. */
export function cutsOf(tariffs: readonly Tariff[], rated: Period, household?: HouseholdSize): Instant[] {
  const cuts = new Set<Instant>();
  for (const version of versionStretches(tariffs, rated)) {
    cuts.add(version.stretch.from);
    for (const charge of version.tariff.charges) {
      if (charge.kind !== "energy" || !hasLadder(charge)) continue;
      for (const { stretch } of ladderStretches(charge, version, rated, household)) cuts.add(stretch.from);
    }
  }
  cuts.delete(rated.from);
  return [...cuts].sort((a, b) => a - b);
}

const invalid = (message: string) => new CodedError("tariff.invalid", message);
const notInForce = (tariff: Tariff, { from, to }: Period) =>
  invalid(
    `${tariff.id}: no version is in force from ${isoIn(from, tariff.zone)} to ${isoIn(to, tariff.zone)} (effectiveFrom/effectiveTo)`,
  );
