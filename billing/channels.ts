import { randomBytes } from "node:crypto";
import { sql, type Transaction } from "kysely";
import type { Pays } from "../domain/charge.ts";
import { CodedError } from "../domain/errors.ts";
import { type Instant, instant, MINUTE_MS } from "../domain/instant.ts";
import type { Currency, Money } from "../domain/money.ts";
import type { AccountId, OperatorId } from "../domain/reading.ts";
import {
  type ChannelEvent,
  confirmedTransaction,
  keepChannelEvent,
  openOrder,
  orderByRef,
  type PaymentChannelRow,
  type PaymentOrder,
} from "../ledger/payment-orders.ts";
import type { Database } from "../schema/database.ts";
import type { Tables } from "../schema/tables.ts";
import { type PaymentOutcome, reversePayment, takePayment } from "./payment.ts";
import { repaymentGuard } from "./prepaid/repayment.ts";
import { checkTopUp } from "./prepaid/top-up.ts";

/** Whose door a channel is at; `null` for no such channel, or one that was closed. */
export async function channelOf(
  db: Database,
  operatorCode: string,
  channelCode: string,
): Promise<PaymentChannelRow | null> {
  const { rows } = await sql<PaymentChannelRow>`
    select * from sanbiao.channel_of(${operatorCode}, ${channelCode})`.execute(db.kysely);
  return rows[0] ?? null;
}

export type OrderWish = {
  readonly key: string;
  readonly accountId: AccountId;
  readonly amount: Money;
  readonly pays: Pays;
  readonly openedBy: "channel" | "resident";
};

/** Opens an order that may be paid for a while. Once per channel and key. @throws CodedError `request.conflict` */
export async function openPaymentOrder(
  db: Database,
  channel: PaymentChannelRow,
  wish: OrderWish,
  now: Instant,
): Promise<{ readonly kind: "opened" | "already"; readonly order: PaymentOrder }> {
  if (wish.amount.minor <= 0n) throw new CodedError("request.invalid", "an order is more than zero");
  return db.as(channel.operator_id, async (trx) => {
    await requireCurrency(trx, wish.amount.currency);
    const opened = await openOrder(trx, {
      channel: channel.code,
      ref: randomBytes(18).toString("base64url"),
      clientKey: wish.key,
      accountId: wish.accountId,
      currency: wish.amount.currency,
      amountMinor: wish.amount.minor,
      pays: wish.pays,
      openedBy: wish.openedBy,
      openedAt: now,
      expiresAt: instant(now + channel.order_minutes * MINUTE_MS),
    });
    if (opened.kind === "different")
      throw new CodedError("request.conflict", "This key stands for another order; nothing was opened.");
    if (opened.kind === "opened")
      await checkTopUp(trx, { accountId: wish.accountId, amount: wish.amount, pays: wish.pays }, now);
    return { kind: opened.kind, order: opened.order };
  });
}

/** What a channel says of a transaction, once its signature was checked. */
export type ChannelWord = {
  readonly status: "paid" | "failed" | "refunded";
  /** The channel's own number: the same again is the same transaction, whatever happened in between. */
  readonly transactionId: string;
  readonly orderRef: string | null;
  readonly accountNumber: string | null;
  readonly amount: Money | null;
  readonly at: Instant;
  readonly reason: string;
};

export type ChannelAnswer =
  | {
      readonly kind: "booked" | "already";
      readonly accountId: AccountId;
      readonly payment: PaymentOutcome;
      readonly isLate: boolean;
    }
  | { readonly kind: "noted" | "already_noted" }
  /** Kept, not booked: a person must look. */
  | { readonly kind: "refused"; readonly reason: string };

/**
 * Books what a channel says. Money that a channel has is taken, also after the order's time and also when it is another sum than
 * ordered: what a customer paid must not be lost. What cannot be booked is kept with its reason, and nothing is lost either.
 */
