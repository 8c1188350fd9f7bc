import type { Transaction } from "kysely";
import { CodedError } from "../domain/errors.ts";
import { type Instant, isoOf } from "../domain/instant.ts";
import type { DebtClass, Pays } from "../domain/charge.ts";
import { type Currency, type Money, money, negate, sumMoney } from "../domain/money.ts";
import type { AccountId, OperatorId } from "../domain/reading.ts";
import { type Posting, RECEIVABLE } from "../ledger/chart.ts";
import { owedOf, postEntry, propertyOwedOf, readEntry, type StoredEntry } from "../ledger/journal.ts";
import type { Database } from "../schema/database.ts";
import type { Tables } from "../schema/tables.ts";
import { type PaymentParts, splitPayment } from "./charges/split.ts";
import { type CreditRow, effectOf } from "./prepaid/credit.ts";

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
  const taken = await callTakePayment(db, payment);
  const { currency } = payment.amount;
  switch (taken.outcome) {
    case "no_account":
      throw new CodedError("request.not-found", `no account ${payment.accountId}`);
    case "currency":
      throw new CodedError("request.invalid", `the operator's currency is ${taken.detail}, not ${currency}`);
    case "posted":
      return {
        kind: "posted",
        journalId: taken.entry_id,
        ...effectOf(taken),
        ...balancesOf({ supply: money(currency, taken.supply_owed), property: money(currency, taken.property_owed) }),
        parts: { supply: money(currency, taken.supply_part), property: money(currency, taken.property_part) },
      };
    case "already":
    case "different":
      return db.as(payment.operatorId, (trx) => answeredBefore(trx, taken.entry_id, payment));
  }
}

type TakenRow = CreditRow & {
  outcome: "posted" | "already" | "different" | "no_account" | "currency";
  detail: string | null;
  entry_id: bigint;
  supply_part: bigint;
  property_part: bigint;
  supply_owed: bigint;
  property_owed: bigint;
};

/** One statement, which is the whole transaction. */
async function callTakePayment(db: Database, payment: Payment): Promise<TakenRow> {
  const { operatorId, accountId, key, channel, pays = "supply", amount, at, by = null } = payment;
  const { rows } = await db.pool.query<TakenRow>({
    name: "take_payment",
    text: "select * from sanbiao.take_payment($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    values: [operatorId, accountId, key, channel, pays, amount.currency, amount.minor, isoOf(at), by],
  });
  const row = rows[0];
  if (row === undefined) throw new Error("take_payment gave no answer");
  return row;
}

/** The key stands in the book: for this very payment, or for something else. */
async function answeredBefore(trx: Transaction<Tables>, journalId: bigint, payment: Payment): Promise<PaymentOutcome> {
  const owed = await classesOwed(trx, payment.accountId, payment.amount.currency);
  const parts = await takenBefore(trx, journalId, payment);
  const { amount, pays = "supply" } = payment;
  return {
    kind: parts === null ? "different" : "already",
    journalId,
    ...balancesOf(owed),
    parts: parts ?? splitPayment(amount, owed, pays),
    withdrawn: [],
  };
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
