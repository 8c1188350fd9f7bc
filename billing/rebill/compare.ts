import { CodedError } from "../../domain/errors.ts";
import type { Currency } from "../../domain/money.ts";
import type { Period } from "../../domain/period.ts";
import type { BilledLine } from "../../ledger/true-ups.ts";
import type { StateChain } from "../books-state.ts";
import { type SettlementInput, settleAll } from "../settlement.ts";
import { type LineDifference, lineDifferences } from "../true-up.ts";

/** One issued bill at one usage point, and what it takes to make it again by what is known now. */
export type ReplayInput = {
  readonly usagePointId: bigint;
  readonly settlements: readonly SettlementInput[];
  /** What was billed, with true-ups until now. */
  readonly lines: readonly BilledLine[];
  /** The bill ended or began at an estimate here that the next bill trues up. */
  readonly trueUpOpen: boolean;
  /** A tariff of an agreement here is not published any more. */
  readonly withoutTariff: boolean;
};

/** What a bill comes to at one usage point when it is made again. */
export type ReplayedPoint = { readonly usagePointId: bigint } & (
  | { readonly kind: "compared"; readonly differences: readonly LineDifference[] }
  /** Nobody can say yet, as for a new bill: why. */
  | { readonly kind: "in_doubt"; readonly doubts: readonly string[] }
  | { readonly kind: "cannot_rate"; readonly detail: string }
  /** The next bill settles all of it, whatever else changed. */
  | { readonly kind: "true_up_open" }
);

export type ReplayedBill = {
  readonly billId: bigint;
  readonly number: string;
  readonly period: Period;
  readonly points: readonly ReplayedPoint[];
  /** Of what could be compared. */
  readonly differenceMinor: bigint;
};

/**
 * The usage point by what is known now, less what was billed. A true-up that is open wins: it rates the same stretch again with
 * everything that changed, so that a replay beside it would count twice. Pure.
 * @param chain takes what the bill would hand on now: the next one is made again on it
 */
export function replayPoint(input: ReplayInput, currency: Currency, chain?: StateChain): ReplayedPoint {
  const { usagePointId } = input;
  if (input.trueUpOpen) return { usagePointId, kind: "true_up_open" };
  if (input.withoutTariff) return { usagePointId, kind: "cannot_rate", detail: "no tariff" };
  try {
    const settled = settleAll(input.settlements);
    chain?.note(settled);
    const doubts = settled.flatMap((one) => one.doubts);
    if (doubts.length > 0) return { usagePointId, kind: "in_doubt", doubts };
    const now = settled.flatMap(({ lines }) => lines);
    return { usagePointId, kind: "compared", differences: lineDifferences(input, now, currency) };
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return { usagePointId, kind: "cannot_rate", detail: error.message };
  }
}

export const differenceOf = (points: readonly ReplayedPoint[]): bigint =>
  points.reduce(
    (sum, point) =>
      point.kind === "compared" ? point.differences.reduce((all, { amount }) => all + amount, sum) : sum,
    0n,
  );
