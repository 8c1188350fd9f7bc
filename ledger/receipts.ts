import { sql, type Transaction } from "kysely";
import { type Instant, isoOf } from "../domain/instant.ts";
import type { OperatorId } from "../domain/reading.ts";
import type { Tables } from "../schema/tables.ts";

type Trx = Transaction<Tables>;
export const RECEIPT_FORMATS = ["80mm", "a5"] as const;
export type ReceiptFormat = (typeof RECEIPT_FORMATS)[number];

/** `2026-000123`: no gap within an operator's year. */
export const receiptNumber = (year: number, number: number): string => `${year}-${String(number).padStart(6, "0")}`;

/**
 * The number of an entry's receipt; made out now where it has none. The year's counter stays locked until the transaction ends.
 * @returns `null` for an entry that gave no customer anything
 */
export async function issueReceipt(
  trx: Trx,
  of: { operatorId: OperatorId; journalId: bigint; at: Instant; by: bigint },
): Promise<string | null> {
  const { rows } = await sql<{ year: number | null; number: number | null }>`
    select year, number from sanbiao.issue_receipt(${of.operatorId}, ${of.journalId}, ${isoOf(of.at)}::timestamptz, ${of.by})`.execute(
    trx,
  );
  const row = rows[0];
  return row?.year == null || row.number === null ? null : receiptNumber(row.year, row.number);
}

export async function receiptNumberOf(trx: Trx, journalId: bigint): Promise<string | null> {
  const { rows } = await sql<{ year: number; number: number }>`
    select year, number from sanbiao.receipt where operator_id = sanbiao.operator_id() and journal_id = ${journalId}`.execute(
    trx,
  );
  return rows[0] === undefined ? null : receiptNumber(rows[0].year, rows[0].number);
}

/** Which print of a receipt this is: 1 is the original. `null` = it has no receipt. */
export async function notePrint(
  trx: Trx,
  print: { journalId: bigint; format: ReceiptFormat; at: Instant; by: bigint },
): Promise<number | null> {
  const { rows } = await sql<{ no: number | null }>`
    select sanbiao.print_receipt(${print.journalId}, ${print.format}, ${isoOf(print.at)}::timestamptz, ${print.by}) as no`.execute(
    trx,
  );
  return rows[0]?.no ?? null;
}
