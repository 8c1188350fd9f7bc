import { sql, type Transaction } from "kysely";
import { CodedError } from "../../domain/errors.ts";
import type { Instant } from "../../domain/instant.ts";
import { type Currency, money } from "../../domain/money.ts";
import { type Day, dayOf, startOfDay } from "../../domain/period.ts";
import type { AccountId, OperatorId } from "../../domain/reading.ts";
import {
  type CorrectionKind,
  correctionOfDigest,
  lastCorrections,
  type PostedCorrection,
  proposalOf,
  writeCorrection,
  writeProposal,
} from "../../ledger/corrections.ts";
import type { CorrectionCharge, CorrectionParts } from "../../ledger/correction-books.ts";
import { postEntry } from "../../ledger/journal.ts";
import type { Database } from "../../schema/database.ts";
import type { Tables } from "../../schema/tables.ts";
import type { SettlementBooks } from "../chunk.ts";
import { correctionBasesOf } from "../explain/correction-basis.ts";
import { type OperatorFacts, operatorFacts } from "../operator.ts";
import { postingsOf } from "../postings.ts";
import { tellCorrection } from "../told/correction.ts";
import type { ChargeDifference } from "./compare.ts";
import { correctionLineOf } from "./correction-line.ts";
import { isNothing, type Rebill, rebillOf } from "./decide.ts";
import { rebillLimit } from "./limit.ts";
import { type OneBill, replayAccounts } from "./replay.ts";

type Trx = Transaction<Tables>;
export type RebillBooks = Omit<SettlementBooks, "zone">;

/** What is corrected: every bill since an instant, or one bill. */
export type RebillScope =
  | { readonly kind: "rebill"; readonly from: Instant }
  | { readonly kind: "cancel" | "anew"; readonly billId: bigint };

export type RebillRequest = {
  readonly operatorId: OperatorId;
  readonly accountId: AccountId;
  readonly scope: RebillScope;
  /** Of what was shown: something else is not posted. */
  readonly digest: string;
  readonly reason: string;
  /** Of the preview of many accounts that this is a part of. */
  readonly batchDigest?: string;
  readonly by: bigint | null;
  readonly now: Instant;
};

export type RebillOutcome =
  | ({ readonly kind: "posted" | "already" } & PostedCorrection)
  /** Every bill is what it would be today. */
  | { readonly kind: "nothing" }
  /** Not what was shown: something came in since. Nothing was posted. */
  | { readonly kind: "different"; readonly digest: string; readonly totalMinor: bigint }
  /** So much money takes a second person: one who did not propose it. Nothing was posted. */
  | { readonly kind: "second_person"; readonly isProposed: boolean; readonly totalMinor: bigint };

/**
 * Posts the difference of one account as it was shown: one note, one netted entry, in one transaction under the account's lock.
 * The difference is worked out again there. The caller tells the prepaid engine afterwards (`onPayment`).
 * @throws CodedError `request.not-found`, `request.invalid` without a reason, `rebill.too-far`, `rebill.refused`
 */
export async function postRebill(db: Database, request: RebillRequest, books: RebillBooks): Promise<RebillOutcome> {
  if (request.reason.trim() === "") throw new CodedError("request.invalid", "A correction has a reason.");
  return db.as(request.operatorId, async (trx) => {
    await lockAccount(trx, request.accountId);
    const before = await correctionOfDigest(trx, request.accountId, request.digest);
    if (before !== null) return { kind: "already", ...before };
    const rebill = await rebillNow(trx, request, books, { withInputs: true });
    if (isNothing(rebill)) return { kind: "nothing" };
    const { digest, totalMinor } = rebill;
    if (digest !== request.digest) return { kind: "different", digest, totalMinor };
    const operator = await operatorFacts(trx);
    const { secondPersonAboveMinor: above } = await rebillLimit(trx, request.now, operator.zone);
    const proposal = await proposalOf(trx, request.accountId, digest);
    const size = totalMinor < 0n ? -totalMinor : totalMinor;
    if (above !== null && size > above && (proposal === null || proposal.proposedBy === request.by)) {
      return { kind: "second_person", isProposed: proposal !== null, totalMinor };
    }
    const issuedOn = dayOf(request.now, operator.zone);
    const written = await write(trx, request, rebill, { operator, issuedOn, proposalId: proposal?.id ?? null });
    return { kind: "posted", ...written, totalMinor };
  });
}

