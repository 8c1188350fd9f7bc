import type { Instant } from "../domain/instant.ts";
import type { Period } from "../domain/period.ts";
import type { Micro } from "../domain/quantity.ts";
import type { MeterId, ReadingSource } from "../domain/reading.ts";
import type { RegisterName } from "../domain/register.ts";
import type { TouPeriod, Usage } from "../domain/usage.ts";
import type { Utility } from "../domain/unit.ts";
import type { Gap, Verdict } from "../domain/verdict.ts";

/** One reading of a cumulative register, millionths of its unit. Absent `source` = an actual reading. */
export type RegisterReading = { readonly at: Instant; readonly value: Micro; readonly source?: ReadingSource };

/** All readings known of one register around the period, in any order. `tou` when the register counts one time of use only. */
export type RegisterSeries = {
  readonly register: RegisterName;
  readonly tou?: TouPeriod;
  readonly readings: readonly RegisterReading[];
  /** Value at installation and at removal, from the exchange protocol. */
  readonly initial?: Micro;
  readonly final?: Micro;
};

/** One meter's stay at the usage point. */
export type Installation = {
  readonly meterId: MeterId;
  readonly installedAt: Instant;
  readonly removedAt: Instant | null;
  /** The value at which the dial begins again at zero; `null` = unknown: a drop is then never a rollover. */
  readonly dialMax: Micro | null;
  /** The most that can flow in an hour; `null` = unknown: jumps cannot be told, a drop is never a rollover. */
  readonly maxPerHour: Micro | null;
  readonly registers: readonly RegisterSeries[];
};

export type UsageInput = {
  readonly utility: Utility;
  readonly period: Period;
  /** In any order; stays must not overlap. */
  readonly installations: readonly Installation[];
  /** Which registers make the usage: those without `tou` (default) or those with it. The others are not looked at. */
  readonly by?: "total" | "tou";
};

export type UsageResult = {
  readonly usage: Usage;
  readonly verdicts: readonly Verdict[];
  readonly gaps: readonly Gap[];
};

/** What was used in the period. Pure; never throws for bad data: what is not known is a gap, what is doubtful a verdict. */
export declare function usageOf(input: UsageInput): UsageResult;
