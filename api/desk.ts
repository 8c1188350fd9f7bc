import { sql, type Transaction } from "kysely";
import { type Instant, isoIn } from "../domain/instant.ts";
import { type Currency, money, moneyJson } from "../domain/money.ts";
import { dayOf, type Zone } from "../domain/period.ts";
import { decimalText } from "../domain/quantity.ts";
import type { OperatorId } from "../domain/reading.ts";
import type { Unit } from "../domain/unit.ts";
import type { Database } from "../schema/database.ts";
import type { Tables } from "../schema/tables.ts";
import type { MoneyJson, QuantityJson } from "./schemas/json.ts";

/** Where a query works: one operator's rows in one transaction, with his zone, his currency and the service's time. */
export type Desk = {
  readonly trx: Transaction<Tables>;
  readonly operatorId: OperatorId;
  readonly zone: Zone;
  readonly currency: Currency;
  readonly now: Instant;
};

/** A question that takes longer is cut off: it would only slow the readings down. */
const STATEMENT_SECONDS_MAX = 20;

export const atDesk = <T>(db: Database, of: Omit<Desk, "trx">, work: (desk: Desk) => Promise<T>): Promise<T> =>
  db.as(of.operatorId, async (trx) => {
    await sql`select set_config('statement_timeout', ${`${STATEMENT_SECONDS_MAX}s`}, true)`.execute(trx);
    return work({ trx, operatorId: of.operatorId, zone: of.zone, currency: of.currency, now: of.now });
  });

export const atText = (desk: Desk, at: Instant): string => isoIn(at, desk.zone);
export const atTextOrNull = (desk: Desk, at: Instant | null): string | null =>
  at === null ? null : isoIn(at, desk.zone);
export const dayText = (desk: Desk, at: Instant): string => dayOf(at, desk.zone);
export const moneyOf = (desk: Desk, minor: bigint): MoneyJson => moneyJson(money(desk.currency, minor));
export const quantityOf = (micro: bigint, unit: Unit): QuantityJson => ({ value: decimalText(micro), unit });

/** `%text%` for ilike, with what is special in a pattern made plain. */
export const contains = (text: string): string => `%${text.replaceAll(/[\\%_]/g, "\\$&")}%`;

/** The words of a search; all of them must fit somewhere. */
export const wordsOf = (search: string): string[] => search.trim().split(/\s+/).filter(Boolean).slice(0, 4);

export const offsetOf = (q: { page: number; pageSize: number }): number => (q.page - 1) * q.pageSize;

/** How many fit in all: each row of a page carries it as `total`. A page beyond the end has no row and asks for the first. */
export async function totalOf(
  rows: readonly { total: bigint }[],
  page: number,
  first: () => Promise<{ rows: readonly { total: bigint }[] }>,
): Promise<number> {
  const row = rows[0] ?? (page === 1 ? undefined : (await first()).rows[0]);
  return Number(row?.total ?? 0n);
}