/** Asks for a correction that somebody else posts: exactly what was shown. */
export async function proposeRebill(
  db: Database,
  request: RebillRequest,
  books: RebillBooks,
): Promise<{ readonly kind: "proposed" | "already" } | Extract<RebillOutcome, { kind: "nothing" | "different" }>> {
  if (request.reason.trim() === "") throw new CodedError("request.invalid", "A correction has a reason.");
  return db.as(request.operatorId, async (trx) => {
    await lockAccount(trx, request.accountId);
    const rebill = await rebillNow(trx, request, books);
    if (isNothing(rebill)) return { kind: "nothing" };
    const { digest, totalMinor } = rebill;
    if (digest !== request.digest) return { kind: "different", digest, totalMinor };
    const { currency } = await operatorFacts(trx);
    const { accountId, reason, by, now: at } = request;
    return { kind: await writeProposal(trx, { accountId, digest, currency, totalMinor, reason, at, by }) };
  });
}

/** What would be posted for one account now. @throws as `postRebill` */
export async function rebillNow(
  trx: Trx,
  { accountId, scope, now }: Pick<RebillRequest, "accountId" | "scope" | "now">,
  books: RebillBooks,
  { withInputs = false }: { readonly withInputs?: boolean } = {},
): Promise<Rebill> {
  const { zone } = await operatorFacts(trx);
  const { since, monthsBack } = await rebillLimit(trx, now, zone);
  const from = scope.kind === "rebill" ? scope.from : await endOfBill(trx, accountId, scope.billId);
  if (from < startOfDay(since, zone)) {
    throw new CodedError("rebill.too-far", `This operator corrects ${monthsBack} months: ${since} is the first day.`);
  }
  const only = scope.kind === "rebill" ? undefined : oneBill(scope);
  const first = scope.kind === "rebill" ? from : ((from - 1) as Instant);
  const [replay] = await replayAccounts(trx, [accountId], first, books, { only, withInputs });
  if (replay === undefined) throw new CodedError("request.not-found", `There is no account ${accountId}.`);
  const open = replay.bills.some(({ points }) => points.some(({ kind }) => kind === "true_up_open"));
  if (only !== undefined && open) {
    throw new CodedError(
      "rebill.refused",
      "The bill ends at an estimate that the next bill settles: cancel it after that.",
    );
  }
  const rebill = rebillOf(replay, (await lastCorrections(trx, [accountId])).get(accountId) ?? null);
  if (only !== undefined && rebill.waits.length > 0) {
    throw new CodedError("rebill.refused", rebill.waits.flatMap(({ why }) => why).join("; "));
  }
  return rebill;
}

const oneBill = ({ kind, billId }: Extract<RebillScope, { billId: bigint }>): OneBill => ({
  billId,
  as: kind === "cancel" ? "cancelled" : "standing",
});

async function endOfBill(trx: Trx, accountId: AccountId, billId: bigint): Promise<Instant> {
  const row = await trx
    .selectFrom("bill")
    .select("period_to")
    .where("account_id", "=", accountId)
    .where("id", "=", billId)
    .executeTakeFirst();
  if (row === undefined) throw new CodedError("request.not-found", `Account ${accountId} has no bill ${billId}.`);
  return row.period_to;
}

/** A bill run, a shared payment or another clerk waits, or is waited for. */
async function lockAccount(trx: Trx, accountId: AccountId): Promise<void> {
  const { rows } = await sql`
    select 1 from sanbiao.account where operator_id = sanbiao.operator_id() and id = ${accountId} for no key update`.execute(
    trx,
  );
  if (rows.length === 0) throw new CodedError("request.not-found", `There is no account ${accountId}.`);
}

