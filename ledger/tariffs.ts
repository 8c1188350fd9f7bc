import { sql, type Transaction } from "kysely";
import { isoOf } from "../domain/instant.ts";
import { type Day, startOfDay, type Zone } from "../domain/period.ts";
import type { Tables } from "../schema/tables.ts";
import { VersionBook } from "./own-versions.ts";

/** What an operator published for itself: bills are priced by it. */
export const TARIFF_VERSIONS = new VersionBook("tariff");

/** Bills with lines of this tariff that reach beyond the beginning of a day. */
export async function billedBeyond(trx: Transaction<Tables>, tariffId: string, day: Day, zone: Zone): Promise<number> {
  const { rows } = await sql<{ n: number }>`
    select count(distinct l.bill_id)::int as n from sanbiao.bill b
      join sanbiao.bill_line l on l.operator_id = b.operator_id and l.bill_id = b.id
     where b.operator_id = sanbiao.operator_id() and b.period_to > ${isoOf(startOfDay(day, zone))}::timestamptz
       and l.tariff_id = ${tariffId}`.execute(trx);
  return rows[0]?.n ?? 0;
}
