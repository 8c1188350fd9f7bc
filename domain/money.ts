/** ISO 4217 codes with their minor digits. */
export const CURRENCIES = { CNY: 2, EUR: 2, USD: 2, GBP: 2, INR: 2, JPY: 0 } as const;
export type Currency = keyof typeof CURRENCIES;

/** An amount in whole minor units (fen, cent). */
export type Money = { readonly currency: Currency; readonly minor: bigint };

export const money = (currency: Currency, minor: bigint): Money => ({ currency, minor });
export const zero = (currency: Currency): Money => ({ currency, minor: 0n });
export const negate = (m: Money): Money => ({ currency: m.currency, minor: -m.minor });

export function addMoney(a: Money, b: Money): Money {
  if (a.currency !== b.currency) throw new TypeError(`${a.currency} does not add to ${b.currency}`);
  return { currency: a.currency, minor: a.minor + b.minor };
}

export const sumMoney = (currency: Currency, all: Iterable<Money>): Money => {
  let total = zero(currency);
  for (const m of all) total = addMoney(total, m);
  return total;
};

/** Money from text as people type it; `null` when it is not an amount or has more places than the currency. */
export function moneyOfText(currency: Currency, text: string): Money | null {
  const places = CURRENCIES[currency];
  const m = /^([+-]?)(\d{1,12})(?:\.(\d+))?$/.exec(text.trim());
  if (m === null || (m[3] ?? "").length > places) return null;
  const minor = BigInt((m[2] ?? "") + (m[3] ?? "").padEnd(places, "0"));
  return money(currency, m[1] === "-" ? -minor : minor);
}

/** Plain decimal text with all the currency's places: `-12.30`. */
export function amountText(m: Money): string {
  const places = CURRENCIES[m.currency];
  const sign = m.minor < 0n ? "-" : "";
  const digits = (m.minor < 0n ? -m.minor : m.minor).toString().padStart(places + 1, "0");
  return places === 0 ? sign + digits : `${sign}${digits.slice(0, -places)}.${digits.slice(-places)}`;
}

/** As JSON carries it. */
export const moneyJson = (m: Money): { amount: string; currency: Currency } => ({
  amount: amountText(m),
  currency: m.currency,
});
