import { type RawBuilder, sql, type Transaction } from "kysely";
import type { Found, FoundFrame, ProfileCandidate } from "../domain/found.ts";
import { type Instant, isoOf } from "../domain/instant.ts";
import type { OperatorId } from "../domain/reading.ts";
import type { Tables } from "../schema/tables.ts";

/** Devices of one client that may wait, and that a clerk ignored; a client that invents keys fills no more. Our choice: the largest
 * gateway that we know carries 500 meters, but they are registered in lists and not one by one. */
export const WAITING_PER_CLIENT_MAX = 200;
export const KNOWN_PER_CLIENT_MAX = 1_000;
/** The newest frames of one device that are kept. Our choice: three weeks of a meter that speaks each quarter of an hour. */
export const FRAMES_PER_DEVICE_MAX = 2_000;
export const FRAME_BYTES_PER_DEVICE_MAX = 1024 * 1024;
/** A longer message of one device is counted as dropped. */
export const FRAME_BYTES_MAX = 64 * 1024;
const KEY_CHARS_MAX = 200; // as the decoder

/**
 * `new`: it waits from now on. `seen`: it waited already. `ignored`: a clerk does not want it. `accepted`: it is a meter by now, and
 * its frames are to be replayed. `no_room`: its client has brought too many; it was only counted.
 */
export type KeptFound = "new" | "seen" | "ignored" | "accepted" | "no_room";

/** Puts one found device into the tray, or counts it there again. The transaction is the operator's. */
export async function keepFound(trx: Transaction<Tables>, found: Found): Promise<KeptFound> {
  const [kept] = await keepAllFound(trx, found.operatorId, [found]);
  return kept ?? "no_room";
}

type Group = { readonly of: Found[]; readonly at: number[] };
type KnownRow = { id: bigint; key: string; state: "waiting" | "accepted" | "ignored"; frames: number; bytes: bigint };

/** The same for many of one operator in a few statements; one answer for each in order. */
export async function keepAllFound(
  trx: Transaction<Tables>,
  operatorId: OperatorId,
  all: readonly Found[],
): Promise<KeptFound[]> {
  const groups = grouped(all);
  if (groups.size === 0) return [];
  const known = await lockedOf(trx, operatorId, groups);
  const answers: KeptFound[] = all.map(() => "seen");
  const strangers: [string, Group][] = [];
  for (const [key, group] of groups) {
    const row = known.get(key);
    if (row === undefined) strangers.push([key, group]);
    else for (const i of group.at) answers[i] = row.state === "waiting" ? "seen" : row.state;
  }
  await countAgain(trx, operatorId, known, groups);
  for (const [key, group] of await admit(trx, operatorId, strangers, known)) {
    const isNew = known.has(key);
    for (const [n, i] of group.at.entries()) answers[i] = isNew ? (n === 0 ? "new" : "seen") : "no_room";
  }
  for (const [key, group] of groups) {
    const row = known.get(key);
    if (row !== undefined && row.state !== "ignored") await keepFrames(trx, operatorId, row, group.of);
  }
  return answers;
}

const keyOf = (found: Found): string =>
  found.origin === "mqtt" ? `${found.clientId}/${cut(found.deviceKey)}` : `bus ${found.busId}/${found.unitId}`;

/** PostgreSQL text holds no NUL. */
const cut = (key: string): string => key.replaceAll("\0", "␀").toWellFormed().slice(0, KEY_CHARS_MAX);

const plainCandidate = (one: ProfileCandidate): ProfileCandidate => ({
  ...one,
  evidence: one.evidence.map(({ kind, detail }) => ({ kind, detail: cut(detail) })),
});

function grouped(all: readonly Found[]): Map<string, Group> {
  const groups = new Map<string, Group>();
  for (const [i, found] of all.entries()) {
    const key = keyOf(found);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { of: [found], at: [i] });
    else {
      group.of.push(found);
      group.at.push(i);
    }
  }
  return groups;
}

/** Devices as JSON: what a statement takes for all of them at once. */
const rowsOf = (groups: Iterable<readonly [string, Group]>): string =>
  JSON.stringify(
    [...groups].flatMap(([key, { of }]) => {
      const first = of[0];
      if (first === undefined) return [];
      const seen = of.map(({ seenAt }) => seenAt);
      const candidates = of.findLast((found) => found.candidates.length > 0)?.candidates ?? [];
      return {
        key,
        origin: first.origin,
        client_id: first.origin === "mqtt" ? String(first.clientId) : null,
        device_key: first.origin === "mqtt" ? cut(first.deviceKey) : null,
        bus_id: first.origin === "modbus" ? String(first.busId) : null,
        unit_id: first.origin === "modbus" ? first.unitId : null,
        candidates: candidates.map(plainCandidate),
        times: of.length,
        first_at: isoOf(seen.reduce((a, b) => (a < b ? a : b))),
        last_at: isoOf(seen.reduce((a, b) => (a > b ? a : b))),
      };
    }),
  );

