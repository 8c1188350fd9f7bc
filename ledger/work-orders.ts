import { sql, type Transaction } from "kysely";
import { type Instant, isoOf } from "../domain/instant.ts";
import type { AccountId, MeterId } from "../domain/reading.ts";
import { arrayText } from "./bulk-insert.ts";
import type { Tables } from "../schema/tables.ts";

type Trx = Transaction<Tables>;

/** Somebody must look at a meter: an order for it ended without proof. One that is open already stays the one. */
export async function openWorkOrder(
  trx: Trx,
  order: {
    readonly controlId: bigint;
    readonly meterId: MeterId;
    readonly accountId: AccountId | null;
    readonly why: string;
    readonly now: Instant;
  },
): Promise<void> {
  await sql`
    insert into sanbiao.work_order (operator_id, kind, account_id, meter_id, control_id, opened_at, why)
    values (sanbiao.operator_id(), 'supply_unknown', ${order.accountId}, ${order.meterId}, ${order.controlId}, ${isoOf(order.now)}, ${order.why})
    on conflict (operator_id, meter_id, kind) where closed_at is null do nothing`.execute(trx);
}

/** Meters told where their relay or valve stands, after the work order was opened: nobody needs to go there. */
export async function closeByProof(
  trx: Trx,
  seen: readonly { readonly meterId: MeterId; readonly measuredAt: Instant }[],
  now: Instant,
): Promise<void> {
  if (seen.length === 0) return;
  await sql`
    update sanbiao.work_order o set closed_at = ${isoOf(now)}, proof_at = s.measured_at
      from unnest(${arrayText(seen.map(({ meterId }) => meterId))}::bigint[],
                  ${arrayText(seen.map(({ measuredAt }) => isoOf(measuredAt)))}::timestamptz[]) as s (meter_id, measured_at)
     where o.operator_id = sanbiao.operator_id() and o.meter_id = s.meter_id and o.closed_at is null
       and o.opened_at < s.measured_at`.execute(trx);
}

/** A person looked, and says what was found. @returns `unknown`: no such work order; `closed`: it was closed before */
export async function closeByPerson(
  trx: Trx,
  id: bigint,
  { by, note, now }: { readonly by: bigint; readonly note: string; readonly now: Instant },
): Promise<"done" | "closed" | "unknown"> {
  const { numAffectedRows } = await sql`
    update sanbiao.work_order set closed_at = ${isoOf(now)}, closed_by = ${by}, note = ${note}
     where operator_id = sanbiao.operator_id() and id = ${id} and closed_at is null`.execute(trx);
  if ((numAffectedRows ?? 0n) > 0n) return "done";
  const { rows } = await sql`
    select 1 from sanbiao.work_order where operator_id = sanbiao.operator_id() and id = ${id}`.execute(trx);
  return rows.length > 0 ? "closed" : "unknown";
}

export type WorkOrder = {
  readonly id: bigint;
  readonly accountId: AccountId | null;
  readonly accountNumber: string | null;
  readonly accountName: string | null;
  readonly building: string | null;
  readonly room: string | null;
  readonly meterId: MeterId;
  readonly serial: string | null;
  /** The order that ended without proof. */
  readonly controlId: bigint;
  readonly openedAt: Instant;
  readonly why: string;
  readonly closedAt: Instant | null;
  readonly proofAt: Instant | null;
  /** Name of who looked. */
  readonly closedBy: string | null;
  readonly note: string;
};

/** Work orders, the newest first, 500 at most. */
export async function readWorkOrders(
  trx: Trx,
  { state, accountId }: { readonly state: "open" | "all"; readonly accountId: AccountId | null },
): Promise<WorkOrder[]> {
  const { rows } = await sql<WorkOrder>`
    select w.id, w.account_id as "accountId", a.number as "accountNumber", a.name as "accountName", p.building, p.room,
           w.meter_id as "meterId", m.serial, w.control_id as "controlId", w.opened_at as "openedAt", w.why,
           w.closed_at as "closedAt", w.proof_at as "proofAt", u.name as "closedBy", w.note
      from sanbiao.work_order w
      left join sanbiao.account a on a.operator_id = w.operator_id and a.id = w.account_id
      left join sanbiao.meter m on m.operator_id = w.operator_id and m.id = w.meter_id
      left join sanbiao.app_user u on u.operator_id = w.operator_id and u.id = w.closed_by
      left join lateral (select q.building, q.room from sanbiao.installation i
             join sanbiao.usage_point q on q.operator_id = i.operator_id and q.id = i.usage_point_id
            where i.operator_id = w.operator_id and i.meter_id = w.meter_id and i.removed_at is null limit 1) p on true
     where w.operator_id = sanbiao.operator_id() and (${state === "all"} or w.closed_at is null)
       and (${accountId}::bigint is null or w.account_id = ${accountId}::bigint)
     order by w.id desc limit 500`.execute(trx);
  return rows;
}
