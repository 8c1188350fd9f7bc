import { sql } from "kysely";
import { CodedError } from "../../domain/errors.ts";
import type { Instant } from "../../domain/instant.ts";
import { dayOf } from "../../domain/period.ts";
import type { UtilityName } from "../schemas/json.ts";
import { atText, contains, type Desk, offsetOf, totalOf } from "../desk.ts";
import type { CalibrationsJson, CalibrationsQuery, MeterEventsJson, SparesJson } from "../schemas/meter-life.ts";

const EVENTS_MAX = 200;
const SPARES_MAX = 20;

export async function meterEvents(desk: Desk, id: bigint): Promise<MeterEventsJson> {
  const known = await sql`select 1 from meter where operator_id = ${desk.operatorId} and id = ${id}`.execute(desk.trx);
  if (known.rows.length === 0) throw new CodedError("request.not-found", `There is no meter ${id}.`);
  return {
    items: await eventsOf(desk, id),
    ratios: await ratiosOf(desk, id),
    seals: await sealsOf(desk, id),
    calibration: await calibrationOf(desk, id),
  };
}

async function eventsOf(desk: Desk, id: bigint): Promise<MeterEventsJson["items"]> {
  const { rows } = await sql<{
    id: bigint;
    kind: string;
    at: Instant;
    detail: Record<string, unknown>;
    photo: string | null;
    reason: string;
    recorded_at: Instant;
    name: string | null;
  }>`select e.id, e.kind, e.at, e.detail, e.photo, e.reason, e.recorded_at, u.name from meter_event e
       left join app_user u on u.operator_id = e.operator_id and u.id = e.recorded_by
      where e.operator_id = ${desk.operatorId} and e.meter_id = ${id} order by e.id desc limit ${EVENTS_MAX}`.execute(
    desk.trx,
  );
  return rows.map((row) => ({
    id: String(row.id),
    kind: row.kind,
    at: atText(desk, row.at),
    detail: row.detail,
    photo: row.photo,
    reason: row.reason,
    recordedAt: atText(desk, row.recorded_at),
    recordedBy: row.name,
  }));
}

async function ratiosOf(desk: Desk, id: bigint): Promise<MeterEventsJson["ratios"]> {
  const { rows } = await sql<{ from_at: Instant; ratio: string; recorded_at: Instant; reason: string }>`
    select from_at, trim_scale(ratio)::text as ratio, recorded_at, reason from meter_ratio
     where operator_id = ${desk.operatorId} and meter_id = ${id} order by recorded_at desc, id desc limit ${EVENTS_MAX}`.execute(
    desk.trx,
  );
  return rows.map((row) => ({
    from: atText(desk, row.from_at),
    ratio: row.ratio,
    recordedAt: atText(desk, row.recorded_at),
    reason: row.reason,
  }));
}

/** Seals whose last word is that they were fixed here. */
async function sealsOf(desk: Desk, id: bigint): Promise<MeterEventsJson["seals"]> {
  const { rows } = await sql<{ number: string; at: Instant; person: string }>`
    select number, at, person from (
      select distinct on (detail ->> 'number') detail ->> 'number' as number, kind, at, detail ->> 'person' as person
        from meter_event where operator_id = ${desk.operatorId} and meter_id = ${id} and kind in ('seal_fixed', 'seal_broken')
       order by detail ->> 'number', id desc) s where kind = 'seal_fixed' order by at`.execute(desk.trx);
  return rows.map(({ number, at, person }) => ({ number, fixedAt: atText(desk, at), person }));
}

async function calibrationOf(desk: Desk, id: bigint): Promise<MeterEventsJson["calibration"]> {
  const { rows } = await sql<{ verified_on: string; certificate: string; due_on: string }>`
    select detail ->> 'verifiedOn' as verified_on, detail ->> 'certificate' as certificate, detail ->> 'dueOn' as due_on
      from meter_event where operator_id = ${desk.operatorId} and meter_id = ${id} and kind = 'calibrated'
     order by detail ->> 'verifiedOn' desc, id desc limit 1`.execute(desk.trx);
  const row = rows[0];
  if (row === undefined) return null;
  const { verified_on: verifiedOn, certificate, due_on: dueOn } = row;
  return { verifiedOn, certificate, dueOn, overdue: dueOn < dayOf(desk.now, desk.zone) };
}

/** Installed meters whose certificate ends soon or has ended, the most urgent first. */
export async function calibrations(desk: Desk, query: CalibrationsQuery): Promise<CalibrationsJson> {
  const today = dayOf(desk.now, desk.zone);
  const standing = sql`
    select m.id, m.serial, m.utility, u.building, u.room, c.verified_on, c.certificate, c.due_on
      from installation i
      join meter m on m.operator_id = i.operator_id and m.id = i.meter_id
      join usage_point u on u.operator_id = i.operator_id and u.id = i.usage_point_id
      left join lateral (select detail ->> 'verifiedOn' as verified_on, detail ->> 'certificate' as certificate,
             (detail ->> 'dueOn')::date as due_on from meter_event e
           where e.operator_id = i.operator_id and e.meter_id = i.meter_id and e.kind = 'calibrated'
           order by detail ->> 'verifiedOn' desc, id desc limit 1) c on true
     where i.operator_id = ${desk.operatorId} and i.removed_at is null`;
  const pageOf = (offset: number, limit: number) => sql<{
    id: bigint;
    serial: string;
    utility: UtilityName;
    building: string;
    room: string;
    verified_on: string;
    certificate: string;
    due_on: string;
    total: bigint;
  }>`select *, count(*) over () as total from (${standing}) s where due_on <= ${today}::date + ${query.dueWithinDays}::int
      order by due_on, building, room, serial limit ${limit} offset ${offset}`;
  const { page, pageSize } = query;
  const { rows } = await pageOf(offsetOf(query), pageSize).execute(desk.trx);
  const counts = await sql<{ overdue: number; unrecorded: number }>`
    select count(*) filter (where due_on < ${today}::date)::int as overdue, count(*) filter (where due_on is null)::int as unrecorded
      from (${standing}) s`.execute(desk.trx);
  return {
    items: rows.map((row) => ({
      meterId: String(row.id),
      serial: row.serial,
      utility: row.utility,
      building: row.building,
      room: row.room,
      verifiedOn: row.verified_on,
      certificate: row.certificate,
      dueOn: row.due_on,
      overdue: row.due_on < today,
    })),
    page,
    pageSize,
    total: await totalOf(rows, page, () => pageOf(0, 1).execute(desk.trx)),
    overdue: counts.rows[0]?.overdue ?? 0,
    unrecorded: counts.rows[0]?.unrecorded ?? 0,
  };
}

export async function spares(desk: Desk, query: { utility: UtilityName; search: string }): Promise<SparesJson> {
  const { rows } = await sql<{ id: bigint; serial: string; profile_id: string }>`
    select m.id, m.serial, m.profile_id from meter m
     where m.operator_id = ${desk.operatorId} and m.utility = ${query.utility} and m.serial ilike ${contains(query.search)}
       and not exists (select 1 from installation i where i.operator_id = m.operator_id and i.meter_id = m.id and i.removed_at is null)
     order by m.serial limit ${SPARES_MAX}`.execute(desk.trx);
  return { items: rows.map((row) => ({ id: String(row.id), serial: row.serial, profileId: row.profile_id })) };
}
