import { sql, type Transaction } from "kysely";
import type { Bill } from "../domain/bill.ts";
import { isoOf } from "../domain/instant.ts";
import type { Period } from "../domain/period.ts";
import { decimalText, type Micro } from "../domain/quantity.ts";
import type { AccountId } from "../domain/reading.ts";
import type { Usage } from "../domain/usage.ts";
import type { Tables } from "../schema/tables.ts";
import { type BulkInsert, keyText, Sheet } from "./bulk-insert.ts";

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
  /** What else was measured, by register; kept in `billed_measure`. */
  readonly beside?: readonly {
    readonly kind: "export" | "reactive" | "demand";
    readonly unit: string;
    readonly usage: Pick<Usage, "servicePeriod" | "total" | "basis">;
    readonly registers: readonly object[];
  }[];
  /** What charges were given and handed on, as JSON; kept in `rating_state`. */
  readonly state?: { readonly before: object; readonly after: object };
};

/** A bill without its lines, on its way into the books. */
type Head = Omit<Bill, "lines" | "charges"> & { readonly id: bigint; readonly runId: bigint | null };

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

/** Ids for so many bills; they may have gaps, numbers have none. */
export async function nextBillIds(trx: Trx, count: number): Promise<bigint[]> {
  const { rows } = await sql<{ id: bigint }>`
    select nextval('sanbiao.bill_id_seq') as id from generate_series(1, ${count}::integer)`.execute(trx);
  return rows.map(({ id }) => id);
}

/** Bills with their lines and what they rest on, taken down one after the other. */
export class BillSheet {
  readonly #lines = new Sheet("bill_line", LINE);
  readonly #usages = new Sheet("billed_usage", USAGE);
  readonly #heads: Head[] = [];

  /** @param runId null: a bill of no run */
  add(id: bigint, bill: Bill, usages: readonly BilledUsage[], runId: bigint | null): void {
    for (const [i, line] of bill.lines.entries()) this.#lines.add({ id, no: i + 1, line });
    for (const billed of usages) this.#usages.add({ id, billed });
    const { accountId, period, issuedOn, dueOn, total } = bill;
    this.#heads.push({ id, accountId, period, issuedOn, dueOn, total, runId });
  }

  /** Lines, and what they rest on. */
  async writeLines(trx: Trx): Promise<void> {
    await this.#lines.write(trx);
    await this.#usages.write(trx);
  }