const RECORD = sql.raw(
  "as r (key text, origin text, client_id bigint, device_key text, bus_id bigint, unit_id smallint, candidates jsonb, times integer, first_at timestamptz, last_at timestamptz)",
);

/**
 * Rows that are there already, locked. Where a client brings new devices, two processes that find at once take turns first:
 * neither writes a device twice, and the bound holds.
 */
async function lockedOf(
  trx: Transaction<Tables>,
  operatorId: OperatorId,
  groups: Map<string, Group>,
): Promise<Map<string, KnownRow>> {
  const before = await knownOf(trx, operatorId, groups, sql``);
  const clients = [...groups].flatMap(([key, { of }]) =>
    of[0]?.origin === "mqtt" && !before.has(key) ? [of[0].clientId] : [],
  );
  for (const clientId of [...new Set(clients)].toSorted((a, b) => (a < b ? -1 : 1)))
    await sql`select pg_advisory_xact_lock(hashtextextended('sanbiao.tray/' || ${String(clientId)}, 0))`.execute(trx);
  return knownOf(trx, operatorId, groups, sql`for update of f`);
}

/** In the order of their ids, so that two that lock them do not wait for each other in a circle. */
async function knownOf(
  trx: Transaction<Tables>,
  operatorId: OperatorId,
  groups: Map<string, Group>,
  lock: RawBuilder<unknown>,
): Promise<Map<string, KnownRow>> {
  const { rows } = await sql<KnownRow>`
    select f.id, r.key, f.state, f.frames, f.frame_bytes as bytes
      from jsonb_to_recordset(${rowsOf(groups)}::jsonb) ${RECORD}
      join found_device f on f.operator_id = ${operatorId}
       and ((f.mqtt_client_id = r.client_id and f.device_key = r.device_key) or (f.bus_id = r.bus_id and f.unit_id = r.unit_id))
     order by f.id ${lock}`.execute(trx);
  return new Map(rows.map((row) => [row.key, row]));
}

/** A device whose frames came after it was accepted is to be replayed once more. */
async function countAgain(
  trx: Transaction<Tables>,
  operatorId: OperatorId,
  known: ReadonlyMap<string, KnownRow>,
  groups: Map<string, Group>,
): Promise<void> {
  if (known.size === 0) return;
  const again = [...groups].filter(([key]) => known.has(key));
  await sql`
    update found_device f
       set times = f.times + r.times, last_seen_at = greatest(f.last_seen_at, r.last_at),
           candidates = case when r.candidates = '[]' then f.candidates else r.candidates end,
           replayed_at = case when f.state = 'accepted' then null else f.replayed_at end
      from jsonb_to_recordset(${rowsOf(again)}::jsonb) ${RECORD}
     where f.operator_id = ${operatorId}
       and ((f.mqtt_client_id = r.client_id and f.device_key = r.device_key) or (f.bus_id = r.bus_id and f.unit_id = r.unit_id))`.execute(
    trx,
  );
}

/** New rows as long as their client has room; the others are counted. Adds what came in to `known`. @returns the strangers */
async function admit(
  trx: Transaction<Tables>,
  operatorId: OperatorId,
  strangers: readonly [string, Group][],
  known: Map<string, KnownRow>,
): Promise<readonly [string, Group][]> {
  const ofClient = Map.groupBy(strangers, ([, { of }]) => (of[0]?.origin === "mqtt" ? of[0].clientId : null));
  for (const [clientId, all] of ofClient) {
    const room = clientId === null ? all.length : await roomOf(trx, operatorId, clientId);
    const { rows } = await sql<KnownRow>`
      with made as (
        insert into found_device (operator_id, origin, mqtt_client_id, device_key, bus_id, unit_id, candidates, times, first_seen_at, last_seen_at)
        select ${operatorId}, origin, client_id, device_key, bus_id, unit_id, candidates, times, first_at, last_at
          from jsonb_to_recordset(${rowsOf(all.slice(0, room))}::jsonb) ${RECORD}
        on conflict do nothing returning *
      )
      select id, case when origin = 'mqtt' then mqtt_client_id || '/' || device_key else 'bus ' || bus_id || '/' || unit_id end as key,
             state, frames, frame_bytes as bytes from made`.execute(trx);
    for (const row of rows) known.set(row.key, row);
    if (clientId !== null && all.length > room) await overflow(trx, operatorId, clientId, all.slice(room));
  }
  return strangers;
}

