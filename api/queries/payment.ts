import { sql } from "kysely";
import { CodedError } from "../../domain/errors.ts";
import type { Instant } from "../../domain/instant.ts";
import { moneyJson } from "../../domain/money.ts";
import { readRepayment, type Repayment } from "../../ledger/emergency-credit.ts";
import { receiptSheet } from "../../paper/receipt-sheet.ts";
import { type ReceiptFormat, receiptNumberOf } from "../../ledger/receipts.ts";
import { atText, type Desk, moneyOf } from "../desk.ts";
import type { PaymentDetailJson } from "../schemas/payment.ts";

type Row = {
  id: bigint;
  kind: PaymentDetailJson["entry"];
  occurred_at: Instant;
  account_id: bigint;
  number: string;
  name: string;
  by_name: string | null;
  channel: PaymentDetailJson["channel"];
  taken: bigint;
  supply: bigint;
  property: bigint;
  given_minor: bigint | null;
  reference: string | null;
  shift_id: bigint | null;
  drawer: string | null;
  cheque_id: bigint | null;
  cheque_number: string | null;
  bank: string | null;
  counts: "received" | "cleared" | null;
  outcome: "cleared" | "returned" | null;
  reversal_id: bigint | null;
  reversed_at: Instant | null;
  reversed_by: string | null;
  reason: string | null;
};

/** One payment, deposit or cheque with how it changed hands, its receipt and whether it was taken back. */
export async function paymentDetail(desk: Desk, journalId: bigint): Promise<PaymentDetailJson> {
  const { rows } = await sql<Row>`
    select j.id, j.kind, j.occurred_at, a.id as account_id, a.number, a.name, u.name as by_name, split_part(m.account, '.', 1) as channel,
           m.taken, m.supply, m.property, t.given_minor, t.reference, t.shift_id, d.code as drawer, q.id as cheque_id, q.number as cheque_number, q.bank,
           q.counts, e.outcome, v.id as reversal_id, v.occurred_at as reversed_at, w.name as reversed_by, v.cause ->> 'reason' as reason
      from journal j
     cross join lateral (
       select coalesce(-sum(p.amount_minor) filter (where p.ledger_account = 'customer'), 0)::bigint as supply,
              coalesce(-sum(p.amount_minor) filter (where p.ledger_account = 'customer_property'), 0)::bigint as property,
              sum(p.amount_minor) filter (where p.amount_minor > 0)::bigint as taken, max(p.account_id) as account_id,
              min(p.ledger_account) filter (where p.account_id is null and p.amount_minor > 0) as account
         from posting p where p.operator_id = j.operator_id and p.journal_id = j.id) m
      left join cheque q on q.operator_id = j.operator_id
                        and q.id = coalesce((select c.id from cheque c where c.operator_id = j.operator_id and c.journal_id = j.id),
                                            (select c.cheque_id from cheque_ending c where c.operator_id = j.operator_id and c.payment_id = j.id
                                                and j.cause ->> 'payment' = 'cheque.held'))
      left join cheque_ending e on e.operator_id = q.operator_id and e.cheque_id = q.id
      join account a on a.operator_id = j.operator_id and a.id = coalesce(m.account_id, q.account_id)
      left join tender t on t.operator_id = j.operator_id and t.journal_id = j.id
      left join counter_shift s on s.operator_id = j.operator_id and s.id = t.shift_id
      left join cash_drawer d on d.operator_id = s.operator_id and d.id = s.drawer_id
      left join app_user u on u.operator_id = j.operator_id and u.id = j.posted_by
      left join journal v on v.operator_id = j.operator_id and v.idempotency_key = 'reversal/' || j.id
      left join app_user w on w.operator_id = v.operator_id and w.id = v.posted_by
     where j.operator_id = ${desk.operatorId} and j.id = ${journalId} and j.kind in ('payment', 'deposit', 'transfer') and m.account is not null`.execute(
    desk.trx,
  );
  const row = rows[0];
  if (row === undefined) throw new CodedError("request.not-found", `There is no payment ${journalId}.`);
  return {
    ...detailJson(desk, row),
    repayment: repaymentJson(await readRepayment(desk.trx, row.account_id, row.id)),
    receipt: await receiptNumberOf(desk.trx, journalId),
    prints: await printsOf(desk, journalId),
  };
}

function detailJson(desk: Desk, row: Row): Omit<PaymentDetailJson, "receipt" | "prints" | "repayment"> {
  const { cheque_id: chequeId, counts, reversal_id: reversalId, reversed_at: reversedAt } = row;
  return {
    journalId: String(row.id),
    accountId: String(row.account_id),
    accountNumber: row.number,
    accountName: row.name,
    entry: row.kind,
    amount: moneyOf(desk, row.taken),
    parts: { supply: moneyOf(desk, row.supply), property: moneyOf(desk, row.property) },
    channel: row.channel,
    at: atText(desk, row.occurred_at),
    by: row.by_name,
    given: row.given_minor === null ? null : moneyOf(desk, row.given_minor),
    change: row.given_minor === null ? null : moneyOf(desk, row.given_minor - row.taken),
    reference: row.reference,
    shiftId: row.shift_id === null ? null : String(row.shift_id),
    drawer: row.drawer,
    cheque:
      chequeId === null || counts === null
        ? null
        : {
            id: String(chequeId),
            number: row.cheque_number ?? "",
            bank: row.bank ?? "",
            counts,
            state: row.outcome ?? "in_hand",
          },
    reversal:
      reversalId === null || reversedAt === null
        ? null
        : {
            journalId: String(reversalId),
            at: atText(desk, reversedAt),
            by: row.reversed_by,
            reason: row.reason ?? "",
          },
  };
}

export const repaymentJson = (of: Repayment | null): PaymentDetailJson["repayment"] =>
  of === null
    ? null
    : {
        debt: moneyJson(of.debt),
        emergency: moneyJson(of.emergency),
        overdraft: moneyJson(of.overdraft),
        credit: moneyJson(of.credit),
        left: moneyJson(of.left),
      };

async function printsOf(desk: Desk, journalId: bigint): Promise<PaymentDetailJson["prints"]> {
  const { rows } = await sql<{ no: number; format: ReceiptFormat; printed_at: Instant; name: string | null }>`
    select p.no, p.format, p.printed_at, u.name from receipt_print p
      left join app_user u on u.operator_id = p.operator_id and u.id = p.printed_by
     where p.operator_id = ${desk.operatorId} and p.journal_id = ${journalId} order by p.no desc limit 50`.execute(
    desk.trx,
  );
  return rows.map(({ no, format, printed_at, name }) => ({
    print: no,
    format,
    at: atText(desk, printed_at),
    by: name,
  }));
}

/** @throws CodedError `request.not-found` where there is no receipt, or it was not printed so often */
export async function requireReceipt(desk: Desk, journalId: bigint, print: number | null) {
  const sheet = await receiptSheet(desk.trx, journalId, print);
  if (sheet === null)
    throw new CodedError("request.not-found", `There is no such print of a receipt of entry ${journalId}.`);
  return sheet;
}
