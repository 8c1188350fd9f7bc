import type { Generated } from "kysely";
import type { At, AtNull, Id, Json, Null } from "./columns.ts";

export type PaymentChannelTable = {
  operator_id: bigint;
  code: string;
  title_zh: string;
  title_en: string;
  kind: "signed" | "sandbox";
  ledger_account: "wallet" | "bank" | "card";
  secret: string;
  order_minutes: Generated<number>;
  created_at: At;
  disabled_at: AtNull;
};
export type PaymentOrderTable = {
  operator_id: bigint;
  id: Id;
  channel: string;
  ref: string;
  client_key: string;
  account_id: bigint;
  currency: string;
  amount_minor: bigint;
  pays: "supply" | "property" | "split";
  opened_by: "channel" | "resident";
  opened_at: At;
  expires_at: At;
};
export type PaymentChannelEventTable = {
  operator_id: bigint;
  id: Id;
  channel: string;
  order_id: Null<bigint>;
  kind: "confirmed" | "failed" | "refund_requested" | "refunded" | "refused";
  transaction_id: Null<string>;
  amount_minor: Null<bigint>;
  said_at: At;
  received_at: At;
  journal_id: Null<bigint>;
  detail: Json;
};
export type ResidentPassTable = {
  operator_id: bigint;
  id: Id;
  account_id: bigint;
  link_hash: Buffer;
  code_hash: Buffer;
  issued_at: At;
  issued_by: Null<bigint>;
  expires_at: At;
  used_at: AtNull;
  wrong_codes: Generated<number>;
};
export type ResidentSessionTable = {
  operator_id: bigint;
  token_hash: Buffer;
  account_id: bigint;
  created_at: At;
  expires_at: At;
};
