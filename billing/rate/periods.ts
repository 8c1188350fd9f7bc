import type { Line } from "../../domain/bill.ts";
import { type Money, sumMoney } from "../../domain/money.ts";
import type { Period } from "../../domain/period.ts";
import type { Micro } from "../../domain/quantity.ts";
import type { Tariff } from "../../domain/tariff.ts";
import type { Usage, UsageSlice } from "../../domain/usage.ts";
import { type LadderWalk, type RateContext, rateWalk } from "../rate.ts";
import type { RateState } from "./state.ts";
import { inOrder, slicesWithin, worse } from "./slices.ts";

/** What one bill period comes to. */
export type RatedPeriod = {
  readonly period: Period;
  readonly lines: readonly Line[];
  readonly ladders: readonly LadderWalk[];
  readonly total: Money;
  /** What the next period must know: give it back as `state` and `ladderUsedBefore`. */
  readonly state: RateState;
  readonly ladderUsed: Readonly<Record<string, Micro>>;
};

/** The part of a usage inside a period; a slice over its edge is shared by time. */
export function usageWithin(usage: Usage, servicePeriod: Period): Usage {
  if (isWhole(usage, servicePeriod)) return usage;
  const slices = slicesWithin(inOrder(usage.slices), servicePeriod);
  const part = (all: readonly UsageSlice[] | undefined) => slicesWithin(inOrder(all ?? []), servicePeriod);
  const demands = usage.demands?.filter(
    ({ period }) => period.from < servicePeriod.to && period.to > servicePeriod.from,
  );
  return {
    ...usage,
    servicePeriod,
    slices,
    ...(usage.profile === undefined ? {} : { profile: part(usage.profile) }),
    ...(usage.exported === undefined ? {} : { exported: part(usage.exported) }),
    ...(usage.reactive === undefined ? {} : { reactive: part(usage.reactive) }),
    ...(demands === undefined ? {} : { demands }),
    total: slices.reduce((sum, slice) => sum + slice.quantity, 0n),
    basis: slices.reduce<Usage["basis"]>((worst, slice) => worse(worst, slice.basis), "actual"),
  };
}

/** Nearly always: one period, one register, all of it inside. */
const isWhole = (
  { servicePeriod, slices, profile, exported, reactive, demands }: Usage,
  { from, to }: Period,
): boolean =>
  servicePeriod.from === from &&
  servicePeriod.to === to &&
  profile === undefined &&
  exported === undefined &&
  reactive === undefined &&
  demands === undefined &&
  slices === slicesWithin(inOrder(slices), servicePeriod);

/** Rates period after period; each ladder goes on where the period before left it, as long as its own period lasts. */
export function ratePeriods(
  tariffs: readonly Tariff[],
  usage: Usage,
  context: RateContext,
  periods: readonly Period[],
): RatedPeriod[] {
  const walks: LadderWalk[] = [];
  const currency = tariffs[0]?.currency ?? "CNY";
  let state = context.state;
  return periods.map((period, i) => {
    const before = i === 0 ? context.ladderUsedBefore : carried(walks, period);
    const { lines, ladders, ...after } = rateWalk(tariffs, usageWithin(usage, period), {
      ...context,
      ...(state === undefined ? {} : { state }),
      ...(before === undefined ? {} : { ladderUsedBefore: before }),
    });
    walks.push(...ladders);
    state = after.state;
    const amounts = lines.map((line) => line.amount);
    const ladderUsed = carried(walks, { from: period.to, to: period.to });
    return { period, lines, ladders, total: sumMoney(currency, amounts), state, ladderUsed };
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
