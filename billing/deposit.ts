import { sql, type Transaction } from "kysely";
import { CodedError } from "../domain/errors.ts";
import type { Instant } from "../domain/instant.ts";
import { dayOf } from "../domain/period.ts";
import { type Currency, type Money, money } from "../domain/money.ts";
import type { AccountId, OperatorId } from "../domain/reading.ts";
import { depositPosting, drawerAccount, type Posting } from "../ledger/chart.ts";
import { depositOf } from "../ledger/deposits.ts";
import { type PostOutcome, postEntry } from "../ledger/journal.ts";
import { heldShift, noteTender, requireShift, type Shift } from "../ledger/shifts.ts";
import type { Database } from "../schema/database.ts";
import type { Tables } from "../schema/tables.ts";
import { appliedPostings, depositShare } from "./closing/figures.ts";
import { operatorFacts } from "./operator.ts";
import { classesOwed, type PaymentChannel } from "./payment.ts";

export type DepositMove = {
  readonly operatorId: OperatorId;
  readonly accountId: AccountId;
  /** Idempotency key, unique per operator among deposits. */
  readonly key: string;
  readonly at: Instant;
  readonly by?: bigint;
  readonly move:
    | { readonly kind: "take" | "refund"; readonly amount: Money; readonly channel: PaymentChannel }
    /** To what the account owes, supply first; only after it has moved out. */
    | { readonly kind: "apply" };
};

export type DepositOutcome = PostOutcome & { readonly held: Money };

/**
 * Takes a deposit, gives it back, or pays debts with it: one entry, once per key. It bears no interest.
 * @throws CodedError `request.not-found`, `request.invalid` (no amount, more than is held, nothing owed, not moved out)
 */
export async function moveDeposit(db: Database, deposit: DepositMove): Promise<DepositOutcome> {
  const { operatorId, accountId, at, by, move } = deposit;
  return db.as(operatorId, async (trx) => {
    const { currency, zone } = await operatorFacts(trx);
    // Bill runs and other deposits of this account wait here.
    const { rows } = await sql<{ live: boolean }>`
      select exists (select from sanbiao.agreement g where g.operator_id = a.operator_id and g.account_id = a.id
                        and (g.to_day is null or g.to_day > ${dayOf(at, zone)}::date)) as live
        from sanbiao.account a where a.operator_id = sanbiao.operator_id() and a.id = ${accountId} for no key update`.execute(
      trx,
    );
    const account = rows[0];
    if (account === undefined) throw new CodedError("request.not-found", `There is no account ${accountId}.`);
    const cause = causeOf(deposit);
    const key = `deposit/${deposit.key}`;
    const before = await keyTaken(trx, key, cause);
    if (before !== null) return { ...before, held: await depositOf(trx, accountId, currency) };
    const shift = by === undefined || move.kind === "apply" ? null : await heldShift(trx, by);
    if (move.kind !== "apply" && by !== undefined) await requireShift(trx, move.channel, shift);
    const postings = await postingsOfMove(trx, deposit, currency, { isLive: account.live, shift });
    const posted = await postEntry(trx, {
      operatorId,
      key,
      kind: "deposit",
      cause,
      occurredAt: at,
      postedAt: at,
      ...(by === undefined ? {} : { postedBy: by }),
      postings,
    });
    if (move.kind !== "apply" && by !== undefined && posted.kind === "posted") {
      const amount = move.kind === "take" ? move.amount.minor : -move.amount.minor;
      await noteTender(trx, { journalId: posted.journalId, shiftId: shift?.id ?? null, kind: move.channel, amount });
    }
    return {
      ...posted,
      held: await depositOf(trx, accountId, move.kind === "apply" ? currency : move.amount.currency),
    };
  });
}

const causeOf = ({ accountId, move }: DepositMove): Record<string, string> => ({
  deposit: move.kind,
  account: String(accountId),
  ...(move.kind === "apply" ? {} : { payment: move.channel, amount: `${move.amount.minor} ${move.amount.currency}` }),
});

/** The entry of this key, if there is one: what a deposit pays is worked out anew each time, so its postings are not compared. */
async function keyTaken(
  trx: Transaction<Tables>,
  key: string,
  cause: Readonly<Record<string, string>>,
): Promise<PostOutcome | null> {
  const { rows } = await sql<{ id: bigint; same: boolean }>`
    select id, cause = ${JSON.stringify(cause)}::jsonb as same from sanbiao.journal
     where operator_id = sanbiao.operator_id() and idempotency_key = ${key}`.execute(trx);
  const row = rows[0];
  return row === undefined ? null : { kind: row.same ? "already" : "different", journalId: row.id };
}

async function postingsOfMove(
  trx: Transaction<Tables>,
  { accountId, move }: DepositMove,
  currency: Currency,
  { isLive, shift }: { isLive: boolean; shift: Shift | null },
): Promise<Posting[]> {
  const held = await depositOf(trx, accountId, currency);
  if (move.kind === "apply") {
    if (isLive)
      throw new CodedError(
        "request.invalid",
        "The account still has an agreement: a deposit pays debts after move-out.",
      );
    return postingsOfApply(trx, accountId, held);
  }
  const { amount, channel, kind } = move;
  if (amount.minor <= 0n || amount.currency !== currency)
    throw new CodedError("request.invalid", `A deposit is more than zero, in ${currency}.`);
  if (kind === "refund" && amount.minor > held.minor)
    throw new CodedError("request.invalid", "That is more than the deposit that is held.");
  const sign = kind === "take" ? 1n : -1n;
  return [
    {
      ledgerAccount: channel === "cash" && shift !== null ? drawerAccount(shift.drawerId) : channel,
      amount: money(currency, sign * amount.minor),
    },
    depositPosting(accountId, money(currency, -sign * amount.minor)),
  ];
}

async function postingsOfApply(trx: Transaction<Tables>, accountId: AccountId, held: Money): Promise<Posting[]> {
  const share = depositShare(held, await classesOwed(trx, accountId, held.currency));
  const postings = appliedPostings(accountId, share);
  if (postings.length === 0) throw new CodedError("request.invalid", "Nothing is owed, or no deposit is held.");
  return postings;
}
