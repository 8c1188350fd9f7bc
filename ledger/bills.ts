import { sql, type Transaction } from "kysely";
import type { Bill } from "../domain/bill.ts";
import { isoOf } from "../domain/instant.ts";
import type { Period } from "../domain/period.ts";
import { decimalText, type Micro } from "../domain/quantity.ts";
import type { AccountId } from "../domain/reading.ts";
import type { Usage } from "../domain/usage.ts";
import type { Tables } from "../schema/tables.ts";

type Trx = Transaction<Tables>;

/** What a bill rests on, per usage point and stretch. */
export type BilledUsage = {
  readonly usagePointId: bigint;
  readonly usage: Usage;
  /** Start and end per register, fit for jsonb. */
  readonly registers: readonly object[];
  readonly ladderBefore: Readonly<Record<string, Micro>>;
  /** The earlier bill whose estimate this trues up: `usage.total` and the registers are then differences. */
  readonly corrects?: bigint;
};

export type BillToWrite = {
  readonly bill: Bill;
  /** `null` only when there was nothing to post. */
  readonly journalId: bigint | null;
  readonly runId: bigint | null;
  readonly usages: readonly BilledUsage[];
};

/**
 * So many bill numbers of a year, without a gap: the counter stays locked until the transaction ends, so take them last.
 * A number is `2026-000123`.
 */
export async function takeBillNumbers(trx: Trx, year: number, count: number): Promise<string[]> {
  const { rows } = await sql<{ last: number }>`
    insert into sanbiao.bill_sequence as s (operator_id, year, last) values (sanbiao.operator_id(), ${year}, ${count})
    on conflict (operator_id, year) do update set last = s.last + excluded.last returning last`.execute(trx);
  const last = rows[0]?.last ?? 0;
  return Array.from({ length: count }, (_, i) => `${year}-${String(last - count + 1 + i).padStart(6, "0")}`);
}

/** Writes bills with their lines and what they rest on. Numbers are given out in the order of `bills`. */
export async function writeBills(trx: Trx, bills: readonly BillToWrite[]): Promise<Map<AccountId, bigint>> {
  const ids = new Map<AccountId, bigint>();
  for (const [year, ofYear] of Map.groupBy(bills, ({ bill }) => Temporal.PlainDate.from(bill.issuedOn).year)) {
    const numbers = await takeBillNumbers(trx, year, ofYear.length);
    const rows = await trx
      .insertInto("bill")
      .values(ofYear.map((written, i) => billRow(written, numbers[i] ?? "")))
      .returning(["id", "account_id"])
      .execute();
    for (const row of rows) ids.set(row.account_id, row.id);
  }
  await insertAll(
    trx,
    "bill_line",
    bills.flatMap((written) => lineRows(written, idOf(ids, written))),
  );
  await insertAll(
    trx,
    "billed_usage",
    bills.flatMap((written) => usageRows(written, idOf(ids, written))),
  );
  return ids;
}

function idOf(ids: ReadonlyMap<AccountId, bigint>, { bill }: BillToWrite): bigint {
  const id = ids.get(bill.accountId);
  if (id === undefined) throw new Error(`the bill of account ${bill.accountId} was not written`);
  return id;
}

const operator = sql<bigint>`sanbiao.operator_id()`;

const billRow = ({ bill, journalId, runId }: BillToWrite, number: string) => ({
  operator_id: operator,
  account_id: bill.accountId,
  number,
  period_from: isoOf(bill.period.from),
  period_to: isoOf(bill.period.to),
  issued_on: bill.issuedOn,
  due_on: bill.dueOn,
  currency: bill.total.currency,
  total_minor: bill.total.minor,
  journal_id: journalId,
  run_id: runId,
});

const lineRows = ({ bill }: BillToWrite, billId: bigint) =>
  bill.lines.map((line, i) => ({
    bill_id: billId,
    line: i + 1,
    key: line.key,
    usage_point_id: line.usagePointId,
    utility: line.utility,
    tariff_id: line.tariffId,
    tariff_version: line.tariffVersion,
    charge: line.charge,
    kind: line.kind,
    tier: line.tier ?? null,
    tou: line.tou ?? null,
    period_from: isoOf(line.period.from),
    period_to: isoOf(line.period.to),
    quantity: line.quantity ?? null,
    unit: line.unit ?? null,
    price: line.price ?? null,
    amount_minor: line.amount.minor,
    included_minor: line.included?.minor ?? null,
    basis: line.basis ?? null,
    title_zh: line.title.zh,
    title_en: line.title.en,
    corrects_bill_id: line.corrects ?? null,
  }));

const usageRows = ({ usages }: BillToWrite, billId: bigint) =>
  usages.map(({ usagePointId, usage, registers, ladderBefore, corrects }) => ({
    bill_id: billId,
    usage_point_id: usagePointId,
    period_from: isoOf(usage.servicePeriod.from),
    period_to: isoOf(usage.servicePeriod.to),
    utility: usage.utility,
    quantity: usage.total,
    unit: usage.unit,
    basis: usage.basis,
    estimated_quantity: corrects === undefined ? estimatedOf(usage) : 0n,
    registers,
    ladder_before: Object.fromEntries(
      Object.entries(ladderBefore).map(([charge, used]) => [charge, decimalText(used)]),
    ),
    corrects_bill_id: corrects ?? null,
  }));

/** The energy book keeps what rests on estimates apart, until readings confirm it. */
const estimatedOf = ({ slices }: Usage): Micro =>
  slices.reduce((sum, { basis, quantity }) => (basis === "estimated" ? sum + quantity : sum), 0n);

/** One statement whatever the number of rows: a statement takes 65,535 parameters at most, a document any size. */
async function insertAll(trx: Trx, table: "bill_line" | "billed_usage", rows: readonly object[]): Promise<void> {
  if (rows.length === 0) return;
  const document = JSON.stringify(rows, (_key, value: unknown) =>
    typeof value === "bigint" ? value.toString() : value,
  );
  const target = sql.table(`sanbiao.${table}`);
  const columns = Object.keys(rows[0] ?? {});
  const list = sql.join(columns.map((column) => sql.ref(column)));
  await sql`insert into ${target} (operator_id, ${list})
            select sanbiao.operator_id(), ${list} from json_populate_recordset(null::${target}, ${document}::json)`.execute(
    trx,
  );
}

/** End of the account's last bill, as far as its use is billed; `null` before the first. */
export async function billedUntil(trx: Trx, accountId: AccountId): Promise<Period["to"] | null> {
  const row = await trx
    .selectFrom("bill")
    .select("period_to")
    .where("account_id", "=", accountId)
    .orderBy("period_to", "desc")
    .limit(1)
    .executeTakeFirst();
  return row?.period_to ?? null;
}
