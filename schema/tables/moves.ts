import type { At, DayColumn, DayNull, Id, Json, Null } from "./columns.ts";

export type MoveInTable = {
  operator_id: bigint;
  id: Id;
  account_id: bigint;
  from_day: DayColumn;
  client_key: string;
  asked: Json<Record<string, unknown>>;
  deposit_asked_minor: Null<bigint>;
  noted_at: At;
  noted_by: Null<bigint>;
};
export type PlannedMoveOutTable = {
  operator_id: bigint;
  id: Id;
  account_id: bigint;
  on_day: DayNull;
  contact: string;
  forwarding_address: string;
  note: string;
  noted_at: At;
  noted_by: Null<bigint>;
};
