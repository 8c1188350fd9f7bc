import type { Line } from "../domain/bill.ts";
import { CodedError } from "../domain/errors.ts";
import { isoIn } from "../domain/instant.ts";
import type { Period } from "../domain/period.ts";
import type { Micro } from "../domain/quantity.ts";
import type { Tariff } from "../domain/tariff.ts";
import type { Usage, UsageSlice } from "../domain/usage.ts";
import { energyLines } from "./rate/energy-lines.ts";
import { percentageLine, standingLine, taxLine, volumeLine } from "./rate/other-lines.ts";
import { inOrder, slicesWithin } from "./rate/slices.ts";
import { type HouseholdSize, type VersionStretch, versionStretches } from "./rate/stretch.ts";

export type RateContext = {
  /**
   * Units already counted by the ladder in its current period before the usage begins: one figure, or one per charge id.
   * A meter exchange or a new tariff version does not reset it. Default 0.
   */
  readonly ladderUsedBefore?: Micro | Readonly<Record<string, Micro>>;
  /** Persons of the household: always, or each in force from a day on. Default: no rule applies. */
  readonly householdSize?: HouseholdSize;
  /** A stretch over several time-of-use periods: shared by time, or refused when longer than a day. Default `pro_rata`. */
  readonly touSpread?: "pro_rata" | "refuse";
};

/** Where a charge's ladder stood during one stretch: enough to explain a line and to go on from. */
export type LadderWalk = {
  readonly charge: string;
  readonly tariffVersion: string;
  readonly stretch: Period;
  readonly ladderPeriod: Period;
  readonly persons: number | null;
  readonly thresholds: readonly Micro[];
  readonly usedBefore: Micro;
  readonly usedAfter: Micro;
};

/**
 * Prices a usage. `tariff` is one version, or the versions of one id in any order. Pure.
 *
 * A line's key is `<tariff id>/<charge>/<t1…|->/<time of use|->/<first day of its stretch>`, with `Thh:mm` after the
 * day when the stretch begins within one. The version is not in it, so that a new price changes a line and not its key.
 * @throws CodedError `tariff.invalid` when no version is in force for a part of the period
 * @throws CodedError `usage.invalid` when the usage does not fit the tariff
 */
export function rate(tariff: Tariff | readonly Tariff[], usage: Usage, context: RateContext = {}): Line[] {
  return rateWalk(tariff, usage, context).lines;
}

/** The same with the ladder's walk. */
export function rateWalk(
  tariff: Tariff | readonly Tariff[],
  usage: Usage,
  context: RateContext = {},
): { lines: Line[]; ladders: LadderWalk[] } {
  const versions: readonly Tariff[] = Array.isArray(tariff) ? (tariff as readonly Tariff[]) : [tariff as Tariff];
  const slices = inOrder(usage.slices);
  const lines: Line[] = [];
  const ladders: LadderWalk[] = [];
  for (const version of versionStretches(versions, usage.servicePeriod)) {
    checkFits(version.tariff, usage, slices);
    lines.push(...linesOf(version, usage, slices, context, ladders));
  }
  return { lines, ladders };
}

/** Lines of one version, charge by charge: percentages and taxes see the lines before them. */
function linesOf(
  version: VersionStretch,
  usage: Usage,
  slices: readonly UsageSlice[],
  context: RateContext,
  ladders: LadderWalk[],
): Line[] {
  const lines: Line[] = [];
  for (const charge of version.tariff.charges) {
    switch (charge.kind) {
      case "energy":
        lines.push(...energyLines(charge, version, usage.servicePeriod, slices, context, ladders));
        break;
      case "standing":
        lines.push(standingLine(charge, version));
        break;
      case "volume":
        lines.push(volumeLine(charge, version, slicesWithin(slices, version.stretch)));
        break;
      case "percentage":
        lines.push(percentageLine(charge, version, lines));
        break;
      case "tax":
        lines.push(taxLine(charge, version, lines));
        break;
    }
  }
  return lines;
}

function checkFits(tariff: Tariff, usage: Usage, slices: readonly UsageSlice[]): void {
  const refuse = (message: string): never => {
    throw new CodedError("usage.invalid", message);
  };
  if (usage.utility !== tariff.utility)
    refuse(`utility: ${usage.utility} is not priced by ${tariff.id} (${tariff.utility})`);
  if (usage.unit !== tariff.unit) refuse(`unit: ${usage.unit} is not the unit of ${tariff.id} (${tariff.unit})`);
  for (const { period, quantity } of slices) {
    if (quantity < 0n) refuse(`${isoIn(period.from, tariff.zone)}: a quantity below zero cannot be priced`);
    if (period.from < usage.servicePeriod.from || period.to > usage.servicePeriod.to) {
      refuse(`${isoIn(period.from, tariff.zone)}: lies outside the service period`);
    }
  }
}