  /**
   * The bills themselves, last of all: numbers are given out in the order in which they were added, and the counter is everybody's.
   * @param journalIds by account; none only where there was nothing to post
   * @returns their ids by account
   */
  async writeHeads(trx: Trx, journalIds: ReadonlyMap<AccountId, bigint>): Promise<Map<AccountId, bigint>> {
    for (const [year, ofYear] of Map.groupBy(this.#heads, ({ issuedOn }) => yearOf(issuedOn))) {
      const numbers = await takeBillNumbers(trx, year, ofYear.length);
      const sheet = new Sheet("bill", BILL);
      for (const [i, head] of ofYear.entries())
        sheet.add({ head, number: numbers[i] ?? "", journalId: journalIds.get(head.accountId) ?? null });
      await sheet.write(trx);
    }
    return new Map(this.#heads.map(({ accountId, id }) => [accountId, id]));
  }
}

const yearOf = (day: Bill["issuedOn"]): number => Number(day.slice(0, 4));

type BillRow = { readonly head: Head; readonly number: string; readonly journalId: bigint | null };
type LineRow = { readonly id: bigint; readonly no: number; readonly line: Bill["lines"][number] };
type UsageRow = { readonly id: bigint; readonly billed: BilledUsage };

const BILL: BulkInsert<BillRow> = {
  columns: [
    ["id", "bigint", ({ head }) => head.id],
    ["account_id", "bigint", ({ head }) => head.accountId],
    ["number", "text", ({ number }) => number],
    ["total_minor", "bigint", ({ head }) => head.total.minor],
    ["journal_id", "bigint", ({ journalId }) => journalId],
  ],
  shared: {
    keyOf: ({ head: { period, issuedOn, dueOn, total, runId } }) =>
      keyText(period.from, period.to, issuedOn, dueOn, total.currency, runId),
    columns: [
      ["period_from", "timestamptz", ({ head }) => isoOf(head.period.from)],
      ["period_to", "timestamptz", ({ head }) => isoOf(head.period.to)],
      ["issued_on", "date", ({ head }) => head.issuedOn],
      ["due_on", "date", ({ head }) => head.dueOn],
      ["currency", "text", ({ head }) => head.total.currency],
      ["run_id", "bigint", ({ head }) => head.runId],
    ],
  },
};

const LINE: BulkInsert<LineRow> = {
  columns: [
    ["bill_id", "bigint", ({ id }) => id],
    ["line", "smallint", ({ no }) => no],
    ["key", "text", ({ line }) => line.key],
    ["usage_point_id", "bigint", ({ line }) => line.usagePointId],
    ["quantity", "bigint", ({ line }) => line.quantity ?? null],
    ["amount_minor", "bigint", ({ line }) => line.amount.minor],
    ["included_minor", "bigint", ({ line }) => line.included?.minor ?? null],
    ["corrects_bill_id", "bigint", ({ line }) => line.corrects ?? null],
  ],
  shared: {
    // As `keyText` does, which for the many lines of a run costs twice.
    keyOf: ({
      line: { tariffId, tariffVersion, charge, kind, tier, tou, price, period, utility, unit, basis, title },
    }) =>
      `${tariffId}\0${tariffVersion}\0${charge}\0${kind}\0${tier}\0${tou}\0${price}\0${period.from}\0${period.to}\0${utility}\0${unit}\0${basis}\0${title.zh}\0${title.en}`,
    columns: [
      ["utility", "text", ({ line }) => line.utility],
      ["tariff_id", "text", ({ line }) => line.tariffId],
      ["tariff_version", "text", ({ line }) => line.tariffVersion],
      ["charge", "text", ({ line }) => line.charge],
      ["kind", "text", ({ line }) => line.kind],
      ["tier", "smallint", ({ line }) => line.tier ?? null],
      ["tou", "text", ({ line }) => line.tou ?? null],
      ["period_from", "timestamptz", ({ line }) => isoOf(line.period.from)],
      ["period_to", "timestamptz", ({ line }) => isoOf(line.period.to)],
      ["unit", "text", ({ line }) => line.unit ?? null],
      ["price", "text", ({ line }) => line.price ?? null],
      ["basis", "text", ({ line }) => line.basis ?? null],
      ["title_zh", "text", ({ line }) => line.title.zh],
      ["title_en", "text", ({ line }) => line.title.en],
    ],
  },
};

const USAGE: BulkInsert<UsageRow> = {
  columns: [
    ["bill_id", "bigint", ({ id }) => id],
    ["usage_point_id", "bigint", ({ billed }) => billed.usagePointId],
    ["quantity", "bigint", ({ billed }) => billed.usage.total],
    [
      "estimated_quantity",
      "bigint",
      ({ billed: { corrects, usage } }) => (corrects === undefined ? estimatedOf(usage) : 0n),
    ],
    ["registers", "jsonb", ({ billed }) => jsonText(billed.registers)],
    ["ladder_before", "jsonb", ({ billed }) => JSON.stringify(decimalTexts(billed.ladderBefore))],
    ["corrects_bill_id", "bigint", ({ billed }) => billed.corrects ?? null],
  ],
  shared: {
    keyOf: ({ billed: { usage } }) =>
      keyText(usage.servicePeriod.from, usage.servicePeriod.to, usage.utility, usage.unit, usage.basis),
    columns: [
      ["period_from", "timestamptz", ({ billed }) => isoOf(billed.usage.servicePeriod.from)],
      ["period_to", "timestamptz", ({ billed }) => isoOf(billed.usage.servicePeriod.to)],
      ["utility", "text", ({ billed }) => billed.usage.utility],
      ["unit", "text", ({ billed }) => billed.usage.unit],
      ["basis", "text", ({ billed }) => billed.usage.basis],
    ],
  },
};

/** A replacer makes JSON three times as dear, and nearly nothing has bigints in it. */
function jsonText(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    return JSON.stringify(value, bigintText);
  }
}

const bigintText = (_key: string, value: unknown): unknown => (typeof value === "bigint" ? value.toString() : value);
const decimalTexts = (of: Readonly<Record<string, Micro>>): Record<string, string> =>
  Object.fromEntries(Object.entries(of).map(([charge, used]) => [charge, decimalText(used)]));

/** The energy book keeps what rests on estimates apart, until readings confirm it. */
const estimatedOf = ({ slices }: Usage): Micro =>
  slices.reduce((sum, { basis, quantity }) => (basis === "estimated" ? sum + quantity : sum), 0n);

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
