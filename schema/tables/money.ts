import type { Generated, GeneratedAlways } from "kysely";
import type { At, AtNull, Id, Json, Null } from "./columns.ts";

export type JournalTable = {
  operator_id: bigint;
  id: Id;
  idempotency_key: string;
  kind: "bill" | "payment" | "reversal" | "adjustment" | "opening" | "refund" | "deposit" | "transfer" | "set_off";
  cause: Json<Record<string, unknown>>;
  occurred_at: At;
  posted_at: At;
  posted_by: Null<bigint>;
  written_in: GeneratedAlways<string>;
};
export type PostingTable = {
  operator_id: bigint;
  journal_id: bigint;
  line: number;
  ledger_account: string;
  account_id: Null<bigint>;
  currency: string;
  amount_minor: bigint;
};
export type CustomerBalanceTable = {
  operator_id: bigint;
  account_id: bigint;
  currency: string;
  owed_minor: bigint;
  /** By a payment, last. */
  credited_at: AtNull;
  /** Whether a payment looks at the supply. */
  is_watched: Generated<boolean>;
};
