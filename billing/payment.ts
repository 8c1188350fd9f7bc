import { CompiledQuery, sql, type Transaction } from "kysely";
import type { TenderKind } from "../domain/counter.ts";
import { CodedError } from "../domain/errors.ts";
import { type Instant, isoOf } from "../domain/instant.ts";
import type { DebtClass, Pays } from "../domain/charge.ts";
import { type Currency, type Money, money, negate, sumMoney } from "../domain/money.ts";
import type { AccountId, OperatorId } from "../domain/reading.ts";
import { chartAccountOf, RECEIVABLE } from "../ledger/chart.ts";
import { owedOf, type PostOutcome, postEntry, propertyOwedOf, readEntry, type StoredEntry } from "../ledger/journal.ts";
import type { Database } from "../schema/database.ts";
import type { Tables } from "../schema/tables.ts";
import { noteTender } from "../ledger/shifts.ts";
import { type PaymentParts, splitPayment } from "./charges/split.ts";
import { giveBack, turnedRound } from "./counter/reversal.ts";
import { type CreditRow, effectOf } from "./prepaid/credit.ts";

export const PAYMENT_CHANNELS = ["cash", "card", "wallet", "bank"] as const satisfies readonly TenderKind[];
export type PaymentChannel = (typeof PAYMENT_CHANNELS)[number];

/** Where a cheque's money stands: `cheque` when it counts as it is received, `cheque.held` when it did not until now. */
export type ChequeAccount = "cheque" | "cheque.held";

export type Payment = {
  readonly operatorId: OperatorId;
  readonly accountId: AccountId;
  /** More than zero. */
  readonly amount: Money;
  readonly channel: PaymentChannel | ChequeAccount;
  /** Idempotency key, unique per operator: the till's receipt id, the channel's transaction id. */
  readonly key: string;
  readonly at: Instant;
  /** The user who took it. */
  readonly by?: bigint;
  /** What it is for; default supply. */
  readonly pays?: Pays;
  /** Taken over a counter by `by`: it belongs to his shift, cash stands in his drawer, and it has a receipt. */
  readonly tender?: CounterTender;
};

