import type { Unit } from "./unit.ts";

/** Millionths of a unit: 1 kWh = 1 000 000. Fits int64 up to 9.2 × 10¹² units, so a book column is a bigint. */
export type Micro = bigint;
export const MICRO_PER_UNIT = 1_000_000n;

/** An amount of one unit. `Quantity<"kWh">` does not add to `Quantity<"m3">`. */
export type Quantity<U extends Unit = Unit> = { readonly unit: U; readonly micro: Micro };

export const quantity = <U extends Unit>(unit: U, micro: Micro): Quantity<U> => ({ unit, micro });

export const addQuantity = <U extends Unit>(a: Quantity<U>, b: Quantity<U>): Quantity<U> => ({
  unit: a.unit,
  micro: a.micro + b.micro,
});

const DECIMAL = /^([+-]?)(\d+)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$/;

/**
 * Millionths from decimal text, half away from zero beyond the sixth place; `null` when the text is not a finite decimal.
 * Exact: the text never passes through a binary float.
 */
export function microOf(text: string): Micro | null {
  const m = DECIMAL.exec(text);
  if (m === null) return null;
  const fraction = m[3] ?? "";
  const digits = BigInt((m[2] ?? "") + fraction);
  const shift = 6 - fraction.length + Number.parseInt(m[4] ?? "0", 10);
  const size = shift >= 0 ? digits * 10n ** BigInt(shift) : roundDivide(digits, 10n ** BigInt(-shift));
  return m[1] === "-" ? -size : size;
}

/** Integer division rounded half away from zero. @param by positive */
export function roundDivide(value: bigint, by: bigint): bigint {
  const half = by / 2n;
  return value >= 0n ? (value + half) / by : -((-value + half) / by);
}

/** Plain decimal text of millionths without trailing zeros: `1234500n` → `"1.2345"`. */
export function decimalText(micro: Micro): string {
  const sign = micro < 0n ? "-" : "";
  const size = micro < 0n ? -micro : micro;
  const fraction = (size % MICRO_PER_UNIT).toString().padStart(6, "0").replace(/0+$/, "");
  return `${sign}${size / MICRO_PER_UNIT}${fraction === "" ? "" : `.${fraction}`}`;
}

/** As JSON carries it: a decimal string and its unit. */
export const quantityJson = (q: Quantity): { value: string; unit: Unit } => ({
  value: decimalText(q.micro),
  unit: q.unit,
});
