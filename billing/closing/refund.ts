import { sql, type Transaction } from "kysely";
import { CodedError } from "../../domain/errors.ts";
import type { Instant } from "../../domain/instant.ts";
import { amountText, type Currency, type Money, money, sumMoney } from "../../domain/money.ts";
import type { AccountId, OperatorId } from "../../domain/reading.ts";
import { lockAccountToClose, readClosing } from "../../ledger/account-closings.ts";
import { customerPosting, depositPosting, type Posting } from "../../ledger/chart.ts";
import { depositOf } from "../../ledger/deposits.ts";
import { postEntry } from "../../ledger/journal.ts";
import type { Database } from "../../schema/database.ts";
import type { Tables } from "../../schema/tables.ts";
import { operatorFacts } from "../operator.ts";
import { classesOwed, type PaymentChannel } from "../payment.ts";

type Trx = Transaction<Tables>;

/** What a closed account is to be given back: what is left of its deposit, and its credit in each class. */
export type RefundDue = {
  readonly deposit: Money;
  readonly supply: Money;
  readonly property: Money;
  readonly total: Money;
};

/** `null` while the account is not closed. Credit of one class never pays a debt of another. */
export async function refundDue(trx: Trx, accountId: AccountId, currency: Currency): Promise<RefundDue | null> {
  if ((await readClosing(trx, accountId)) === null) return null;
  const owed = await classesOwed(trx, accountId, currency);
  const credit = ({ minor }: Money): Money => money(currency, minor < 0n ? -minor : 0n);
  const held = await depositOf(trx, accountId, currency);
  // While something is owed the deposit stays: it pays that first.
  const isOwing = owed.supply.minor > 0n || owed.property.minor > 0n;
  const parts = {
    deposit: isOwing ? money(currency, 0n) : held,
    supply: credit(owed.supply),
    property: credit(owed.property),
  };
  return { ...parts, total: sumMoney(currency, Object.values(parts)) };
}

export type Refund = {
  readonly operatorId: OperatorId;
  readonly accountId: AccountId;
  /** Idempotency key, unique per operator among refunds. */
  readonly key: string;
  /** All that is due: another amount is refused, so that nobody gives back what he did not see. */
  readonly amount: Money;
  readonly channel: PaymentChannel;
  readonly at: Instant;
  readonly by: bigint;
};

export type RefundOutcome = {
  readonly kind: "posted" | "already" | "different";
  readonly journalIds: readonly bigint[];
};

/**
 * Gives a closed account back all that is due, once: the deposit and the credit are an entry each, in one transaction.
 * @throws CodedError `request.not-found`, `closing.refused` (not closed, nothing due), `closing.changed` (another amount is due)
 */
export async function refundClosed(db: Database, refund: Refund): Promise<RefundOutcome> {
  const { operatorId, accountId, amount } = refund;
  return db.as(operatorId, async (trx) => {
    if ((await lockAccountToClose(trx, accountId)) === null)
      throw new CodedError("request.not-found", `There is no account ${accountId}.`);
    const before = await postedBefore(trx, refund);
    if (before !== null) return before;
    const { currency } = await operatorFacts(trx);
    const due = await refundDue(trx, accountId, currency);
    if (due === null) throw new CodedError("closing.refused", "The account is not closed.");
    if (due.total.minor === 0n) throw new CodedError("closing.refused", "Nothing is due to this account.");
    if (due.total.minor !== amount.minor || amount.currency !== currency)
      throw new CodedError("closing.changed", `${amountText(due.total)} ${currency} is due: nothing was given back.`);
    const entries = [
      { part: "deposit", kind: "deposit", postings: [depositPosting(accountId, due.deposit)] },
      {
        part: "credit",
        kind: "refund",
        postings: (["supply", "property"] as const).map((of) => customerPosting(accountId, due[of], of)),
      },
    ] as const;
    const journalIds: bigint[] = [];
    for (const { part, kind, postings } of entries) {
      const own = postings.filter((one) => one.amount.minor !== 0n);
      if (own.length > 0) journalIds.push(await post(trx, refund, { part, kind, postings: own }));
    }
    return { kind: "posted", journalIds };
  });
}

async function post(
  trx: Trx,
  { operatorId, accountId, key, amount, channel, at, by }: Refund,
  { part, kind, postings }: { part: "deposit" | "credit"; kind: "deposit" | "refund"; postings: readonly Posting[] },
): Promise<bigint> {
  const { currency } = amount;
  const given = sumMoney(
    currency,
    postings.map((one) => one.amount),
  );
  const { journalId } = await postEntry(trx, {
    operatorId,
    key: `refund/${part}/${key}`,
    kind,
    cause: {
      ...(part === "deposit" ? { deposit: "refund" } : { refund: "credit" }),
      account: String(accountId),
      payment: channel,
      refunded: `${amount.minor} ${currency}`,
    },
    occurredAt: at,
    postedAt: at,
    postedBy: by,
    postings: [...postings, { ledgerAccount: channel, amount: money(currency, -given.minor) }],
  });
  return journalId;
}

/** The entries of this key, if there are some. */
async function postedBefore(trx: Trx, { key, accountId, amount, channel }: Refund): Promise<RefundOutcome | null> {
  const { rows } = await sql<{ id: bigint; cause: Readonly<Record<string, string>> }>`
    select id, cause from sanbiao.journal
     where operator_id = sanbiao.operator_id() and idempotency_key in (${`refund/deposit/${key}`}, ${`refund/credit/${key}`})
     order by id`.execute(trx);
  if (rows.length === 0) return null;
  const same = rows.every(
    ({ cause }) =>
      cause["account"] === String(accountId) &&
      cause["payment"] === channel &&
      cause["refunded"] === `${amount.minor} ${amount.currency}`,
  );
  return { kind: same ? "already" : "different", journalIds: rows.map(({ id }) => id) };
}
