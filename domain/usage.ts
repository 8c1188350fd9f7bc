import type { Period } from "./period.ts";
import type { Micro } from "./quantity.ts";
import type { BILLED_UNIT, Utility } from "./unit.ts";

/** Names of time-of-use periods that both meters and tariffs know. */
export const TOU_PERIODS = ["sharp", "peak", "flat", "valley", "deep_valley"] as const;
export type TouPeriod = (typeof TOU_PERIODS)[number] | (string & {});

/** How a stretch of use is known. The worst of its ends counts. */
export type UsageBasis = "actual" | "interpolated" | "estimated";

/** Use within a stretch: `tou` is set when a register of the meter counted it apart, else the tariff's own clock decides. */
export type UsageSlice = {
  readonly period: Period;
  readonly quantity: Micro;
  readonly tou?: TouPeriod;
  readonly basis: UsageBasis;
};

/** What one usage point used in one service period, in the utility's billed unit, in time order, without gaps that are not said. */
export type Usage = {
  readonly utility: Utility;
  readonly unit: (typeof BILLED_UNIT)[Utility];
  readonly servicePeriod: Period;
  readonly slices: readonly UsageSlice[];
  readonly total: Micro;
  readonly basis: UsageBasis;
  /** Energy given back, in the same unit. */
  readonly exported?: readonly UsageSlice[];
  /** Reactive energy in kvarh. */
  readonly reactive?: readonly UsageSlice[];
  /** Where registers for times of use are billed: the intervals that say when power was drawn, for demand and the power factor. */
  readonly profile?: readonly UsageSlice[];
  /** What demand registers showed. */
  readonly demands?: readonly MeasuredDemand[];
};

/** The highest mean power that a register counted in a period, in millionths of a kW. */
export type MeasuredDemand = { readonly period: Period; readonly kw: Micro; readonly tou?: TouPeriod };
