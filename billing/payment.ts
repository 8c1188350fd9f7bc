import { sql, type Transaction } from "kysely";
import { CodedError } from "../domain/errors.ts";
import type { Instant } from "../domain/instant.ts";
import { type Money, negate } from "../domain/money.ts";
import type { AccountId, OperatorId } from "../domain/reading.ts";
import { customerPosting, type Posting } from "../ledger/chart.ts";
import { owedOf, type PostOutcome, postEntry, readEntry } from "../ledger/journal.ts";
import type { Database } from "../schema/database.ts";
import type { Tables } from "../schema/tables.ts";
import { type CreditEffect, creditSupply } from "./prepaid/credit.ts";

export const PAYMENT_CHANNELS = ["cash", "card", "wallet", "bank"] as const;
export type PaymentChannel = (typeof PAYMENT_CHANNELS)[number];

export type Payment = {
  readonly operatorId: OperatorId;
  readonly accountId: AccountId;
  /** More than zero. */
  readonly amount: Money;
  readonly channel: PaymentChannel;
  /** Idempotency key, unique per operator: the till's receipt id, the channel's transaction id. */
  readonly key: string;
  readonly at: Instant;
  /** The user who took it. */
  readonly by?: bigint;
};

export type PaymentOutcome = {
  /** `already`: this very payment was taken before; `different`: the key stands for another one, nothing was taken. */
  readonly kind: "posted" | "already" | "different";
  readonly journalId: bigint;
  /** As people are shown it, after this payment: credit is positive. */
  readonly balance: Money;
  /** Order that gives supply back. */
  readonly reconnect?: bigint;
  /** Orders to cut that the payment took back. */
  readonly withdrawn: readonly bigint[];
};

/**
 * Takes a payment in one transaction: entry, balance, withdrawal of cuts, order to reconnect. All or nothing, once per key.
 * The caller tells the prepaid engine afterwards (`onPayment`).
 * @throws CodedError `request.not-found` for an account that this operator does not have, `request.invalid` for no amount
 */
export async function takePayment(db: Database, payment: Payment): Promise<PaymentOutcome> {
  if (payment.amount.minor <= 0n) throw new CodedError("request.invalid", "a payment is more than zero");
  if (payment.key === "") throw new CodedError("request.invalid", "a payment has an idempotency key");
  return db.as(payment.operatorId, async (trx) => {
    await requireAccount(trx, payment.accountId, payment.amount);
    const { accountId, amount, channel } = payment;
    const posted = await postEntry(trx, {
      operatorId: payment.operatorId,
      key: `payment/${payment.key}`,
      kind: "payment",
      cause: { payment: channel, account: String(accountId) },
      occurredAt: payment.at,
      postedAt: payment.at,
      ...(payment.by === undefined ? {} : { postedBy: payment.by }),
      postings: [{ ledgerAccount: channel, amount }, customerPosting(accountId, negate(amount))],
    });
    return settled(trx, posted, accountId, amount, { payment: String(posted.journalId) }, payment.at);
  });
}

/** A further entry that undoes a payment; the payment itself stays. Once per payment: again is `already`. */
export async function reversePayment(
  db: Database,
  reversal: { operatorId: OperatorId; journalId: bigint; reason: string; at: Instant; by?: bigint },
): Promise<PaymentOutcome> {
  return db.as(reversal.operatorId, async (trx) => {
    const entry = await readEntry(trx, reversal.journalId);
    if (entry === null || entry.kind !== "payment") {
      throw new CodedError("request.not-found", `no payment ${reversal.journalId}`);
    }
    const customer = entry.postings.find((p) => p.ledgerAccount === "customer");
    if (customer?.ledgerAccount !== "customer") throw new Error(`payment ${reversal.journalId} has no customer`);
    const posted = await postEntry(trx, {
      operatorId: reversal.operatorId,
      key: `reversal/${reversal.journalId}`,
      kind: "reversal",
      cause: { reverses: String(reversal.journalId), reason: reversal.reason },
      occurredAt: reversal.at,
      postedAt: reversal.at,
      ...(reversal.by === undefined ? {} : { postedBy: reversal.by }),
      postings: entry.postings.map((p): Posting => ({ ...p, amount: negate(p.amount) })),
    });
    const owed = await owedOf(trx, customer.accountId, customer.amount.currency);
    return { ...posted, balance: negate(owed), withdrawn: [] };
  });
}

async function settled(
  trx: Transaction<Tables>,
  posted: PostOutcome,
  accountId: AccountId,
  amount: Money,
  cause: Record<string, string>,
  now: Instant,
): Promise<PaymentOutcome> {
  const effect: CreditEffect =
    posted.kind === "posted" ? await creditSupply(trx, accountId, cause, now) : { withdrawn: [] };
  const owed = await owedOf(trx, accountId, amount.currency);
  return { ...posted, ...effect, balance: negate(owed) };
}

async function requireAccount(trx: Transaction<Tables>, accountId: AccountId, amount: Money): Promise<void> {
  const { rows } = await sql<{ currency: string }>`
    select o.currency from sanbiao.account a join sanbiao.operator o on o.operator_id = a.operator_id
     where a.operator_id = sanbiao.operator_id() and a.id = ${accountId}`.execute(trx);
  const account = rows[0];
  if (account === undefined) throw new CodedError("request.not-found", `no account ${accountId}`);
  if (account.currency !== amount.currency) {
    throw new CodedError("request.invalid", `the operator's currency is ${account.currency}, not ${amount.currency}`);
  }
}
