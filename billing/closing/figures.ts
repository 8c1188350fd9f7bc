import { type Currency, type Money, money, sumMoney } from "../../domain/money.ts";
import type { Bill } from "../../domain/bill.ts";
import type { AccountId } from "../../domain/reading.ts";
import { type ClosingFigures, creditsAndDebts } from "../../ledger/account-closings.ts";
import { customerPosting, type Posting } from "../../ledger/chart.ts";
import { depositShare } from "../deposit.ts";

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
