import { sql, type Transaction } from "kysely";
import { type Instant, isoOf } from "../domain/instant.ts";
import type { MeterId, OperatorId } from "../domain/reading.ts";
import type { Tables } from "../schema/tables.ts";

export type TrayState = "waiting" | "accepted" | "ignored";

/** Who decides about which device, once per key. */
export type TrayDecision = {
  readonly operatorId: OperatorId;
  readonly foundId: bigint;
  readonly key: string;
  readonly by: bigint | null;
  readonly at: Instant;
  readonly reason: string;
};

/**
 * `done` now, `already` with this key, `different` under this key; `otherwise`: somebody decided before, and it stands so; `not_found`.
 */
export type TrayOutcome =
  | { readonly kind: "done" | "already"; readonly meterId: MeterId | null }
  | { readonly kind: "different" | "not_found" }
  | { readonly kind: "otherwise"; readonly state: TrayState; readonly by: string | null; readonly at: Instant | null };

/** A waiting device is not wanted: it is counted from now on, its frames are no longer kept. Those that are kept stay for a change of mind. */
export const ignoreFound = (trx: Transaction<Tables>, decision: TrayDecision): Promise<TrayOutcome> =>
  decide(trx, decision, "ignore", "waiting", "ignored");

/** An ignored device waits again. */
export const takeBackFound = (trx: Transaction<Tables>, decision: TrayDecision): Promise<TrayOutcome> =>
  decide(trx, decision, "take_back", "ignored", "waiting");

async function decide(
  trx: Transaction<Tables>,
  decision: TrayDecision,
  what: "ignore" | "take_back",
  from: TrayState,
  to: TrayState,
): Promise<TrayOutcome> {
  const before = await standing(trx, decision, what, {}, from);
  if (before.kind !== "open") return before;
  await trx
    .updateTable("found_device")
    .set({ state: to })
    .where("operator_id", "=", decision.operatorId)
    .where("id", "=", decision.foundId)
    .execute();
  await writeDecision(trx, decision, what, {});
  return { kind: "done", meterId: null };
}

export type FoundRow = {
  readonly id: bigint;
  readonly origin: "mqtt" | "modbus";
  readonly mqtt_client_id: bigint | null;
  readonly device_key: string | null;
  readonly bus_id: bigint | null;
  readonly unit_id: number | null;
  readonly state: TrayState;
  readonly meter_id: bigint | null;
};

/** Locks the device: two clerks who decide at once take turns, and the second meets what the first has done. */
export async function standing(
  trx: Transaction<Tables>,
  { operatorId, foundId, key, reason }: TrayDecision,
  what: "accept" | "ignore" | "take_back",
  request: Readonly<Record<string, unknown>>,
  from: TrayState,
): Promise<TrayOutcome | { readonly kind: "open"; readonly device: FoundRow }> {
  const { rows } = await sql<FoundRow>`
    select id, origin, mqtt_client_id, device_key, bus_id, unit_id, state, meter_id from found_device
     where operator_id = ${operatorId} and id = ${foundId} for update`.execute(trx);
  const device = rows[0];
  if (device === undefined) return { kind: "not_found" };
  const { rows: same } = await sql<{ same: boolean }>`
    select found_device_id = ${foundId} and decision = ${what} and request = ${JSON.stringify(request)}::jsonb
           and reason = ${reason} as same
      from found_decision where operator_id = ${operatorId} and idempotency_key = ${key}`.execute(trx);
  if (same[0] !== undefined)
    return same[0].same ? { kind: "already", meterId: device.meter_id } : { kind: "different" };
  if (device.state === from) return { kind: "open", device };
  const last = await lastDecision(trx, operatorId, foundId);
  return { kind: "otherwise", state: device.state, by: last?.name ?? null, at: last?.at ?? null };
}

async function lastDecision(trx: Transaction<Tables>, operatorId: OperatorId, foundId: bigint) {
  const { rows } = await sql<{ name: string | null; at: Instant }>`
    select u.name, d.decided_at as at from found_decision d
      left join app_user u on u.operator_id = d.operator_id and u.id = d.decided_by
     where d.operator_id = ${operatorId} and d.found_device_id = ${foundId} order by d.id desc limit 1`.execute(trx);
  return rows[0];
}

export async function writeDecision(
  trx: Transaction<Tables>,
  { operatorId, foundId, key, by, at, reason }: TrayDecision,
  decision: "accept" | "ignore" | "take_back",
  request: Readonly<Record<string, unknown>>,
): Promise<void> {
  await trx
    .insertInto("found_decision")
    .values({
      operator_id: operatorId,
      found_device_id: foundId,
      decision,
      request: JSON.stringify(request),
      reason,
      idempotency_key: key,
      decided_by: by,
      decided_at: isoOf(at),
    })
    .execute();
}

/** A device of the tray whose place on a wire is a meter's by now (it came by a file or by hand) is that meter; what it said is replayed. */
export async function adoptFound(
  trx: Transaction<Tables>,
  as: { readonly operatorId: OperatorId; readonly now: Instant; readonly by: bigint | null; readonly reason: string },
): Promise<void> {
  await sql`
    with adopted as (
      update found_device f set state = 'accepted', meter_id = m.id, replayed_at = null
        from meter m
       where f.operator_id = ${as.operatorId} and m.operator_id = ${as.operatorId} and f.state <> 'accepted'
         and ((f.mqtt_client_id = m.mqtt_client_id and f.device_key = m.device_key) or (f.bus_id = m.bus_id and f.unit_id = m.unit_id))
      returning f.id, m.id as meter_id
    )
    insert into found_decision (operator_id, found_device_id, decision, request, reason, idempotency_key, decided_by, decided_at)
    select ${as.operatorId}, id, 'accept', jsonb_build_object('meter', meter_id::text), ${as.reason}, 'register/' || id || '/' || ${String(as.now)},
           ${as.by}::bigint, ${isoOf(as.now)}::timestamptz from adopted`.execute(trx);
}
