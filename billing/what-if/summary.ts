import type { Micro } from "../../domain/quantity.ts";
import type { AccountId } from "../../domain/reading.ts";
import type { Unit, Utility } from "../../domain/unit.ts";
import type { LeftOutReason } from "./rated.ts";

/** One utility before and after, in minor units. */
export type UtilityChange = {
  readonly utility: Utility;
  readonly unit: Unit;
  readonly quantity: Micro;
  readonly before: bigint;
  readonly after: bigint;
  /** Units whose hours nobody saw, under the tariff that is tried. */
  readonly guessed: Micro;
};

export type TriedAccount = {
  readonly accountId: AccountId;
  readonly number: string;
  readonly name: string;
  readonly building: string;
  readonly room: string;
};

/** What the tried tariff makes of one account's bills. */
export type AccountChange = TriedAccount & {
  readonly before: bigint;
  readonly after: bigint;
  readonly utilities: readonly UtilityChange[];
};

/** An account that cannot be compared, and why. */
export type LeftOut = TriedAccount & {
  readonly reason: LeftOutReason;
  readonly month: string;
  readonly detail: string;
};

/** Accounts whose change lies beyond `from` and up to `to` (away from zero); `null` = without end. */
export type ChangeBin = { readonly from: bigint | null; readonly to: bigint | null; readonly accounts: number };

export type WhatIfSummary = {
  readonly accounts: number;
  readonly leftOut: number;
  readonly before: bigint;
  readonly after: bigint;
  readonly utilities: readonly (UtilityChange & { readonly accounts: number })[];
  readonly more: number;
  readonly less: number;
  readonly same: number;
  /** Who pays more, and who less: sums of the changes. */
  readonly moreBy: bigint;
  readonly lessBy: bigint;
  readonly bins: readonly ChangeBin[];
  readonly topMore: readonly AccountChange[];
  readonly topLess: readonly AccountChange[];
};

/** How many of the largest changes are shown on each side. Our choice: a screenful. */
const TOP_MAX = 10;
/** Bars on each side of zero. Our choice. */
const BINS_EACH_SIDE = 6;

export const changeOf = ({ before, after }: Pick<AccountChange, "before" | "after">): bigint => after - before;

export function summaryOf(changes: readonly AccountChange[], leftOut: readonly LeftOut[]): WhatIfSummary {
  const sum = (of: (change: AccountChange) => bigint): bigint => changes.reduce((total, one) => total + of(one), 0n);
  const up = changes.filter((one) => changeOf(one) > 0n).sort(byChange(-1));
  const down = changes.filter((one) => changeOf(one) < 0n).sort(byChange(1));
  return {
    accounts: changes.length,
    leftOut: leftOut.length,
    before: sum(({ before }) => before),
    after: sum(({ after }) => after),
    utilities: utilitiesOf(changes),
    more: up.length,
    less: down.length,
    same: changes.length - up.length - down.length,
    moreBy: up.reduce((total, one) => total + changeOf(one), 0n),
    lessBy: down.reduce((total, one) => total + changeOf(one), 0n),
    bins: binsOf(changes.map(changeOf)),
    topMore: up.slice(0, TOP_MAX),
    topLess: down.slice(0, TOP_MAX),
  };
}

/** The largest change first (`-1`), or the smallest (`1`); equal ones by account, so that the order never wavers. */
const byChange =
  (direction: 1 | -1) =>
  (a: AccountChange, b: AccountChange): number => {
    const [x, y] = [changeOf(a), changeOf(b)];
    if (x !== y) return (x < y ? -1 : 1) * direction;
    return a.accountId < b.accountId ? -1 : 1;
  };

function utilitiesOf(changes: readonly AccountChange[]): (UtilityChange & { accounts: number })[] {
  const all = changes.flatMap(({ utilities }) => utilities);
  return [...Map.groupBy(all, ({ utility }) => utility).values()].map((own) => ({
    ...own.reduce((sum, one) => ({
      ...sum,
      quantity: sum.quantity + one.quantity,
      before: sum.before + one.before,
      after: sum.after + one.after,
      guessed: sum.guessed + one.guessed,
    })),
    accounts: own.length,
  }));
}

/** How changes spread: bars of one width on both sides of zero, the outermost open; no change is a bar of its own. */
export function binsOf(changes: readonly bigint[]): ChangeBin[] {
  const sizes = changes.filter((change) => change !== 0n).map((change) => (change < 0n ? -change : change));
  const width = widthOf(sizes);
  const count = (side: 1n | -1n, n: number): number =>
    changes.filter((change) => change * side > 0n && barOf(change * side, width) === n).length;
  const sides = Array.from({ length: BINS_EACH_SIDE }, (_, i) => i + 1);
  const edge = (n: number): bigint | null => (n > BINS_EACH_SIDE - 1 ? null : BigInt(n) * width);
  const minus = (value: bigint | null): bigint | null => (value === null ? null : -value);
  return [
    ...sides.toReversed().map((n) => ({ from: minus(edge(n)), to: -BigInt(n - 1) * width, accounts: count(-1n, n) })),
    { from: 0n, to: 0n, accounts: changes.length - sizes.length },
    ...sides.map((n) => ({ from: BigInt(n - 1) * width, to: edge(n), accounts: count(1n, n) })),
  ];
}

const barOf = (size: bigint, width: bigint): number => {
  const bar = Number((size + width - 1n) / width);
  return bar > BINS_EACH_SIDE ? BINS_EACH_SIDE : bar;
};

/** 1, 2 or 5 times a power of ten, so that nineteen changes of twenty fall within the closed bars. */
function widthOf(sizes: readonly bigint[]): bigint {
  const ordered = sizes.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const most = ordered[Math.floor((ordered.length - 1) * 0.95)] ?? 1n;
  for (let step = 1n; ; step *= 10n) {
    for (const width of [step, 2n * step, 5n * step]) if (width * BigInt(BINS_EACH_SIDE - 1) >= most) return width;
  }
}
