import type { Pieces } from "../../domain/counter.ts";
import type { At, AtNull, Id, Json, Null } from "./columns.ts";

export type CashDrawerTable = {
  operator_id: bigint;
  id: Id;
  code: string;
  name: string;
  noted_at: At;
  noted_by: Null<bigint>;
};
export type CounterTermsTable = {
  operator_id: bigint;
  id: Id;
  shift_required: boolean;
  variance_limit_minor: Null<bigint>;
  reversal_limit_minor: Null<bigint>;
  cheque_counts: "received" | "cleared";
  noted_at: At;
  noted_by: Null<bigint>;
};
export type CounterShiftTable = {
  operator_id: bigint;
  id: Id;
  drawer_id: bigint;
  clerk_id: bigint;
  client_key: string;
  currency: string;
  float_minor: bigint;
  opened_at: At;
  open_journal_id: Null<bigint>;
  state: "open" | "counted" | "closed";
  closed_at: AtNull;
  close_journal_id: Null<bigint>;
  confirmed_by: Null<bigint>;
  confirm_note: Null<string>;
};
export type ShiftCountTable = {
  operator_id: bigint;
  shift_id: bigint;
  no: number;
  counted_minor: bigint;
  pieces: Json<readonly Pieces[] | null>;
  expected_minor: bigint;
  counted_at: At;
  counted_by: bigint;
};
export type TenderTable = {
  operator_id: bigint;
  journal_id: bigint;
  shift_id: Null<bigint>;
  kind: "cash" | "card" | "wallet" | "bank" | "cheque";
  amount_minor: bigint;
  given_minor: Null<bigint>;
  reference: Null<string>;
};
export type ChequeTable = {
  operator_id: bigint;
  id: Id;
  journal_id: bigint;
  account_id: bigint;
  number: string;
  bank: string;
  currency: string;
  amount_minor: bigint;
  pays: "supply" | "property" | "split";
  counts: "received" | "cleared";
};
export type ChequeEndingTable = {
  operator_id: bigint;
  cheque_id: bigint;
  outcome: "cleared" | "returned";
  journal_id: bigint;
  payment_id: Null<bigint>;
  reason: string;
  ended_at: At;
  ended_by: Null<bigint>;
};
export type ReceiptSequenceTable = { operator_id: bigint; year: number; last: number };
export type ReceiptTable = {
  operator_id: bigint;
  journal_id: bigint;
  year: number;
  number: number;
  account_id: bigint;
  payer_name: string;
  payer_number: string;
  payer_place: string;
  supply_owed_minor: bigint;
  property_owed_minor: bigint;
  issued_at: At;
  issued_by: Null<bigint>;
};
export type ReceiptPrintTable = {
  operator_id: bigint;
  journal_id: bigint;
  no: number;
  format: "80mm" | "a5";
  printed_at: At;
  printed_by: Null<bigint>;
};
