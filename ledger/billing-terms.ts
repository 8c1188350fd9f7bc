import { sql, type Transaction } from "kysely";
import { isoOf } from "../domain/instant.ts";
import type { Day } from "../domain/period.ts";
import type { Tables } from "../schema/tables.ts";
import type { Noted } from "./topology.ts";

export type TermsRow = { readonly fromDay: Day; readonly dueWorkingDays: number; readonly calendarId: string };

/** What holds from which day on, in the order of the days: for each day the last word. */
export async function readTerms(trx: Transaction<Tables>): Promise<TermsRow[]> {
  const { rows } = await sql<{ from_day: Day; due_working_days: number; calendar_id: string }>`
    select distinct on (from_day) from_day, due_working_days, calendar_id from sanbiao.billing_terms
     where operator_id = sanbiao.operator_id() order by from_day, id desc`.execute(trx);
  return rows.map((row) => ({
    fromDay: row.from_day,
    dueWorkingDays: row.due_working_days,
    calendarId: row.calendar_id,
  }));
}

/** Says how bills are made out from a day on. The same again is `already`. */
export async function noteTerms(
  trx: Transaction<Tables>,
  { fromDay, dueWorkingDays, calendarId }: TermsRow,
  { at, by }: Noted,
): Promise<"noted" | "already"> {
  // Two people at once wait for each other, so that the second sees what the first said.
  await sql`select pg_advisory_xact_lock(hashtext('sanbiao.billing_terms/' || sanbiao.operator_id()))`.execute(trx);
  const before = (await readTerms(trx)).find((one) => one.fromDay === fromDay);
  if (before?.dueWorkingDays === dueWorkingDays && before.calendarId === calendarId) return "already";
  await sql`insert into sanbiao.billing_terms (operator_id, from_day, due_working_days, calendar_id, noted_at, noted_by)
    values (sanbiao.operator_id(), ${fromDay}::date, ${dueWorkingDays}, ${calendarId}, ${isoOf(at)}::timestamptz, ${by})`.execute(
    trx,
  );
  return "noted";
}
