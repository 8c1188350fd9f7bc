import { CURRENCIES, type Currency, type Money, money } from "../../domain/money.ts";
import type { Micro } from "../../domain/quantity.ts";
import type { DecimalText, RoundingMode } from "../../domain/tariff.ts";

/** A decimal as a whole number over a power of ten: exact, and faster than a Decimal. */
export type Scaled = { readonly digits: bigint; readonly over: bigint };

const SCALED = new Map<DecimalText, Scaled>();
const SCALED_MAX = 10_000; // texts of every price of a large catalogue; beyond that the memory begins again

/** @throws TypeError when it is not plain decimal text (the schema has checked it before) */
export function scaledOf(text: DecimalText): Scaled {
  const known = SCALED.get(text);
  if (known !== undefined) return known;
  const m = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  if (m === null) throw new TypeError(`not a decimal: ${text}`);
  const fraction = m[3] ?? "";
  const size = BigInt((m[2] ?? "") + fraction);
  const scaled = { digits: m[1] === "-" ? -size : size, over: 10n ** BigInt(fraction.length) };
  if (SCALED.size >= SCALED_MAX) SCALED.clear();
  SCALED.set(text, scaled);
  return scaled;
}

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

/** A share of an amount. */
export function shareOf(base: Money, rate: DecimalText, mode: RoundingMode = "half_away"): Money {
  const { digits, over } = scaledOf(rate);
  return money(base.currency, divideRounded(base.minor * digits, over, mode));
}

/** The tax that an amount contains at a rate: base × rate ÷ (1 + rate). */
export function containedIn(base: Money, rate: DecimalText, mode: RoundingMode = "half_away"): Money {
  const { digits, over } = scaledOf(rate);
  return money(base.currency, divideRounded(base.minor * digits, over + digits, mode));
}
