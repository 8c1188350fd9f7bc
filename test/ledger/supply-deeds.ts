import type { Transaction } from "kysely";
import { type Instant, instant, MINUTE_MS } from "../../domain/instant.ts";
import { giveUpControl, markSent, queueControl } from "../../ledger/controls.ts";
import { takePaymentIn } from "../../billing/payment.ts";
import { money } from "../../domain/money.ts";
import { noteRepayment } from "../../ledger/emergency-credit.ts";
import { openWorkOrder } from "../../ledger/work-orders.ts";
import type { Tables } from "../../schema/tables.ts";

/** An order to connect that nobody proved, and the work order for it. */
export async function loseAnOrder(
  trx: Transaction<Tables>,
  { account: accountId, meter: meterId }: { account: bigint; meter: bigint },
  now: Instant,
): Promise<void> {
  const controlId = await queueControl(trx, { accountId, meterId, action: "connect", reason: {}, now });
  await markSent(trx, controlId, now, instant(now + MINUTE_MS));
  await giveUpControl(trx, controlId, now, "no proof");
  await openWorkOrder(trx, { controlId, meterId, accountId, why: "no proof", now });
}

/** A payment of 7 yuan of which 5 repaid emergency credit. */
export async function repayEmergency(
  trx: Transaction<Tables>,
  operatorId: bigint,
  accountId: bigint,
  at: Instant,
): Promise<void> {
  const yuan = (amount: number) => money("CNY", BigInt(amount * 100));
  const wish = { operatorId, accountId, amount: yuan(7), channel: "cash", key: "repays", at } as const;
  const { journalId } = await takePaymentIn(trx, wish);
  const shares = { debt: yuan(0), emergency: yuan(5), overdraft: yuan(0), credit: yuan(2), left: yuan(1) };
  await noteRepayment(trx, { accountId, journalId, at, ...shares });
}

/** What a superuser can do to orders and supplies, and the invariant that names it. */
export const SUPPLY_DEEDS: [title: string, sql: string, named: string][] = [
  [
    "a control that was never sent called unknown",
    "update control set state = 'unknown', sent_at = null, closed_at = now() where state = 'queued'",
    "controls-times",
  ],
  [
    "a supply whose account is paid after use",
    "update account set payment_mode = 'postpaid' where id = 1",
    "supply-known",
  ],
  [
    "a cut called proven",
    "update control set read_back_at = sent_at - interval '1 s' where state = 'confirmed'",
    "controls-proven",
  ],
  [
    "a trickle taken for the proof of a cut to close",
    "update reading set value = 4 where register = 60 and value = 0",
    "controls-proven",
  ],
  ["the proof of a cut deleted", "delete from reading where register = 60", "controls-proven"],
  [
    "two open controls of one meter",
    "drop index control_open; insert into control (operator_id, meter_id, account_id, action, reason, created_at, not_before) select operator_id, meter_id, account_id, action, reason, created_at, not_before from control where state = 'queued'",
    "controls-single",
  ],
  [
    "a supply wanted off in stage normal",
    "update supply set desired = 'disconnected' where state not like 'cut%'",
    "supply-desired",
  ],
  [
    "a payment told to pass by a supply that is held",
    "update supply set held = 'protected'; update customer_balance set is_watched = false",
    "supply-watched",
  ],
  ["the warning before a cut deleted", "delete from supply_event where kind = 'warned_2'", "cuts-warned"],
  [
    "the certificate of a cut deleted",
    "delete from cut_certificate where kind = 'order' and number = 1",
    "cuts-certified",
  ],
  [
    "a guard of a certificate whitewashed",
    "update cut_certificate set body = replace(body, '\"available\":\"', '\"available\":\"-9') where kind = 'order'",
    "certificates-chained",
  ],
  [
    "a certificate rewritten with its own hash",
    "update cut_certificate set body = replace(body, '\"postings\":\"', '\"postings\":\"9'), hash = encode(sha256(convert_to(replace(body, '\"postings\":\"', '\"postings\":\"9'), 'UTF8')), 'hex') where number = 1",
    "certificates-chained",
  ],
  [
    "a cut sent against a guard",
    "update cut_certificate set body = replace(body, '\"passes\":true', '\"passes\":false') where kind = 'order'",
    "cuts-certified",
  ],
  ["the evidence of a cut deleted", "delete from cut_certificate where kind = 'evidence'", "cuts-evidenced"],
  [
    "a repayment of emergency credit made larger",
    `update supply_event set detail = detail || '{"emergency": "6.00"}' where kind = 'emergency_repaid'`,
    "emergency-repaid",
  ],
  ["a work order deleted", "delete from work_order", "unknown-looked-at"],
];
