import type { Line } from "../../domain/bill.ts";
import { CodedError } from "../../domain/errors.ts";
import { overlap, type Period, startOfDay, type Zone } from "../../domain/period.ts";
import type { Micro } from "../../domain/quantity.ts";
import type {
  AddedTier,
  DecimalText,
  EnergyCharge,
  FlatCharge,
  Ladder,
  Price,
  PricedTier,
} from "../../domain/tariff.ts";
import type { TouPeriod, UsageSlice } from "../../domain/usage.ts";
import type { LadderWalk, RateContext } from "../rate.ts";
import { type Cell, cellsByTier, cellsByTou, cellsOfSlab, touNames } from "./energy.ts";
import { climb, type LadderCharge, thresholdsOf, tiersAt, timesOf } from "./ladder.ts";
import { lineHead, lineKey } from "./line.ts";
import { lineAmount, roundedOnce } from "./price.ts";
import { slicesWithin } from "./slices.ts";
import { seriesLine } from "./series.ts";
import { type LadderStretch, ladderStretches, type VersionStretch } from "./stretch.ts";

/** The kW that a ladder's tiers count with, in one of its stretches; null = nobody knows. */
export type KwOf = (ladder: Ladder, stretch: Period) => Micro | null;

/** Lines of one energy charge in one version's stretch; where its ladder stood is added to `ladders`. */
export function energyLines(
  charge: EnergyCharge,
  version: VersionStretch,
  rated: Period,
  slices: readonly UsageSlice[],
  context: RateContext,
  ladders: LadderWalk[],
  kwOf: KwOf,
): Line[] {
  const { currency } = version.tariff;
  if (charge.form === "flat") return roundedOnce(currency, flatLines(charge, version, slices, context), charge);
  if (charge.form === "series") return [seriesLine(charge, version, slicesWithin(slices, version.stretch))];
  const lines: Line[] = [];
  for (const part of ladderStretches(charge, version, rated, context.householdSize)) {
    const within = slicesWithin(slices, part.stretch);
    const tiers = tiersAt(charge, version.tariff.zone, part.stretch.from);
    const { zone } = version.tariff;
    const times = timesOf(charge.ladder, part.ladderPeriod, occupied(part, charge.ladder, rated, context, zone), zone);
    const thresholds = thresholdsOf(tiers, charge.ladder, {
      persons: part.persons,
      kw: kwOf(charge.ladder, part.stretch),
      times,
    });
    const position = positionAt(charge, part, context, rated, ladders);
    const own = ladderLines(charge, version, part.stretch, within, tiers, { thresholds, position }, context);
    lines.push(...roundedOnce(currency, own, charge));
    const used = own.reduce((sum, line) => (line.kind === "usage" ? sum + (line.quantity ?? 0n) : sum), 0n);
    ladders.push({
      charge: charge.id,
      tariffVersion: version.tariff.version,
      ...part,
      thresholds,
      usedBefore: position,
      usedAfter: position + used,
    });
  }
  return lines;
}

/** The part of a ladder's period that the account had: by its stay where it is known, else by the rated period. */
function occupied(
  { ladderPeriod }: LadderStretch,
  { basis }: Ladder,
  rated: Period,
  { stay }: RateContext,
  zone: Zone,
): Period {
  if (stay === undefined) return basis === "year" ? ladderPeriod : (overlap(ladderPeriod, rated) ?? ladderPeriod);
  const from = stay.from === undefined ? ladderPeriod.from : startOfDay(stay.from, zone);
  const to = stay.to === undefined ? ladderPeriod.to : startOfDay(stay.to, zone);
  return overlap(ladderPeriod, { from, to }) ?? ladderPeriod;
}

/** Where the ladder stands as a stretch begins: after the stretch before it in the same ladder period, else as the books say. */
function positionAt(
  charge: LadderCharge,
  part: LadderStretch,
  context: RateContext,
  rated: Period,
  ladders: readonly LadderWalk[],
): Micro {
  const before = ladders.findLast((walk) => walk.charge === charge.id);
  if (before !== undefined) return before.ladderPeriod.from === part.ladderPeriod.from ? before.usedAfter : 0n;
  const used = context.ladderUsedBefore ?? 0n;
  const position = typeof used === "bigint" ? used : (used[charge.id] ?? 0n);
  if (position !== 0n && part.ladderPeriod.from >= rated.from) {
    throw new CodedError(
      "usage.invalid",
      `ladderUsedBefore: the ladder of \`${charge.id}\` begins with this period (basis ${charge.ladder.basis}): nothing can have been used before`,
    );
  }
  return position;
}

