import { sql, type Transaction } from "kysely";
import { type Instant, isoOf } from "../domain/instant.ts";
import type { AccountId, MeterId } from "../domain/reading.ts";
import type { ControlAction } from "../domain/supply.ts";
import type { Tables } from "../schema/tables.ts";
import { addSupplyEvent, queueControl } from "./controls.ts";

type Trx = Transaction<Tables>;

/**
 * A prepaid supply is switched by the new meter from now on. Nothing is known of its relay until it says so. An open order of
 * the old one is taken back and given to the new one: a paid customer must not wait, and an unpaid one gains nothing by an exchange.
 */
export async function moveSupply(trx: Trx, from: MeterId, to: MeterId, now: Instant): Promise<void> {
  const { rows: supplies } = await sql<{ account_id: AccountId }>`
    update sanbiao.supply set meter_id = ${to}, reported = 'unknown', reported_at = null,
           state = case state when 'cut_sent' then 'cut_due' when 'reconnect_sent' then 'reconnect_due' else state end
     where operator_id = sanbiao.operator_id() and meter_id = ${from} returning account_id`.execute(trx);
  const { rows: orders } = await sql<{
    account_id: AccountId | null;
    action: ControlAction;
    reason: Record<string, string>;
  }>`
    update sanbiao.control set state = 'cancelled', closed_at = ${isoOf(now)}, note = 'the meter was exchanged'
     where operator_id = sanbiao.operator_id() and meter_id = ${from} and state in ('queued', 'sent')
     returning account_id, action, reason`.execute(trx);
  for (const { account_id: accountId, action, reason } of orders) {
    if (accountId !== null) await queueControl(trx, { meterId: to, accountId, action, reason, now });
  }
  for (const { account_id: accountId } of supplies) {
    const detail = { position: "unknown", old_meter: String(from), new_meter: String(to) };
    await addSupplyEvent(trx, { accountId, at: now, kind: "position_seen", detail });
  }
}
