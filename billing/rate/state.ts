import type { Micro } from "../../domain/quantity.ts";

/**
 * What charges must know of the periods before, besides ladders: given in, and handed on with the result, so that rating
 * one period after another is rating them together. Everything is by charge id; an empty state is a beginning.
 */
export type RateState = {
  /** Highest demands of months past, for ratchets: by charge, `charge/time of use` where they are apart. */
  readonly peaks?: Readonly<Record<string, readonly MonthPeak[]>>;
  /** Net metering: kWh in credit by time of use (`""` = without). */
  readonly netCredit?: Readonly<Record<string, Micro>>;
  /** Net metering: surplus of all hours together since the last settlement. */
  readonly netTotal?: Micro;
  /** Money credits carried, in minor units. */
  readonly carried?: Readonly<Record<string, bigint>>;
  /** Minimum charges of a year: what its bills came to so far (minor units), and for how many months (millionths). */
  readonly minimum?: Readonly<Record<string, YearSoFar>>;
};
export type MonthPeak = { readonly month: string; readonly kw: Micro };
export type YearSoFar = { readonly billed: bigint; readonly months: Micro };

/** The same while a period is rated: each charge writes its own. */
export type MovingState = {
  peaks: Record<string, readonly MonthPeak[]>;
  netCredit: Record<string, Micro>;
  netTotal: Micro;
  carried: Record<string, bigint>;
  minimum: Record<string, YearSoFar>;
};

export const movingOf = (state: RateState = {}): MovingState => ({
  peaks: { ...state.peaks },
  netCredit: { ...state.netCredit },
  netTotal: state.netTotal ?? 0n,
  carried: { ...state.carried },
  minimum: { ...state.minimum },
});
