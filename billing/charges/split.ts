import type { DebtClass, Pays } from "../../domain/charge.ts";
import { addMoney, type Currency, type Money, money, zero } from "../../domain/money.ts";

export type PaymentParts = Readonly<Record<DebtClass, Money>>;

/** Supply's debt first, so that nobody is cut for want of what he paid; then the others'. What is left is credit for supply. Our choice. */
export const SPLIT_ORDER: readonly DebtClass[] = ["supply", "property"];

/** Of a shared payment at most this part, and at most this amount, goes to debts beside supply. */
export type DebtShare = { readonly percent: number; readonly maxMinor: bigint | null };

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);

const shareOf = ({ minor }: Money, { percent, maxMinor }: DebtShare): bigint => {
  const part = (minor * BigInt(percent)) / 100n;
  return maxMinor === null ? part : least(part, maxMinor);
};

/**
 * How a payment is shared over classes. Pure.
 * @param owed what is owed per class; negative = credit
 * @param share what a prepaid policy leaves to debts beside supply; `null` = all that is owed
 */
export function splitPayment(
  amount: Money,
  owed: PaymentParts,
  pays: Pays,
  share: DebtShare | null = null,
): PaymentParts {
  const none = zero(amount.currency);
  const parts: Record<DebtClass, Money> = { supply: none, property: none };
  if (pays !== "split") return { ...parts, [pays]: amount };
  let left = amount.minor;
  for (const of of SPLIT_ORDER) {
    const debt = owed[of].minor > 0n ? owed[of].minor : 0n;
    const most = of === "supply" || share === null ? debt : least(debt, shareOf(amount, share));
    const part = least(left, most);
    parts[of] = money(amount.currency, part);
    left -= part;
  }
  return { ...parts, supply: addMoney(parts.supply, money(amount.currency, left)) };
}

/** Emergency credit that was taken, and the policy's own limit: what is available below it uses the credit. Minor units. */
export type EmergencyLimit = { readonly amountMinor: bigint; readonly cutBelowMinor: bigint };

/** How much of emergency credit is used: what is available lies so far below the policy's own limit. `null` = all of it may be. Pure. */
export function emergencyUsed(of: EmergencyLimit, available: Money | null, currency: Currency): Money {
  const below = available === null ? of.amountMinor : of.cutBelowMinor - available.minor;
  return money(currency, below <= 0n ? 0n : least(below, of.amountMinor));
}

/**
 * What the supply part of a payment does: pays what was billed, repays emergency credit that is then still used, fills up what else was
 * used beyond the credit, and is credit for what comes.
 */
export type SupplyShares = {
  readonly debt: Money;
  readonly emergency: Money;
  readonly overdraft: Money;
  readonly credit: Money;
};

/**
 * The supply part, shared in the order in which it has an effect. Pure.
 * @param owed for supply by the ledger; negative = credit
 * @param available ledger credit less unbilled use; `null` where nobody knows: then nothing is overdrawn
 * @param emergency what was taken and is not repaid; `null` = nothing
 */
export function supplyShares(
  part: Money,
  owed: Money,
  available: Money | null,
  emergency: EmergencyLimit | null = null,
): SupplyShares {
  const { currency } = part;
  const of = (minor: bigint): Money => money(currency, minor);
  const debt = least(part.minor, owed.minor > 0n ? owed.minor : 0n);
  const rest = part.minor - debt;
  if (available === null) return { debt: of(debt), emergency: of(0n), overdraft: of(0n), credit: of(rest) };
  const [before, after] = [of(available.minor + debt), of(available.minor + part.minor)];
  const fall = (used: (at: Money) => bigint): bigint => used(before) - used(after);
  const repaid = emergency === null ? 0n : fall((at) => emergencyUsed(emergency, at, currency).minor);
  const filled = fall(({ minor }) => (minor < 0n ? -minor : 0n));
  const overdraft = filled > repaid ? filled - repaid : 0n;
  return { debt: of(debt), emergency: of(repaid), overdraft: of(overdraft), credit: of(rest - repaid - overdraft) };
}
