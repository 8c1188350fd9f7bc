import type { Generated } from "kysely";
import type { HeldState, HoldKind, HoldReason } from "../../domain/hold.ts";
import type { At, AtNull, DayColumn, DayNull, Id, Json, Null } from "./columns.ts";

export type HoldRuleTable = {
  operator_id: bigint;
  id: Id;
  kind: HoldKind;
  threshold: Null<bigint>;
  reason: string;
  noted_at: At;
  noted_by: Null<bigint>;
};
export type AccountHoldTable = {
  operator_id: bigint;
  id: Id;
  account_id: bigint;
  held: boolean;
  reason: string;
  until_day: DayNull;
  noted_at: At;
  noted_by: Null<bigint>;
};
export type HeldBillTable = {
  operator_id: bigint;
  run_id: bigint;
  account_id: bigint;
  reasons: Json<readonly HoldReason[]>;
  supply_minor: bigint;
  property_minor: bigint;
  last_minor: Null<bigint>;
  held_at: At;
  state: Generated<HeldState>;
  decided_at: AtNull;
  decided_by: Null<bigint>;
  note: Generated<string>;
};
export type BillingCycleTable = {
  operator_id: bigint;
  code: string;
  title_zh: string;
  title_en: string;
  months: number;
  anchor_month: number;
  noted_at: At;
  noted_by: Null<bigint>;
};
export type AccountCycleTable = {
  operator_id: bigint;
  id: Id;
  account_id: bigint;
  code: string;
  from_day: DayColumn;
  noted_at: At;
  noted_by: Null<bigint>;
};
export type AccountClosingTable = {
  operator_id: bigint;
  id: Id;
  account_id: bigint;
  on_day: DayColumn;
  bill_id: Null<bigint>;
  deposit_minor: bigint;
  supply_owed_minor: bigint;
  property_owed_minor: bigint;
  supply_paid_minor: bigint;
  property_paid_minor: bigint;
  deposit_journal_id: Null<bigint>;
  closed_at: At;
  closed_by: Null<bigint>;
  supply_set_off_minor: Generated<bigint>;
  property_set_off_minor: Generated<bigint>;
  set_off_journal_id: Null<bigint>;
  set_off_consent: Null<Json<Record<string, string>>>;
};
export type SetOffTermsTable = {
  operator_id: bigint;
  id: Id;
  rule: "off" | "on_consent" | "agreed";
  source: string;
  noted_at: At;
  noted_by: Null<bigint>;
};
export type CycleConventionTable = {
  operator_id: bigint;
  id: Id;
  code: string;
  reading_day: number;
  issue_day: number;
  noted_at: At;
  noted_by: Null<bigint>;
};
