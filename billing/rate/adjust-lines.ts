import type { Line } from "../../domain/bill.ts";
import { CodedError } from "../../domain/errors.ts";
import { Decimal } from "../../domain/decimal.ts";
import { type Money, money, sumMoney } from "../../domain/money.ts";
import { type Day, dayOf, ladderYearOf, monthOf, type Period, startOfDay, type Zone } from "../../domain/period.ts";
import { decimalText, MICRO_PER_UNIT, type Micro, roundDivide } from "../../domain/quantity.ts";
import type {
  AllowanceCharge,
  CarryCharge,
  CreditCharge,
  MinimumCharge,
  PowerFactorCharge,
  SurplusCharge,
  Tariff,
} from "../../domain/tariff.ts";
import type { UsageSlice } from "../../domain/usage.ts";
import { daysIn, microOfDecimal, monthsIn } from "./ladder.ts";
import { lineHead, lineKey } from "./line.ts";
import type { Metered } from "./netting.ts";
import { divideRounded, lineAmount, lineShare, minorOf, roundedMinor, stepOf } from "./price.ts";
import type { MovingState } from "./state.ts";
import type { VersionStretch } from "./stretch.ts";

const YEAR_MONTHS: Micro = 12n * MICRO_PER_UNIT;

/** What the lines of these charges come to; without names, all before. */
export const totalOf = (of: readonly string[] | undefined, before: readonly Line[], { currency }: Tariff): Money =>
  sumMoney(
    currency,
    before.filter((line) => of?.includes(line.charge) ?? true).map((line) => line.amount),
  );

const headOf = ({ tariff, stretch }: VersionStretch, charge: { id: string; title: Line["title"] }) => {
  const head = lineHead(tariff, charge, stretch);
  return { key: lineKey(head, tariff.zone), ...head };
};

/** Whether a calendar month of the year ends within a stretch. */
function endsMonth({ from, to }: Period, zone: Zone, month: number): boolean {
  for (let at = from; at < to; ) {
    const own = monthOf(at, zone);
    if (own.to > to) return false;
    if (Number(dayOf(own.from, zone).slice(5, 7)) === month) return true;
    at = own.to;
  }
  return false;
}

/** What is missing to the month's minimum; to the year's, with the bill that holds the year's last day. */
export function minimumLines(
  charge: MinimumCharge,
  version: VersionStretch,
  before: readonly Line[],
  state: MovingState,
): Line[] {
  const { tariff, stretch } = version;
  const total = totalOf(charge.of, before, tariff).minor;
  const billed = total > 0n ? total : 0n;
  const months = monthsIn(stretch, tariff.zone);
  const amount = minorOf(tariff.currency, charge.amount);
  const line = (due: bigint, so: bigint): Line[] =>
    due <= so
      ? []
      : [
          {
            ...headOf(version, charge),
            kind: "minimum",
            price: charge.amount,
            amount: money(tariff.currency, due - so),
          },
        ];
  const part = (of: Micro, whole: Micro) =>
    of >= whole ? amount : roundedMinor(tariff.currency, amount * of, whole, charge);
  if (charge.per === "month")
    return line(roundedMinor(tariff.currency, amount * months, MICRO_PER_UNIT, charge), billed);
  const soFar = state.minimum[charge.id] ?? { billed: 0n, months: 0n };
  const year = { billed: soFar.billed + billed, months: soFar.months + months };
  if (ladderYearOf(stretch.from, tariff.zone, charge.yearStart).to > stretch.to) {
    state.minimum[charge.id] = year;
    return [];
  }
  delete state.minimum[charge.id];
  return line(part(year.months, YEAR_MONTHS), year.billed);
}

