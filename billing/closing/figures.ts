import { type Currency, type Money, money, negate, sumMoney } from "../../domain/money.ts";
import type { Bill } from "../../domain/bill.ts";
import type { AccountId } from "../../domain/reading.ts";
import { type ClosingFigures, creditsAndDebts } from "../../ledger/account-closings.ts";
import { customerPosting, depositPosting, type Posting } from "../../ledger/chart.ts";
import { type PaymentParts, SPLIT_ORDER } from "../charges/split.ts";

type Owed = { readonly supply: Money; readonly property: Money };

/** What is owed with a bill that is not posted yet. Pure. */
export function owedWith(before: Owed, bill: Bill | null, currency: Currency): Owed {
  const charges = sumMoney(
    currency,
    (bill?.charges ?? []).map(({ amount }) => amount),
  );
  return {
    supply: money(currency, before.supply.minor + (bill?.total.minor ?? 0n)),
    property: money(currency, before.property.minor + charges.minor),
  };
}

/** What of each class's debt the other's credit could pay once the deposit has paid: at most one of them is not zero. Pure. */
export function setOffPossible(figures: ClosingFigures): { readonly supply: bigint; readonly property: bigint } {
  const { supply, property } = creditsAndDebts({ ...figures, supplySetOff: 0n, propertySetOff: 0n });
  const least = (debt: bigint, credit: bigint): bigint => {
    if (debt <= 0n || credit <= 0n) return 0n;
    return debt < credit ? debt : credit;
  };
  return { supply: least(supply, -property), property: least(property, -supply) };
}

/** The deposit pays first, supply before all else; then, where that is allowed, one class's credit the other's debt. Pure. */
export function closingFigures(deposit: Money, owed: Owed, maySetOff: boolean): ClosingFigures {
  const paid = depositShare(deposit, owed);
  const figures = {
    deposit: deposit.minor,
    supplyOwed: owed.supply.minor,
    propertyOwed: owed.property.minor,
    supplyPaid: paid.supply.minor,
    propertyPaid: paid.property.minor,
    supplySetOff: 0n,
    propertySetOff: 0n,
  };
  if (!maySetOff) return figures;
  const { supply, property } = setOffPossible(figures);
  return { ...figures, supplySetOff: supply, propertySetOff: property };
}

/** The two postings of a set-off, none where there is nothing to set off. Pure. */
export function setOffPostings(accountId: AccountId, figures: ClosingFigures, currency: Currency): Posting[] {
  // Debit the class whose credit pays, credit the class whose debt is paid.
  const toSupply = figures.supplySetOff - figures.propertySetOff;
  if (toSupply === 0n) return [];
  return [
    customerPosting(accountId, money(currency, -toSupply), "supply"),
    customerPosting(accountId, money(currency, toSupply), "property"),
  ];
}

/** What of the debts a deposit pays, supply first. Pure. */
export function depositShare(held: Money, owed: PaymentParts): PaymentParts {
  let left = held.minor;
  const share = { supply: money(held.currency, 0n), property: money(held.currency, 0n) };
  for (const debt of SPLIT_ORDER) {
    const part = owed[debt].minor < left ? owed[debt].minor : left;
    if (part <= 0n) continue;
    left -= part;
    share[debt] = money(held.currency, part);
  }
  return share;
}

/** The postings by which a deposit pays debts; none where it pays nothing. Pure. */
export function appliedPostings(accountId: AccountId, share: PaymentParts): Posting[] {
  const parts = SPLIT_ORDER.filter((debt) => share[debt].minor > 0n);
  if (parts.length === 0) return [];
  const { currency } = share.supply;
  const paid = sumMoney(currency, Object.values(share));
  return [
    depositPosting(accountId, paid),
    ...parts.map((debt) => customerPosting(accountId, negate(share[debt]), debt)),
  ];
}
