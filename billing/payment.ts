import { sql, type Transaction } from "kysely";
import { CodedError } from "../domain/errors.ts";
import type { Instant } from "../domain/instant.ts";
import { DEBT_CLASSES, type DebtClass } from "../domain/charge.ts";
import { type Currency, type Money, negate, sumMoney } from "../domain/money.ts";
import type { AccountId, OperatorId } from "../domain/reading.ts";
import { customerPosting, type Posting, RECEIVABLE } from "../ledger/chart.ts";
import { owedOf, type PostOutcome, postEntry, propertyOwedOf, readEntry, type StoredEntry } from "../ledger/journal.ts";
import type { Database } from "../schema/database.ts";
import type { Tables } from "../schema/tables.ts";
import { type PaymentParts, type Pays, splitPayment } from "./charges/split.ts";
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
  /** What it is for; default supply. */
  readonly pays?: Pays;
};

export type PaymentOutcome = {
  /** `already`: this very payment was taken before; `different`: the key stands for another one, nothing was taken. */
  readonly kind: "posted" | "already" | "different";
  readonly journalId: bigint;
  /** For supply, as people are shown it, after this payment: credit is positive. */
  readonly balance: Money;
  /** For everything else, in the same sense. */
  readonly propertyBalance: Money;
  /** What of the payment went to which class. */
  readonly parts: PaymentParts;
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
    const { accountId, amount, channel, pays = "supply" } = payment;
    if (pays === "split") await lockAccount(trx, accountId);
    const asked = splitPayment(amount, await classesOwed(trx, accountId, amount.currency), pays);
    const posted = await postEntry(trx, {
      operatorId: payment.operatorId,
      key: `payment/${payment.key}`,
      kind: "payment",
      cause: { payment: channel, account: String(accountId), ...(pays === "supply" ? {} : { pays }) },
      occurredAt: payment.at,
      postedAt: payment.at,
      ...(payment.by === undefined ? {} : { postedBy: payment.by }),
      postings: [
        { ledgerAccount: channel, amount },
        ...DEBT_CLASSES.filter((of) => asked[of].minor !== 0n).map((of) =>
          customerPosting(accountId, negate(asked[of]), of),
        ),
      ],
    });
    if (posted.kind === "posted") return settled(trx, posted, accountId, asked, payment.at);
    const taken = await takenBefore(trx, posted.journalId, payment);
    return settled(
      trx,
      taken === null ? posted : { ...posted, kind: "already" },
      accountId,
      taken ?? asked,
      payment.at,
    );
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
    const customer = entry.postings.find((p) => "accountId" in p);
    if (customer === undefined) throw new Error(`payment ${reversal.journalId} has no customer`);
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
    const owed = await classesOwed(trx, customer.accountId, customer.amount.currency);
    return { ...posted, ...balancesOf(owed), parts: partsOf(entry), withdrawn: [] };
  });
}

async function settled(
  trx: Transaction<Tables>,
  posted: PostOutcome,
  accountId: AccountId,
  parts: PaymentParts,
  now: Instant,
): Promise<PaymentOutcome> {
  const cause = { payment: String(posted.journalId) };
  // What was paid for something else says nothing about supply.
  const credits = posted.kind === "posted" && parts.supply.minor > 0n;
  const effect: CreditEffect = credits ? await creditSupply(trx, accountId, cause, now) : { withdrawn: [] };
  const owed = await classesOwed(trx, accountId, parts.supply.currency);
  return { ...posted, ...effect, ...balancesOf(owed), parts };
}

/** What is owed per class. */
export async function classesOwed(
  trx: Transaction<Tables>,
  accountId: AccountId,
  currency: Currency,
): Promise<PaymentParts> {
  return {
    supply: await owedOf(trx, accountId, currency),
    property: await propertyOwedOf(trx, accountId, currency),
  };
}

const balancesOf = (owed: PaymentParts) => ({ balance: negate(owed.supply), propertyBalance: negate(owed.property) });

/** Two payments that are shared at once wait for each other: the second sees what the first left. */
const lockAccount = (trx: Transaction<Tables>, accountId: AccountId) =>
  sql`select 1 from sanbiao.account where operator_id = sanbiao.operator_id() and id = ${accountId} for no key update`.execute(
    trx,
  );

/**
 * The parts of the payment that was taken with this key before, if it is the same one: a shared payment is shared by what was owed
 * then, so that its parts may be others now. `null` = another payment.
 */
async function takenBefore(
  trx: Transaction<Tables>,
  journalId: bigint,
  { accountId, amount, channel, pays = "supply" }: Payment,
): Promise<PaymentParts | null> {
  const entry = await readEntry(trx, journalId);
  if (entry === null || entry.kind !== "payment") return null;
  const { cause, postings } = entry;
  const same =
    cause["payment"] === channel && cause["account"] === String(accountId) && (cause["pays"] ?? "supply") === pays;
  const money = postings.find((p) => p.ledgerAccount === channel)?.amount;
  const fits = money?.currency === amount.currency && money.minor === amount.minor;
  return same && fits ? partsOf(entry) : null;
}

function partsOf({ postings }: StoredEntry): PaymentParts {
  const currency = postings[0]?.amount.currency ?? "CNY";
  const part = (of: DebtClass): Money =>
    negate(
      sumMoney(
        currency,
        postings.filter(({ ledgerAccount }) => ledgerAccount === RECEIVABLE[of]).map(({ amount }) => amount),
      ),
    );
  return { supply: part("supply"), property: part("property") };
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
