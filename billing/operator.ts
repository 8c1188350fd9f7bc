import { sql, type Transaction } from "kysely";
import { calendarOf } from "../catalog/calendars/catalogue.ts";
import { china } from "../catalog/calendars/china.ts";
import type { Currency } from "../domain/money.ts";
import { day, type Zone } from "../domain/period.ts";
import { readTerms } from "../ledger/billing-terms.ts";
import type { Tables } from "../schema/tables.ts";
import type { BillingTerms } from "./charges/terms.ts";

export type OperatorFacts = {
  readonly zone: Zone;
  readonly currency: Currency;
  /** In the order of their days, one for every day. */
  readonly terms: readonly BillingTerms[];
};

/** Until an operator says otherwise: two weeks of work. Our choice. */
export const DEFAULT_TERMS: BillingTerms = { fromDay: day("0001-01-01"), dueWorkingDays: 10, calendar: china };

/** Zone, currency and billing terms of the operator that the transaction works for. */
export async function operatorFacts(trx: Transaction<Tables>): Promise<OperatorFacts> {
  const { rows } = await sql<{ zone: Zone; currency: Currency }>`
    select zone, currency from sanbiao.operator where operator_id = sanbiao.operator_id()`.execute(trx);
  const row = rows[0];
  if (row === undefined) throw new Error("no such operator");
  const said = (await readTerms(trx)).map(({ fromDay, dueWorkingDays, calendarId }): BillingTerms => {
    const calendar = calendarOf(calendarId);
    if (calendar === null) throw new Error(`no calendar ${calendarId}`);
    return { fromDay, dueWorkingDays, calendar };
  });
  return { ...row, terms: [DEFAULT_TERMS, ...said] };
}
