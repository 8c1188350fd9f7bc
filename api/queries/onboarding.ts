import { sql } from "kysely";
import { PROFILES } from "../../catalog/meters/catalogue.ts";
import { choosable, type ProfileCandidate } from "../../domain/found.ts";
import type { Instant } from "../../domain/instant.ts";
import type { Utility } from "../../domain/unit.ts";
import { atText, atTextOrNull, contains, type Desk, offsetOf, totalOf, wordsOf } from "../desk.ts";
import type {
  CandidateJson,
  FoundDeviceJson,
  FoundDevicesJson,
  TrayState,
  UsagePointJson,
  UsagePointsJson,
} from "../schemas/onboarding.ts";

type Row = {
  id: bigint;
  origin: "mqtt" | "modbus";
  wire: string;
  device_key: string | null;
  unit_id: number | null;
  state: TrayState;
  first_seen_at: Instant;
  last_seen_at: Instant;
  times: number;
  kept: bigint;
  frames_dropped: number;
  candidates: ProfileCandidate[];
  meter_id: bigint | null;
  serial: string | null;
  replayed_at: Instant | null;
  replayed_readings: number | null;
  decision: "accept" | "ignore" | "take_back" | null;
  decided_by: string | null;
  decided_at: Instant | null;
  reason: string | null;
  total: bigint;
};

type Asked = { state: TrayState; search: string; page: number; pageSize: number };

/** Devices that wait, were ignored or accepted, the last heard first. */
export async function foundDevices(desk: Desk, asked: Asked): Promise<FoundDevicesJson> {
  const { rows } = await pageOf(desk, asked);
  const total = await totalOf(rows, asked.page, () => pageOf(desk, { ...asked, page: 1 }));
  const counts = await sql<{ state: TrayState; n: bigint }>`
    select state, count(*) as n from found_device where operator_id = ${desk.operatorId} group by state`.execute(
    desk.trx,
  );
  const numbers = { waiting: 0, ignored: 0, accepted: 0 };
  for (const { state, n } of counts.rows) numbers[state] = Number(n);
  return {
    items: rows.map((row) => deviceJson(desk, row)),
    page: asked.page,
    pageSize: asked.pageSize,
    total,
    counts: numbers,
    notKept: await notKept(desk),
  };
}

const pageOf = (desk: Desk, { state, search, page, pageSize }: Asked) => {
  const words = wordsOf(search).map(
    (word) => sql`and (c.username || ' ' || coalesce(f.device_key, '') || ' ' || coalesce(m.serial, '')
    ilike ${contains(word)} or b.name || ' ' || f.unit_id ilike ${contains(word)})`,
  );
  return sql<Row>`
    select f.*, coalesce(c.username, b.name, '') as wire, m.serial, count(*) over () as total,
           (select count(*) from found_frame r where r.operator_id = f.operator_id and r.found_device_id = f.id) as kept,
           d.decision, d.decided_at, d.reason, u.name as decided_by
      from found_device f
      left join mqtt_client c on c.operator_id = f.operator_id and c.id = f.mqtt_client_id
      left join bus b on b.operator_id = f.operator_id and b.id = f.bus_id
      left join meter m on m.operator_id = f.operator_id and m.id = f.meter_id
      left join lateral (select * from found_decision d where d.operator_id = f.operator_id and d.found_device_id = f.id
                          order by d.id desc limit 1) d on true
      left join app_user u on u.operator_id = f.operator_id and u.id = d.decided_by
     where f.operator_id = ${desk.operatorId} and f.state = ${state} ${sql.join(words, sql` `)}
     order by f.last_seen_at desc, f.id desc limit ${pageSize} offset ${offsetOf({ page, pageSize })}`.execute(
    desk.trx,
  );
};

async function notKept(desk: Desk): Promise<FoundDevicesJson["notKept"]> {
  const { rows } = await sql<{ client: string; times: bigint; last_at: Instant; last_key: string }>`
    select c.username as client, o.times, o.last_at, o.last_key from found_overflow o
      join mqtt_client c on c.operator_id = o.operator_id and c.id = o.mqtt_client_id
     where o.operator_id = ${desk.operatorId} order by o.last_at desc limit 20`.execute(desk.trx);
  return rows.map(({ client, times, last_at, last_key }) => ({
    client,
    times: Number(times),
    lastAt: atText(desk, last_at),
    lastKey: last_key,
  }));
}

