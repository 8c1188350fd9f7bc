import { sql } from "kysely";
import { handDialOf } from "../../catalog/meters/by-hand.ts";
import { CodedError } from "../../domain/errors.ts";
import type { Instant } from "../../domain/instant.ts";
import { BILLED_UNIT } from "../../domain/unit.ts";
import { entriesWithin, type KeptEntry, metersAt } from "../../ledger/manual-readings.ts";
import { MAIN_REGISTER } from "../../metering/register.ts";
import { type RoundEvery, roundOf } from "../../metering/round.ts";
import { atText, atTextOrNull, type Desk } from "../desk.ts";
import type { UtilityName } from "../schemas/json.ts";
import type { RouteJson, RouteRowJson, RoutesJson, StopJson } from "../schemas/reading-route.ts";
import { buildings } from "./buildings.ts";
import { expectations, expectedJson, shownJson } from "./expected.ts";
import { entryJson } from "./reading-entries.ts";

type RouteRow = {
  id: bigint;
  name: string;
  every: RoundEvery;
  version: number;
  login: string | null;
  walker: string | null;
};

const ROUTES = sql`select r.id, r.name, r.every, r.version, u.login, u.name as walker from reading_route r
  left join app_user u on u.operator_id = r.operator_id and u.id = r.walker_id`;

type StopRow = {
  position: number;
  usage_point_id: bigint | null;
  hint: string;
  building: string | null;
  room: string | null;
  meter_id: bigint | null;
  serial: string | null;
  utility: UtilityName;
  profile_id: string | null;
};

/** Stops in order, with the meter that hangs there now. */
async function stopsOf(desk: Desk, routeId: bigint): Promise<StopRow[]> {
  const { rows } = await sql<StopRow>`
    select s.position, coalesce(s.usage_point_id, i.usage_point_id) as usage_point_id, s.hint, u.building, u.room,
           m.id as meter_id, m.serial, coalesce(m.utility, u.utility) as utility, m.profile_id
      from route_stop s
      left join installation i on i.operator_id = s.operator_id and i.removed_at is null
            and (i.usage_point_id = s.usage_point_id or i.meter_id = s.meter_id)
      left join meter m on m.operator_id = s.operator_id and m.id = coalesce(s.meter_id, i.meter_id)
      left join usage_point u on u.operator_id = s.operator_id and u.id = coalesce(s.usage_point_id, i.usage_point_id)
     where s.operator_id = ${desk.operatorId} and s.route_id = ${routeId} order by s.position`.execute(desk.trx);
  return rows;
}

/** How far this round is: the last entry of each meter counts. */
function rowJson(
  desk: Desk,
  row: RouteRow,
  stops: readonly { readonly meter_id: bigint | null }[],
  entries: readonly KeptEntry[],
): RouteRowJson {
  const round = roundOf(row.every, desk.now, desk.zone);
  const last = new Map(entries.map((entry) => [entry.meter_id, entry]));
  const read = new Set(entries.filter((entry) => entry.outcome === "booked").map((entry) => entry.meter_id));
  const meters = stops.flatMap((stop) => stop.meter_id ?? []);
  const newest = entries.reduce<Instant | null>(
    (at, entry) => (at === null || entry.measured_at > at ? entry.measured_at : at),
    null,
  );
  return {
    id: String(row.id),
    name: row.name,
    every: row.every,
    version: row.version,
    walker: row.login === null ? null : { login: row.login, name: row.walker ?? "" },
    roundFrom: atText(desk, round.from),
    roundTo: atText(desk, round.to),
    stops: stops.length,
    read: meters.filter((id) => read.has(id)).length,
    skipped: meters.filter((id) => !read.has(id) && last.get(id)?.outcome === "skipped").length,
    outside: entries.filter((entry) => entry.outside_confirmed).length,
    conflicts: entries.filter((entry) => entry.outcome === "conflict").length,
    lastEntryAt: atTextOrNull(desk, newest),
  };
}

const metersOf = (stops: readonly StopRow[]): bigint[] => stops.flatMap((stop) => stop.meter_id ?? []);

