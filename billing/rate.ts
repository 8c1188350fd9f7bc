import type { Line } from "../domain/bill.ts";
import { CodedError } from "../domain/errors.ts";
import { isoIn } from "../domain/instant.ts";
import { negate } from "../domain/money.ts";
import { type Day, monthsWithin, type Period, wallClock } from "../domain/period.ts";
import type { Micro } from "../domain/quantity.ts";
import type { Charge, EnergyCharge, Tariff } from "../domain/tariff.ts";
import type { Usage, UsageSlice } from "../domain/usage.ts";
import {
  allowanceLines,
  carryLines,
  creditLine,
  minimumLines,
  powerFactorLine,
  roundingLines,
  surplusLines,
} from "./rate/adjust-lines.ts";
import { demandLines, ladderKw } from "./rate/demand.ts";
import { type Dated, valueAt } from "./rate/facts.ts";
import { energyLines } from "./rate/energy-lines.ts";
import { type Metered, meteredIn } from "./rate/netting.ts";
import { percentageLine, taxLine, volumeLine } from "./rate/other-lines.ts";
import { inOrder, slicesWithin } from "./rate/slices.ts";
import { standingLines } from "./rate/standing-lines.ts";
import { movingOf, type MovingState, type RateState } from "./rate/state.ts";
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
  /** Since when and until when the account has had the supply: a part of a ladder's period may count by days. */
  readonly stay?: { readonly from?: Day; readonly to?: Day };
  /**
   * Millionths of a kW. For demand and ladders a change counts from the next month on: what is in force when a month, or the
   * account's part of it, begins. For a standing charge per kW or kVA it counts from its day.
   */
  readonly contractedKw?: Dated<Micro>;
  readonly contractedKva?: Dated<Micro>;
  /** What is in force when the rated period begins. */
  readonly lowIncome?: Dated<boolean>;
  /** What charges keep from period to period, as the rating before handed it on. */
  readonly state?: RateState;
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

/** The same with the ladder's walk, and what later periods must know. */
export function rateWalk(
  tariff: Tariff | readonly Tariff[],
  usage: Usage,
  context: RateContext = {},
): { lines: Line[]; ladders: LadderWalk[]; state: RateState } {
  const versions: readonly Tariff[] = Array.isArray(tariff) ? (tariff as readonly Tariff[]) : [tariff as Tariff];
  const slices = inOrder(usage.slices);
  const lines: Line[] = [];
  const ladders: LadderWalk[] = [];
  const state = movingOf(context.state);
  const stretches = versionStretches(versions, usage.servicePeriod);
  for (const version of stretches) {
    checkFits(version.tariff, usage, slices);
    const metered = meteredIn(version, usage, slices, context.touSpread ?? "pro_rata", state);
    lines.push(...linesOf(version, usage.servicePeriod, metered, context, ladders, state));
  }
  const last = stretches.at(-1);
  if (last !== undefined) lines.push(...roundingLines(last.tariff, usage.servicePeriod, lines));
  return { lines, ladders, state };
}

/** Lines of one version, charge by charge: percentages and taxes see the lines before them. */
function linesOf(
  version: VersionStretch,
  rated: Period,
  metered: Metered,
  context: RateContext,
  ladders: LadderWalk[],
  state: MovingState,
): Line[] {
  const lines: Line[] = [];
  for (const charge of version.tariff.charges) {
    for (const part of partsOf(charge, version, rated, context)) {
      lines.push(...chargeLines(charge, part, { rated, metered, context, ladders, state, before: lines }));
    }
  }
  return lines;
}

/** Where a charge stands: the whole stretch, or its months; nowhere for accounts that it is not for. */
function partsOf({ when }: Charge, version: VersionStretch, rated: Period, context: RateContext): VersionStretch[] {
  const { tariff, stretch } = version;
  const isLow = (): boolean => valueAt(context.lowIncome, rated.from, tariff.zone) ?? false;
  if (when?.lowIncome !== undefined && when.lowIncome !== isLow()) return [];
  const { months } = when ?? {};
  if (months === undefined) return [version];
  return monthsWithin(stretch, tariff.zone)
    .filter(({ from }) => months.includes(wallClock(from, tariff.zone).month))
    .map((part) => ({ tariff, stretch: part }));
}

type Rating = {
  readonly rated: Period;
  readonly metered: Metered;
  readonly context: RateContext;
  readonly ladders: LadderWalk[];
  readonly state: MovingState;
  readonly before: readonly Line[];
};

function chargeLines(charge: Charge, part: VersionStretch, rating: Rating): Line[] {
  const { rated, metered, context, ladders, state, before } = rating;
  const { tariff, stretch } = part;
  switch (charge.kind) {
    case "energy": {
      const kwOf = ladderKw(metered, context, tariff.zone);
      return energyLines(charge, part, rated, metered.imported, context, ladders, kwOf);
    }
    case "export": {
      const kwOf = ladderKw(metered, context, tariff.zone);
      const energy = { ...charge, kind: "energy" } as EnergyCharge;
      return energyLines(energy, part, rated, metered.exported, context, ladders, kwOf).map(creditOf);
    }
    case "standing":
      return standingLines(charge, part, metered, context);
    case "volume":
      return [volumeLine(charge, part, slicesWithin(metered.imported, stretch))];
    case "percentage":
      return [percentageLine(charge, part, before)];
    case "tax":
      return [taxLine(charge, part, before)];
    case "demand":
      return demandLines(charge, part, metered, context, state);
    case "minimum":
      return minimumLines(charge, part, before, state);
    case "credit":
      return [creditLine(charge, part, metered, before)];
    case "allowance":
      return allowanceLines(charge, part, before);
    case "power_factor":
      return [powerFactorLine(charge, part, metered, before)];
    case "carry":
      return carryLines(charge, part, before, state, context.stay?.to);
    case "surplus":
      return surplusLines(charge, part, state);
  }
}

/** What is given back is paid: the same line as a credit. */
const creditOf = (line: Line): Line => ({ ...line, kind: "credit", amount: negate(line.amount) });

function checkFits(tariff: Tariff, usage: Usage, slices: readonly UsageSlice[]): void {
  const refuse = (message: string): never => {
    throw new CodedError("usage.invalid", message);
  };
  if (usage.utility !== tariff.utility)
    refuse(`utility: ${usage.utility} is not priced by ${tariff.id} (${tariff.utility})`);
  if (usage.unit !== tariff.unit) refuse(`unit: ${usage.unit} is not the unit of ${tariff.id} (${tariff.unit})`);
  const { from, to } = usage.servicePeriod;
  for (const some of [slices, usage.exported ?? [], usage.reactive ?? []]) {
    for (const { period, quantity } of some) {
      if (quantity < 0n) refuse(`${isoIn(period.from, tariff.zone)}: a quantity below zero cannot be priced`);
      if (period.from < from || period.to > to)
        refuse(`${isoIn(period.from, tariff.zone)}: lies outside the service period`);
    }
  }
}
