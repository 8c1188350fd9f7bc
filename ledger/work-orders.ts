import { sql, type Transaction } from "kysely";
import { type Instant, isoOf } from "../domain/instant.ts";
import type { AccountId, MeterId } from "../domain/reading.ts";
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

/** The meter told where its relay or valve stands, after the work order was opened: nobody needs to go there. */
export async function closeByProof(trx: Trx, meterId: MeterId, measuredAt: Instant, now: Instant): Promise<void> {
  await sql`
    update sanbiao.work_order set closed_at = ${isoOf(now)}, proof_at = ${isoOf(measuredAt)}
     where operator_id = sanbiao.operator_id() and meter_id = ${meterId} and closed_at is null
       and opened_at < ${isoOf(measuredAt)}::timestamptz`.execute(trx);
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
