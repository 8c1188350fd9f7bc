import type { DebtClass, Pays } from "../../domain/charge.ts";
import { addMoney, type Money, money, zero } from "../../domain/money.ts";

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

/** What the supply part of a payment does: pays what was billed, fills up what was used beyond it, and is credit for what comes. */
export type SupplyShares = { readonly debt: Money; readonly overdraft: Money; readonly credit: Money };

/**
 * The supply part, shared in the order in which it has an effect. Pure.
 * @param owed for supply by the ledger; negative = credit
 * @param available ledger credit less unbilled use, as last decided; `null` where nobody knows: then nothing is overdrawn
 */
export function supplyShares(part: Money, owed: Money, available: Money | null): SupplyShares {
  const { currency } = part;
  const min = (a: bigint, b: bigint) => (a < b ? a : b);
  const debtNow = owed.minor > 0n ? owed.minor : 0n;
  const short = available === null || available.minor >= 0n ? 0n : -available.minor;
  const debt = min(part.minor, debtNow);
  const overdraft = min(part.minor - debt, short > debtNow ? short - debtNow : 0n);
  return {
    debt: money(currency, debt),
    overdraft: money(currency, overdraft),
    credit: money(currency, part.minor - debt - overdraft),
  };
}
