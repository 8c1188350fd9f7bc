import type { DebtClass, Pays } from "../../domain/charge.ts";
import { addMoney, type Money, money, zero } from "../../domain/money.ts";

export type PaymentParts = Readonly<Record<DebtClass, Money>>;

/** Supply's debt first, so that nobody is cut for want of what he paid; then the others'. What is left is credit for supply. Our choice. */
export const SPLIT_ORDER: readonly DebtClass[] = ["supply", "property"];

/**
 * How a payment is shared over classes. Pure.
 * @param owed what is owed per class; negative = credit
 */
export function splitPayment(amount: Money, owed: PaymentParts, pays: Pays): PaymentParts {
  const none = zero(amount.currency);
  const parts: Record<DebtClass, Money> = { supply: none, property: none };
  if (pays !== "split") return { ...parts, [pays]: amount };
  let left = amount.minor;
  for (const of of SPLIT_ORDER) {
    const debt = owed[of].minor > 0n ? owed[of].minor : 0n;
    const part = left < debt ? left : debt;
    parts[of] = money(amount.currency, part);
    left -= part;
  }
  return { ...parts, supply: addMoney(parts.supply, money(amount.currency, left)) };
}
