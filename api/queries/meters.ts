import { type RawBuilder, sql } from "kysely";
import type { Instant } from "../../domain/instant.ts";
import { BILLED_UNIT } from "../../domain/unit.ts";
import { atTextOrNull, contains, dayText, type Desk, offsetOf, quantityOf, totalOf, wordsOf } from "../desk.ts";
import { heardRule } from "../heard.ts";
import type { UtilityName } from "../schemas/json.ts";
import type { HeardStatus, MeterRowJson, MetersJson, MetersQuery } from "../schemas/meter.ts";
import { buildings } from "./buildings.ts";
import { billingCode, latestBilling, latestPosition, positionName } from "./latest.ts";

type Row = {
  id: bigint;
  serial: string;
  profile_id: string;
  utility: UtilityName;
  status: HeardStatus;
  role: "customer" | "master" | null;
  building: string | null;
  room: string | null;
  account_id: bigint | null;
  account_number: string | null;
  account_name: string | null;
  value: bigint | null;
  measured_at: Instant | null;
  position: bigint | null;
};

/** `m` with where it hangs now. */
const placed = sql`meter m
  left join installation i on i.operator_id = m.operator_id and i.meter_id = m.id and i.removed_at is null
  left join usage_point u on u.operator_id = m.operator_id and u.id = i.usage_point_id`;

/** Who takes now what usage point `u` gives, as `a`. */
const takenBy = (desk: Desk) => sql`
  left join agreement g on g.operator_id = u.operator_id and g.usage_point_id = u.id
    and g.from_day <= ${today(desk)}::date and (g.to_day is null or g.to_day > ${today(desk)}::date)
  left join account a on a.operator_id = g.operator_id and a.id = g.account_id`;

/** Of the last reading of the billing register. */
const lastAt = sql`l.measured_at`;

const today = (desk: Desk) => dayText(desk, desk.now);

const columns = sql`m.id, m.serial, m.profile_id, m.utility, u.role, u.building, u.room,
  a.id as account_id, a.number as account_number, a.name as account_name`;

export function meterRow(desk: Desk, row: Row): MeterRowJson {
  return {
    id: String(row.id),
    serial: row.serial,
    profileId: row.profile_id,
    utility: row.utility,
    role: row.role,
    building: row.building ?? "",
    room: row.room ?? "",
    account:
      row.account_id === null
        ? null
        : { id: String(row.account_id), number: row.account_number ?? "", name: row.account_name ?? "" },
    latest: row.value === null ? null : quantityOf(row.value, BILLED_UNIT[row.utility]),
    heardAt: atTextOrNull(desk, row.measured_at),
    status: row.status,
    relay: row.position === null ? null : positionName(row.position),
  };
}

/** Meters by id, in the order of their place. */
export async function meterRows(desk: Desk, ids: readonly bigint[]): Promise<MeterRowJson[]> {
  const rule = heardRule(desk);
  const { rows } = await sql<Row>`
    select ${columns}, l.value, l.measured_at, ${rule.statusOf(lastAt)} as status, ${latestPosition} as position
      from ${placed} ${takenBy(desk)} ${latestBilling} ${rule.join}
     where m.operator_id = ${desk.operatorId} and m.id = any(${idList(ids)}::bigint[])
     order by u.building, u.room, m.utility, m.serial`.execute(desk.trx);
  return rows.map((row) => meterRow(desk, row));
}

export const idList = (ids: readonly bigint[]): string => `{${ids.join(",")}}`;

/**
 * One page. What only the page's own rows need is joined to the page, not to all meters: accounts unless a word is searched
 * for, last readings unless a status is asked for.
 */
export async function meters(desk: Desk, query: MetersQuery): Promise<MetersJson> {
  const words = wordsOf(query.search);
  const rule = heardRule(desk);
  const status = query.status;
  const pageOf = (offset: number, limit: number) => sql<Row & { total: bigint }>`
    with page as materialized (
      select m.operator_id, m.id, m.serial, m.profile_id, m.utility, m.bus_id, u.id as point_id, u.role, u.building, u.room,
             count(*) over () as total
        from ${placed} ${words.length === 0 ? sql`` : takenBy(desk)}
             ${status === undefined ? sql`` : sql`${latestBilling} ${rule.join}`}
       where m.operator_id = ${desk.operatorId} ${conditions(query, words)}
             ${status === undefined ? sql`` : sql`and ${rule.statusOf(lastAt)} = ${status}`}
       order by u.building, u.room, m.utility, m.serial limit ${limit} offset ${offset})
    select ${columns}, m.total, l.value, l.measured_at, ${rule.statusOf(lastAt)} as status, ${latestPosition} as position
      from page m left join usage_point u on u.operator_id = m.operator_id and u.id = m.point_id
      ${takenBy(desk)} ${latestBilling} ${rule.join}
     order by u.building, u.room, m.utility, m.serial`;
  const { rows } = await pageOf(offsetOf(query), query.pageSize).execute(desk.trx);
  const { page, pageSize } = query;
  const total = await totalOf(rows, page, () => pageOf(0, 1).execute(desk.trx));
  return { items: rows.map((row) => meterRow(desk, row)), page, pageSize, total, buildings: await buildings(desk) };
}

function conditions(query: MetersQuery, words: readonly string[]): RawBuilder<unknown> {
  const all: RawBuilder<unknown>[] = [];
  if (query.utility !== undefined) all.push(sql`and m.utility = ${query.utility}`);
  if (query.building !== undefined && query.building !== "") all.push(sql`and u.building = ${query.building}`);
  for (const word of words) {
    const like = contains(word);
    all.push(
      sql`and (m.serial ilike ${like} or u.room ilike ${like} or a.number ilike ${like} or a.name ilike ${like})`,
    );
  }
  return sql.join(all, sql` `);
}

/** Meters per utility: all, heard, late and silent. */
export async function heardCounts(desk: Desk) {
  const rule = heardRule(desk);
  const { rows } = await sql<{ utility: UtilityName; status: HeardStatus; count: bigint }>`
    select m.utility, ${rule.statusOf(sql`l.at`)} as status, count(*) as count
      from meter m ${rule.join}
      left join lateral (select r.measured_at as at from reading r
        where r.operator_id = m.operator_id and r.meter_id = m.id and r.register = ${billingCode}
          and r.measured_at >= ${rule.silentBefore}
        order by r.measured_at desc limit 1) l on true
     where m.operator_id = ${desk.operatorId} group by 1, 2`.execute(desk.trx);
  return [...Map.groupBy(rows, (row) => row.utility)].map(([utility, ofUtility]) => {
    const count = (status: HeardStatus) => Number(ofUtility.find((row) => row.status === status)?.count ?? 0n);
    const [heard, late, silent] = [count("heard"), count("late"), count("silent")];
    return { utility, total: heard + late + silent, heard, late, silent };
  });
}