export async function hearChannel(
  db: Database,
  channel: PaymentChannelRow,
  word: ChannelWord,
  now: Instant,
): Promise<ChannelAnswer> {
  switch (word.status) {
    case "paid":
      return bookPaid(db, channel, word, now);
    case "refunded":
      return bookRefunded(db, channel, word, now);
    case "failed":
      return db.as(channel.operator_id, async (trx) => {
        const order = word.orderRef === null ? null : await orderByRef(trx, word.orderRef);
        if (order?.said === "failed") return { kind: "already_noted" };
        await keepChannelEvent(trx, eventOf(channel, word, now, { kind: "failed", orderId: order?.id ?? null }));
        return { kind: "noted" };
      });
  }
}

async function bookPaid(
  db: Database,
  channel: PaymentChannelRow,
  word: ChannelWord,
  now: Instant,
): Promise<ChannelAnswer> {
  const { operator_id: operatorId, ledger_account: account, code } = channel;
  const { found, guard } = await db.as(operatorId, async (trx) => {
    const payer = await payerOf(trx, channel, word);
    const currency = word.amount?.currency;
    if (payer.kind === "unknown" || currency === undefined) return { found: payer };
    return { found: payer, guard: await repaymentGuard(trx, { accountId: payer.accountId, currency }, now) };
  });
  if (word.amount === null || word.amount.minor <= 0n) return refuse(db, channel, word, now, "no amount");
  if (found.kind === "unknown") return refuse(db, channel, word, now, found.reason);
  const { accountId, order } = found;
  let payment: PaymentOutcome;
  try {
    const key = `channel/${code}/${word.transactionId}`;
    const pays = order?.pays ?? "supply";
    const wish = { operatorId, accountId, amount: word.amount, channel: account, key, at: now, pays };
    payment = await takePayment(db, wish, guard);
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return refuse(db, channel, word, now, error.message);
  }
  if (payment.kind === "different")
    return refuse(db, channel, word, now, "this transaction was booked before, with another account or sum");
  const isLate = order !== null && word.at > order.expiresAt;
  const other =
    order !== null && order.amountMinor !== word.amount.minor ? { ordered_minor: String(order.amountMinor) } : {};
  // A kill between the payment and this row is mended by the channel's next word: the payment is `already`, the row is new.
  await db.as(operatorId, (trx) =>
    keepChannelEvent(trx, {
      ...eventOf(channel, word, now, { kind: "confirmed", orderId: order?.id ?? null }),
      journalId: payment.journalId,
      detail: { ...other, ...(isLate ? { late: "true" } : {}) },
    }),
  );
  return { kind: payment.kind === "posted" ? "booked" : "already", accountId, payment, isLate };
}

type Payer =
  | { readonly kind: "known"; readonly accountId: AccountId; readonly order: PaymentOrder | null }
  | { readonly kind: "unknown"; readonly reason: string };

/** By the order, else by the account's number. */
async function payerOf(trx: Transaction<Tables>, channel: PaymentChannelRow, word: ChannelWord): Promise<Payer> {
  if (word.orderRef !== null) {
    const order = await orderByRef(trx, word.orderRef);
    if (order === null || order.channel !== channel.code)
      return { kind: "unknown", reason: `no order ${word.orderRef}` };
    return { kind: "known", accountId: order.accountId, order };
  }
  const accountId = word.accountNumber === null ? null : await accountNumbered(trx, word.accountNumber);
  return accountId === null
    ? { kind: "unknown", reason: `no account ${word.accountNumber ?? ""}` }
    : { kind: "known", accountId, order: null };
}

export async function accountNumbered(trx: Transaction<Tables>, number: string): Promise<AccountId | null> {
  const row = await trx
    .selectFrom("account")
    .select("id")
    .where("operator_id", "=", sql<bigint>`sanbiao.operator_id()`)
    .where("number", "=", number)
    .executeTakeFirst();
  return row?.id ?? null;
}

