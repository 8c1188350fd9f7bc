import type { Line } from "../../domain/bill.ts";
import { type Money, sumMoney } from "../../domain/money.ts";
import { type Period, type Zone, monthOf } from "../../domain/period.ts";
import type { Instant } from "../../domain/instant.ts";
import type { Micro } from "../../domain/quantity.ts";
import type { Tariff } from "../../domain/tariff.ts";
import type { Usage } from "../../domain/usage.ts";
import { type LadderWalk, type RateContext, rateWalk } from "../rate.ts";
import { inOrder, slicesWithin, worse } from "./slices.ts";

/** What one bill period comes to. */
export type RatedPeriod = {
  readonly period: Period;
  readonly lines: readonly Line[];
  readonly ladders: readonly LadderWalk[];
  readonly total: Money;
};

/** Calendar months that a period touches, cut to it. */
export function monthsWithin({ from, to }: Period, zone: Zone): Period[] {
  const months: Period[] = [];
  for (let at = from; at < to; ) {
    const end = Math.min(monthOf(at, zone).to, to) as Instant;
    months.push({ from: at, to: end });
    at = end;
  }
  return months;
}

/** The part of a usage inside a period; a slice over its edge is shared by time. */
export function usageWithin(usage: Usage, servicePeriod: Period): Usage {
  const slices = slicesWithin(inOrder(usage.slices), servicePeriod);
  return {
    ...usage,
    servicePeriod,
    slices,
    total: slices.reduce((sum, slice) => sum + slice.quantity, 0n),
    basis: slices.reduce<Usage["basis"]>((worst, slice) => worse(worst, slice.basis), "actual"),
  };
}

/** Rates period after period; each ladder goes on where the period before left it, as long as its own period lasts. */
export function ratePeriods(
  tariffs: readonly Tariff[],
  usage: Usage,
  context: RateContext,
  periods: readonly Period[],
): RatedPeriod[] {
  const walks: LadderWalk[] = [];
  const currency = tariffs[0]?.currency ?? "CNY";
  return periods.map((period, i) => {
    const before = i === 0 ? context.ladderUsedBefore : carried(walks, period);
    const { lines, ladders } = rateWalk(tariffs, usageWithin(usage, period), {
      ...context,
      ...(before === undefined ? {} : { ladderUsedBefore: before }),
    });
    walks.push(...ladders);
    const amounts = lines.map((line) => line.amount);
    return { period, lines, ladders, total: sumMoney(currency, amounts) };
  });
}

/** What each ladder has counted when `period` begins; none where a new ladder period begins with it. */
function carried(walks: readonly LadderWalk[], period: Period): Record<string, Micro> {
  const used: Record<string, Micro> = {};
  for (const { charge, ladderPeriod, usedAfter } of walks) {
    if (ladderPeriod.to > period.from) used[charge] = usedAfter;
    else delete used[charge];
  }
  return used;
}
