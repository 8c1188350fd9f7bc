import type { Period } from "../../domain/period.ts";
import type { AccountId } from "../../domain/reading.ts";
import { canonicalText, sha256Of } from "../explain/canonical.ts";
import type { SettlementInput } from "../settlement.ts";
import type { LineDifference } from "../true-up.ts";
import type {
  ChargeDifference,
  MeasureDifference,
  ReplayedBill,
  ReplayedPoint,
  StateDifference,
  UsageDifference,
} from "./compare.ts";
import type { AccountReplay } from "./replay.ts";

type OfPoint = { readonly billId: bigint; readonly usagePointId: bigint };

/** What is to be posted for one account, or nothing. */
export type Rebill = {
  readonly accountId: AccountId;
  readonly lines: readonly (LineDifference & OfPoint)[];
  readonly usages: readonly (UsageDifference & OfPoint)[];
  readonly measures: readonly (MeasureDifference & OfPoint)[];
  /** What the next bills start from, where that is something else than was handed on. */
  readonly states: readonly (StateDifference & OfPoint)[];
  readonly charges: readonly ChargeDifference[];
  /** Of supply. */
  readonly supplyMinor: bigint;
  /** Of other charges. */
  readonly chargesMinor: bigint;
  readonly totalMinor: bigint;
  /** Usage points that wait whole: what later bills would be rests on what nobody can tell yet. */
  readonly waits: readonly {
    readonly usagePointId: bigint;
    readonly number: string;
    readonly why: readonly string[];
  }[];
  /** What each bill was made again from, where that was asked for. */
  readonly madeOf: readonly RebilledFrom[];
  /** SHA-256 of all this and of the account's last correction: the same difference later is another one. */
  readonly digest: string;
};

/** What the corrected points of one bill were worked out from. */
export type RebilledFrom = {
  readonly billId: bigint;
  readonly period: Period;
  readonly isCancelled: boolean;
  readonly usagePointIds: readonly bigint[];
  readonly settlements: readonly SettlementInput[];
};

/** Netted over every bill that was made again. Pure. */
export function rebillOf({ accountId, bills }: AccountReplay, lastCorrection: bigint | null): Rebill {
  const waits = bills.flatMap(({ number, points }) =>
    points.flatMap((point) => {
      const why = whyNot(point);
      return why === null ? [] : [{ usagePointId: point.usagePointId, number, why }];
    }),
  );
  const waiting = new Set(waits.map(({ usagePointId }) => usagePointId));
  const parts = bills.flatMap((bill) => comparedOf(bill).filter(({ usagePointId }) => !waiting.has(usagePointId)));
  const of = <T extends object>(own: (part: (typeof parts)[number]) => readonly T[]): (T & OfPoint)[] =>
    parts.flatMap((part) => own(part).map((one) => ({ ...one, billId: part.billId, usagePointId: part.usagePointId })));
  const lines = of(({ differences }) => differences);
  const states = of((part) => part.states);
  const charges = bills.flatMap((bill) => bill.charges);
  const told = lines.map(({ billId, usagePointId, key, billed, amount, quantity, included }) =>
    [billId, usagePointId, key, billed?.amount ?? null, amount, quantity, included].map(String),
  );
  const beside = [
    ...states.map(({ billId, usagePointId, period, after }) => ["state", billId, usagePointId, period.from, after]),
    ...charges.map(({ billId, line, billedMinor, dueMinor }) => ["charge", billId, line, billedMinor, dueMinor]),
  ];
  const supplyMinor = lines.reduce((sum, { amount }) => sum + amount, 0n);
  const chargesMinor = charges.reduce((sum, { billedMinor, dueMinor }) => sum + dueMinor - billedMinor, 0n);
  return {
    accountId,
    lines,
    usages: of(({ usages }) => usages),
    measures: of(({ measures }) => measures),
    states,
    charges,
    supplyMinor,
    chargesMinor,
    totalMinor: supplyMinor + chargesMinor,
    waits,
    madeOf: bills.flatMap((bill) => madeOf(bill, waiting)),
    digest: sha256Of(
      canonicalText({ accountId, after: lastCorrection, told, ...(beside.length === 0 ? {} : { beside }) }),
    ),
  };
}

function madeOf(bill: ReplayedBill, waiting: ReadonlySet<bigint>): RebilledFrom[] {
  const { billId, period, isCancelled, settlements } = bill;
  if (settlements === undefined) return [];
  const usagePointIds = comparedOf(bill)
    .map(({ usagePointId }) => usagePointId)
    .filter((id) => !waiting.has(id));
  const own = settlements.filter(({ agreement }) => usagePointIds.includes(agreement.usagePointId));
  return [{ billId, period, isCancelled, usagePointIds, settlements: own }];
}

/** Where a register stood may have moved without a unit more or less: no reason for a note. */
export const isNothing = ({ lines, usages, measures, states, charges }: Rebill): boolean =>
  lines.length === 0 &&
  states.length === 0 &&
  charges.length === 0 &&
  [...usages, ...measures].every(({ quantity }) => quantity === 0n);

/** One digest over a whole preview: of what is left to post and of what was posted with it already. Pure. */
export const batchDigest = (accounts: readonly { readonly accountId: AccountId; readonly digest: string }[]): string =>
  sha256Of(
    canonicalText(
      accounts
        .toSorted((a, b) => Number(a.accountId - b.accountId))
        .map(({ accountId, digest }) => [accountId, digest]),
    ),
  );

const comparedOf = ({ billId, points }: ReplayedBill) =>
  points.flatMap((point) => (point.kind === "compared" ? [{ ...point, billId }] : []));

function whyNot(point: ReplayedPoint): readonly string[] | null {
  switch (point.kind) {
    case "compared":
    case "true_up_open": // the next bill settles it, and counts what is posted here
      return null;
    case "in_doubt":
      return point.doubts;
    case "cannot_rate":
      return [point.detail];
  }
}
