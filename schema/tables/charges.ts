import type { ChargeBasis, ChargeIncome } from "../../domain/charge.ts";
import type { At, DayColumn, Id, Null } from "./columns.ts";

export type BillingTermsTable = {
  operator_id: bigint;
  id: Id;
  from_day: DayColumn;
  due_working_days: number;
  calendar_id: string;
  noted_at: At;
  noted_by: Null<bigint>;
};
export type RecurringChargeTable = {
  operator_id: bigint;
  code: string;
  title_zh: string;
  title_en: string;
  basis: ChargeBasis;
  income: ChargeIncome;
  noted_at: At;
  noted_by: Null<bigint>;
};
export type ChargePriceTable = {
  operator_id: bigint;
  id: Id;
  code: string;
  from_day: DayColumn;
  price: string;
  tax_rate: string;
  source: string;
  noted_at: At;
  noted_by: Null<bigint>;
};
export type ChargeAssignmentTable = {
  operator_id: bigint;
  id: Id;
  account_id: bigint;
  code: string;
  from_day: DayColumn;
  quantity: string;
  noted_at: At;
  noted_by: Null<bigint>;
};
export type BillChargeTable = {
  operator_id: bigint;
  bill_id: bigint;
  line: number;
  key: string;
  code: string;
  income: ChargeIncome;
  from_day: DayColumn;
  to_day: DayColumn;
  month_days: number;
  quantity: string;
  unit: "m2" | "lot" | "home";
  price: string;
  amount_minor: bigint;
  included_minor: bigint;
  title_zh: string;
  title_en: string;
};
export type SubledgerBalanceTable = {
  operator_id: bigint;
  account_id: bigint;
  ledger_account: string;
  currency: string;
  owed_minor: bigint;
};
