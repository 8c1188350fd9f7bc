import { sql } from "kysely";
import { addMonths, type Day, isDay, type Period, periodOfDays, type Zone } from "../domain/period.ts";
import type { OperatorId } from "../domain/reading.ts";
import { type Database, timestamptz } from "../schema/database.ts";
import { billFacts } from "./bill-facts.ts";
import type { BillFacts } from "./bill-sheet.ts";

/** The bills of one month (by the beginning of their periods) as they were when the cycle was opened: later ones are not in it. */
export type Cycle = {
  readonly db: Database;
  readonly operatorId: OperatorId;
  readonly month: string;
  readonly period: Period;
  /** Ids of its bills, in the order in which they were issued. */
  readonly ids: readonly bigint[];
  /** Their numbers, in the same order. */
  readonly numbers: readonly string[];
};

/** `null` when `YYYY-MM` is not a month. */
export async function openCycle(
  db: Database,
  operatorId: OperatorId,
  zone: Zone,
  month: string,
): Promise<Cycle | null> {
  const first = `${month}-01`;
  if (!/^\d{4}-\d\d$/.test(month) || !isDay(first)) return null;
  const period = periodOfDays(first, addMonths(first as Day, 1), zone);
  const bills = await db.as(operatorId, async (trx) => {
    const { rows } = await sql<{ id: bigint; number: string }>`
      select id, number from bill where operator_id = ${operatorId} and period_from >= ${timestamptz(period.from)}
         and period_from < ${timestamptz(period.to)} order by id`.execute(trx);
    return rows;
  });
  return {
    db,
    operatorId,
    month,
    period,
    ids: bills.map(({ id }) => id),
    numbers: bills.map(({ number }) => number),
  };
}

/** So many bills are read at once: memory does not grow with the cycle. Our choice. */
const BILLS_AT_ONCE = 200;

/** What stands on the papers of a cycle, a part at a time. */
export async function* factsOfCycle(cycle: Cycle, ids: readonly bigint[] = cycle.ids): AsyncGenerator<BillFacts[]> {
  for (let i = 0; i < ids.length; i += BILLS_AT_ONCE) {
    yield await cycle.db.as(cycle.operatorId, (trx) =>
      billFacts(trx, cycle.operatorId, ids.slice(i, i + BILLS_AT_ONCE)),
    );
  }
}

/** Debits and credits of the entries of these bills, by ledger account. */
export async function ledgerOfCycle({ db, operatorId, ids }: Cycle): Promise<LedgerSum[]> {
  const { rows } = await db.as(operatorId, (trx) =>
    sql<LedgerSum>`
      select p.ledger_account as account, p.currency,
             coalesce(sum(p.amount_minor) filter (where p.amount_minor > 0), 0)::bigint as "debitMinor",
             coalesce(-sum(p.amount_minor) filter (where p.amount_minor < 0), 0)::bigint as "creditMinor"
        from bill l join posting p on p.operator_id = l.operator_id and p.journal_id = l.journal_id
       where l.operator_id = ${operatorId} and l.id = any(${ids}) group by 1, 2 order by 1, 2`.execute(trx),
  );
  return rows;
}

export type LedgerSum = {
  readonly account: string;
  readonly currency: string;
  readonly debitMinor: bigint;
  readonly creditMinor: bigint;
};
