import { type RawBuilder, sql } from "kysely";
import { CodedError } from "../../domain/errors.ts";
import type { Instant } from "../../domain/instant.ts";
import { type Day, monthOf, type Period, startOfDay } from "../../domain/period.ts";
import type { Proration } from "../../domain/proration.ts";
import { decimalText } from "../../domain/quantity.ts";
import { timestamptz } from "../../schema/database.ts";
import { atText, dayText, type Desk, moneyOf, offsetOf, quantityOf } from "../desk.ts";
import type {
  BilledUsageJson,
  BillJson,
  BillLineJson,
  BillRowJson,
  BillsJson,
  BillStatus,
  ProrationJson,
} from "../schemas/bill.ts";
import type { UnitName, UtilityName } from "../schemas/json.ts";
import type { z } from "zod";
import { placeOfAccount } from "./accounts.ts";
import { readLadderRuns } from "../../billing/explain/read-ladders.ts";
import { readProrations } from "../../billing/explain/read-prorations.ts";
import { closingsOf } from "../../ledger/account-closings.ts";
import { type DepositStatement, depositStatementsOf, NO_DEPOSIT } from "../../ledger/deposits.ts";
import { closingFiguresJson } from "./account-closings.ts";
import { readMeasuredRegisters } from "../../ledger/rating-states.ts";
import { billCharges, billStatement } from "./charges.ts";

export type BillRow = {
  id: bigint;
  number: string;
  account_id: bigint;
  account_number: string;
  account_name: string;
  building: string | null;
  room: string | null;
  period_from: Instant;
  period_to: Instant;
  issued_on: Day;
  due_on: Day;
  total_minor: bigint;
  open_minor: bigint;
  other_minor: bigint;
  other_open_minor: bigint;
  is_final: boolean;
  journal_id: bigint | null;
};

/**
 * What is left to pay of what bill `l` asks for supply. Payments settle the oldest bill first, so that a debt stands on the newest ones:
 * of what is owed, newer bills take their totals before this one.
 */
export const openMinor = sql<bigint>`least(greatest(coalesce(
    (select b.owed_minor from customer_balance b
      where b.operator_id = l.operator_id and b.account_id = l.account_id and b.currency = l.currency), 0)
  - coalesce((select sum(n.total_minor) from bill n
      where n.operator_id = l.operator_id and n.account_id = l.account_id and n.currency = l.currency
        and n.period_from > l.period_from), 0), 0), greatest(l.total_minor, 0))::bigint`;

/** What bill `l` asks besides supply. */
export const otherMinor = sql<bigint>`coalesce((select sum(c.amount_minor) from bill_charge c
  where c.operator_id = l.operator_id and c.bill_id = l.id), 0)::bigint`;

/** What is left to pay of that: settled as supply is, out of its own class. */
export const otherOpenMinor = sql<bigint>`least(greatest(coalesce(
    (select b.owed_minor from subledger_balance b where b.operator_id = l.operator_id and b.account_id = l.account_id
        and b.ledger_account = 'customer_property' and b.currency = l.currency), 0)
  - coalesce((select sum(c.amount_minor) from bill n join bill_charge c on c.operator_id = n.operator_id and c.bill_id = n.id
      where n.operator_id = l.operator_id and n.account_id = l.account_id and n.currency = l.currency
        and n.period_from > l.period_from), 0), 0), ${otherMinor})::bigint`;

export const billColumns = sql`l.id, l.number, l.account_id, a.number as account_number, a.name as account_name, p.building, p.room,
  l.period_from, l.period_to, l.issued_on, l.due_on, l.total_minor, l.journal_id, ${openMinor} as open_minor,
  ${otherMinor} as other_minor, ${otherOpenMinor} as other_open_minor,
  exists (select from account_closing c where c.operator_id = l.operator_id and c.bill_id = l.id) as is_final`;

const accountOfBill = sql`join account a on a.operator_id = l.operator_id and a.id = l.account_id ${placeOfAccount}`;
export const billFrom = sql`bill l ${accountOfBill}`;

const totalOfBill = (row: BillRow): bigint => row.total_minor + row.other_minor;
const openOfBill = (row: BillRow): bigint => row.open_minor + row.other_open_minor;

const statusOf = (open: bigint, total: bigint): BillStatus =>
  open <= 0n ? "paid" : open < total ? "part_paid" : "open";