async function roomOf(trx: Transaction<Tables>, operatorId: OperatorId, clientId: bigint): Promise<number> {
  const { rows } = await sql<{ waiting: bigint; known: bigint }>`
    select count(*) filter (where state = 'waiting') as waiting, count(*) filter (where state <> 'accepted') as known
      from found_device where operator_id = ${operatorId} and mqtt_client_id = ${clientId}`.execute(trx);
  const { waiting = 0n, known = 0n } = rows[0] ?? {};
  return Math.max(0, Math.min(WAITING_PER_CLIENT_MAX - Number(waiting), KNOWN_PER_CLIENT_MAX - Number(known)));
}

async function overflow(
  trx: Transaction<Tables>,
  operatorId: OperatorId,
  clientId: bigint,
  turnedAway: readonly [string, Group][],
): Promise<void> {
  const all = turnedAway.flatMap(([, { of }]) => of);
  const last = all.reduce<Found | null>((a, b) => (a === null || b.seenAt >= a.seenAt ? b : a), null);
  if (last?.origin !== "mqtt") return;
  const at = isoOf(last.seenAt);
  await sql`
    insert into found_overflow (operator_id, mqtt_client_id, times, first_at, last_at, last_key)
    values (${operatorId}, ${clientId}, ${all.length}, ${at}, ${at}, ${cut(last.deviceKey)})
    on conflict (operator_id, mqtt_client_id) do update
       set times = found_overflow.times + excluded.times, last_at = excluded.last_at, last_key = excluded.last_key`.execute(
    trx,
  );
}

type FrameRow = {
  seq: number;
  bytes_to: string;
  received_at: string;
  address: string;
  payload: string;
  samples: unknown;
};

/** Appends what the device said and lets the oldest go. */
async function keepFrames(
  trx: Transaction<Tables>,
  operatorId: OperatorId,
  row: KnownRow,
  of: readonly Found[],
): Promise<void> {
  const rows: FrameRow[] = [];
  let bytes = row.bytes;
  let tooLong = 0;
  for (const frame of of.flatMap(({ frames = [] }) => frames)) {
    const samples = samplesJson(frame);
    const size = frame.payload.length + (samples === null ? 0 : JSON.stringify(samples).length);
    if (size > FRAME_BYTES_MAX) {
      tooLong++;
      continue;
    }
    bytes += BigInt(size);
    rows.push({
      seq: row.frames + rows.length + 1,
      bytes_to: String(bytes),
      received_at: isoOf(frame.receivedAt),
      address: frame.address.replaceAll("\0", "␀").toWellFormed().slice(0, 1_000),
      payload: Buffer.from(frame.payload).toString("base64"),
      samples,
    });
  }
  if (rows.length + tooLong === 0) return;
  const frames = row.frames + rows.length;
  await sql`
    insert into found_frame (operator_id, found_device_id, seq, bytes_to, received_at, address, payload, samples)
    select ${operatorId}, ${row.id}, seq, bytes_to, received_at, address, decode(payload, 'base64'), nullif(samples, 'null')
      from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
        as r (seq integer, bytes_to bigint, received_at timestamptz, address text, payload text, samples jsonb)`.execute(
    trx,
  );
  const { numAffectedRows = 0n } = await sql`
    delete from found_frame where operator_id = ${operatorId} and found_device_id = ${row.id}
       and (seq <= ${frames - FRAMES_PER_DEVICE_MAX} or bytes_to <= ${bytes - BigInt(FRAME_BYTES_PER_DEVICE_MAX)})`.execute(
    trx,
  );
  await sql`update found_device set frames = ${frames}, frame_bytes = ${bytes}, frames_dropped = frames_dropped + ${tooLong + Number(numAffectedRows)}
    where operator_id = ${operatorId} and id = ${row.id}`.execute(trx);
}

const samplesJson = ({ samples }: FoundFrame): readonly [string, string, Instant | null][] | null =>
  samples?.map(({ register, value, measuredAt }) => [register, String(value), measuredAt]) ?? null;
