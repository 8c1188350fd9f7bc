import { CodedError } from "../../domain/errors.ts";
import type { Instant } from "../../domain/instant.ts";
import type { Currency } from "../../domain/money.ts";
import type { Period } from "../../domain/period.ts";
import { decimalText, type Micro, microOf } from "../../domain/quantity.ts";
import type { Unit, Utility } from "../../domain/unit.ts";
import type { BilledCharge, BilledMeasure, BilledState, CorrectionMeasure } from "../../ledger/correction-books.ts";
import type { BilledLine, BilledStretch } from "../../ledger/true-ups.ts";
import type { StateChain } from "../books-state.ts";
import { canonicalText } from "../explain/canonical.ts";
import { stateJson } from "../rate/account-file.ts";
import type { RegisterProof } from "../register-proofs.ts";
import { type Settlement, type SettlementInput, settleAll } from "../settlement.ts";
import { type LineDifference, lineDifferences } from "../true-up.ts";

/** One issued bill at one usage point, and what it takes to make it again by what is known now. */
export type ReplayInput = {
  readonly usagePointId: bigint;
  readonly settlements: readonly SettlementInput[];
  /** What was billed, with true-ups and corrections until now. */
  readonly lines: readonly BilledLine[];
  readonly stretches: readonly BilledStretch[];
  readonly measures: readonly BilledMeasure[];
  /** What its stretches hand on until now. */
  readonly states: readonly BilledState[];
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

export type MeasureDifference = Omit<CorrectionMeasure, "billId" | "usagePointId">;

/** What a stretch was given and hands on by what is known now, where it handed on something else until now; fit for jsonb. */
export type StateDifference = {
  readonly tariffId: string;
  readonly period: Period;
  readonly before: object;
  readonly after: object;
};

/** A charge besides supply that a cancelled bill takes back, or asks for again. */
export type ChargeDifference = BilledCharge & { readonly dueMinor: bigint };

/** What a bill comes to at one usage point when it is made again. */
export type ReplayedPoint = { readonly usagePointId: bigint } & (
  | {
      readonly kind: "compared";
      readonly differences: readonly LineDifference[];
      readonly usages: readonly UsageDifference[];
      readonly measures: readonly MeasureDifference[];
      readonly states: readonly StateDifference[];
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
  readonly charges: readonly ChargeDifference[];
  readonly isCancelled: boolean;
  /** What it was made again from, where that was asked for. */
  readonly settlements?: readonly SettlementInput[];
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
  if (input.cancelled) return compared(input, [], handedOn(input, chain), currency);
  if (input.withoutTariff) return { usagePointId, kind: "cannot_rate", detail: "no tariff" };
  try {
    const settled = settleAll(input.settlements);
    chain?.note(settled);
    const doubts = settled.flatMap((one) => one.doubts);
    if (doubts.length > 0) return { usagePointId, kind: "in_doubt", doubts };
    return compared(input, settled, settled, currency);
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return { usagePointId, kind: "cannot_rate", detail: error.message };
  }
}

/** A cancelled bill charges nothing, but its months were lived: peaks and credits go on by what is known, where that can be told. */
function handedOn({ settlements }: ReplayInput, chain: StateChain | undefined): Settlement[] {
  try {
    const settled = settleAll(settlements);
    if (settled.some(({ doubts }) => doubts.length > 0)) return [];
    chain?.note(settled);
    return settled;
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return [];
  }
}

function compared(
  input: ReplayInput,
  settled: readonly Settlement[],
  going: readonly Settlement[],
  currency: Currency,
): ReplayedPoint {
  const now = settled.flatMap(({ lines }) => lines);
  return {
    usagePointId: input.usagePointId,
    kind: "compared",
    differences: lineDifferences(input, now, currency),
    usages: usageDifferences(input.stretches, settled),
    measures: measureDifferences(input.measures, settled),
    states: stateDifferences(input.states, going),
  };
}

function usageDifferences(billed: readonly BilledStretch[], settled: readonly Settlement[]): UsageDifference[] {
  const was = billed.map(({ billId: _b, usagePointId: _u, ...one }) => one);
  const now = settled.map(({ usage: { utility, unit, servicePeriod, total }, registers }) => ({
    utility,
    unit,
    ...servicePeriod,
    quantity: total,
    registers,
  }));
  return countedDifferences<Omit<UsageDifference, "registers">>(was, now, ({ from }) => String(from));
}

function measureDifferences(billed: readonly BilledMeasure[], settled: readonly Settlement[]): MeasureDifference[] {
  const was = billed.map(({ billId: _b, usagePointId: _u, ...one }) => one);
  const now = settled.flatMap(({ beside }) =>
    beside.map(({ kind, unit, usage: { servicePeriod, total }, registers }) => ({
      kind,
      unit,
      ...servicePeriod,
      quantity: total,
      registers,
    })),
  );
  return countedDifferences<Omit<MeasureDifference, "registers">>(was, now, ({ kind, from }) => `${kind} ${from}`);
}

type Counted = { readonly from: Instant; readonly to: Instant; readonly quantity: Micro };

/** Stretch by stretch; those that agree are left out. */
function countedDifferences<T extends Counted>(
  billed: readonly (T & Pick<BilledStretch, "registers">)[],
  now: readonly (T & { readonly registers: readonly RegisterProof[] })[],
  keyOf: (one: T) => string,
): (T & { readonly registers: readonly object[] })[] {
  const due = new Map(now.map((one) => [keyOf(one), one]));
  const before = new Map(billed.map((one) => [keyOf(one), one]));
  return [...new Set([...due.keys(), ...before.keys()])].flatMap((key) => {
    const [was, is] = [before.get(key), due.get(key)];
    const named = is ?? was;
    if (named === undefined) return [];
    const { registers, isMoved } = registerDifferences(was?.registers ?? [], is?.registers ?? []);
    const quantity = (is?.quantity ?? 0n) - (was?.quantity ?? 0n);
    return quantity === 0n && !isMoved ? [] : [{ ...named, quantity, registers }];
  });
}

/** Every register, those that agree too: where the last of them ends tells where the next bill begins. */
function registerDifferences(was: BilledStretch["registers"], now: readonly RegisterProof[]) {
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

function stateDifferences(known: readonly BilledState[], settled: readonly Settlement[]): StateDifference[] {
  const kept = new Map(known.map(({ from, after }) => [from, canonicalText(after)]));
  return settled.flatMap(({ agreement: { tariffId }, stretch, state }): StateDifference[] => {
    if (state === undefined) return [];
    const [before, after] = [stateJson(state.before), stateJson(state.after)];
    return canonicalText(after) === kept.get(stretch.from) ? [] : [{ tariffId, period: stretch, before, after }];
  });
}

/** Of every charge line besides supply what it is to come to: as it was issued, of a cancelled bill nothing. Pure. */
export const chargeDifferences = (charges: readonly BilledCharge[], isCancelled: boolean): ChargeDifference[] =>
  charges
    .map((charge) => ({ ...charge, dueMinor: isCancelled ? 0n : charge.issuedMinor }))
    .filter(({ billedMinor, dueMinor }) => billedMinor !== dueMinor);

export const differenceOf = (points: readonly ReplayedPoint[]): bigint =>
  points.reduce(
    (sum, point) =>
      point.kind === "compared" ? point.differences.reduce((all, { amount }) => all + amount, sum) : sum,
    0n,
  );