export async function readingRoutes(desk: Desk): Promise<RoutesJson> {
  const { rows } = await sql<RouteRow>`${ROUTES} where r.operator_id = ${desk.operatorId} and r.retired_at is null
    order by r.name`.execute(desk.trx);
  const items: RouteRowJson[] = [];
  for (const row of rows) {
    const stops = await stopsOf(desk, row.id);
    const round = roundOf(row.every, desk.now, desk.zone);
    items.push(rowJson(desk, row, stops, await entriesWithin(desk.trx, desk.operatorId, metersOf(stops), round)));
  }
  return { items, walkers: await walkersOf(desk), buildings: await buildings(desk) };
}

async function walkersOf(desk: Desk): Promise<RoutesJson["walkers"]> {
  return desk.trx
    .selectFrom("app_user")
    .select(["login", "name"])
    .where("operator_id", "=", desk.operatorId)
    .where("disabled_at", "is", null)
    .orderBy("name")
    .execute();
}

export async function readingRoute(desk: Desk, id: bigint): Promise<RouteJson> {
  const { rows } = await sql<RouteRow>`${ROUTES} where r.operator_id = ${desk.operatorId} and r.id = ${id}
    and r.retired_at is null`.execute(desk.trx);
  const row = rows[0];
  if (row === undefined) throw new CodedError("request.not-found", `There is no route ${id}.`);
  const stops = await stopsOf(desk, id);
  const round = roundOf(row.every, desk.now, desk.zone);
  const entries = await entriesWithin(desk.trx, desk.operatorId, metersOf(stops), round);
  return {
    ...rowJson(desk, row, stops, entries),
    now: atText(desk, desk.now),
    items: await stopsJson(desk, stops, entries),
  };
}

async function stopsJson(desk: Desk, stops: readonly StopRow[], entries: readonly KeptEntry[]): Promise<StopJson[]> {
  const asked = metersOf(stops).map((meterId) => ({ meterId, at: desk.now }));
  const meters = (await metersAt(desk.trx, desk.operatorId, asked)).map((meter) => ({
    meter,
    register: MAIN_REGISTER[meter.utility],
    at: desk.now,
  }));
  const found = await expectations(desk, meters);
  const byMeter = new Map(meters.map(({ meter }, i) => [meter.meterId, found[i]]));
  const entered = Map.groupBy(entries, (entry) => entry.meter_id);
  return stops.map((stop) => {
    const expectation = stop.meter_id === null ? undefined : byMeter.get(stop.meter_id);
    const dial = stop.profile_id === null ? null : handDialOf(stop.profile_id);
    return {
      position: stop.position,
      usagePointId: stop.usage_point_id === null ? null : String(stop.usage_point_id),
      hint: stop.hint,
      building: stop.building ?? "",
      room: stop.room ?? "",
      meter:
        stop.meter_id === null || stop.serial === null || stop.profile_id === null
          ? null
          : {
              id: String(stop.meter_id),
              serial: stop.serial,
              utility: stop.utility,
              profileId: stop.profile_id,
              byHand: dial !== null,
            },
      register: MAIN_REGISTER[stop.utility],
      unit: BILLED_UNIT[stop.utility],
      digits: dial === null ? null : { whole: dial.whole, decimals: dial.decimals },
      last: expectation?.last == null ? null : shownJson(desk, expectation.last),
      expected: expectation === undefined ? null : expectedJson(desk, expectation.range),
      entries: (stop.meter_id === null ? [] : (entered.get(stop.meter_id) ?? [])).map((entry) =>
        entryJson(desk, entry),
      ),
    };
  });
}

/** The user of a login, as a walker. */
export async function walkerOf(desk: Desk, login: string | null | undefined): Promise<bigint | null> {
  if (login == null || login === "") return null;
  const row = await desk.trx
    .selectFrom("app_user")
    .select("id")
    .where("operator_id", "=", desk.operatorId)
    .where("login", "=", login)
    .executeTakeFirst();
  if (row === undefined) throw new CodedError("request.invalid", `Nobody here signs in as ${login}.`);
  return row.id;
}
