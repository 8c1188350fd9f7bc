import type { MoneyJson } from "../../../api/schemas/json.ts";

const places = (text: string): number => text.split(".")[1]?.length ?? 0;
const scaled = (text: string, to: number): bigint => BigInt(text.replace(".", "") + "0".repeat(to - places(text)));

/** The exact sum of two amounts in decimal text. */
export function addAmounts(a: string, b: string): string {
  const to = Math.max(places(a), places(b));
  const sum = scaled(a, to) + scaled(b, to);
  if (to === 0) return sum.toString();
  const digits = (sum < 0n ? -sum : sum).toString().padStart(to + 1, "0");
  return `${sum < 0n ? "-" : ""}${digits.slice(0, -to)}.${digits.slice(-to)}`;
}

export const addMoney = (a: MoneyJson, b: MoneyJson): MoneyJson => ({
  amount: addAmounts(a.amount, b.amount),
  currency: a.currency,
});

/**
 * An amount as fingers type it, in the service's form; `null` when it is not one. Full-width digits and 。of a Chinese
 * keyboard are read as meant. Zero, signs and a third decimal are refused.
 */
export function typedAmount(text: string, decimals: number): string | null {
  const plain = text.normalize("NFKC").replaceAll("。", ".").replace(/[\s,]/g, "");
  const m = /^(\d{1,8})(?:\.(\d*))?$/.exec(plain);
  if (m === null) return null;
  const [, whole = "", part = ""] = m;
  if (part.length > decimals) return null;
  const amount = `${whole.replace(/^0+(?=\d)/, "")}${decimals === 0 ? "" : `.${part.padEnd(decimals, "0")}`}`;
  return /[1-9]/.test(amount) ? amount : null;
}

/** Decimal text times a power of ten, exactly: `shifted("0.001", 3)` is `1`, `shifted("12.5", -2)` is `0.125`. */
export function shifted(text: string, by: number): string {
  const [whole = "", part = ""] = text.trim().split(".");
  const digits = `${"0".repeat(Math.max(0, -by))}${whole}${part}${"0".repeat(Math.max(0, by))}`;
  const point = Math.max(0, -by) + whole.length + by;
  const [left, right] = [digits.slice(0, point).replace(/^0+(?=\d)/, ""), digits.slice(point).replace(/0+$/, "")];
  return `${left === "" ? "0" : left}${right === "" ? "" : `.${right}`}`;
}