export type CounterTender = {
  /** Cash that was handed over: the amount and the change. */
  readonly given?: Money;
  /** Number of the terminal's slip or of the transfer. */
  readonly reference?: string;
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

/** Whether a payment may be taken, decided in its transaction; answers what is to be done there after it. */
export type PaymentGuard = (trx: Transaction<Tables>) => Promise<AfterPayment | undefined>;
export type AfterPayment = (paid: PaymentOutcome) => Promise<void>;

/**
 * Takes a payment in one transaction: entry, balance, withdrawal of cuts, order to reconnect. All or nothing, once per key.
 * The caller tells the prepaid engine afterwards (`onPayment`).
 * `guard`: looked at first, in the same transaction; what it throws takes nothing. Without one the call is the whole transaction.
 * @throws CodedError `request.not-found` for an account that this operator does not have, `request.invalid` for no amount
 */
export async function takePayment(db: Database, payment: Payment, guard?: PaymentGuard): Promise<PaymentOutcome> {
  if (payment.amount.minor <= 0n) throw new CodedError("request.invalid", "a payment is more than zero");
  if (payment.key === "") throw new CodedError("request.invalid", "a payment has an idempotency key");
  if (guard !== undefined)
    return db.as(payment.operatorId, async (trx) => {
      const after = await guard(trx);
      const paid = await takePaymentIn(trx, payment);
      await after?.(paid);
      return paid;
    });
  const { rows } = await known(payment, db.pool.query<TakenRow>(paymentCall(payment)));
  return paymentOutcome(payment, rows[0], (work) => db.as(payment.operatorId, work));
}

/** The same within a transaction that writes more. */
export async function takePaymentIn(trx: Transaction<Tables>, payment: Payment): Promise<PaymentOutcome> {
  const { text, values } = paymentCall(payment);
  const { rows } = await known(payment, trx.executeQuery<TakenRow>(CompiledQuery.raw(text, values)));
  return paymentOutcome(payment, rows[0], (work) => work(trx));
}

/** An account that the operator does not have is refused as a foreign key would refuse it. */
async function known<R>({ accountId }: Payment, answer: Promise<R>): Promise<R> {
  return answer.catch((error: unknown) => {
    if ((error as { constraint?: unknown }).constraint !== "payment_of_account") throw error;
    throw new CodedError("request.not-found", `no account ${accountId}`);
  });
}

async function paymentOutcome(
  payment: Payment,
  taken: TakenRow | undefined,
  looking: (work: (trx: Transaction<Tables>) => Promise<PaymentOutcome>) => Promise<PaymentOutcome>,
): Promise<PaymentOutcome> {
  if (taken === undefined) throw new Error("take_payment gave no answer");
  const { currency } = payment.amount;
  switch (taken.outcome) {
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
    case "no_shift":
      throw new CodedError("counter.no-shift", "Cash is taken in a shift here, and none of yours is open.");
    case "already":
    case "different":
      return looking((trx) => answeredBefore(trx, taken.entry_id, payment));
  }
}

type TakenRow = CreditRow & {
  outcome: "posted" | "already" | "different" | "currency" | "no_shift";
  detail: string | null;
  entry_id: bigint;
  supply_part: bigint;
  property_part: bigint;
  supply_owed: bigint;
  property_owed: bigint;
};

/** One statement, which can be the whole transaction. */
function paymentCall(payment: Payment): { name: string; text: string; values: unknown[] } {
  const { operatorId, accountId, key, channel, pays = "supply", amount, at, by = null, tender } = payment;
  const values = [operatorId, accountId, key, channel, pays, amount.currency, amount.minor, isoOf(at), by];
  if (tender === undefined) return { name: "take_payment", text: TAKE_PAYMENT, values };
  const name = "take_counter_payment";
  return {
    name,
    text: TAKE_COUNTER_PAYMENT,
    values: [...values, tender.given?.minor ?? null, tender.reference ?? null],
  };
}
const TAKE_PAYMENT = "select * from sanbiao.take_payment($1, $2, $3, $4, $5, $6, $7, $8, $9)";
const TAKE_COUNTER_PAYMENT = "select * from sanbiao.take_counter_payment($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";

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

export type Reversal = {
  readonly operatorId: OperatorId;
  readonly journalId: bigint;
  readonly reason: string;
  readonly at: Instant;
  /** Who gives the money back over a counter. Absent: a channel did, and nobody's rights are looked at. */
  readonly by?: bigint;
  readonly isManager?: boolean;
};

/**
 * A further entry that undoes a payment; the payment itself stays. Once per payment: again is `already`.
 * @throws CodedError `request.not-found`, and what `giveBack` refuses
 */
export async function reversePayment(db: Database, reversal: Reversal): Promise<PaymentOutcome> {
  return db.as(reversal.operatorId, async (trx) => {
    const entry = await readEntry(trx, reversal.journalId);
    if (entry === null || entry.kind !== "payment")
      throw new CodedError("request.not-found", `no payment ${reversal.journalId}`);
    const customer = entry.postings.find((p) => "accountId" in p);
    if (customer === undefined) throw new Error(`payment ${reversal.journalId} has no customer`);
    const done = (await reversedBefore(trx, reversal)) ?? (await reverseNow(trx, entry, reversal));
    const owed = await classesOwed(trx, customer.accountId, customer.amount.currency);
    return { ...done, ...balancesOf(owed), parts: partsOf(entry), withdrawn: [] };
  });
}

/** Where its cash would come from may be another place today: only the words are compared. */
async function reversedBefore(trx: Transaction<Tables>, { journalId, reason }: Reversal): Promise<PostOutcome | null> {
  const { rows } = await sql<{ id: bigint; same: boolean }>`
    select id, cause ->> 'reason' = ${reason} as same from sanbiao.journal
     where operator_id = sanbiao.operator_id() and idempotency_key = ${`reversal/${journalId}`}`.execute(trx);
  const row = rows[0];
  return row === undefined ? null : { kind: row.same ? "already" : "different", journalId: row.id };
}

async function reverseNow(trx: Transaction<Tables>, entry: StoredEntry, reversal: Reversal): Promise<PostOutcome> {
  const { operatorId, journalId, reason, at, by, isManager = false } = reversal;
  const back = by === undefined ? null : await giveBack(trx, entry, { by, isManager });
  const posted = await postEntry(trx, {
    operatorId,
    key: `reversal/${journalId}`,
    kind: "reversal",
    cause: { reverses: String(journalId), reason },
    occurredAt: at,
    postedAt: at,
    ...(by === undefined ? {} : { postedBy: by }),
    postings: turnedRound(entry.postings, back?.shift ?? null),
  });
  if (back !== null && posted.kind === "posted") {
    const { kind, amount, shift } = back;
    await noteTender(trx, { journalId: posted.journalId, shiftId: shift?.id ?? null, kind, amount: -amount });
  }
  return posted;
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

export const balancesOf = (owed: PaymentParts) => ({
  balance: negate(owed.supply),
  propertyBalance: negate(owed.property),
});

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
    chartAccountOf(cause["payment"] ?? "") === chartAccountOf(channel) &&
    cause["account"] === String(accountId) &&
    (cause["pays"] ?? "supply") === pays;
  const money = postings.find(({ ledgerAccount }) => chartAccountOf(ledgerAccount) === chartAccountOf(channel))?.amount;
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
