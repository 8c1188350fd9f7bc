import { sql, type Transaction } from "kysely";
import type { Pays } from "../domain/charge.ts";
import { type Instant, isoOf } from "../domain/instant.ts";
import type { Currency } from "../domain/money.ts";
import type { AccountId } from "../domain/reading.ts";
import type { Tables } from "../schema/tables.ts";

type Trx = Transaction<Tables>;

export type PaymentChannelRow = {
  readonly operator_id: bigint;
  readonly code: string;
  readonly title_zh: string;
  readonly title_en: string;
  readonly kind: "signed" | "sandbox";
  readonly ledger_account: "wallet" | "bank" | "card";
  readonly secret: string;
  readonly order_minutes: number;
};

export type PaymentOrder = {
  readonly id: bigint;
  readonly channel: string;
  readonly ref: string;
  readonly clientKey: string;
  readonly accountId: AccountId;
  readonly currency: Currency;
  readonly amountMinor: bigint;
  readonly pays: Pays;
  readonly openedAt: Instant;
  readonly expiresAt: Instant;
  /** What the channel said last of it; `open` while it said nothing. */
  readonly said: "open" | "confirmed" | "failed" | "refund_requested" | "refunded";
  readonly paidMinor: bigint | null;
  readonly paidAt: Instant | null;
  readonly journalId: bigint | null;
};

/** As people are told it: an order that nobody paid in time is expired, one that was paid after that is paid all the same. */
export type OrderState = "open" | "expired" | "paid" | "paid_late" | "failed" | "refund_requested" | "refunded";

export function orderStateOf(order: PaymentOrder, now: Instant): OrderState {
  if (order.said === "confirmed") return order.paidAt !== null && order.paidAt > order.expiresAt ? "paid_late" : "paid";
  if (order.said !== "open") return order.said;
  return now > order.expiresAt ? "expired" : "open";
}

export type OrderToOpen = Omit<PaymentOrder, "id" | "said" | "paidMinor" | "paidAt" | "journalId"> & {
  readonly openedBy: "channel" | "resident";
};

/** Opens an order once per channel and key: the same again is `already`, other content under the key `different`. */
export async function openOrder(
  trx: Trx,
  order: OrderToOpen,
): Promise<{ readonly kind: "opened" | "already" | "different"; readonly order: PaymentOrder }> {
  const opened = await sql<{ id: bigint }>`
    insert into sanbiao.payment_order (operator_id, channel, ref, client_key, account_id, currency, amount_minor, pays, opened_by, opened_at, expires_at)
    values (sanbiao.operator_id(), ${order.channel}, ${order.ref}, ${order.clientKey}, ${order.accountId}, ${order.currency},
            ${order.amountMinor}, ${order.pays}, ${order.openedBy}, ${isoOf(order.openedAt)}, ${isoOf(order.expiresAt)})
    on conflict (operator_id, channel, client_key) do nothing returning id`.execute(trx);
  const [found] = await orders(trx, sql`o.channel = ${order.channel} and o.client_key = ${order.clientKey}`);
  if (found === undefined) throw new Error("an order was not opened");
  if (opened.rows.length > 0) return { kind: "opened", order: found };
  const same =
    found.accountId === order.accountId && found.amountMinor === order.amountMinor && found.pays === order.pays;
  return { kind: same ? "already" : "different", order: found };
}

export const orderByRef = async (trx: Trx, ref: string): Promise<PaymentOrder | null> =>
  (await orders(trx, sql`o.ref = ${ref}`))[0] ?? null;

/** Newest first, at most a page. */
export const latestOrders = (trx: Trx): Promise<PaymentOrder[]> => orders(trx, sql`true`);

const ORDERS_MAX = 100;

async function orders(trx: Trx, which: ReturnType<typeof sql>): Promise<PaymentOrder[]> {
  const { rows } = await sql<PaymentOrder>`
    select o.id, o.channel, o.ref, o.client_key as "clientKey", o.account_id as "accountId", o.currency, o.amount_minor as "amountMinor",
           o.pays, o.opened_at as "openedAt", o.expires_at as "expiresAt", coalesce(e.kind, 'open') as said,
           p.amount_minor as "paidMinor", p.said_at as "paidAt", p.journal_id as "journalId"
      from sanbiao.payment_order o
      left join lateral (select kind from sanbiao.payment_channel_event v where v.operator_id = o.operator_id and v.order_id = o.id
          and v.kind <> 'refused' order by case v.kind when 'failed' then 0 when 'confirmed' then 1 when 'refund_requested' then 2 else 3 end desc, v.id desc limit 1) e on true
      left join lateral (select amount_minor, said_at, journal_id from sanbiao.payment_channel_event v where v.operator_id = o.operator_id
          and v.order_id = o.id and v.kind = 'confirmed' order by v.id limit 1) p on true
     where o.operator_id = sanbiao.operator_id() and ${which} order by o.id desc limit ${ORDERS_MAX}`.execute(trx);
  return rows;
}

export type ChannelEvent = {
  readonly channel: string;
  readonly orderId: bigint | null;
  readonly kind: "confirmed" | "failed" | "refund_requested" | "refunded" | "refused";
  readonly transactionId: string | null;
  readonly amountMinor: bigint | null;
  readonly saidAt: Instant;
  readonly receivedAt: Instant;
  readonly journalId: bigint | null;
  readonly detail: Readonly<Record<string, string>>;
};

/** Keeps what a channel said; a transaction is confirmed and refunded once. @returns whether it is new */
export async function keepChannelEvent(trx: Trx, event: ChannelEvent): Promise<boolean> {
  const { numAffectedRows } = await sql`
    insert into sanbiao.payment_channel_event (operator_id, channel, order_id, kind, transaction_id, amount_minor, said_at, received_at, journal_id, detail)
    values (sanbiao.operator_id(), ${event.channel}, ${event.orderId}, ${event.kind}, ${event.transactionId}, ${event.amountMinor},
            ${isoOf(event.saidAt)}, ${isoOf(event.receivedAt)}, ${event.journalId}, ${JSON.stringify(event.detail)}::jsonb)
    on conflict (operator_id, channel, kind, transaction_id) where kind in ('confirmed', 'refunded', 'refund_requested') do nothing`.execute(
    trx,
  );
  return (numAffectedRows ?? 0n) > 0n;
}

export type ConfirmedTransaction = {
  readonly orderId: bigint | null;
  readonly journalId: bigint;
  readonly amountMinor: bigint;
};

/** The payment that a channel's transaction made, or `null`. */
export async function confirmedTransaction(
  trx: Trx,
  channel: string,
  transactionId: string,
): Promise<ConfirmedTransaction | null> {
  const { rows } = await sql<ConfirmedTransaction>`
    select order_id as "orderId", journal_id as "journalId", amount_minor as "amountMinor" from sanbiao.payment_channel_event
     where operator_id = sanbiao.operator_id() and channel = ${channel} and kind = 'confirmed' and transaction_id = ${transactionId}`.execute(
    trx,
  );
  return rows[0] ?? null;
}
