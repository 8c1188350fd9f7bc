import type { Line } from "../domain/bill.ts";
import type { Day, Period } from "../domain/period.ts";
import type { Micro } from "../domain/quantity.ts";
import type { Tariff } from "../domain/tariff.ts";
import type { Usage } from "../domain/usage.ts";

export type RateContext = {
  /**
   * Units already counted by the ladder in its current period before the usage begins: one figure, or one per charge id.
   * A meter exchange or a new tariff version does not reset it. Default 0.
   */
  readonly ladderUsedBefore?: Micro | Readonly<Record<string, Micro>>;
  /** Persons of the household: always, or each in force from a day on. Default: no rule applies. */
  readonly householdSize?: number | readonly { readonly from: Day; readonly persons: number }[];
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

/** Prices a usage. `tariff` is one version, or the versions of one id in any order. Pure. */
export declare function rate(tariff: Tariff | readonly Tariff[], usage: Usage, context?: RateContext): Line[];

/** The same with the ladder's walk. */
export declare function rateWalk(
  tariff: Tariff | readonly Tariff[],
  usage: Usage,
  context?: RateContext,
): { lines: Line[]; ladders: LadderWalk[] };