export const billRow = (desk: Desk, row: BillRow): BillRowJson => ({
  id: String(row.id),
  number: row.number,
  accountId: String(row.account_id),
  accountNumber: row.account_number,
  accountName: row.account_name,
  building: row.building ?? "",
  room: row.room ?? "",
  periodFrom: dayText(desk, row.period_from),
  periodTo: dayText(desk, row.period_to),
  issuedOn: row.issued_on,
  dueOn: row.due_on,
  total: moneyOf(desk, totalOfBill(row)),
  open: moneyOf(desk, openOfBill(row)),
  classes: {
    supply: { total: moneyOf(desk, row.total_minor), open: moneyOf(desk, row.open_minor) },
    property: { total: moneyOf(desk, row.other_minor), open: moneyOf(desk, row.other_open_minor) },
  },
  status: statusOf(openOfBill(row), totalOfBill(row)),
  isFinal: row.is_final,
  journalId: row.journal_id === null ? null : String(row.journal_id),
});

/** Bills of one account, newest first. */
export async function billsOfAccount(desk: Desk, accountId: bigint, limit = 120): Promise<BillRowJson[]> {
  const { rows } = await sql<BillRow>`
    select ${billColumns} from ${billFrom} where l.operator_id = ${desk.operatorId} and l.account_id = ${accountId}
     order by l.period_from desc, l.id desc limit ${limit}`.execute(desk.trx);
  return rows.map((row) => billRow(desk, row));
}

/** The calendar month `YYYY-MM` in the desk's zone; without one, the month before this. */
export function monthNamed(desk: Desk, name: string | undefined): { name: string; period: Period } {
  if (name !== undefined && name < "0001") throw new CodedError("request.invalid", `no such month: ${name}`);
  const period =
    name === undefined
      ? monthOf(desk.now, desk.zone, -1)
      : monthOf(startOfDay(`${name}-01` as Day, desk.zone), desk.zone);
  return { name: dayText(desk, period.from).slice(0, 7), period };
}

export const inMonth = (desk: Desk, month: Period): RawBuilder<unknown> => sql`l.operator_id = ${desk.operatorId}
  and l.period_from >= ${timestamptz(month.from)} and l.period_from < ${timestamptz(month.to)}`;

const allOpen = sql`(${openMinor} + ${otherOpenMinor})`;
const STATUS_IS: Record<BillStatus, RawBuilder<unknown>> = {
  open: sql`and ${allOpen} > 0 and ${allOpen} >= l.total_minor + ${otherMinor}`,
  part_paid: sql`and ${allOpen} > 0 and ${allOpen} < l.total_minor + ${otherMinor}`,
  paid: sql`and ${allOpen} <= 0`,
};

export async function bills(
  desk: Desk,
  query: { page: number; pageSize: number; period?: string | undefined; status?: BillStatus | undefined },
): Promise<BillsJson> {
  const month = monthNamed(desk, query.period);
  const wanted = sql`${inMonth(desk, month.period)} ${query.status === undefined ? sql`` : STATUS_IS[query.status]}`;
  const pageOf = (offset: number, limit: number) => sql<BillRow & { total: bigint; sum: bigint }>`
    with page as materialized (
      select l.*, count(*) over () as total, (sum(l.total_minor + ${otherMinor}) over ())::bigint as sum from bill l where ${wanted}
       order by l.number limit ${limit} offset ${offset})
    select ${billColumns}, l.total, l.sum from page l ${accountOfBill} order by l.number`;
  const { rows } = await pageOf(offsetOf(query), query.pageSize).execute(desk.trx);
  // A page beyond the end has no row to carry the sums.
  const first = rows[0] ?? (query.page === 1 ? undefined : (await pageOf(0, 1).execute(desk.trx)).rows[0]);
  return {
    period: month.name,
    items: rows.map((row) => billRow(desk, row)),
    page: query.page,
    pageSize: query.pageSize,
    total: Number(first?.total ?? 0n),
    sum: moneyOf(desk, first?.sum ?? 0n),
  };
}

/** One bill with all that explains it. */
export async function bill(desk: Desk, id: bigint): Promise<BillJson> {
  const { rows } = await sql<BillRow>`
    select ${billColumns} from ${billFrom} where l.operator_id = ${desk.operatorId} and l.id = ${id}`.execute(desk.trx);
  if (rows[0] === undefined) throw new CodedError("request.not-found", `There is no bill ${id}.`);
  return {
    ...billRow(desk, rows[0]),
    lines: await linesOf(desk, id),
    charges: await billCharges(desk, id),
    statement: await billStatement(desk, id),
    deposit: depositJson(desk, (await depositStatementsOf(desk.trx, [id])).get(id) ?? NO_DEPOSIT),
    final: await finalOf(desk, id),
    ladders: await laddersOf(desk, rows[0]),
    usage: await usageOf(desk, id),
  };
}

