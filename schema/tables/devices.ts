import type { At, Id, Json, Null } from "./columns.ts";

export type DeviceKeyTable = {
  operator_id: bigint;
  meter_id: bigint;
  version: number;
  sealed: Buffer;
  made_at: At;
  made_by: Null<bigint>;
};
export type DeviceSequenceTable = { operator_id: bigint; meter_id: bigint; last: bigint };
export type DeviceCommandTable = {
  operator_id: bigint;
  meter_id: bigint;
  sequence: bigint;
  command: string;
  key_version: number;
  issued_at: At;
  expires_at: At;
};
export type TokenMeterTable = {
  operator_id: bigint;
  id: Id;
  meter_id: bigint;
  scheme: "openpaygo" | "sts";
  detail: Json<Record<string, unknown>>;
  sealed: Buffer;
  noted_at: At;
  noted_by: Null<bigint>;
};
export type CreditTokenTable = {
  operator_id: bigint;
  id: Id;
  idempotency_key: string;
  account_id: bigint;
  meter_id: bigint;
  token_meter_id: bigint;
  scheme: "openpaygo" | "sts";
  number: bigint;
  digits: string;
  quantity: bigint;
  unit: string;
  amount_minor: bigint;
  currency: string;
  journal_id: bigint;
  test_mode: boolean;
  issued_at: At;
  issued_by: Null<bigint>;
};
export type CreditTokenReturnTable = {
  operator_id: bigint;
  token_id: bigint;
  journal_id: bigint;
  measured_at: At;
  returned_at: At;
};
