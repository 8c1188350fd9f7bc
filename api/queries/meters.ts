import { type RawBuilder, sql } from "kysely";
import { type Instant } from "../../domain/instant.ts";
import { BILLED_UNIT } from "../../domain/unit.ts";
import { timestamptz } from "../../schema/database.ts";
import { atTextOrNull, contains, dayText, type Desk, offsetOf, quantityOf, totalOf, wordsOf } from "../desk.ts";
import { heardLimits, heardStatus } from "../heard.ts";
import type { UtilityName } from "../schemas/json.ts";
import type { MeterRowJson, MetersJson, MetersQuery } from "../schemas/meter.ts";
import { billingCode, latestBilling, latestPosition, positionName } from "./latest.ts";

type Row = {
  id: bigint;
  serial: string;
  profile_id: string;
  utility: UtilityName;
  polled: boolean;
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

const today = (desk: Desk) => dayText(desk, desk.now);

const columns = sql`m.id, m.serial, m.profile_id, m.utility, m.bus_id is not null as polled, u.role, u.building, u.room,
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
    status: heardStatus(row.measured_at, row.polled, desk.now),
    relay: row.position === null ? null : positionName(row.position),
  };
}

/** Meters by id, in the order of their place. */
export async function meterRows(desk: Desk, ids: readonly bigint[]): Promise<MeterRowJson[]> {
  const { rows } = await sql<Row>`
    select ${columns}, l.value, l.measured_at, ${latestPosition} as position from ${placed} ${takenBy(desk)} ${latestBilling}
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
  const pageOf = (offset: number, limit: number) => sql<Row & { total: bigint }>`
    with page as materialized (
      select m.operator_id, m.id, m.serial, m.profile_id, m.utility, m.bus_id, u.id as point_id, u.role, u.building, u.room,
             count(*) over () as total
        from ${placed} ${words.length === 0 ? sql`` : takenBy(desk)} ${query.status === undefined ? sql`` : latestBilling}
       where m.operator_id = ${desk.operatorId} ${conditions(query, words)}
             ${query.status === undefined ? sql`` : sql`and ${statusIs(desk, query.status)}`}
       order by u.building, u.room, m.utility, m.serial limit ${limit} offset ${offset})
    select ${columns}, m.total, l.value, l.measured_at, ${latestPosition} as position
      from page m left join usage_point u on u.operator_id = m.operator_id and u.id = m.point_id
      ${takenBy(desk)} ${latestBilling}
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

/** A condition on `m` and its last reading `l`, by the rules of heard.ts. */
function statusIs(desk: Desk, status: "heard" | "late" | "silent"): RawBuilder<unknown> {
  const since = limitsSql(desk);
  if (status === "heard") return sql`l.measured_at >= ${since.heard}`;
  if (status === "late") return sql`l.measured_at < ${since.heard} and l.measured_at >= ${since.late}`;
  return sql`(l.measured_at is null or l.measured_at < ${since.late})`;
}

export function limitsSql(desk: Desk): { heard: RawBuilder<unknown>; late: RawBuilder<unknown> } {
  const polled = heardLimits(desk.now, "polled");
  const radio = heardLimits(desk.now, "radio");
  const by = (a: Instant, b: Instant) =>
    sql`(case when m.bus_id is not null then ${timestamptz(a)}::timestamptz else ${timestamptz(b)}::timestamptz end)`;
  return { heard: by(polled.heardSince, radio.heardSince), late: by(polled.lateSince, radio.lateSince) };
}

async function buildings(desk: Desk): Promise<string[]> {
  const rows = await desk.trx
    .selectFrom("usage_point")
    .select("building")
    .distinct()
    .where("operator_id", "=", desk.operatorId)
    .orderBy("building")
    .limit(1000)
    .execute();
  return rows.map((row) => row.building);
}

/** Meters per utility: all, heard, late and silent. */
export async function heardCounts(desk: Desk) {
  const since = limitsSql(desk);
  const { rows } = await sql<{ utility: UtilityName; total: bigint; heard: bigint; late: bigint }>`
    select m.utility, count(*) as total, count(*) filter (where l.at >= ${since.heard}) as heard,
           count(*) filter (where l.at < ${since.heard} and l.at >= ${since.late}) as late
      from meter m
      left join lateral (select r.measured_at as at from reading r
        where r.operator_id = m.operator_id and r.meter_id = m.id and r.register = ${billingCode}
          and r.measured_at >= ${timestamptz(heardLimits(desk.now, "radio").lateSince)}
        order by r.measured_at desc limit 1) l on true
     where m.operator_id = ${desk.operatorId} group by m.utility`.execute(desk.trx);
  return rows.map((row) => {
    const [total, heard, late] = [Number(row.total), Number(row.heard), Number(row.late)];
    return { utility: row.utility, total, heard, late, silent: total - heard - late };
  });
}
