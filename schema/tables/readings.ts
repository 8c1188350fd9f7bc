import type { ColumnType, Generated } from "kysely";
import type { At, AtNull, DayColumn, Id, Json, JsonDefault, Null } from "./columns.ts";

export type ReadingTable = {
  operator_id: bigint;
  meter_id: bigint;
  register: number;
  measured_at: At;
  received_at: At;
  value: bigint;
  source: number;
};
export type ReadingConflictTable = ReadingTable & { id: Id; booked_value: bigint };
export type RefusedFrameTable = {
  operator_id: Null<bigint>;
  id: Id;
  received_at: At;
  reason: string;
  detail: string;
  origin: string;
  address: string;
  payload: Buffer;
  times: Generated<number>;
  last_at: At;
};
export type ClockCheckTable = {
  operator_id: bigint;
  meter_id: bigint;
  checked_at: At;
  drift_ms: bigint;
  outcome: "measured" | "corrected" | "unproved" | "held";
  before_ms: Null<bigint>;
};
export type GapTable = {
  operator_id: bigint;
  id: Id;
  meter_id: bigint;
  from_at: At;
  to_at: AtNull;
  reason: string;
  register: Null<number>;
  owner_id: Null<bigint>;
  note: Generated<string>;
  state: Generated<"open" | "asked" | "filled" | "estimated" | "given_up">;
  state_reason: Generated<string>;
  settled_at: AtNull;
  asked: Generated<number>;
  asked_at: AtNull;
  looked_at: AtNull;
};
export type HeardDayTable = {
  operator_id: bigint;
  meter_id: bigint;
  register: number;
  day: DayColumn;
  expected: Null<number>;
  heard: number;
  first_at: AtNull;
  last_at: AtNull;
  largest_gap_ms: bigint;
};
export type VerdictTable = {
  operator_id: bigint;
  id: Id;
  meter_id: bigint;
  register: number;
  from_at: At;
  to_at: At;
  rule: string;
  rule_version: number;
  result: string;
  inputs: Json;
  threshold: ColumnType<unknown, string | null | undefined, string | null>;
  judged_at: At;
};
/** Columns of the `reading_edit` book; `current_reading_edit` shows the newest of each layer without its key. */
export type ReadingEditTable = {
  operator_id: bigint;
  id: Id;
  meter_id: bigint;
  register: number;
  measured_at: At;
  origin: "clerk" | "estimate";
  kind: "exclude" | "value" | "restore";
  value: Null<bigint>;
  source: Null<number>;
  method: Null<string>;
  basis: JsonDefault<Record<string, string>>;
  reason: string;
  idempotency_key: string;
  made_by: Null<bigint>;
  made_at: At;
};
export type VerdictDecisionTable = {
  operator_id: bigint;
  id: Id;
  meter_id: bigint;
  register: number;
  from_at: At;
  to_at: At;
  rule: string;
  decision: "accept" | "no_use" | "rollover" | "edited" | "withdrawn" | "reopen";
  reason: string;
  idempotency_key: string;
  made_by: Null<bigint>;
  made_at: At;
};
