import { sql, type Transaction } from "kysely";
import { isoOf } from "../domain/instant.ts";
import type { Day } from "../domain/period.ts";
import type { Tables } from "../schema/tables.ts";
import type { Noted } from "./topology.ts";

/** How bills are corrected from a day on. */
export type RebillTerms = {
  readonly fromDay: Day;
  /** Bills that end so many months before the current one, or earlier, stay as they are. */
  readonly monthsBack: number;
  /** More or less money for one account than this takes a second person, minor units; `null` = never. */
  readonly secondPersonAboveMinor: bigint | null;
};

/** Until an operator says otherwise: two years, one person. Our choice. */
export const DEFAULT_REBILL_TERMS: RebillTerms = {
  fromDay: "0001-01-01" as Day,
  monthsBack: 24,
  secondPersonAboveMinor: null,
};

/** What holds on a day: the last word about the latest day until then. */
export async function rebillTermsOn(trx: Transaction<Tables>, day: Day): Promise<RebillTerms> {
  const { rows } = await sql<{ from_day: Day; months_back: number; second_person_above_minor: bigint | null }>`
    select from_day, months_back, second_person_above_minor from sanbiao.rebill_terms
     where operator_id = sanbiao.operator_id() and from_day <= ${day}::date order by from_day desc, id desc limit 1`.execute(
    trx,
  );
  const [row] = rows;
  if (row === undefined) return DEFAULT_REBILL_TERMS;
  const { from_day: fromDay, months_back: monthsBack, second_person_above_minor: secondPersonAboveMinor } = row;
  return { fromDay, monthsBack, secondPersonAboveMinor };
}

/** Says how bills are corrected from a day on. The same again is `already`. */
export async function noteRebillTerms(
  trx: Transaction<Tables>,
  { fromDay, monthsBack, secondPersonAboveMinor }: RebillTerms,
  { at, by }: Noted,
): Promise<"noted" | "already"> {
  await sql`select pg_advisory_xact_lock(hashtext('sanbiao.rebill_terms/' || sanbiao.operator_id()))`.execute(trx);
  const before = await rebillTermsOn(trx, fromDay);
  const isSame = before.monthsBack === monthsBack && before.secondPersonAboveMinor === secondPersonAboveMinor;
  if (isSame && before.fromDay === fromDay) return "already";
  await sql`insert into sanbiao.rebill_terms (operator_id, from_day, months_back, second_person_above_minor, noted_at, noted_by)
    values (sanbiao.operator_id(), ${fromDay}::date, ${monthsBack}, ${secondPersonAboveMinor}, ${isoOf(at)}::timestamptz, ${by})`.execute(
    trx,
  );
  return "noted";
}
