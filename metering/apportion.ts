import { type Micro, MICRO_PER_UNIT } from "../domain/quantity.ts";

/** Somebody who bears a part. Weight in any measure that all claims share; `null` = nobody has said how much. */
export type Claim = { readonly accountId: bigint; readonly weight: bigint | null };

export type Share = { readonly accountId: bigint; readonly weight: bigint; readonly quantity: Micro };

/** Shares in the order of the claims; `quantity` = sum of the shares + `remainder`, exactly. */
export type Apportionment =
  | { readonly kind: "apportioned"; readonly shares: readonly Share[]; readonly remainder: Micro }
  /** A weight that nobody knows is not zero: the others would bear it. */
  | { readonly kind: "missing"; readonly accountIds: readonly bigint[] }
  /** Nothing to give, less than nothing, or nobody with a weight to give it to. */
  | { readonly kind: "nothing"; readonly reason: "no_quantity" | "negative" | "no_weight" };

/** Shares are whole hundredths of a unit, as bills print them; what is left below one step is the operator's. Our choice. */
const STEP: Micro = MICRO_PER_UNIT / 100n;

/**
 * Largest remainder (Hamilton): everybody gets the whole steps of his exact part, and the steps that are left go to those
 * whose parts were cut most. Of equal ones the lower account comes first, so that the same claims always give the same shares.
 */
export function apportion(quantity: Micro, claims: readonly Claim[], step: Micro = STEP): Apportionment {
  const missing = claims.filter(({ weight }) => weight === null);
  if (missing.length > 0) return { kind: "missing", accountIds: missing.map(({ accountId }) => accountId) };
  if (quantity <= 0n) return { kind: "nothing", reason: quantity === 0n ? "no_quantity" : "negative" };
  const weights = claims.map(({ weight }) => weightOf(weight));
  const whole = weights.reduce((sum, weight) => sum + weight, 0n);
  if (whole === 0n) return { kind: "nothing", reason: "no_weight" };
  const steps = quantity / step;
  const given = weights.map((weight) => (steps * weight) / whole);
  const cut = (i: number): bigint => (steps * (weights[i] ?? 0n)) % whole;
  let left = steps - given.reduce((sum, own) => sum + own, 0n);
  const order = claims
    .map((_, i) => i)
    .sort((a, b) => compare(cut(b), cut(a)) || compare(idAt(claims, a), idAt(claims, b)));
  for (const i of order) {
    if (left === 0n) break;
    given[i] = (given[i] ?? 0n) + 1n;
    left -= 1n;
  }
  const shares = claims.map(({ accountId }, i) => ({
    accountId,
    weight: weights[i] ?? 0n,
    quantity: (given[i] ?? 0n) * step,
  }));
  return { kind: "apportioned", shares, remainder: quantity - steps * step };
}

const compare = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);
const idAt = (claims: readonly Claim[], i: number): bigint => claims[i]?.accountId ?? 0n;

function weightOf(weight: bigint | null): bigint {
  if (weight === null || weight < 0n) throw new RangeError(`a weight is zero or more: ${weight}`);
  return weight;
}
