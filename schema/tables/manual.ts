import type { ColumnType, Generated } from "kysely";
import type { At, AtNull, Id, Null } from "./columns.ts";

export type PhotoTable = {
  operator_id: bigint;
  sha256: Buffer;
  mime: "image/jpeg" | "image/png" | "image/webp";
  bytes: Buffer;
  taken_at: AtNull;
  received_at: At;
  user_id: bigint;
};
export type ReadingRouteTable = {
  operator_id: bigint;
  id: Id;
  name: string;
  walker_id: Null<bigint>;
  every: "day" | "week" | "month" | "quarter";
  version: Generated<number>;
  idempotency_key: string;
  created_at: At;
  retired_at: AtNull;
};
export type RouteStopTable = {
  operator_id: bigint;
  route_id: bigint;
  position: number;
  usage_point_id: Null<bigint>;
  meter_id: Null<bigint>;
  hint: Generated<string>;
};
export type ManualReadingTable = {
  operator_id: bigint;
  id: Id;
  entry_id: string;
  route_id: Null<bigint>;
  meter_id: bigint;
  register: number;
  dial_value: Null<bigint>;
  book_value: Null<bigint>;
  phone_at: At;
  clock_offset_ms: bigint;
  measured_at: At;
  received_at: At;
  user_id: bigint;
  note: Generated<string>;
  photo_sha256: Null<Buffer>;
  expected: ColumnType<unknown, string | null | undefined, string | null>;
  outside_confirmed: Generated<boolean>;
  outcome: "booked" | "conflict" | "skipped";
  skip_reason: Null<"no_access" | "meter_broken" | "not_found" | "unreadable">;
  booked_at: At;
};
