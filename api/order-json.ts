import { type Instant, isoIn } from "../domain/instant.ts";
import { money, moneyJson } from "../domain/money.ts";
import type { Zone } from "../domain/period.ts";
import { orderStateOf, type PaymentOrder } from "../ledger/payment-orders.ts";
import type { OrderJson } from "./schemas/channel.ts";

export const orderJson = (
  order: PaymentOrder,
  { zone, now }: { readonly zone: Zone; readonly now: Instant },
  outcome: OrderJson["outcome"] = "found",
): OrderJson => ({
  outcome,
  ref: order.ref,
  channel: order.channel,
  state: orderStateOf(order, now),
  amount: moneyJson(money(order.currency, order.amountMinor)),
  pays: order.pays,
  paid: order.paidMinor === null ? null : moneyJson(money(order.currency, order.paidMinor)),
  openedAt: isoIn(order.openedAt, zone),
  expiresAt: isoIn(order.expiresAt, zone),
  journalId: order.journalId === null ? null : String(order.journalId),
});
