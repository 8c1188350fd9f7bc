import { stringify } from "csv-stringify/sync";
import { sql, type Transaction } from "kysely";
import type { ShiftState, TenderKind } from "../domain/counter.ts";
import { CodedError } from "../domain/errors.ts";
import { type Instant, isoIn } from "../domain/instant.ts";
import { amountText, type Currency, money } from "../domain/money.ts";
import type { Zone } from "../domain/period.ts";
import { receiptNumber } from "../ledger/receipts.ts";
import type { Tables } from "../schema/tables.ts";

const COLUMNS = [
  "at",
  "entry",
  "what",
  "account",
  "name",
  "kind",
  "amount",
  "currency",
  "given",
  "reference",
  "receipt",
  "reverses",
  "note",
] as const;
/** So that a spreadsheet takes the file for UTF-8. */
const BOM = "\ufeff";

type Shift = {
  currency: Currency;
  state: ShiftState;
  drawer: string;
  clerk: string;
  opened_at: Instant;
  closed_at: Instant | null;
  float_minor: bigint;
  counted: bigint | null;
  expected: bigint | null;
  note: string | null;
  confirmed: string | null;
};
type Row = {
  occurred_at: Instant;
  journal_id: bigint;
  what: string;
  number: string | null;
  name: string | null;
  kind: TenderKind;
  amount_minor: bigint;
  given_minor: bigint | null;
  reference: string | null;
  year: number | null;
  receipt: number | null;
  reverses: string | null;
  reason: string | null;
};

/**
 * A closed shift as a file: the float, every entry, what was counted and what was over or short. Cash of an open shift is nobody's
 * to read before it is counted.
 * @throws CodedError `request.not-found`, `counter.not-counted`
 */
export async function shiftCsv(trx: Transaction<Tables>, shiftId: bigint, zone: Zone): Promise<string> {
  const shift = await shiftOf(trx, shiftId);
  if (shift === null) throw new CodedError("request.not-found", `There is no shift ${shiftId}.`);
  if (shift.state === "open") throw new CodedError("counter.not-counted", "The shift is open: count the drawer first.");
  const { currency } = shift;
  const amount = (minor: bigint) => amountText(money(currency, minor));
  const end = shift.closed_at === null ? "" : isoIn(shift.closed_at, zone);
  const own = (at: string, what: string, minor: bigint, note = "") =>
    [at, "", what, "", "", "cash", amount(minor), currency, "", "", "", "", note] as const;
  const variance = (shift.counted ?? 0n) - (shift.expected ?? 0n);
  const why = [shift.note ?? "", shift.confirmed ?? ""].filter(Boolean).join(" / ");
  const rows = [
    own(isoIn(shift.opened_at, zone), "float", shift.float_minor, `${shift.drawer} / ${shift.clerk}`),
    ...(await entriesOf(trx, shiftId)).map((row) => [
      isoIn(row.occurred_at, zone),
      String(row.journal_id),
      row.what,
      row.number ?? "",
      row.name ?? "",
      row.kind,
      amount(row.amount_minor),
      currency,
      row.given_minor === null ? "" : amount(row.given_minor),
      row.reference ?? "",
      row.year === null || row.receipt === null ? "" : receiptNumber(row.year, row.receipt),
      row.reverses ?? "",
      row.reason ?? "",
    ]),
    own(end, "expected", shift.expected ?? 0n),
    own(end, "counted", shift.counted ?? 0n),
    own(end, "variance", variance, why),
  ];
  return BOM + stringify([COLUMNS, ...rows.map((row) => row.map(plain))]);
}

/** A spreadsheet takes a text that begins like this for a formula: an apostrophe keeps it a text; figures stay figures. */
const plain = (cell: string): string =>
  /^[=+\-@\t\r]/.test(cell) && !/^-?\d+(\.\d+)?$/.test(cell) ? `'${cell}` : cell;

async function shiftOf(trx: Transaction<Tables>, id: bigint): Promise<Shift | null> {
  const { rows } = await sql<Shift>`
    select s.currency, s.state, d.code as drawer, u.name as clerk, s.opened_at, s.closed_at, s.float_minor, c.counted_minor as counted,
           c.expected_minor as expected, s.confirm_note as note, o.name as confirmed
      from sanbiao.counter_shift s
      join sanbiao.cash_drawer d on d.operator_id = s.operator_id and d.id = s.drawer_id
      join sanbiao.app_user u on u.operator_id = s.operator_id and u.id = s.clerk_id
      left join sanbiao.app_user o on o.operator_id = s.operator_id and o.id = s.confirmed_by
      left join lateral (select * from sanbiao.shift_count n where n.operator_id = s.operator_id and n.shift_id = s.id order by no desc limit 1) c on true
     where s.operator_id = sanbiao.operator_id() and s.id = ${id}`.execute(trx);
  return rows[0] ?? null;
}

async function entriesOf(trx: Transaction<Tables>, shiftId: bigint): Promise<Row[]> {
  const { rows } = await sql<Row>`
    select j.occurred_at, t.journal_id, j.kind as what, a.number, a.name, t.kind, t.amount_minor, t.given_minor, t.reference, r.year, r.number as receipt,
           j.cause ->> 'reverses' as reverses, j.cause ->> 'reason' as reason
      from sanbiao.tender t
      join sanbiao.journal j on j.operator_id = t.operator_id and j.id = t.journal_id
      left join lateral (select coalesce(
             (select p.account_id from sanbiao.posting p where p.operator_id = t.operator_id and p.journal_id = t.journal_id and p.account_id is not null limit 1),
             (select q.account_id from sanbiao.cheque q where q.operator_id = t.operator_id and q.journal_id = t.journal_id)) as id) of on true
      left join sanbiao.account a on a.operator_id = t.operator_id and a.id = of.id
      left join sanbiao.receipt r on r.operator_id = t.operator_id and r.journal_id = t.journal_id
     where t.operator_id = sanbiao.operator_id() and t.shift_id = ${shiftId} order by j.id`.execute(trx);
  return rows;
}