const deviceJson = (desk: Desk, row: Row): FoundDeviceJson => ({
  id: String(row.id),
  origin: row.origin,
  wire: row.wire,
  deviceKey: row.device_key,
  unitId: row.unit_id,
  state: row.state,
  firstSeenAt: atText(desk, row.first_seen_at),
  lastSeenAt: atText(desk, row.last_seen_at),
  times: row.times,
  framesKept: Number(row.kept),
  framesDropped: row.frames_dropped,
  candidates: candidatesJson(row.candidates),
  meter: row.meter_id === null ? null : { id: String(row.meter_id), serial: row.serial ?? "" },
  replayedAt: atTextOrNull(desk, row.replayed_at),
  replayedReadings: row.replayed_readings,
  decision:
    row.decision === null || row.decided_at === null
      ? null
      : { decision: row.decision, by: row.decided_by, at: atText(desk, row.decided_at), reason: row.reason ?? "" },
});

function candidatesJson(candidates: readonly ProfileCandidate[]): CandidateJson[] {
  const may = new Set(choosable(candidates).map(({ profileId }) => profileId));
  return candidates.map(({ profileId, utility, evidence, sample }) => {
    const profile = PROFILES.get(profileId);
    return {
      profileId,
      title: profile === undefined ? profileId : `${profile.maker} ${profile.model}`,
      utility,
      utilities: [...(profile?.utilities ?? [])],
      choosable: may.has(profileId),
      evidence: evidence.map(({ kind, detail }) => ({ kind, detail })),
      sample: sample.map(({ register, value, unit }) => ({ register, value, unit })),
    };
  });
}

type PointRow = {
  id: bigint;
  utility: Utility;
  building: string;
  room: string;
  role: "customer" | "master";
  account_id: bigint | null;
  number: string | null;
  name: string | null;
  meter_id: bigint | null;
  serial: string | null;
  total: bigint;
};
type PointsAsked = { search: string; utility?: Utility | undefined; page: number; pageSize: number };

/** Usage points in the order of their place. All words of a search fit place, account or meter; `3-301` is building and room. */
export async function usagePoints(desk: Desk, asked: PointsAsked): Promise<UsagePointsJson> {
  const { rows } = await pointsOf(desk, asked);
  const total = await totalOf(rows, asked.page, () => pointsOf(desk, { ...asked, page: 1 }));
  const items = rows.map(
    (row): UsagePointJson => ({
      id: String(row.id),
      utility: row.utility,
      building: row.building,
      room: row.room,
      role: row.role,
      account:
        row.account_id === null ? null : { id: String(row.account_id), number: row.number ?? "", name: row.name ?? "" },
      meter: row.meter_id === null ? null : { id: String(row.meter_id), serial: row.serial ?? "" },
    }),
  );
  return { items, page: asked.page, pageSize: asked.pageSize, total };
}

const pointsOf = (desk: Desk, { search, utility, page, pageSize }: PointsAsked) => {
  const words = wordsOf(search).map(
    (word) => sql`and concat_ws(' ', p.building || '-' || p.room, a.number, a.name, m.serial) ilike ${contains(word)}`,
  );
  return sql<PointRow>`
    select p.id, p.utility, p.building, p.room, p.role, a.id as account_id, a.number, a.name, m.id as meter_id, m.serial,
           count(*) over () as total
      from usage_point p
      left join lateral (select g.account_id from agreement g where g.operator_id = p.operator_id and g.usage_point_id = p.id
                            and g.to_day is null order by g.id desc limit 1) g on true
      left join account a on a.operator_id = p.operator_id and a.id = g.account_id
      left join lateral (select i.meter_id from installation i where i.operator_id = p.operator_id and i.usage_point_id = p.id
                            and i.removed_at is null limit 1) i on true
      left join meter m on m.operator_id = p.operator_id and m.id = i.meter_id
     where p.operator_id = ${desk.operatorId} and (${utility ?? null}::text is null or p.utility = ${utility ?? null})
       ${sql.join(words, sql` `)}
     order by p.building, p.room, p.utility, p.id limit ${pageSize} offset ${offsetOf({ page, pageSize })}`.execute(
    desk.trx,
  );
};
