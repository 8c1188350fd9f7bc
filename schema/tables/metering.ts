import type { Generated } from "kysely";
import type { At, AtNull, DayColumn, DayNull, Id, Json, JsonDefault, Null, UtilityColumn } from "./columns.ts";

export type AccountTable = {
  operator_id: bigint;
  id: Id;
  number: string;
  name: string;
  phone: Generated<string>;
  address: Generated<string>;
  payment_mode: "postpaid" | "prepaid";
  protected_reason: Null<string>;
  opened_on: DayColumn;
  closed_on: DayNull;
};
export type HouseholdTable = {
  operator_id: bigint;
  account_id: bigint;
  from_day: DayColumn;
  persons: number;
  noted_at: AtNull;
};
export type AccountFactTable = {
  operator_id: bigint;
  id: Id;
  account_id: bigint;
  kind: "contracted_kw" | "contracted_kva" | "low_income" | "household";
  from_day: DayColumn;
  value: Null<bigint>;
  stated_at: Generated<At>;
  stated_by: Null<bigint>;
};
export type UsagePointTable = {
  operator_id: bigint;
  id: Id;
  utility: UtilityColumn;
  building: string;
  room: Generated<string>;
  role: Generated<"customer" | "master">;
};
export type AgreementTable = {
  operator_id: bigint;
  id: Id;
  account_id: bigint;
  usage_point_id: bigint;
  tariff_id: string;
  from_day: DayColumn;
  to_day: DayNull;
};
export type BusTable = {
  operator_id: bigint;
  id: Id;
  name: string;
  kind: "tcp" | "rtu_over_tcp" | "rtu";
  address: Json;
  poll_seconds: JsonDefault<Record<string, number>>;
  enabled: Generated<boolean>;
};
export type MqttClientTable = {
  operator_id: bigint;
  id: Id;
  username: string;
  password_hash: string;
  publish_filters: string[];
  subscribe_filters: Generated<string[]>;
  profile_ids: string[];
  enabled: Generated<boolean>;
};
export type MeterTable = {
  operator_id: bigint;
  id: Id;
  serial: string;
  utility: UtilityColumn;
  profile_id: string;
  bus_id: Null<bigint>;
  unit_id: Null<number>;
  mqtt_client_id: Null<bigint>;
  device_key: Null<string>;
  report_every_s: Null<number>;
};
export type InstallationTable = {
  operator_id: bigint;
  id: Id;
  meter_id: bigint;
  usage_point_id: bigint;
  installed_at: At;
  removed_at: AtNull;
  ratio: Generated<string>;
  capacity_per_hour: string;
};