type Facts = {
  readonly operator: OperatorFacts;
  readonly issuedOn: Day;
  readonly proposalId: bigint | null;
};

async function write(
  trx: Trx,
  request: RebillRequest,
  rebill: Rebill,
  { operator, issuedOn, proposalId }: Facts,
): Promise<{ id: bigint; number: string }> {
  const { operatorId, accountId, scope, digest, reason, by, now } = request;
  const { currency } = operator;
  const kind: CorrectionKind = scope.kind;
  const cause = { correction: digest, account: String(accountId), reason };
  const postings = postingsOf({
    accountId,
    lines: rebill.lines.map((one) => moneyLine(one, currency)),
    total: money(currency, rebill.supplyMinor),
    charges: rebill.charges.map((one) => moneyCharge(one, currency)),
  });
  let journalId: bigint | null = null;
  if (postings.length > 0) {
    const posted = await postEntry(trx, {
      operatorId,
      key: `correction/${accountId}/${digest}`,
      kind: "adjustment",
      cause,
      occurredAt: now,
      postedAt: now,
      ...(by === null ? {} : { postedBy: by }),
      postings,
    });
    if (posted.kind !== "posted")
      throw new Error(`correction ${digest} of account ${accountId} stands without its note`);
    journalId = posted.journalId;
  }
  const head = {
    accountId,
    kind,
    billId: scope.kind === "rebill" ? null : scope.billId,
    issuedOn,
    currency,
    totalMinor: rebill.supplyMinor,
    chargesMinor: rebill.chargesMinor,
    journalId,
    reason,
    digest,
    batchDigest: request.batchDigest ?? null,
    proposalId,
    postedAt: now,
    postedBy: by,
  };
  const parts = await partsOf(trx, rebill, issuedOn, operator);
  const written = await writeCorrection(trx, head, rebill.lines.map(correctionLineOf), rebill.usages, parts);
  const { number } = written;
  const { totalMinor } = rebill;
  await tellCorrection(trx, { ...operator, accountId, number, billIds: billsTouched(rebill), totalMinor, now });
  return written;
}

const billsTouched = ({ lines, usages, measures, states, charges }: Rebill): Set<bigint> =>
  new Set([...lines, ...usages, ...measures, ...states, ...charges].map(({ billId }) => billId));

async function partsOf(trx: Trx, rebill: Rebill, issuedOn: Day, operator: OperatorFacts): Promise<CorrectionParts> {
  const { accountId, measures, states, charges, madeOf } = rebill;
  const touched = billsTouched(rebill);
  const changed = madeOf.filter(({ billId }) => touched.has(billId));
  return {
    charges: charges.map(correctionChargeOf),
    measures,
    states: states.map((one) => ({ ...one, accountId })),
    ...(await correctionBasesOf(trx, accountId, changed, issuedOn, operator)),
  };
}

const moneyCharge = (one: ChargeDifference, currency: Currency) => {
  const { amount, included } = chargeMove(one);
  return { income: one.income, amount: money(currency, amount), included: money(currency, included) };
};

/** Tax goes the way of the charge: all of it, or nothing. */
const chargeMove = ({ billedMinor, dueMinor, includedMinor, issuedMinor, issuedIncludedMinor }: ChargeDifference) => ({
  amount: dueMinor - billedMinor,
  included: (dueMinor === issuedMinor ? issuedIncludedMinor : 0n) - includedMinor,
});

const correctionChargeOf = (one: ChargeDifference): CorrectionCharge => {
  const { billId, line, billedMinor, dueMinor } = one;
  return { billId, line, billedMinor, dueMinor, includedMinor: chargeMove(one).included };
};

/** The line as a bill's, with the difference for its amount: what it is income of is decided in one place. */
const moneyLine = ({ line, usagePointId, amount, included }: Rebill["lines"][number], currency: Currency) => ({
  ...line,
  usagePointId,
  amount: money(currency, amount),
  included: money(currency, included),
});
