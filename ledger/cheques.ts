import { sql, type Transaction } from "kysely";
import type { Pays } from "../domain/charge.ts";
import type { ChequeCounts } from "../domain/counter.ts";
import { type Instant, isoOf } from "../domain/instant.ts";
import { type Currency, type Money, money } from "../domain/money.ts";
import type { AccountId } from "../domain/reading.ts";
import type { Tables } from "../schema/tables.ts";

type Trx = Transaction<Tables>;

/** As it was handed over. */
export type Cheque = {
  readonly id: bigint;
  /** The entry of its receipt: a payment where it counts as received, else a transfer. */
  readonly journalId: bigint;
  readonly accountId: AccountId;
  readonly number: string;
  readonly bank: string;
  readonly amount: Money;
  readonly pays: Pays;
  readonly counts: ChequeCounts;
};

export async function noteCheque(trx: Trx, cheque: Omit<Cheque, "id">): Promise<bigint> {
  const { journalId, accountId, number, bank, amount, pays, counts } = cheque;
  const { rows } = await sql<{ id: bigint }>`
    insert into sanbiao.cheque (operator_id, journal_id, account_id, number, bank, currency, amount_minor, pays, counts)
    values (sanbiao.operator_id(), ${journalId}, ${accountId}, ${number}, ${bank}, ${amount.currency}, ${amount.minor}, ${pays}, ${counts})
    returning id`.execute(trx);
  return (rows[0] as { id: bigint }).id;
}

type Row = {
  id: bigint;
  journal_id: bigint;
  account_id: bigint;
  number: string;
  bank: string;
  currency: Currency;
  amount_minor: bigint;
  pays: Pays;
  counts: ChequeCounts;
};

/** By its own id, or by the entry of its receipt. */
export async function readCheque(trx: Trx, by: { id: bigint } | { journalId: bigint }): Promise<Cheque | null> {
  const which = "id" in by ? sql`id = ${by.id}` : sql`journal_id = ${by.journalId}`;
  const { rows } = await sql<Row>`select id, journal_id, account_id, number, bank, currency, amount_minor, pays, counts
      from sanbiao.cheque where operator_id = sanbiao.operator_id() and ${which}`.execute(trx);
  const row = rows[0];
  if (row === undefined) return null;
  const { id, number, bank, pays, counts } = row;
  const amount = money(row.currency, row.amount_minor);
  return { id, journalId: row.journal_id, accountId: row.account_id, number, bank, amount, pays, counts };
}

export type ChequeEnding = {
  readonly outcome: "cleared" | "returned";
  readonly journalId: bigint;
  /** The payment that a cheque became when it was cleared. */
  readonly paymentId: bigint | null;
  readonly reason: string;
};

/** How it ended, if it did. Its ending is this transaction's alone until that ends. */
export async function lockChequeEnding(trx: Trx, chequeId: bigint): Promise<ChequeEnding | null> {
  await sql`select pg_advisory_xact_lock(hashtextextended('sanbiao.cheque/' || sanbiao.operator_id(), ${chequeId}))`.execute(
    trx,
  );
  const { rows } = await sql<{
    outcome: ChequeEnding["outcome"];
    journal_id: bigint;
    payment_id: bigint | null;
    reason: string;
  }>`
    select outcome, journal_id, payment_id, reason from sanbiao.cheque_ending
     where operator_id = sanbiao.operator_id() and cheque_id = ${chequeId}`.execute(trx);
  const row = rows[0];
  if (row === undefined) return null;
  return { outcome: row.outcome, journalId: row.journal_id, paymentId: row.payment_id, reason: row.reason };
}

export async function noteChequeEnding(
  trx: Trx,
  chequeId: bigint,
  { outcome, journalId, paymentId, reason }: ChequeEnding,
  { at, by }: { at: Instant; by: bigint },
): Promise<void> {
  await sql`insert into sanbiao.cheque_ending (operator_id, cheque_id, outcome, journal_id, payment_id, reason, ended_at, ended_by)
    values (sanbiao.operator_id(), ${chequeId}, ${outcome}, ${journalId}, ${paymentId}::bigint, ${reason}, ${isoOf(at)}::timestamptz, ${by})`.execute(
    trx,
  );
}