const depositJson = (
  desk: Desk,
  { before, taken, applied, returned, held }: DepositStatement,
): BillJson["deposit"] => ({
  before: moneyOf(desk, before),
  taken: moneyOf(desk, taken),
  applied: moneyOf(desk, applied),
  returned: moneyOf(desk, returned),
  held: moneyOf(desk, held),
});

/** Of one month nobody asks how its tiers run. */
async function laddersOf({ trx, zone }: Desk, { id, period_from, period_to }: BillRow): Promise<BillJson["ladders"]> {
  if (period_to <= monthOf(period_from, zone).to) return [];
  return [...((await readLadderRuns(trx, [id])).get(id) ?? [])];
}

async function finalOf(desk: Desk, id: bigint): Promise<BillJson["final"]> {
  const closing = (await closingsOf(desk.trx, [id])).get(id);
  return closing === undefined ? null : { onDay: closing.onDay, ...closingFiguresJson(desk, closing) };
}

async function linesOf(desk: Desk, billId: bigint): Promise<BillLineJson[]> {
  const prorations = (await readProrations(desk.trx, [billId])).get(billId);
  const rows = await desk.trx
    .selectFrom("bill_line")
    .selectAll()
    .where("operator_id", "=", desk.operatorId)
    .where("bill_id", "=", billId)
    .orderBy("line")
    .execute();
  return rows.map((row) => ({
    key: row.key,
    usagePointId: String(row.usage_point_id),
    utility: row.utility as UtilityName,
    tariffId: row.tariff_id,
    tariffVersion: row.tariff_version,
    charge: row.charge,
    kind: row.kind,
    tier: row.tier,
    tou: row.tou,
    periodFrom: atText(desk, row.period_from),
    periodTo: atText(desk, row.period_to),
    quantity: row.quantity === null ? null : { value: decimalText(row.quantity), unit: row.unit ?? "" },
    price: row.price,
    amount: moneyOf(desk, row.amount_minor),
    included: row.included_minor === null ? null : moneyOf(desk, row.included_minor),
    basis: row.basis,
    titleZh: row.title_zh,
    titleEn: row.title_en,
    proration: prorationJson(row.corrects_bill_id === null ? prorations?.get(row.key) : undefined),
    correctsBillId: row.corrects_bill_id === null ? null : String(row.corrects_bill_id),
  }));
}

const prorationJson = (of: Proration | undefined): ProrationJson | null =>
  of === undefined ? null : { ...of, cuts: of.cuts.map((cut) => ({ ...cut, by: [...cut.by] })) };

async function usageOf(desk: Desk, billId: bigint): Promise<BilledUsageJson[]> {
  const rows = await desk.trx
    .selectFrom("billed_usage as b")
    .innerJoin("usage_point as u", (join) =>
      join.onRef("u.operator_id", "=", "b.operator_id").onRef("u.id", "=", "b.usage_point_id"),
    )
    .select([
      "b.usage_point_id",
      "b.utility",
      "b.quantity",
      "b.unit",
      "b.basis",
      "b.registers",
      "b.ladder_before",
      "b.corrects_bill_id",
    ])
    .select(["b.period_from", "b.period_to", "u.building", "u.room"])
    .where("b.operator_id", "=", desk.operatorId)
    .where("b.bill_id", "=", billId)
    .orderBy("b.usage_point_id")
    .orderBy("b.period_from")
    .execute();
  const besides = await readMeasuredRegisters(desk.trx, [billId]);
  return rows.map((row) => ({
    usagePointId: String(row.usage_point_id),
    utility: row.utility as UtilityName,
    building: row.building,
    room: row.room,
    periodFrom: atText(desk, row.period_from),
    periodTo: atText(desk, row.period_to),
    quantity: quantityOf(row.quantity, row.unit as z.infer<typeof UnitName>),
    basis: row.basis,
    registers: [
      ...(row.registers as BilledUsageJson["registers"]),
      ...(row.corrects_bill_id === null ? (besides({ ...row, bill_id: billId }) as BilledUsageJson["registers"]) : []),
    ],
    ladderBefore: row.ladder_before,
    correctsBillId: row.corrects_bill_id === null ? null : String(row.corrects_bill_id),
  }));
}
