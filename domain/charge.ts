import type { Money } from "./money.ts";
import type { Day } from "./period.ts";

/** What a recurring charge is counted by: floor area in m², lots, or once per home. */
export const CHARGE_BASES = ["area", "lot", "home"] as const;
export type ChargeBasis = (typeof CHARGE_BASES)[number];

/** Ledger accounts that a recurring charge may earn for. */
export const CHARGE_INCOMES = ["revenue_property", "revenue_parking", "revenue_other"] as const;
export type ChargeIncome = (typeof CHARGE_INCOMES)[number];

/** What the customer's debt for it is called: supply, or everything else. Only supply may be cut, and only for supply's debt. */
export const DEBT_CLASSES = ["supply", "property"] as const;
export type DebtClass = (typeof DEBT_CLASSES)[number];

/** Whether an account is a home. A rule may be for one class or for all. */
export const CUSTOMER_CLASSES = ["resident", "non_resident"] as const;
export type CustomerClass = (typeof CUSTOMER_CLASSES)[number];
export const CUSTOMER_SCOPES = ["all", ...CUSTOMER_CLASSES] as const;
export type CustomerScope = (typeof CUSTOMER_SCOPES)[number];

/** What a payment is for: one class of debt, or the debts of all classes in the declared order. */
export const PAYS = [...DEBT_CLASSES, "split"] as const;
export type Pays = (typeof PAYS)[number];

/** A charge that comes back each month and has nothing to do with supply: property fee, parking. */
export type RecurringCharge = {
  readonly code: string;
  readonly title: { readonly zh: string; readonly en: string };
  readonly basis: ChargeBasis;
  readonly income: ChargeIncome;
};

/** Price per unit and calendar month from a day on, decimal text, tax at `taxRate` contained. */
export type ChargePrice = { readonly from: Day; readonly price: string; readonly taxRate: string };

/** One line of a bill that is not supply. */
export type ChargeLine = {
  /** `<code>/<first day>`: stable. */
  readonly key: string;
  readonly code: string;
  readonly income: ChargeIncome | "revenue_late_fee";
  /** Days `[from, to)`, within one calendar month of `monthDays` days. */
  readonly from: Day;
  readonly to: Day;
  readonly monthDays: number;
  /** Decimal text, two places. */
  readonly quantity: string;
  readonly unit: "m2" | "lot" | "home" | "overdue";
  /** Decimal text per unit and month; of what was `overdue` the share per day (`monthDays` is then 1). */
  readonly price: string;
  /** price × quantity × days / days of the month, rounded once, here. */
  readonly amount: Money;
  /** Tax that the amount contains. */
  readonly included: Money;
  readonly title: { readonly zh: string; readonly en: string };
  /** A late fee: the earlier bill whose debt it is for. */
  readonly ofBill?: bigint;
};
