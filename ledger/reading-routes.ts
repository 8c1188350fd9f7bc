import { sql, type Transaction } from "kysely";
import type { Instant } from "../domain/instant.ts";
import type { OperatorId } from "../domain/reading.ts";
import { timestamptz } from "../schema/database.ts";
import type { Tables } from "../schema/tables.ts";

type Trx = Transaction<Tables>;

/** A place (whatever meter hangs there) or a meter by itself, with a hint where it hangs. */
export type RouteStop = {
  readonly usagePointId: bigint | null;
  readonly meterId: bigint | null;
  readonly hint: string;
};

export type RouteContent = {
  readonly name: string;
  readonly walkerId: bigint | null;
  readonly every: "day" | "week" | "month" | "quarter";
  readonly stops: readonly RouteStop[];
};

/** - `name_taken`: another route that is walked has this name; `stale`: somebody changed it since; `different`: the key stands for another route. */
export type RouteWritten =
  | { readonly kind: "written" | "already"; readonly id: bigint; readonly version: number }
  | { readonly kind: "name_taken" | "stale" | "different" | "unknown" };

export async function createRoute(
  trx: Trx,
  operatorId: OperatorId,
  content: RouteContent,
  { key, at }: { key: string; at: Instant },
): Promise<RouteWritten> {
  const row = await trx
    .insertInto("reading_route")
    .values({
      operator_id: operatorId,
      name: content.name,
      walker_id: content.walkerId,
      every: content.every,
      idempotency_key: key,
      created_at: timestamptz(at),
    })
    .onConflict((conflict) => conflict.doNothing())
    .returning(["id", "version"])
    .executeTakeFirst();
  if (row === undefined) return again(trx, operatorId, content, key);
  await putStops(trx, operatorId, row.id, content.stops);
  return { kind: "written", ...row };
}

/** The key was there before, or the name is. */
async function again(trx: Trx, operatorId: OperatorId, content: RouteContent, key: string): Promise<RouteWritten> {
  const before = await trx
    .selectFrom("reading_route")
    .select(["id", "version", "name"])
    .where("operator_id", "=", operatorId)
    .where("idempotency_key", "=", key)
    .executeTakeFirst();
  if (before === undefined) return { kind: "name_taken" };
  return before.name === content.name
    ? { kind: "already", id: before.id, version: before.version }
    : { kind: "different" };
}

/** Puts a route's new content in place of the version that its editor saw. */
export async function changeRoute(
  trx: Trx,
  operatorId: OperatorId,
  id: bigint,
  content: RouteContent,
  version: number,
): Promise<RouteWritten> {
  const taken = await trx
    .selectFrom("reading_route")
    .select("id")
    .where("operator_id", "=", operatorId)
    .where("name", "=", content.name)
    .where("retired_at", "is", null)
    .where("id", "!=", id)
    .executeTakeFirst();
  if (taken !== undefined) return { kind: "name_taken" };
  const row = await trx
    .updateTable("reading_route")
    .set({ name: content.name, walker_id: content.walkerId, every: content.every, version: version + 1 })
    .where("operator_id", "=", operatorId)
    .where("id", "=", id)
    .where("version", "=", version)
    .where("retired_at", "is", null)
    .returning(["id", "version"])
    .executeTakeFirst();
  if (row === undefined) return { kind: (await exists(trx, operatorId, id)) ? "stale" : "unknown" };
  await trx.deleteFrom("route_stop").where("operator_id", "=", operatorId).where("route_id", "=", id).execute();
  await putStops(trx, operatorId, id, content.stops);
  return { kind: "written", ...row };
}

/** A route that is no longer walked: what was entered on it stays. @returns whether it was walked until now */
export async function retireRoute(trx: Trx, operatorId: OperatorId, id: bigint, at: Instant): Promise<boolean> {
  const done = await trx
    .updateTable("reading_route")
    .set({ retired_at: timestamptz(at) })
    .where("operator_id", "=", operatorId)
    .where("id", "=", id)
    .where("retired_at", "is", null)
    .executeTakeFirst();
  return done.numUpdatedRows === 1n;
}

async function exists(trx: Trx, operatorId: OperatorId, id: bigint): Promise<boolean> {
  const row = await trx
    .selectFrom("reading_route")
    .select("id")
    .where("operator_id", "=", operatorId)
    .where("id", "=", id)
    .where("retired_at", "is", null)
    .executeTakeFirst();
  return row !== undefined;
}

async function putStops(trx: Trx, operatorId: OperatorId, routeId: bigint, stops: readonly RouteStop[]): Promise<void> {
  if (stops.length === 0) return;
  const rows = stops.map((stop, i) => ({
    operator_id: operatorId,
    route_id: routeId,
    position: i + 1,
    usage_point_id: stop.usagePointId,
    meter_id: stop.meterId,
    hint: stop.hint,
  }));
  await trx.insertInto("route_stop").values(rows).execute();
}

/** Which of these places and meters this operator does not have, as texts. */
export async function unknownStops(
  trx: Trx,
  operatorId: OperatorId,
  stops: readonly RouteStop[],
): Promise<readonly string[]> {
  const ids = (of: (stop: RouteStop) => bigint | null) => `{${stops.flatMap((stop) => of(stop) ?? []).join(",")}}`;
  const { rows } = await sql<{ name: string }>`
    select 'usage point ' || a.id as name from unnest(${ids((stop) => stop.usagePointId)}::bigint[]) as a (id)
     where not exists (select 1 from sanbiao.usage_point u where u.operator_id = ${operatorId} and u.id = a.id)
    union all
    select 'meter ' || a.id from unnest(${ids((stop) => stop.meterId)}::bigint[]) as a (id)
     where not exists (select 1 from sanbiao.meter m where m.operator_id = ${operatorId} and m.id = a.id)`.execute(trx);
  return rows.map(({ name }) => name);
}

/** Every place of a building where a meter hangs, floor by floor, room by room, main meters first. */
export async function stopsOfBuilding(
  trx: Trx,
  operatorId: OperatorId,
  building: string,
  utilities: readonly string[],
): Promise<RouteStop[]> {
  const { rows } = await sql<{ id: bigint }>`
    select u.id from sanbiao.usage_point u
     where u.operator_id = ${operatorId} and u.building = ${building} and u.utility = any(${`{${utilities.join(",")}}`}::text[])
       and exists (select 1 from sanbiao.installation i where i.operator_id = u.operator_id and i.usage_point_id = u.id
              and i.removed_at is null)
     order by coalesce(substring(u.room from '^[0-9]+')::numeric, case when u.room = '' then -1 else 1e9 end), u.room,
              array_position(array['electricity', 'water', 'gas', 'heat'], u.utility), u.id`.execute(trx);
  return rows.map(({ id }) => ({ usagePointId: id, meterId: null, hint: "" }));
}
