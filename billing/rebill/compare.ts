import { CodedError } from "../../domain/errors.ts";
import type { Instant } from "../../domain/instant.ts";
import type { Currency } from "../../domain/money.ts";
import type { Period } from "../../domain/period.ts";
import { decimalText, type Micro, microOf } from "../../domain/quantity.ts";
import type { Unit, Utility } from "../../domain/unit.ts";
import type { BilledLine, BilledStretch } from "../../ledger/true-ups.ts";
import type { StateChain } from "../books-state.ts";
import { type Settlement, type SettlementInput, settleAll } from "../settlement.ts";
import { type LineDifference, lineDifferences } from "../true-up.ts";

/** One issued bill at one usage point, and what it takes to make it again by what is known now. */
export type ReplayInput = {
  readonly usagePointId: bigint;
  readonly settlements: readonly SettlementInput[];
  /** What was billed, with true-ups and corrections until now. */
  readonly lines: readonly BilledLine[];
  readonly stretches: readonly BilledStretch[];
  /** The bill ended or began at an estimate here that the next bill trues up. */
  readonly trueUpOpen: boolean;
  /** A tariff of an agreement here is not published any more. */
  readonly withoutTariff: boolean;
  /** The bill is to charge nothing, whatever is known. */
  readonly cancelled: boolean;
};

/** Use of one stretch by what is known now less what was billed of it. */
export type UsageDifference = {
  readonly utility: Utility;
  readonly unit: Unit;
  readonly from: Instant;
  readonly to: Instant;
  readonly quantity: Micro;
  /** As in a bill's proof, `used` the difference; fit for jsonb. */
  readonly registers: readonly object[];
};

/** What a bill comes to at one usage point when it is made again. */
export type ReplayedPoint = { readonly usagePointId: bigint } & (
  | {
      readonly kind: "compared";
      readonly differences: readonly LineDifference[];
      readonly usages: readonly UsageDifference[];
    }
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
  if (input.cancelled) return compared(input, [], currency);
  if (input.withoutTariff) return { usagePointId, kind: "cannot_rate", detail: "no tariff" };
  try {
    const settled = settleAll(input.settlements);
    chain?.note(settled);
    const doubts = settled.flatMap((one) => one.doubts);
    if (doubts.length > 0) return { usagePointId, kind: "in_doubt", doubts };
    return compared(input, settled, currency);
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return { usagePointId, kind: "cannot_rate", detail: error.message };
  }
}

function compared(input: ReplayInput, settled: readonly Settlement[], currency: Currency): ReplayedPoint {
  const now = settled.flatMap(({ lines }) => lines);
  return {
    usagePointId: input.usagePointId,
    kind: "compared",
    differences: lineDifferences(input, now, currency),
    usages: usageDifferences(input.stretches, settled),
  };
}

/** Stretch by stretch; those that agree are left out. */
function usageDifferences(billed: readonly BilledStretch[], settled: readonly Settlement[]): UsageDifference[] {
  const due = new Map(settled.map((one) => [one.usage.servicePeriod.from, one]));
  const before = new Map(billed.map((one) => [one.from, one]));
  return [...new Set([...due.keys(), ...before.keys()])].flatMap((from): UsageDifference[] => {
    const [was, now] = [before.get(from), due.get(from)];
    const { registers, isMoved } = registerDifferences(was?.registers ?? [], now?.registers ?? []);
    const quantity = (now?.usage.total ?? 0n) - (was?.quantity ?? 0n);
    const named = now === undefined ? was : { ...now.usage, to: now.usage.servicePeriod.to };
    if ((quantity === 0n && !isMoved) || named === undefined) return [];
    const { utility, unit, to } = named;
    return [{ utility, unit, from, to, quantity, registers }];
  });
}

/** Every register, those that agree too: where the last of them ends tells where the next bill begins. */
function registerDifferences(was: BilledStretch["registers"], now: Settlement["registers"]) {
  const before = new Map(was.map((one) => [`${one.meter} ${one.register}`, one]));
  let isMoved = false;
  const registers: object[] = now.map(({ meter, serial, register, from, to, start, end, used, verdicts }) => {
    const billed = before.get(`${meter} ${register}`);
    before.delete(`${meter} ${register}`);
    const difference = (microOf(used) ?? 0n) - (billed?.used ?? 0n);
    isMoved ||= difference !== 0n || end !== (billed?.end ?? null);
    return { meter, serial, register, from, to, start, end, used: decimalText(difference), verdicts };
  });
  // Registers that the bill counted and would not count now: their use is taken back.
  for (const { meter, register, used } of before.values()) {
    if (used === 0n) continue;
    isMoved = true;
    registers.push({ meter, register, start: null, end: null, used: decimalText(-used), verdicts: ["gone"] });
  }
  return { registers, isMoved };
}

export const differenceOf = (points: readonly ReplayedPoint[]): bigint =>
  points.reduce(
    (sum, point) =>
      point.kind === "compared" ? point.differences.reduce((all, { amount }) => all + amount, sum) : sum,
    0n,
  );