async function bookRefunded(
  db: Database,
  channel: PaymentChannelRow,
  word: ChannelWord,
  now: Instant,
): Promise<ChannelAnswer> {
  const { operator_id: operatorId, code } = channel;
  const paid = await db.as(operatorId, (trx) => confirmedTransaction(trx, code, word.transactionId));
  if (paid === null) return refuse(db, channel, word, now, "a refund of a transaction that was never booked");
  if (word.amount !== null && word.amount.minor !== paid.amountMinor)
    return refuse(db, channel, word, now, "a part of a payment cannot be refunded: reverse it and take the rest anew");
  const reason = word.reason === "" ? `refunded by ${code}` : word.reason;
  const reversal = await reversePayment(db, { operatorId, journalId: paid.journalId, reason, at: now });
  const accountId = await db.as(operatorId, (trx) => accountOfEntry(trx, paid.journalId));
  await db.as(operatorId, (trx) =>
    keepChannelEvent(trx, {
      ...eventOf(channel, word, now, { kind: "refunded", orderId: paid.orderId }),
      amountMinor: paid.amountMinor,
      journalId: reversal.journalId,
    }),
  );
  return { kind: reversal.kind === "posted" ? "booked" : "already", accountId, payment: reversal, isLate: false };
}

async function accountOfEntry(trx: Transaction<Tables>, journalId: bigint): Promise<AccountId> {
  const { rows } = await sql<{ account_id: bigint }>`select account_id from sanbiao.posting
     where operator_id = sanbiao.operator_id() and journal_id = ${journalId} and account_id is not null limit 1`.execute(
    trx,
  );
  return rows[0]?.account_id ?? 0n;
}

async function refuse(
  db: Database,
  channel: PaymentChannelRow,
  word: ChannelWord,
  now: Instant,
  reason: string,
): Promise<ChannelAnswer> {
  await db.as(channel.operator_id, (trx) =>
    keepChannelEvent(trx, {
      ...eventOf(channel, word, now, { kind: "refused", orderId: null }),
      detail: {
        reason,
        order: word.orderRef ?? "",
        account: word.accountNumber ?? "",
        currency: word.amount?.currency ?? "",
      },
    }),
  );
  return { kind: "refused", reason };
}

const eventOf = (
  channel: PaymentChannelRow,
  word: ChannelWord,
  now: Instant,
  of: Pick<ChannelEvent, "kind" | "orderId">,
): ChannelEvent => ({
  ...of,
  channel: channel.code,
  transactionId: word.transactionId,
  amountMinor: word.amount?.minor ?? null,
  saidAt: word.at,
  receivedAt: now,
  journalId: null,
  detail: word.reason === "" ? {} : { reason: word.reason },
});

async function requireCurrency(trx: Transaction<Tables>, currency: Currency): Promise<void> {
  const { rows } = await sql<{ currency: Currency }>`
    select currency from sanbiao.operator where operator_id = sanbiao.operator_id()`.execute(trx);
  if (rows[0]?.currency !== currency)
    throw new CodedError("request.invalid", `the operator's currency is ${rows[0]?.currency}, not ${currency}`);
}

/** Opens a channel's door, or changes its titles; its secret is kept when none is given. */
export async function ensureChannel(
  db: Database,
  operatorId: OperatorId,
  channel: Omit<PaymentChannelRow, "operator_id" | "secret" | "order_minutes"> & { readonly secret?: string },
  now: Instant,
): Promise<void> {
  await db.as(operatorId, (trx) =>
    sql`insert into sanbiao.payment_channel (operator_id, code, title_zh, title_en, kind, ledger_account, secret, created_at)
        values (sanbiao.operator_id(), ${channel.code}, ${channel.title_zh}, ${channel.title_en}, ${channel.kind}, ${channel.ledger_account},
                ${channel.secret ?? randomBytes(32).toString("base64url")}, to_timestamp(${now / 1000}))
        on conflict (operator_id, code) do update set title_zh = excluded.title_zh, title_en = excluded.title_en`.execute(
      trx,
    ),
  );
}