function flatLines(
  charge: FlatCharge,
  version: VersionStretch,
  slices: readonly UsageSlice[],
  context: RateContext,
): Line[] {
  const within = slicesWithin(slices, version.stretch);
  const cells = cellsByTou(within, version.tariff, touNames([charge.price]), context.touSpread ?? "pro_rata");
  return usedCells(cells).map((cell) =>
    cellLine(charge, version, version.stretch, cell, priceAt(charge.price, cell.tou)),
  );
}

function ladderLines(
  charge: LadderCharge,
  version: VersionStretch,
  stretch: Period,
  slices: readonly UsageSlice[],
  tiers: readonly (PricedTier | AddedTier)[],
  ladder: { readonly thresholds: readonly Micro[]; readonly position: Micro },
  context: RateContext,
): Line[] {
  const spread = context.touSpread ?? "pro_rata";
  if (charge.form !== "surcharged") {
    const priced = tiers as readonly PricedTier[];
    const names = touNames(priced.map((tier) => tier.price));
    const cells =
      charge.form === "slab"
        ? cellsOfSlab(slices, version.tariff, names, ladder, spread)
        : cellsByTier(slices, version.tariff, names, ladder, charge.allocation ?? "chronological", spread);
    return usedCells(cells).map((cell) => {
      const price = priced[cell.tier - 1]?.price ?? "0";
      return cellLine(charge, version, stretch, cell, priceAt(price, cell.tou));
    });
  }
  const base = cellsByTou(slices, version.tariff, touNames([charge.price]), spread);
  const total = base.reduce((sum, cell) => sum + cell.quantity, 0n);
  return [
    ...usedCells(base).map((cell) => cellLine(charge, version, stretch, cell, priceAt(charge.price, cell.tou))),
    ...climb(ladder.thresholds, ladder.position, total).flatMap((quantity, i) => {
      const { add } = tiers[i] as AddedTier;
      if (quantity === 0n || !/[1-9]/.test(add)) return [];
      return [surchargeLine(charge, version, stretch, i + 1, quantity, add)];
    }),
  ];
}

/** Cells with use; when there is none, the first alone, so that a bill shows that nothing was used. */
function usedCells(cells: readonly Cell[]): Cell[] {
  const used = cells.filter((cell) => cell.quantity !== 0n);
  return used.length > 0 ? used : cells.slice(0, 1);
}

function cellLine(
  charge: EnergyCharge,
  { tariff }: VersionStretch,
  stretch: Period,
  { tier, tou, quantity, basis }: Cell,
  price: DecimalText,
): Line {
  const head = lineHead(tariff, charge, stretch);
  return {
    key: lineKey(head, tariff.zone, tier === 0 ? undefined : tier, tou),
    ...head,
    kind: "usage",
    ...(tier === 0 ? {} : { tier }),
    ...(tou === null ? {} : { tou }),
    quantity,
    unit: tariff.unit,
    price,
    amount: lineAmount(tariff.currency, quantity, price, charge),
    basis,
  };
}

function surchargeLine(
  charge: EnergyCharge,
  { tariff }: VersionStretch,
  stretch: Period,
  tier: number,
  quantity: Micro,
  price: DecimalText,
): Line {
  const head = lineHead(tariff, charge, stretch);
  const amount = lineAmount(tariff.currency, quantity, price, charge);
  return {
    key: lineKey(head, tariff.zone, tier),
    ...head,
    kind: "surcharge",
    tier,
    quantity,
    unit: tariff.unit,
    price,
    amount,
  };
}

/** The price of a time of use; every name that can come has one (`energy.ts` refuses the others). */
export function priceAt(price: Price, tou: TouPeriod | null): DecimalText {
  if (typeof price === "string") return price;
  const own = tou === null ? undefined : price[tou];
  if (own === undefined) throw new TypeError(`no price for ${tou}`);
  return own;
}
