import type { Day } from "./period.ts";

/** Why a part of a bill begins, ends or goes over to another dial where it does. */
export const CUT_CAUSES = [
  "agreement",
  "tariff",
  "tariff_version",
  "household",
  "capacity",
  "ladder_period",
  "meter_exchange",
  "ratio_change",
] as const;
export type CutCause = (typeof CUT_CAUSES)[number];

/**
 * What the quantity on each side of a cut stands on: a reading at that instant, a straight line between the readings around it, an
 * estimate, or, where nothing is measured, the count of days.
 */
export const CUT_STANDS = ["reading", "interpolated", "estimated", "days"] as const;
export type CutStands = (typeof CUT_STANDS)[number];

export type Cut = {
  /** The first day of what begins with it. */
  readonly day: Day;
  readonly by: readonly CutCause[];
  readonly on: CutStands;
};

/** How a bill line was prorated. */
export type Proration = {
  readonly days: number;
  /** Days of the whole bill. */
  readonly billDays: number;
  /** Tiers, or an amount per month, for the part: by its days, or whole; `null` where the charge has neither. */
  readonly scaled: "by_days" | "whole" | null;
  /** In order of time; empty = the part is the whole bill. */
  readonly cuts: readonly Cut[];
};
