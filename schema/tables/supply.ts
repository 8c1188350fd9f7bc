import type { Generated } from "kysely";
import type { At, AtNull, DayColumn, Id, Json, JsonDefault, Null } from "./columns.ts";

export type SupplyTable = {
  operator_id: bigint;
  account_id: bigint;
  meter_id: bigint;
  policy_id: string;
  state: Generated<
    | "normal"
    | "warned_1"
    | "warned_2"
    | "notice_served"
    | "cut_due"
    | "cut_sent"
    | "cut"
    | "reconnect_due"
    | "reconnect_sent"
    | "close_permitted"
    | "unknown"
  >;
  desired: Generated<"connected" | "disconnected">;
  reported: Generated<"connected" | "disconnected" | "limited" | "moving" | "fault" | "unknown">;
  reported_at: AtNull;
  available_minor: Null<bigint>;
  unbilled_minor: Null<bigint>;
  decided_at: AtNull;
  last_reading_at: AtNull;
  held: Generated<string>;
  warned_2_at: AtNull;
  second_notice_at: AtNull;
  last_credit_at: AtNull;
  close_permit_minor: Null<bigint>;
  debt_share_percent: Null<number>;
  debt_share_max_minor: Null<bigint>;
};
export type EmergencyCreditTable = {
  operator_id: bigint;
  id: Id;
  account_id: bigint;
  amount_minor: bigint;
  policy: string;
  taken_at: At;
  taken_by: Null<bigint>;
  repaid_at: AtNull;
};
export type ControlTable = {
  operator_id: bigint;
  id: Id;
  meter_id: bigint;
  account_id: Null<bigint>;
  action: "disconnect" | "connect";
  reason: Json<Record<string, unknown>>;
  state: Generated<"queued" | "sent" | "confirmed" | "cancelled" | "unknown">;
  created_at: At;
  sent_at: AtNull;
  attempts: Generated<number>;
  not_before: At;
  closed_at: AtNull;
  read_back_at: AtNull;
  note: Generated<string>;
  expires_at: AtNull;
};
export type SupplyHoldTable = {
  operator_id: bigint;
  id: Id;
  kind: "pause" | "dispute" | "stop_window" | "protection";
  account_id: Null<bigint>;
  from_at: At;
  until_at: AtNull;
  reason: string;
  evidence: Generated<string>;
  noted_at: At;
  noted_by: bigint;
  approved_by: Null<bigint>;
  ended_at: AtNull;
  ended_by: Null<bigint>;
};
export type DayTemperatureTable = {
  operator_id: bigint;
  id: Id;
  day: DayColumn;
  kind: "forecast" | "measured";
  low_c: string;
  high_c: string;
  source: string;
  noted_at: At;
};
export type CutCertificateTable = {
  operator_id: bigint;
  number: bigint;
  kind: "order" | "evidence";
  control_id: bigint;
  attempt: Null<number>;
  account_id: bigint;
  written_at: At;
  body: string;
  previous_hash: string;
  hash: string;
};
export type WorkOrderTable = {
  operator_id: bigint;
  id: Id;
  kind: "supply_unknown";
  account_id: Null<bigint>;
  meter_id: bigint;
  control_id: bigint;
  opened_at: At;
  why: string;
  closed_at: AtNull;
  proof_at: AtNull;
  closed_by: Null<bigint>;
  note: Generated<string>;
};
export type SupplyEventTable = {
  operator_id: bigint;
  id: Id;
  account_id: bigint;
  at: At;
  kind: string;
  detail: JsonDefault<Record<string, unknown>>;
};
