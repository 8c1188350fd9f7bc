import { sql, type Transaction } from "kysely";
import type { Pays } from "../../domain/charge.ts";
import { type ChequeCounts, isBeyond } from "../../domain/counter.ts";
import { CodedError } from "../../domain/errors.ts";
import type { Instant } from "../../domain/instant.ts";
import { type Money, negate, zero } from "../../domain/money.ts";
import type { AccountId, OperatorId } from "../../domain/reading.ts";
import {
  type Cheque,
  type ChequeEnding,
  lockChequeEnding,
  noteCheque,
  noteChequeEnding,
  readCheque,
} from "../../ledger/cheques.ts";
import { type Entry, postEntry, readEntry } from "../../ledger/journal.ts";
import { issueReceipt } from "../../ledger/receipts.ts";
import { heldShift, noteTender, readCounterTerms } from "../../ledger/shifts.ts";
import type { Database } from "../../schema/database.ts";
import type { Tables } from "../../schema/tables.ts";
import { operatorFacts } from "../operator.ts";
import { balancesOf, classesOwed, type PaymentGuard, type PaymentOutcome, takePaymentIn } from "../payment.ts";
import { repaymentGuard } from "../prepaid/repayment.ts";
import { turnedRound } from "./reversal.ts";

type Trx = Transaction<Tables>;

export type ChequeHandedOver = {
  readonly operatorId: OperatorId;
  readonly accountId: AccountId;
  readonly amount: Money;
  readonly pays: Pays;
  readonly number: string;
  readonly bank: string;
  /** Idempotency key, of the same kind as a payment's. */
  readonly key: string;
  readonly at: Instant;
  readonly by: bigint;
};
export type ChequeOutcome = PaymentOutcome & { readonly chequeId: bigint; readonly counts: ChequeCounts };

/**
 * Takes a cheque over the counter. It counts at once, or when the bank has paid it: as the operator's terms say at this moment.
 * Until it counts nothing is credited, and `parts` are nothing. `guard` as a payment's.
 */
export async function receiveCheque(
  db: Database,
  wish: ChequeHandedOver,
  guard?: PaymentGuard,
): Promise<ChequeOutcome> {
  if (wish.amount.minor <= 0n) throw new CodedError("request.invalid", "a cheque is more than nothing");
  return db.as(wish.operatorId, async (trx) => {
    // Of a double click the second waits for the first, and then finds what it did.
    await sql`select pg_advisory_xact_lock(hashtextextended('sanbiao.cheque-key/' || sanbiao.operator_id() || ${wish.key}, 0))`.execute(
      trx,
    );
    const before = await receivedBefore(trx, wish);
    if (before !== null) return before;
    const after = await guard?.(trx);
    const { chequeCounts: counts } = await readCounterTerms(trx);
    const outcome = counts === "received" ? await asPayment(trx, wish) : await heldBack(trx, wish);
    if (outcome.kind !== "posted") throw new CodedError("request.conflict", "This cheque is being taken already.");
    if (counts === "received") await after?.(outcome);
    const { accountId, number, bank, amount, pays } = wish;
    const { journalId } = outcome;
    const chequeId = await noteCheque(trx, { journalId, accountId, number, bank, amount, pays, counts });
    // A cheque that counts has its receipt as any payment has.
    if (counts === "cleared") await issueReceipt(trx, { ...wish, journalId });
    return { ...outcome, chequeId, counts };
  });
}

const heldKey = (key: string): string => `cheque/${key}`;

async function receivedBefore(trx: Trx, wish: ChequeHandedOver): Promise<ChequeOutcome | null> {
  const { rows } = await sql<{ id: bigint }>`
    select id from sanbiao.journal where operator_id = sanbiao.operator_id()
       and idempotency_key in (${`payment/${wish.key}`}, ${heldKey(wish.key)})`.execute(trx);
  const journalId = rows[0]?.id;
  if (journalId === undefined) return null;
  const cheque = await readCheque(trx, { journalId });
  const same =
    cheque !== null &&
    cheque.accountId === wish.accountId &&
    cheque.amount.minor === wish.amount.minor &&
    cheque.number === wish.number &&
    cheque.bank === wish.bank &&
    cheque.pays === wish.pays;
  if (!same)
    throw new CodedError("request.conflict", "This Idempotency-Key stands for another payment; nothing was taken.");
  const outcome =
    cheque.counts === "received"
      ? await asPayment(trx, wish)
      : { kind: "already" as const, journalId, ...(await nothingYet(trx, wish)) };
  return { ...outcome, chequeId: cheque.id, counts: cheque.counts };
}

const asPayment = (trx: Trx, { number, ...wish }: ChequeHandedOver): Promise<PaymentOutcome> =>
  takePaymentIn(trx, { ...wish, channel: "cheque", tender: { reference: number } });

