import { sql, type Transaction } from "kysely";
import type { TenderKind } from "../domain/counter.ts";
import { type Instant, isoIn } from "../domain/instant.ts";
import { type Currency, type Money, money } from "../domain/money.ts";
import type { Zone } from "../domain/period.ts";
import { readRepayment, type Repayment } from "../ledger/emergency-credit.ts";
import { receiptNumber } from "../ledger/receipts.ts";
import type { Tables } from "../schema/tables.ts";
import type { Words } from "./words.ts";

/** What stands on a receipt, in no language. Nothing of it changes with a later print but `print` and whether it was taken back. */
export type ReceiptSheet = {
  readonly number: string;
  readonly entry: bigint;
  readonly what: "payment" | "deposit" | "cheque";
  readonly operator: Words;
  /** `2026-06-16 10:00:05`, in the operator's zone. */
  readonly at: string;
  readonly payer: { readonly name: string; readonly number: string; readonly place: string };
  readonly amount: Money;
  readonly kind: TenderKind;
  readonly given: Money | null;
  readonly reference: string | null;
  readonly bank: string | null;
  readonly parts: { readonly supply: Money; readonly property: Money };
  /** How the supply part was shared where emergency credit was to be repaid; `null` = none was. */
  readonly repayment: Repayment | null;
  /** After it, as people are shown it: credit is positive. */
  readonly balance: { readonly supply: Money; readonly property: Money };
  readonly by: string | null;
  readonly drawer: string | null;
  /** Local time at which it was taken back; `null` = it stands. */
  readonly reversedAt: string | null;
  /** 1 = the original; `null` = a preview that is none. */
  readonly print: number | null;
};

type Row = {
  year: number;
  number: number;
  kind: "payment" | "deposit" | "transfer";
  occurred_at: Instant;
  name_zh: string;
  name_en: string;
  zone: Zone;
  currency: Currency;
  payer_name: string;
  payer_number: string;
  payer_place: string;
  supply_owed_minor: bigint;
  property_owed_minor: bigint;
  supply: bigint;
  property: bigint;
  taken: bigint;
  account: string;
  tender: TenderKind | null;
  given_minor: bigint | null;
  reference: string | null;
  bank: string | null;
  drawer: string | null;
  by_name: string | null;
  reversed_at: Instant | null;
  printed: boolean;
  account_id: bigint | null;
};

/**
 * The receipt of an entry as print `print`.
 * @returns `null` where the entry has no receipt, or was never printed so often
 */
export async function receiptSheet(
  trx: Transaction<Tables>,
  journalId: bigint,
  print: number | null,
): Promise<ReceiptSheet | null> {
  const { rows } = await sql<Row>`
    select r.year, r.number, j.kind, j.occurred_at, o.name_zh, o.name_en, o.zone, o.currency, r.payer_name, r.payer_number, r.payer_place,
           r.supply_owed_minor, r.property_owed_minor, m.supply, m.property, m.taken, m.account, m.account_id, t.kind as tender, t.given_minor, t.reference,
           q.bank, d.code as drawer, u.name as by_name,
           (select v.occurred_at from sanbiao.journal v where v.operator_id = r.operator_id and v.idempotency_key = 'reversal/' || r.journal_id) as reversed_at,
           exists (select from sanbiao.receipt_print p where p.operator_id = r.operator_id and p.journal_id = r.journal_id and p.no = ${print}::smallint) as printed
      from sanbiao.receipt r
      join sanbiao.operator o on o.operator_id = r.operator_id
      join sanbiao.journal j on j.operator_id = r.operator_id and j.id = r.journal_id
     cross join lateral (
       select coalesce(-sum(p.amount_minor) filter (where p.ledger_account = 'customer'), 0)::bigint as supply,
              coalesce(-sum(p.amount_minor) filter (where p.ledger_account = 'customer_property'), 0)::bigint as property,
              sum(p.amount_minor) filter (where p.amount_minor > 0)::bigint as taken,
              min(p.ledger_account) filter (where p.amount_minor > 0) as account, max(p.account_id) as account_id
         from sanbiao.posting p where p.operator_id = r.operator_id and p.journal_id = r.journal_id) m
      left join sanbiao.tender t on t.operator_id = r.operator_id and t.journal_id = r.journal_id
      left join sanbiao.cheque q on q.operator_id = r.operator_id and q.journal_id = r.journal_id
      left join sanbiao.counter_shift s on s.operator_id = r.operator_id and s.id = t.shift_id
      left join sanbiao.cash_drawer d on d.operator_id = s.operator_id and d.id = s.drawer_id
      left join sanbiao.app_user u on u.operator_id = r.operator_id and u.id = j.posted_by
     where r.operator_id = sanbiao.operator_id() and r.journal_id = ${journalId}`.execute(trx);
  const row = rows[0];
  if (row === undefined || (print !== null && !row.printed)) return null;
  const repayment =
    row.kind === "payment" && row.account_id !== null ? await readRepayment(trx, row.account_id, journalId) : null;
  return sheetOf(row, { entry: journalId, print, repayment });
}

function sheetOf(
  row: Row,
  { entry, print, repayment }: Pick<ReceiptSheet, "entry" | "print" | "repayment">,
): ReceiptSheet {
  const of = (minor: bigint) => money(row.currency, minor);
  return {
    number: receiptNumber(row.year, row.number),
    entry,
    what: row.kind === "transfer" ? "cheque" : row.kind,
    operator: { zh: row.name_zh, en: row.name_en },
    at: localText(row.occurred_at, row.zone),
    payer: { name: row.payer_name, number: row.payer_number, place: row.payer_place },
    amount: of(row.taken),
    kind: row.tender ?? (row.account.split(".")[0] as TenderKind),
    given: row.given_minor === null ? null : of(row.given_minor),
    reference: row.reference,
    bank: row.bank,
    parts: { supply: of(row.supply), property: of(row.property) },
    repayment,
    balance: { supply: of(-row.supply_owed_minor), property: of(-row.property_owed_minor) },
    by: row.by_name,
    drawer: row.drawer,
    reversedAt: row.reversed_at === null ? null : localText(row.reversed_at, row.zone),
    print,
  };
}

const localText = (at: Instant, zone: Zone): string => isoIn(at, zone).slice(0, 19).replace("T", " ");