/** Takes away a fixed amount, so much per unit, or a share; with `of` never more than those lines come to. */
export function creditLine(
  charge: CreditCharge,
  version: VersionStretch,
  metered: Metered,
  before: readonly Line[],
): Line {
  const { tariff, stretch } = version;
  const { currency, zone } = tariff;
  const base = totalOf(charge.of, before, tariff);
  const head = { ...headOf(version, charge), kind: "credit" as const };
  const less = (size: bigint): Money => {
    const most = charge.of === undefined ? size : base.minor > 0n ? base.minor : 0n;
    return money(currency, -(size < most ? size : most));
  };
  if (charge.rate !== undefined)
    return { ...head, price: charge.rate, amount: less(lineShare(base, charge.rate, charge).minor) };
  if (charge.price !== undefined) {
    const quantity = sumOf(metered.imported);
    const amount = less(lineAmount(currency, quantity, charge.price, charge).minor);
    return { ...head, quantity, unit: tariff.unit, price: charge.price, amount };
  }
  const per = charge.per ?? "month";
  const quantity = per === "day" ? BigInt(daysIn(stretch, zone)) * MICRO_PER_UNIT : monthsIn(stretch, zone);
  const price = charge.amount ?? "0";
  return { ...head, quantity, unit: per, price, amount: less(lineAmount(currency, quantity, price, charge).minor) };
}

const sumOf = (slices: readonly UsageSlice[]): Micro => slices.reduce((sum, { quantity }) => sum + quantity, 0n);

/** Gives back the first units of an energy charge, lowest tier first, at what they were charged. */
export function allowanceLines(charge: AllowanceCharge, version: VersionStretch, before: readonly Line[]): Line[] {
  const { tariff, stretch } = version;
  const months = charge.per === "month" ? monthsIn(stretch, tariff.zone) : MICRO_PER_UNIT;
  let left = roundDivide(microOfDecimal(charge.quantity) * months, MICRO_PER_UNIT);
  const lines = before
    .filter((line) => line.charge === charge.of && line.kind === "usage" && line.unit === tariff.unit)
    .sort((a, b) => (a.tier ?? 0) - (b.tier ?? 0));
  const back: Line[] = [];
  for (const { tier, tou, quantity = 0n, price = "0", period } of lines) {
    const free = quantity < left ? quantity : left;
    if (free <= 0n) continue;
    left -= free;
    const head = lineHead(tariff, charge, period);
    back.push({
      key: lineKey(head, tariff.zone, tier, tou ?? null),
      ...head,
      kind: "credit",
      ...(tier === undefined ? {} : { tier }),
      ...(tou === undefined ? {} : { tou }),
      quantity: free,
      unit: tariff.unit,
      price,
      amount: money(tariff.currency, -lineAmount(tariff.currency, free, price, charge).minor),
    });
  }
  return back;
}

/**
 * The adjustment by the power factor; the line's quantity is the factor.
 * @throws CodedError `usage.invalid` when the reactive energy is not known
 */
export function powerFactorLine(
  charge: PowerFactorCharge,
  version: VersionStretch,
  metered: Metered,
  before: readonly Line[],
): Line {
  const { tariff } = version;
  if (metered.reactive === undefined) {
    throw new CodedError(
      "usage.invalid",
      `reactive: \`${charge.id}\` adjusts by the power factor: give the reactive energy (kvarh)`,
    );
  }
  const [active, reactive] = [sumOf(metered.drawn), sumOf(metered.reactive)];
  const factor = powerFactorOf(active, reactive);
  const rate = rateOf(charge, factor);
  const amount = lineShare(totalOf(charge.of, before, tariff), rate, charge);
  return { ...headOf(version, charge), kind: "surcharge", quantity: factor, unit: "1", price: rate, amount };
}

/** Active ÷ √(active² + reactive²) in millionths, to two places half up; 1 when nothing was used. */
export function powerFactorOf(active: Micro, reactive: Micro): Micro {
  if (active === 0n && reactive === 0n) return MICRO_PER_UNIT;
  const apparent = new Decimal(active.toString()).pow(2).plus(new Decimal(reactive.toString()).pow(2)).sqrt();
  const hundredths = new Decimal(active.toString()).times(100).dividedBy(apparent).toDecimalPlaces(0);
  return BigInt(hundredths.toFixed(0)) * 10_000n;
}

