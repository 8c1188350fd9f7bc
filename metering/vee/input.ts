import type { Instant } from "../../domain/instant.ts";
import type { Period } from "../../domain/period.ts";
import type { MeterId } from "../../domain/reading.ts";
import type { RegisterName } from "../../domain/register.ts";
import type { Unit, Utility } from "../../domain/unit.ts";
import { type Dial, placeAfter, type Series } from "./series.ts";

/** What is known of the meter. Amounts are whole millionths of the register's unit. */
export type MeterFacts = Dial & {
  readonly meterId: MeterId;
  readonly utility: Utility;
  readonly installedAt: Instant;
  readonly removedAt: Instant | null;
  /** How often a reading is due; `null` when nobody said. */
  readonly readEvery_ms: number | null;
  /** Readings may come more often than that: only slower is odd. */
  readonly mayReadMore?: boolean;
  /** Unit that the source itself names; `null` when it names none. */
  readonly statedUnit: Unit | null;
  /** Ratios (CT × VT, or units per pulse) in order of time, as plain numbers. */
  readonly ratios: readonly { readonly from: Instant; readonly ratio: number }[];
  /** Stretches in which nobody lives there. */
  readonly vacant: readonly Period[];
};

/** What the meter used before, per day, whole millionths. */
export type History = {
  /** Whole days before the period, oldest first; days that are not known are left out. */
  readonly recentDaily: readonly number[];
  /** Mean of the same season a year ago; `null` = unknown. */
  readonly seasonDaily: number | null;
  /** Last reading before the period that was no estimate; `null` = unknown. */
  readonly lastActualAt: Instant | null;
};
export const NO_HISTORY: History = { recentDaily: [], seasonDaily: null, lastActualAt: null };

/** All that rules look at: one register of one meter in one period. */
export type VeeInput = {
  readonly meter: MeterFacts;
  readonly period: Period;
  /** With the last reading at or before the period, when there is one. */
  readonly series: Series;
  /** Other registers of the same meter. */
  readonly neighbours: ReadonlyMap<RegisterName, Series>;
  readonly history: History;
  /** The same register of a check meter on the same supply. */
  readonly check: Series | null;
  /** Local nights inside the period. */
  readonly nights: readonly Period[];
  /** Readings measured in `(from, to]` stand at places `[first, end)`. */
  readonly first: number;
  readonly end: number;
  /** Growth and time from the reading before the period (else the first inside) to the last inside. */
  readonly used: number;
  readonly covered_ms: number;
  readonly coveredFrom: Instant;
  readonly coveredTo: Instant;
};

export type VeeParts = Pick<VeeInput, "meter" | "period" | "series"> &
  Partial<Pick<VeeInput, "neighbours" | "history" | "check" | "nights">>;

const NO_NEIGHBOURS: VeeInput["neighbours"] = new Map();

export function veeInput(parts: VeeParts): VeeInput {
  const { series, period } = parts;
  const first = placeAfter(series, period.from);
  const end = placeAfter(series, period.to);
  const base = Math.max(first - 1, 0);
  const last = Math.max(end - 1, base);
  const known = end > first;
  const coveredFrom = (known ? series.at[base] : period.from) as Instant;
  const coveredTo = (known ? series.at[last] : period.from) as Instant;
  return {
    neighbours: NO_NEIGHBOURS,
    history: NO_HISTORY,
    check: null,
    nights: [],
    ...parts,
    first,
    end,
    used: known ? (series.total[last] as number) - (series.total[base] as number) : 0,
    covered_ms: coveredTo - coveredFrom,
    coveredFrom,
    coveredTo,
  };
}