/** In hand, and owed to nobody's account yet. */
async function heldBack(trx: Trx, wish: ChequeHandedOver): Promise<PaymentOutcome> {
  const { currency } = await operatorFacts(trx);
  if (currency !== wish.amount.currency)
    throw new CodedError("request.invalid", `the operator's currency is ${currency}, not ${wish.amount.currency}`);
  const { rows } =
    await sql`select 1 from sanbiao.account where operator_id = sanbiao.operator_id() and id = ${wish.accountId}`.execute(
      trx,
    );
  if (rows.length === 0) throw new CodedError("request.not-found", `no account ${wish.accountId}`);
  const shift = await heldShift(trx, wish.by);
  const posted = await postEntry(trx, {
    ...transferOf(wish, heldKey(wish.key), {
      cheque: "received",
      account: String(wish.accountId),
      number: wish.number,
    }),
    postings: [
      { ledgerAccount: "cheque", amount: wish.amount },
      { ledgerAccount: "cheque.held", amount: negate(wish.amount) },
    ],
  });
  const amount = wish.amount.minor;
  if (posted.kind === "posted")
    await noteTender(trx, {
      journalId: posted.journalId,
      shiftId: shift?.id ?? null,
      kind: "cheque",
      amount,
      reference: wish.number,
    });
  return { ...posted, ...(await nothingYet(trx, wish)) };
}

async function nothingYet(trx: Trx, { accountId, amount: { currency } }: ChequeHandedOver) {
  const owed = await classesOwed(trx, accountId, currency);
  return { ...balancesOf(owed), parts: { supply: zero(currency), property: zero(currency) }, withdrawn: [] };
}

type Person = { readonly operatorId: OperatorId; readonly at: Instant; readonly by: bigint };
const transferOf = (of: Person, key: string, cause: Record<string, string>): Omit<Entry, "postings"> => ({
  operatorId: of.operatorId,
  key,
  kind: "transfer",
  cause,
  occurredAt: of.at,
  postedAt: of.at,
  postedBy: of.by,
});

export type ChequeEnd = Person & {
  readonly chequeId: bigint;
  readonly isManager: boolean;
  readonly outcome: "cleared" | "returned";
  /** Why it came back. */
  readonly reason: string;
};
export type ChequeEnded = {
  readonly kind: "posted" | "already";
  readonly cheque: Cheque;
  readonly ending: ChequeEnding;
  /** Whether the account was credited now. */
  readonly credited: boolean;
};

/**
 * The bank paid a cheque, or it came back: once. Cleared, it stands at the bank, and is a payment where it was none until now;
 * returned, what was booked of it is reversed. Above the operator's limit for reversals a manager says so.
 * @throws CodedError `request.not-found`, `counter.cheque-ended`, `counter.second-person`
 */
export async function endCheque(db: Database, end: ChequeEnd): Promise<ChequeEnded> {
  return db.as(end.operatorId, async (trx) => {
    const cheque = await readCheque(trx, { id: end.chequeId });
    if (cheque === null) throw new CodedError("request.not-found", `There is no cheque ${end.chequeId}.`);
    const before = await lockChequeEnding(trx, cheque.id);
    if (before !== null) {
      if (before.outcome !== end.outcome || before.reason !== end.reason)
        throw new CodedError("counter.cheque-ended", `This cheque was ${before.outcome} before.`);
      return { kind: "already", cheque, ending: before, credited: false };
    }
    const { reversalLimit } = await readCounterTerms(trx);
    if (!end.isManager && isBeyond(cheque.amount.minor, reversalLimit))
      throw new CodedError("counter.second-person", "A manager says how a cheque of this amount ended.");
    const ending = end.outcome === "cleared" ? await clear(trx, cheque, end) : await giveBackCheque(trx, cheque, end);
    await noteChequeEnding(trx, cheque.id, ending, end);
    return { kind: "posted", cheque, ending, credited: ending.paymentId !== null };
  });
}

async function clear(trx: Trx, cheque: Cheque, end: ChequeEnd): Promise<ChequeEnding> {
  const { journalId } = await postEntry(trx, {
    ...transferOf(end, `cheque/${cheque.id} cleared`, { cheque: "cleared", receipt: String(cheque.journalId) }),
    postings: [
      { ledgerAccount: "bank", amount: cheque.amount },
      { ledgerAccount: "cheque", amount: negate(cheque.amount) },
    ],
  });
  let paymentId: bigint | null = null;
  if (cheque.counts === "cleared") {
    const { operatorId, at, by } = end;
    const { accountId, amount, pays } = cheque;
    // No key of a client has a space in it.
    const key = `cheque ${cheque.id}`;
    const guard = await repaymentGuard(trx, { accountId, currency: amount.currency }, at);
    const after = await guard?.(trx);
    const paid = await takePaymentIn(trx, { operatorId, accountId, amount, pays, key, at, by, channel: "cheque.held" });
    await after?.(paid);
    paymentId = paid.journalId;
  }
  return { outcome: "cleared", journalId, paymentId, reason: end.reason };
}

async function giveBackCheque(trx: Trx, cheque: Cheque, end: ChequeEnd): Promise<ChequeEnding> {
  const entry = await readEntry(trx, cheque.journalId);
  if (entry === null) throw new Error(`cheque ${cheque.id} has no entry`);
  const { journalId } = await postEntry(trx, {
    ...transferOf(end, `reversal/${cheque.journalId}`, { reverses: String(cheque.journalId), reason: end.reason }),
    kind: "reversal",
    postings: turnedRound(entry.postings, null),
  });
  const shift = await heldShift(trx, end.by);
  const amount = -cheque.amount.minor;
  await noteTender(trx, { journalId, shiftId: shift?.id ?? null, kind: "cheque", amount, reference: cheque.number });
  return { outcome: "returned", journalId, paymentId: null, reason: end.reason };
}
