import type {
  ChargeBasis,
  ChargeIncome,
  ChargeLine,
  CustomerClass,
  CustomerScope,
  DebtClass,
} from "../../domain/charge.ts";
import type { Generated } from "kysely";
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
  income: ChargeLine["income"];
  from_day: DayColumn;
  to_day: DayColumn;
  month_days: number;
  quantity: string;
  unit: ChargeLine["unit"];
  price: string;
  amount_minor: bigint;
  included_minor: bigint;
  title_zh: string;
  title_en: string;
  of_bill_id: Null<bigint>;
};
export type LateFeeRuleTable = {
  operator_id: bigint;
  id: Id;
  from_day: DayColumn;
  debt_class: DebtClass;
  rate: string;
  cross_year_rate: string;
  grace_days: number;
  minimum_minor: bigint;
  cap_share: string;
  customer_class: Generated<CustomerScope>;
  source: string;
  noted_at: At;
  noted_by: Null<bigint>;
};
export type LateFeeWaiverTable = {
  operator_id: bigint;
  id: Id;
  account_id: bigint;
  from_day: DayColumn;
  to_day: DayColumn;
  reason: string;
  noted_at: At;
  noted_by: Null<bigint>;
};
export type SubledgerBalanceTable = {
  operator_id: bigint;
  account_id: bigint;
  ledger_account: string;
  currency: string;
  owed_minor: bigint;
};
export type CustomerClassTable = {
  operator_id: bigint;
  id: Id;
  account_id: bigint;
  from_day: DayColumn;
  class: CustomerClass;
  noted_at: At;
  noted_by: Null<bigint>;
};