function rateOf({ table, below, standard }: PowerFactorCharge, factor: Micro): string {
  if (standard !== undefined) {
    const least = microOfDecimal(standard);
    if (factor >= least || factor === 0n) return "0";
    return decimalText(roundDivide((least - factor) * MICRO_PER_UNIT, factor));
  }
  const rows = [...(table ?? [])].sort((a, b) => (microOfDecimal(a.from) > microOfDecimal(b.from) ? -1 : 1));
  const row = rows.find(({ from }) => factor >= microOfDecimal(from));
  if (row !== undefined) return row.rate;
  const last = rows.at(-1);
  if (last === undefined) return "0";
  const steps = (microOfDecimal(last.from) - factor) / 10_000n;
  return decimalText(microOfDecimal(last.rate) + steps * microOfDecimal(below ?? "0"));
}

/** Keeps what lines come to below zero for later bills, and uses what was kept; pays it in the settlement's month, and to who moves out. */
export function carryLines(
  charge: CarryCharge,
  version: VersionStretch,
  before: readonly Line[],
  state: MovingState,
  lastDay?: Day,
): Line[] {
  const { tariff, stretch } = version;
  const leaves = lastDay !== undefined && startOfDay(lastDay, tariff.zone) <= stretch.to;
  const sum = totalOf(charge.of, before, tariff).minor;
  const kept = state.carried[charge.id] ?? 0n;
  const pays = leaves || (charge.settleMonth !== undefined && endsMonth(stretch, tariff.zone, charge.settleMonth));
  const own = before.filter((line) => line.kind === "credit" && charge.of.includes(line.charge));
  const earned = charge.use === "next" ? own.reduce((all, { amount }) => all - amount.minor, 0n) : 0n;
  const after = pays ? sum - kept : sum + earned > kept ? sum + earned - kept : 0n;
  const left = kept - sum + after;
  if (left === 0n) delete state.carried[charge.id];
  else state.carried[charge.id] = left;
  if (after === sum) return [];
  return [{ ...headOf(version, charge), kind: "credit", amount: money(tariff.currency, after - sum) }];
}

/** Pays carried kWh with the bill that ends the settlement's month. */
export function surplusLines(charge: SurplusCharge, version: VersionStretch, state: MovingState): Line[] {
  const { tariff, stretch } = version;
  if (!endsMonth(stretch, tariff.zone, charge.month)) return [];
  const left = Object.values(state.netCredit).reduce((sum, kwh) => sum + kwh, 0n);
  const quantity = charge.of === "periods" ? left : state.netTotal;
  state.netCredit = {};
  state.netTotal = 0n;
  if (quantity === 0n) return [];
  const amount = money(tariff.currency, -lineAmount(tariff.currency, quantity, charge.price, charge).minor);
  return [{ ...headOf(version, charge), kind: "credit", quantity, unit: tariff.unit, price: charge.price, amount }];
}

/** The difference to the multiple that a bill is rounded to; none when it is one. */
export function roundingLines(tariff: Tariff, rated: Period, before: readonly Line[]): Line[] {
  if (tariff.billRounding === undefined) return [];
  const { to, mode = "half_away" } = tariff.billRounding;
  const step = stepOf(tariff.currency, to);
  const total = totalOf(undefined, before, tariff).minor;
  const difference = divideRounded(total, step, mode) * step - total;
  if (difference === 0n) return [];
  const charge = { id: "rounding", title: { zh: "尾差取整", en: "Rounding of the bill" } };
  return [
    { ...headOf({ tariff, stretch: rated }, charge), kind: "rounding", amount: money(tariff.currency, difference) },
  ];
}
