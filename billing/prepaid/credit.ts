import { sql, type Transaction } from "kysely";
import { type Instant, isoOf } from "../../domain/instant.ts";
import type { AccountId, MeterId } from "../../domain/reading.ts";
import type { SupplyPosition, SupplyStage } from "../../domain/supply.ts";
import { addSupplyEvent, cancelControls, openControlOf, queueControl } from "../../ledger/controls.ts";
import type { Tables } from "../../schema/tables.ts";

export type CreditEffect = {
  /** Orders to cut that this credit took back. */
  readonly withdrawn: readonly bigint[];
  /** The order that gives supply back; absent when nothing was cut and nothing had left. */
  readonly reconnect?: bigint;
};

/**
 * What a credit of any kind and size does to a prepaid supply, in the credit's own transaction: orders to cut that wait
 * are withdrawn, and supply is given back when it is off or an order to cut may be on its way.
 */
export async function creditSupply(
  trx: Transaction<Tables>,
  accountId: AccountId,
  cause: Record<string, string>,
  now: Instant,
): Promise<CreditEffect> {
  // The row's lock puts decisions and credits of one account into an order.
  const { rows } = await sql<{ meter_id: MeterId; state: SupplyStage; desired: SupplyPosition; reported: string }>`
    select meter_id, state, desired, reported from sanbiao.supply
     where operator_id = sanbiao.operator_id() and account_id = ${accountId} for update`.execute(trx);
  const supply = rows[0];
  if (supply === undefined) return { withdrawn: [] };
  const withdrawn = await cancelControls(trx, accountId, "disconnect", "withdrawn: a credit came in", now);
  const ids = withdrawn.map(({ id }) => id);
  await addSupplyEvent(trx, { accountId, at: now, kind: "credit", detail: cause });
  const mayBeOff =
    supply.reported === "disconnected" ||
    withdrawn.some(({ wasSent }) => wasSent) ||
    (supply.desired === "disconnected" && withdrawn.length === 0);
  if (!mayBeOff) {
    await setSupply(trx, accountId, supply.state === "cut_due" ? "warned_2" : supply.state, now);
    return { withdrawn: ids };
  }
  const open = await openControlOf(trx, accountId);
  await setSupply(trx, accountId, open?.state === "sent" ? "reconnect_sent" : "reconnect_due", now);
  if (open !== null) return { withdrawn: ids, reconnect: open.id };
  const order = { meterId: supply.meter_id, accountId, action: "connect", reason: cause, now } as const;
  const reconnect = await queueControl(trx, order);
  await addSupplyEvent(trx, { accountId, at: now, kind: "reconnect_due", detail: { control: String(reconnect) } });
  return { withdrawn: ids, reconnect };
}

const setSupply = (trx: Transaction<Tables>, accountId: AccountId, stage: SupplyStage, now: Instant) =>
  sql`update sanbiao.supply set state = ${stage}, desired = 'connected', held = '', warned_2_at = null, last_credit_at = ${isoOf(now)}
       where operator_id = sanbiao.operator_id() and account_id = ${accountId}`.execute(trx);
