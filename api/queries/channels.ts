import { sql } from "kysely";
import type { Instant } from "../../domain/instant.ts";
import type { Currency } from "../../domain/money.ts";
import type { Zone } from "../../domain/period.ts";
import { latestOrders } from "../../ledger/payment-orders.ts";
import type { Database } from "../../schema/database.ts";
import { atText, type Desk, moneyOf } from "../desk.ts";
import { orderJson } from "../order-json.ts";
import type { ChannelsJson } from "../schemas/channel.ts";

export type OperatorRow = { code: string; name_zh: string; name_en: string; zone: Zone; currency: Currency };

/** Of whom a public page speaks. */
export const operatorRow = (db: Database, operatorId: bigint): Promise<OperatorRow | null> =>
  db.as(operatorId, async (trx) => {
    const { rows } = await sql<OperatorRow>`select code, name_zh, name_en, zone, currency from operator
       where operator_id = ${operatorId}`.execute(trx);
    return rows[0] ?? null;
  });

/** `张*`: whoever pays for another sees that it is the right one, and no more. */
export function hiddenName(name: string): string {
  const letters = Array.from(new Intl.Segmenter().segment(name), ({ segment }) => segment);
  return `${letters[0] ?? ""}${"*".repeat(Math.max(1, letters.length - 1))}`;
}

/** Doors, orders and what was refused, for the clerk who reconciles. */
export async function paymentChannels(desk: Desk): Promise<ChannelsJson> {
  const { rows: channels } = await sql<{
    code: string;
    title_zh: string;
    title_en: string;
    kind: "signed" | "sandbox";
    closed: boolean;
  }>`
    select code, title_zh, title_en, kind, disabled_at is not null as closed from payment_channel
     where operator_id = ${desk.operatorId} order by code`.execute(desk.trx);
  const orders = await latestOrders(desk.trx);
  const { rows: numbers } = await sql<{ id: bigint; number: string }>`select id, number from account
     where operator_id = ${desk.operatorId} and id = any(${`{${orders.map(({ accountId }) => accountId).join(",")}}`}::bigint[])`.execute(
    desk.trx,
  );
  const numberOf = new Map(numbers.map(({ id, number }) => [id, number]));
  const { rows: refused } = await sql<{
    id: bigint;
    channel: string;
    transaction_id: string | null;
    amount_minor: bigint | null;
    received_at: Instant;
    detail: { reason?: string; account?: string };
  }>`
    select id, channel, transaction_id, amount_minor, received_at, detail from payment_channel_event
     where operator_id = ${desk.operatorId} and kind = 'refused' order by id desc limit 100`.execute(desk.trx);
  return {
    channels: channels.map(({ code, title_zh, title_en, kind, closed }) => ({
      code,
      titleZh: title_zh,
      titleEn: title_en,
      kind,
      closed,
    })),
    orders: orders.map((order) => ({
      ...orderJson(order, desk),
      accountId: String(order.accountId),
      accountNumber: numberOf.get(order.accountId) ?? "",
    })),
    refused: refused.map((row) => ({
      id: String(row.id),
      channel: row.channel,
      transactionId: row.transaction_id ?? "",
      amount: row.amount_minor === null ? null : moneyOf(desk, row.amount_minor),
      at: atText(desk, row.received_at),
      reason: row.detail.reason ?? "",
      account: row.detail.account ?? "",
    })),
  };
}
