import type { ColumnType, Generated } from "kysely";
import type { ProfileCandidate } from "../../domain/found.ts";
import type { At, AtNull, Id, Json, JsonDefault, Null } from "./columns.ts";

export type FoundDeviceTable = {
  operator_id: bigint;
  id: Id;
  origin: "mqtt" | "modbus";
  mqtt_client_id: Null<bigint>;
  device_key: Null<string>;
  bus_id: Null<bigint>;
  unit_id: Null<number>;
  candidates: JsonDefault<readonly ProfileCandidate[]>;
  first_seen_at: At;
  last_seen_at: At;
  times: Generated<number>;
  frames: Generated<number>;
  frame_bytes: Generated<bigint>;
  frames_dropped: Generated<number>;
  state: Generated<"waiting" | "accepted" | "ignored">;
  meter_id: Null<bigint>;
  replayed_at: AtNull;
  replayed_readings: Null<number>;
};
export type FoundFrameTable = {
  operator_id: bigint;
  found_device_id: bigint;
  seq: number;
  bytes_to: bigint;
  received_at: At;
  address: string;
  payload: Buffer;
  samples: ColumnType<unknown, string | null | undefined, string | null>;
};
export type FoundOverflowTable = {
  operator_id: bigint;
  mqtt_client_id: bigint;
  times: bigint;
  first_at: At;
  last_at: At;
  last_key: string;
};
export type FoundDecisionTable = {
  operator_id: bigint;
  id: Id;
  found_device_id: bigint;
  decision: "accept" | "ignore" | "take_back";
  request: JsonDefault<Record<string, unknown>>;
  reason: Generated<string>;
  idempotency_key: string;
  decided_by: Null<bigint>;
  decided_at: At;
};
export type RegisterImportTable = {
  operator_id: bigint;
  id: Id;
  file_name: string;
  file_sha256: string;
  kind: string;
  outcome: "rehearsed" | "applied" | "refused";
  counts: Json<Record<string, Record<string, number>>>;
  refused_file: Null<Buffer>;
  imported_by: Null<bigint>;
  imported_at: At;
};
