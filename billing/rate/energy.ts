import { CodedError } from "../../domain/errors.ts";
import type { Micro } from "../../domain/quantity.ts";
import type { Allocation, Price, Tariff } from "../../domain/tariff.ts";
import type { TouPeriod, UsageBasis, UsageSlice } from "../../domain/usage.ts";
import { climb } from "./ladder.ts";
import { byTou, worse } from "./slices.ts";
import { type Timetable, timetableOf, type TouSpan } from "./timetable.ts";

/** Use in one tier and time of use. `tou` is null where prices do not ask for one. */
export type Cell = { readonly tier: number; readonly tou: TouPeriod | null; quantity: Micro; basis: UsageBasis };

/** Time-of-use names that prices ask for; none = one price for all hours. */
export function touNames(prices: readonly Price[]): TouPeriod[] {
  const names = new Set<TouPeriod>();
  for (const price of prices) if (typeof price !== "string") for (const name of Object.keys(price)) names.add(name);
  return [...names];
}

/** Use collected per time of use, in the order in which prices name them. */
class TouTotals {
  readonly quantities: Micro[];
  readonly bases: UsageBasis[];
  readonly tariff: Tariff;
  readonly names: readonly TouPeriod[];

  constructor(tariff: Tariff, names: readonly TouPeriod[]) {
    this.tariff = tariff;
    this.names = names;
    this.quantities = names.map(() => 0n);
    this.bases = names.map(() => "actual");
  }

  add(slice: UsageSlice, spread: "pro_rata" | "refuse"): void {
    byTou(slice, this.tariff, spread, (tou, quantity, basis) => {
      const i = indexOfTou(this.names, tou, this.tariff);
      this.quantities[i] = (this.quantities[i] as Micro) + quantity;
      this.bases[i] = worse(this.bases[i] as UsageBasis, basis);
    });
  }
}

/** @throws CodedError `usage.invalid` when the tariff has no price for it */
function indexOfTou(names: readonly TouPeriod[], tou: TouPeriod, tariff: Tariff): number {
  const i = names.indexOf(tou);
  if (i >= 0) return i;
  throw new CodedError(
    "usage.invalid",
    `${tariff.id} has no price for time of use \`${tou}\`; it prices ${names.join(", ")}`,
  );
}

const sum = (all: readonly Micro[]): Micro => all.reduce((a, b) => a + b, 0n);
const worst = (slices: readonly UsageSlice[]): UsageBasis =>
  slices.reduce<UsageBasis>((basis, slice) => worse(basis, slice.basis), "actual");

/** Use per time of use, without a ladder. `names` empty = one cell. */
export function cellsByTou(
  slices: readonly UsageSlice[],
  tariff: Tariff,
  names: readonly TouPeriod[],
  spread: "pro_rata" | "refuse",
): Cell[] {
  if (names.length === 0) {
    return [{ tier: 0, tou: null, quantity: sum(slices.map((slice) => slice.quantity)), basis: worst(slices) }];
  }
  const totals = new TouTotals(tariff, names);
  for (const slice of slices) totals.add(slice, spread);
  return names.map((tou, i) => ({
    tier: 0,
    tou,
    quantity: totals.quantities[i] as Micro,
    basis: totals.bases[i] as UsageBasis,
  }));
}

/** Use per tier and time of use. Over all cells the quantities add up to the use exactly. */
export function cellsByTier(
  slices: readonly UsageSlice[],
  tariff: Tariff,
  names: readonly TouPeriod[],
  ladder: { readonly thresholds: readonly Micro[]; readonly position: Micro },
  allocation: Allocation,
  spread: "pro_rata" | "refuse",
): Cell[] {
  if (names.length === 0) {
    const total = sum(slices.map((slice) => slice.quantity));
    const basis = worst(slices);
    return climb(ladder.thresholds, ladder.position, total).map((quantity, i) => ({
      tier: i + 1,
      tou: null,
      quantity,
      basis,
    }));
  }
  const grid = new Grid(ladder.thresholds.length + 1, tariff, names, spread);
  let position = ladder.position;
  let tier = 0;
  for (let i = 0; i < slices.length; ) {
    const next = allocation === "pro_rata" ? slices.length : endOfGroup(slices, i);
    const first = slices[i] as UsageSlice;
    const used = next === i + 1 ? first.quantity : sum(slices.slice(i, next).map((slice) => slice.quantity));
    while (tier < ladder.thresholds.length && position >= (ladder.thresholds[tier] as Micro)) tier++;
    const end = ladder.thresholds[tier];
    const reached = position + used;
    if (end !== undefined && reached > end) grid.share(climb(ladder.thresholds, position, used), slices.slice(i, next));
    else if (next === i + 1) grid.fillOne(tier, first);
    else grid.fill(tier, slices.slice(i, next));
    position = reached;
    i = next;
  }
  return grid.cells;
}

