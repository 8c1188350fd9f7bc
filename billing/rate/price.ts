import type { Line } from "../../domain/bill.ts";
import { CURRENCIES, type Currency, type Money, money } from "../../domain/money.ts";
import { recalled } from "../../domain/recalled.ts";
import type { Micro } from "../../domain/quantity.ts";
import type { DecimalText, RoundingMode } from "../../domain/tariff.ts";

/** A decimal as a whole number over a power of ten: exact, and faster than a Decimal. */
export type Scaled = { readonly digits: bigint; readonly over: bigint };

const SCALED_MAX = 10_000; // texts of every price of a large catalogue

/** @throws TypeError when it is not plain decimal text (the schema has checked it before) */
export const scaledOf: (text: DecimalText) => Scaled = recalled(SCALED_MAX, (text: DecimalText) => {
  const m = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  if (m === null) throw new TypeError(`not a decimal: ${text}`);
  const fraction = m[3] ?? "";
  const size = BigInt((m[2] ?? "") + fraction);
  return { digits: m[1] === "-" ? -size : size, over: 10n ** BigInt(fraction.length) };
});

/** Integer division by a positive number, rounded as the mode says. */
export function divideRounded(value: bigint, by: bigint, mode: RoundingMode): bigint {
  const negative = value < 0n;
  const size = negative ? -value : value;
  const whole = size / by;
  const rest = size % by;
  const rounded = whole + (roundsAway(whole, rest * 2n, by, rest, mode) ? 1n : 0n);
  return negative ? -rounded : rounded;
}

function roundsAway(whole: bigint, twice: bigint, by: bigint, rest: bigint, mode: RoundingMode): boolean {
  switch (mode) {
    case "half_away":
      return twice >= by;
    case "half_even":
      return twice > by || (twice === by && whole % 2n === 1n);
    case "up":
      return rest > 0n;
    case "down":
      return false;
  }
}

const MICRO = 1_000_000n;
const minorPerUnit = (currency: Currency): bigint => 10n ** BigInt(CURRENCIES[currency]);

/** Quantity × price, rounded once. */
export function amountOf(
  currency: Currency,
  quantity: Micro,
  price: DecimalText,
  mode: RoundingMode = "half_away",
): Money {
  const { digits, over } = scaledOf(price);
  return money(currency, divideRounded(quantity * digits * minorPerUnit(currency), MICRO * over, mode));
}

/** The tax that an amount contains at a rate: base × rate ÷ (1 + rate). */
export function containedIn(base: Money, rate: DecimalText, mode: RoundingMode = "half_away"): Money {
  const { digits, over } = scaledOf(rate);
  return money(base.currency, divideRounded(base.minor * digits, over + digits, mode));
}

/** The charge's own rounding: its mode, and a multiple coarser than the minor unit where it names one. */
export type LineRounding = {
  readonly rounding?: RoundingMode;
  readonly roundTo?: DecimalText;
  readonly roundOnce?: boolean;
};

/** A fraction of minor units to a whole number of them, as the charge rounds. @param under positive */
export function roundedMinor(
  currency: Currency,
  over: bigint,
  under: bigint,
  { rounding, roundTo }: LineRounding,
): bigint {
  const mode = rounding ?? "half_away";
  if (roundTo === undefined) return divideRounded(over, under, mode);
  const step = stepOf(currency, roundTo);
  return divideRounded(over, under * step, mode) * step;
}

/** A multiple to round to, in minor units: at least one. */
export function stepOf(currency: Currency, roundTo: DecimalText): bigint {
  const { digits, over } = scaledOf(roundTo);
  const step = (digits * minorPerUnit(currency)) / over;
  return step < 1n ? 1n : step;
}

/** Quantity × price, rounded once, as the charge says. */
export function lineAmount(currency: Currency, quantity: Micro, price: DecimalText, charge: LineRounding): Money {
  const { digits, over } = scaledOf(price);
  return money(currency, roundedMinor(currency, quantity * digits * minorPerUnit(currency), MICRO * over, charge));
}

/** A share of an amount, rounded once, as the charge says. */
export function lineShare(base: Money, rate: DecimalText, charge: LineRounding): Money {
  const { digits, over } = scaledOf(rate);
  return money(base.currency, roundedMinor(base.currency, base.minor * digits, over, charge));
}

/** Decimal text as minor units of a currency, rounded half away from zero. */
export function minorOf(currency: Currency, text: DecimalText): bigint {
  const { digits, over } = scaledOf(text);
  return divideRounded(digits * minorPerUnit(currency), over, "half_away");
}

/** Lines whose running sum is rounded, not each of them, where the charge says so. */
export function roundedOnce(currency: Currency, lines: readonly Line[], charge: LineRounding): Line[] {
  if (charge.roundOnce !== true) return [...lines];
  const under = lines.reduce(
    (most, { price = "0" }) => (scaledOf(price).over > most ? scaledOf(price).over : most),
    1n,
  );
  let [sum, billed] = [0n, 0n];
  return lines.map((line) => {
    const { digits, over } = scaledOf(line.price ?? "0");
    sum += (line.quantity ?? 0n) * digits * (under / over) * minorPerUnit(currency);
    const upTo = roundedMinor(currency, sum, MICRO * under, charge);
    const amount = money(currency, upTo - billed);
    billed = upTo;
    return { ...line, amount };
  });
}
