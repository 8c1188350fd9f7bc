import type { ColumnType } from "kysely";
import type { At, Id, JsonDefault, Null } from "./columns.ts";

export type MeterEventKind =
  | "registered"
  | "installed"
  | "exchanged"
  | "removed"
  | "ratio"
  | "seal_fixed"
  | "seal_broken"
  | "calibrated"
  | "check_meter";
export type MeterEventTable = {
  operator_id: bigint;
  id: Id;
  meter_id: bigint;
  kind: MeterEventKind;
  at: At;
  detail: JsonDefault<Record<string, unknown>>;
  photo: Null<string>;
  reason: string;
  recorded_at: At;
  recorded_by: Null<bigint>;
  idempotency_key: Null<string>;
  request: ColumnType<unknown, string | null | undefined, never>;
};
export type InstallationReadingTable = {
  operator_id: bigint;
  id: Id;
  installation_id: bigint;
  edge: "initial" | "final";
  register: number;
  dial: bigint;
  event_id: bigint;
};
export type MeterRatioTable = {
  operator_id: bigint;
  id: Id;
  meter_id: bigint;
  from_at: At;
  ratio: string;
  applies_to_received_from: At;
  dials: JsonDefault<Record<string, string>>;
  reason: string;
  recorded_at: At;
  recorded_by: Null<bigint>;
};
