import type { DebtClass } from "../domain/charge.ts";
import { type Money, money, sumMoney } from "../domain/money.ts";
import type { Day } from "../domain/period.ts";
import { type ClosingFigures, restOf, type SetOffConsent } from "../ledger/account-closings.ts";
import type { DepositStatement } from "../ledger/deposits.ts";
import type { BillFacts } from "./bill-sheet.ts";

/** One class of debt from before this bill to after it. */
export type AccountStatement = {
  readonly debt: DebtClass;
  readonly before: Money;
  readonly payments: Money;
  readonly adjustments: Money;
  readonly bill: Money;
  /** before + payments + adjustments + bill; negative is in credit. */
  readonly after: Money;
};

/** The deposit from the bill before to this one: `before + taken − applied − returned = held`. */
export type DepositSheet = Readonly<Record<keyof DepositStatement, Money>>;

/** What the last bill of an account comes to. */
export type FinalSheet = {
  /** The first day that is no longer the customer's. */
  readonly onDay: Day;
  /** What the deposit paid of what is owed with the bill. */
  readonly paid: Money;
  /** What credit of one class paid of the other's debt, which is named. */
  readonly setOff: { readonly pays: DebtClass; readonly amount: Money } | null;
  readonly stillOwed: Money;
  /** What is left of the deposit, and credit. */
  readonly refundDue: Money;
};

/** The figures of a closing, as they are kept with its final bill. */
export type ClosingFact = ClosingFigures & { readonly onDay: Day; readonly setOffConsent: SetOffConsent | null };

/** Of supply always, of all else where there is or was any. */
export function statementsOf(facts: BillFacts): AccountStatement[] {
  const { currency } = facts;
  const of = (debt: DebtClass): AccountStatement => {
    const owed = facts.owed.find((one) => one.debt === debt);
    const before = money(currency, owed?.beforeMinor ?? 0n);
    const payments = money(currency, owed?.paymentsMinor ?? 0n);
    const adjustments = money(currency, owed?.otherMinor ?? 0n);
    const lines = facts.lines.filter((line) => line.debt === debt);
    const bill = money(
      currency,
      lines.reduce((sum, { amountMinor }) => sum + amountMinor, 0n),
    );
    const after = sumMoney(currency, [before, payments, adjustments, bill]);
    return { debt, before, payments, adjustments, bill, after };
  };
  const property = of("property");
  const none = [property.before, property.payments, property.adjustments, property.bill].every(
    ({ minor }) => minor === 0n,
  );
  return none ? [of("supply")] : [of("supply"), property];
}

/** `null` where there never was a deposit. */
export function depositSheetOf({ deposit, currency }: BillFacts): DepositSheet | null {
  const { before, taken, applied, returned, held } = deposit;
  if ([before, taken, applied, returned, held].every((minor) => minor === 0n)) return null;
  const of = (minor: bigint): Money => money(currency, minor);
  return { before: of(before), taken: of(taken), applied: of(applied), returned: of(returned), held: of(held) };
}

export function finalSheetOf({ closing, currency }: BillFacts): FinalSheet | null {
  if (closing === null) return null;
  const { paid, stillOwed, refundDue } = restOf(closing);
  const { supplySetOff, propertySetOff } = closing;
  const setOff = supplySetOff + propertySetOff;
  return {
    onDay: closing.onDay,
    paid: money(currency, paid),
    setOff: setOff === 0n ? null : { pays: supplySetOff > 0n ? "supply" : "property", amount: money(currency, setOff) },
    stillOwed: money(currency, stillOwed),
    refundDue: money(currency, refundDue),
  };
}
