import { sql } from "kysely";
import type { MoveInShown } from "../../billing/closing/move-in.ts";
import { type Day, dayOf, startOfDay } from "../../domain/period.ts";
import { decimalText } from "../../domain/quantity.ts";
import { REGISTERS } from "../../domain/register.ts";
import type { Utility } from "../../domain/unit.ts";
import { readMoveIn } from "../../ledger/move-ins.ts";
import { atText, type Desk, moneyOf, offsetOf, totalOf, wordsOf } from "../desk.ts";
import type { AccountJson } from "../schemas/account.ts";
import type { MoveInShownJson, VacantPointsJson, VacantPointsQuery } from "../schemas/move.ts";
import type { z } from "zod";

type VacantRow = {
  id: bigint;
  utility: Utility;
  building: string;
  room: string;
  meter_id: bigint | null;
  serial: string | null;
  account_id: bigint | null;
  number: string | null;
  tariff_id: string | null;
  to_day: Day | null;
  total: bigint;
};

/** Points of customers that nobody has from today on. */
export async function vacantPoints(desk: Desk, query: z.output<typeof VacantPointsQuery>): Promise<VacantPointsJson> {
  const today = dayOf(desk.now, desk.zone);
  const words = wordsOf(query.search).map((word) => `%${word.replaceAll(/[\\%_]/g, "\\$&")}%`);
  const found = sql.join(
    words.map(
      (word) =>
        sql`(p.building || ' ' || p.room || ' ' || coalesce(m.serial, '') || ' ' || coalesce(a.number || ' ' || a.name, '')) ilike ${word}`,
    ),
    sql` and `,
  );
  const last = query.lastAccount === undefined ? sql`true` : sql`a.id = ${query.lastAccount}::bigint`;
  const pageOf = (offset: number, limit: number) => sql<VacantRow>`
    select p.id, p.utility, p.building, p.room, m.id as meter_id, m.serial, g.account_id, a.number, g.tariff_id, g.to_day,
           count(*) over () as total
      from usage_point p
      left join lateral (select i.meter_id from installation i
             where i.operator_id = p.operator_id and i.usage_point_id = p.id and i.removed_at is null limit 1) i on true
      left join meter m on m.operator_id = p.operator_id and m.id = i.meter_id
      left join lateral (select * from agreement e where e.operator_id = p.operator_id and e.usage_point_id = p.id
                          order by e.to_day desc nulls first, e.id desc limit 1) g on true
      left join account a on a.operator_id = p.operator_id and a.id = g.account_id
     where p.operator_id = ${desk.operatorId} and p.role = 'customer' and (g.id is null or g.to_day <= ${today}::date)
       and ${last} and ${words.length === 0 ? sql`true` : found}
     order by p.building, p.room, p.utility, p.id limit ${limit} offset ${offset}`;
  const { rows } = await pageOf(offsetOf(query), query.pageSize).execute(desk.trx);
  const { page, pageSize } = query;
  const total = await totalOf(rows, page, () => pageOf(0, 1).execute(desk.trx));
  return { items: rows.map(vacantRow), page, pageSize, total };
}

const vacantRow = (row: VacantRow): VacantPointsJson["items"][number] => ({
  pointId: String(row.id),
  utility: row.utility,
  building: row.building,
  room: row.room,
  meter: meterOf(row.meter_id, row.serial),
  tariffId: row.tariff_id,
  last:
    row.account_id === null
      ? null
      : { accountId: String(row.account_id), number: row.number ?? "", endedOn: row.to_day },
});

const meterOf = (id: bigint | null, serial: string | null) =>
  id === null || serial === null ? null : { id: String(id), serial };

export function moveInShownJson(desk: Desk, { fromDay, refused, starts }: MoveInShown): MoveInShownJson {
  return {
    fromDay,
    beginsAt: atText(desk, startOfDay(fromDay, desk.zone)),
    refused: refused.map(({ pointId, ...one }) => ({ ...one, pointId: pointId === null ? null : String(pointId) })),
    points: starts.map(({ point, start, before, usedVacant, register, ...one }) => ({
      pointId: String(point.pointId),
      utility: point.utility,
      building: point.building,
      room: point.room,
      tariffId: one.tariffId,
      meter: meterOf(point.meterId, point.serial),
      register,
      unit: REGISTERS[register].unit,
      start: start === null ? null : { value: decimalText(start.value), basis: start.basis },
      before: before === null ? null : { value: decimalText(before.value), at: atText(desk, before.at) },
      last:
        point.last === null
          ? null
          : { accountId: String(point.last.accountId), number: point.last.number, endedOn: point.last.to },
      vacantDays: one.vacantDays,
      usedVacant: usedVacant === null ? null : decimalText(usedVacant),
    })),
  };
}

/** How an account moved in; `null` = it came by a list. */
export async function accountMoveIn(desk: Desk, accountId: bigint): Promise<AccountJson["moveIn"]> {
  const found = await readMoveIn(desk.trx, accountId);
  if (found === null) return null;
  const { fromDay, depositAsked, notedAt, notedBy } = found;
  return {
    fromDay,
    depositAsked: depositAsked === null ? null : moneyOf(desk, depositAsked),
    notedAt: atText(desk, notedAt),
    notedBy,
  };
}