/** Whole-volume: all use in the one tier that the ladder reaches with it. */
export function cellsOfSlab(
  slices: readonly UsageSlice[],
  tariff: Tariff,
  names: readonly TouPeriod[],
  { thresholds, position }: { readonly thresholds: readonly Micro[]; readonly position: Micro },
  spread: "pro_rata" | "refuse",
): Cell[] {
  const cells = cellsByTou(slices, tariff, names, spread);
  const reached = position + sum(cells.map((cell) => cell.quantity));
  const at = thresholds.findIndex((end) => reached <= end);
  return cells.map((cell) => ({ ...cell, tier: (at < 0 ? thresholds.length : at) + 1 }));
}

/** Slices of one and the same stretch (one per time-of-use register) fill the ladder together, others one after another. */
function endOfGroup(slices: readonly UsageSlice[], begin: number): number {
  const { from, to } = (slices[begin] as UsageSlice).period;
  let end = begin + 1;
  for (
    let next = slices[end];
    next !== undefined && next.period.from === from && next.period.to === to;
    next = slices[end]
  )
    end++;
  return end;
}

class Grid {
  readonly cells: Cell[] = [];
  readonly tariff: Tariff;
  readonly names: readonly TouPeriod[];
  readonly spread: "pro_rata" | "refuse";
  readonly #timetable: Timetable | null;
  #span: TouSpan = { from: 0, to: 0, tou: "" };
  #column = 0;

  constructor(tiers: number, tariff: Tariff, names: readonly TouPeriod[], spread: "pro_rata" | "refuse") {
    this.tariff = tariff;
    this.names = names;
    this.spread = spread;
    this.#timetable = tariff.tou === undefined ? null : timetableOf(tariff.tou, tariff.zone);
    for (let tier = 1; tier <= tiers; tier++) {
      for (const tou of names) this.cells.push({ tier, tou, quantity: 0n, basis: "actual" });
    }
  }

  /** One interval into one tier: nearly all go this way, most of them into the hours of the one before. */
  fillOne(tier: number, slice: UsageSlice): void {
    const { period, quantity } = slice;
    if (slice.tou !== undefined || this.#timetable === null) return this.fill(tier, [slice]);
    if (period.from < this.#span.from || period.from >= this.#span.to) {
      this.#span = this.#timetable.spanAt(period.from);
      this.#column = indexOfTou(this.names, this.#span.tou, this.tariff);
    }
    if (period.to > this.#span.to) return this.fill(tier, [slice]);
    const cell = this.cells[tier * this.names.length + this.#column] as Cell;
    cell.quantity += quantity;
    if (slice.basis !== "actual" && quantity !== 0n) cell.basis = worse(cell.basis, slice.basis);
  }

  /** All of a group into one tier. */
  fill(tier: number, group: readonly UsageSlice[]): void {
    const first = tier * this.names.length;
    for (const slice of group) {
      byTou(slice, this.tariff, this.spread, (tou, quantity, basis) => {
        this.#add(first + indexOfTou(this.names, tou, this.tariff), quantity, basis);
      });
    }
  }

  /**
   * Shares the quantity of each tier over the times of use in proportion to what is left of them. Rows and columns
   * keep their sums exactly: what rounding leaves over goes one millionth each to the first times of use with room.
   */
  share(tiers: readonly Micro[], group: readonly UsageSlice[]): void {
    const totals = new TouTotals(this.tariff, this.names);
    for (const slice of group) totals.add(slice, this.spread);
    const left = [...totals.quantities];
    for (const [tier, quantity] of tiers.entries()) {
      if (quantity === 0n) continue;
      const whole = sum(left);
      const parts = left.map((available) => (quantity * available) / whole);
      let over = quantity - sum(parts);
      for (let i = 0; over > 0n; i = (i + 1) % parts.length) {
        if ((parts[i] as Micro) >= (left[i] as Micro)) continue;
        parts[i] = (parts[i] as Micro) + 1n;
        over -= 1n;
      }
      for (const [i, part] of parts.entries()) {
        left[i] = (left[i] as Micro) - part;
        this.#add(tier * this.names.length + i, part, totals.bases[i] as UsageBasis);
      }
    }
  }

  #add(at: number, quantity: Micro, basis: UsageBasis): void {
    const cell = this.cells[at];
    if (cell === undefined || quantity === 0n) return;
    cell.quantity += quantity;
    cell.basis = worse(cell.basis, basis);
  }
}
