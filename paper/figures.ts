import { amountText, type Money } from "../domain/money.ts";
import type { Day } from "../domain/period.ts";
import { decimalText, type Micro, roundDivide } from "../domain/quantity.ts";
import type { PaperLanguage } from "./words.ts";

/** Numbers as they stand on paper: exact decimal text with groups of three, the same on every machine (no locale data). */

const SYMBOL: Readonly<Record<string, string>> = { CNY: "¥", EUR: "€", USD: "$", GBP: "£", INR: "₹", JPY: "¥" };
/** A true minus, as wide as the digits. */
const MINUS = "−";

/** `1234567.5` → `1,234,567.5`; the sign is a true minus. */
export function grouped(decimal: string): string {
  const [whole = "", fraction] = decimal.replace("-", "").split(".");
  const groups = whole.replaceAll(/\B(?=(\d{3})+$)/g, ",");
  return `${decimal.startsWith("-") ? MINUS : ""}${groups}${fraction === undefined ? "" : `.${fraction}`}`;
}

/** `¥1,234.50`, `−¥8.00`. */
export function moneyText(m: Money): string {
  const text = grouped(amountText(m));
  const symbol = SYMBOL[m.currency] ?? `${m.currency} `;
  return text.startsWith(MINUS) ? `${MINUS}${symbol}${text.slice(1)}` : symbol + text;
}

/** Without the symbol, for columns. */
export const amountColumn = (m: Money): string => grouped(amountText(m));

const UNIT: Readonly<Record<string, Readonly<Record<"zh" | "en", string>>>> = {
  m3: { zh: "m³", en: "m³" },
  m2: { zh: "m²", en: "m²" },
  lot: { zh: "个", en: "lot" },
  overdue: { zh: "元", en: "overdue" },
  home: { zh: "户", en: "home" },
  day: { zh: "天", en: "day" },
  month: { zh: "月", en: "month" },
  kW_day: { zh: "kW·天", en: "kW·day" },
  kVA_day: { zh: "kVA·天", en: "kVA·day" },
};
export function unitText(unit: string, language: PaperLanguage): string {
  const names = UNIT[unit];
  if (names === undefined) return unit === "1" ? "" : unit;
  return names[language === "en" ? "en" : "zh"];
}

/** @param places how many decimals at most, half away from zero; trailing zeros are not written */
export function quantityText(micro: Micro, places = 3): string {
  const step = 10n ** BigInt(6 - places);
  return grouped(decimalText(roundDivide(micro, step) * step));
}

/** A price per unit with at least two decimals: `0.568`, `2.40`. */
export function priceText(price: string): string {
  const [whole = "", fraction = ""] = price.split(".");
  return grouped(`${whole}.${fraction.padEnd(2, "0")}`);
}

/** A share as percent, exact: `0.09` → `9 %`. */
export function percentText(share: string): string {
  const negative = share.startsWith("-");
  const [whole = "", fraction = ""] = share.replace(/^[+-]/, "").split(".");
  const digits = fraction.padEnd(2, "0");
  const text = `${whole}${digits.slice(0, 2)}`.replace(/^0+(?=\d)/, "");
  const rest = digits.slice(2).replace(/0+$/, "");
  return `${negative ? MINUS : ""}${text}${rest === "" ? "" : `.${rest}`} %`;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"] as const;

/** `2026年10月31日`, `31 Oct 2026`; on a paper in both languages `2026-10-31`. */
export function dayText(day: Day, language: PaperLanguage): string {
  const [year = "", month = "", date = ""] = day.split("-");
  if (language === "both") return day;
  if (language === "zh") return `${Number(year)}年${Number(month)}月${Number(date)}日`;
  return `${Number(date)} ${MONTHS[Number(month) - 1] ?? month} ${year}`;
}

/** `2026年10月`, `October` would be too wide for both: `Oct 2026`. */
export function monthText(month: string, language: PaperLanguage): string {
  const [year = "", number = ""] = month.split("-");
  if (language === "en") return `${MONTHS[Number(number) - 1] ?? number} ${year}`;
  return `${year}年${Number(number)}月`;
}
