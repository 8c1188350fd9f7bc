import { sql, type Transaction } from "kysely";
import type { Currency } from "../domain/money.ts";
import type { Zone } from "../domain/period.ts";
import type { Tables } from "../schema/tables.ts";

export type OperatorFacts = { readonly zone: Zone; readonly currency: Currency };

/** Zone and currency of the operator that the transaction works for. */
export async function operatorFacts(trx: Transaction<Tables>): Promise<OperatorFacts> {
  const { rows } = await sql<{ zone: Zone; currency: Currency }>`
    select zone, currency from sanbiao.operator where operator_id = sanbiao.operator_id()`.execute(trx);
  const row = rows[0];
  if (row === undefined) throw new Error("no such operator");
  return row;
}
