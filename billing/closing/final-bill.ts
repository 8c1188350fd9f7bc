import { sql, type Transaction } from "kysely";
import type { Bill } from "../../domain/bill.ts";
import { CodedError } from "../../domain/errors.ts";
import { type Instant, isoIn } from "../../domain/instant.ts";
import { type Currency, money } from "../../domain/money.ts";
import { addDays, type Day, dayOf, type Period, periodOfDays, startOfDay } from "../../domain/period.ts";
import type { AccountId, OperatorId } from "../../domain/reading.ts";
import {
  type AccountClosing,
  type AccountToClose,
  type ClosingFigures,
  cycleBegin,
  endAgreements,
  lockAccountToClose,
  readClosing,
  type SetOffConsent,
  settleWaiting,
  writeClosing,
} from "../../ledger/account-closings.ts";
import { accountHolds } from "../../ledger/bill-holds.ts";
import { nextBillIds } from "../../ledger/bills.ts";
import { cancelControls } from "../../ledger/controls.ts";
import { depositOf } from "../../ledger/deposits.ts";
import type { EditToWrite } from "../../ledger/edits.ts";
import { giveEstimate } from "../../ledger/given-estimates.ts";
import { type Entry, postEntry } from "../../ledger/journal.ts";
import { readSetOffRule } from "../../ledger/set-off-terms.ts";
import { undone } from "../../schema/database.ts";
import type { Tables } from "../../schema/tables.ts";
import { accountBillOf } from "../account-bill.ts";
import { BillWriter } from "../bill-writer.ts";
import type { AccountInput } from "../chunk.ts";
import { proposeEnds } from "../estimate-ends.ts";
import { canonicalText, sha256Of } from "../explain/canonical.ts";
import type { RatedAccount } from "../hold-back.ts";
import { type OperatorFacts, operatorFacts } from "../operator.ts";
import { classesOwed } from "../payment.ts";
import type { BillRunDeps } from "../run.ts";
import { readInputs } from "../run-chunk.ts";
import type { SetOffRule } from "../../domain/set-off.ts";
import { appliedPostings, closingFigures, owedWith, setOffPostings } from "./figures.ts";
import { boundariesOf, type Boundary, whyNotClosed } from "./boundary.ts";

type Trx = Transaction<Tables>;

export type FinalBillAsked = {
  readonly operatorId: OperatorId;
  readonly accountId: AccountId;
  /** Half-open: the first day that is no longer this customer's. */
  readonly onDay: Day;
  readonly by: bigint | null;
  /** Ends that nobody read are estimated, and the customer agreed to that: who, when, and where it is written. */
  readonly agreed?: { readonly by: string; readonly on: Day; readonly reference: string };
  /** The customer's word that credit of one class pays another's debt; needed where the operator's rule is `on_consent`. */
  readonly setOffConsent?: SetOffConsent;
  /** Books what was read at the move-out, in the same transaction. */
  readonly prepare?: (trx: Trx) => Promise<void>;
};

/** A final bill as it would be issued now. */
export type FinalBill = {
  readonly accountId: AccountId;
  readonly onDay: Day;
  /** `null`: everything up to the day is billed already, and no further bill is needed. */
  readonly period: Period | null;
  readonly bill: Bill | null;
  /** Why there can be no bill. */
  readonly refused: { readonly reason: string; readonly detail: string } | null;
  readonly boundary: readonly Boundary[];
  /** Values that the customer may agree to where nobody read, and why there is none. */
  readonly proposed: readonly EditToWrite[];
  readonly notProposed: readonly string[];
  /** `null` where there can be no bill. */
  readonly figures: ClosingFigures | null;
  readonly setOff: SetOffAllowed;
  /** Of all that is shown: what has another one is not posted. */
  readonly digest: string | null;
};

const refuse = (message: string): CodedError => new CodedError("closing.refused", message);

/**
 * Computes an account's final bill; nothing of it stays in the books.
 * @throws CodedError `request.not-found`, `closing.refused` (closed already, a day that cannot be, months before it not billed)
 */
export const previewFinalBill = (deps: BillRunDeps, asked: FinalBillAsked): Promise<FinalBill> =>
  undone(deps.db, asked.operatorId, async (trx) => {
    const account = await lockAccountToClose(trx, asked.accountId);
    if (account === null) throw new CodedError("request.not-found", `There is no account ${asked.accountId}.`);
    const closed = await readClosing(trx, asked.accountId);
    if (closed !== null && account.ends !== null)
      throw refuse(`Account ${account.number} was closed on ${closed.onDay}.`);
    return (await prepared(trx, deps, asked, account)).shown;
  });

export type ClosingOutcome = { readonly kind: "closed" | "already"; readonly closing: AccountClosing };

/**
 * Closes an account as it was shown: agreements end, the final bill is issued, the deposit pays what is owed. One transaction, once:
 * again for the same day is `already`.
 * @throws CodedError as `previewFinalBill`; `closing.changed` when it would not be what was shown
 */
export async function issueFinalBill(
  deps: BillRunDeps,
  asked: FinalBillAsked & { readonly digest: string },
): Promise<ClosingOutcome> {
  const { accountId, operatorId, onDay, by } = asked;
  return deps.db.as(operatorId, async (trx) => {
    const account = await lockAccountToClose(trx, accountId);
    if (account === null) throw new CodedError("request.not-found", `There is no account ${accountId}.`);
    const before = await readClosing(trx, accountId);
    if (before !== null && before.onDay === onDay) return { kind: "already", closing: before };
    if (before !== null && account.ends !== null)
      throw refuse(`Account ${account.number} was closed on ${before.onDay}.`);
    const { shown, rated, input, operator, issuedOn } = await prepared(trx, deps, asked, account);
    if (shown.figures === null) throw refuse(`${shown.refused?.reason}: ${shown.refused?.detail}`);
    if (shown.digest !== asked.digest) throw changed();
    const noted = { at: deps.clock.now(), by };
    const billId =
      rated === null || input === null
        ? null
        : await issue(trx, { deps, operator, asked, shown, rated, input, issuedOn });
    const paid = await payWhatIsOwed(trx, asked, { ...shown, figures: shown.figures }, operator.currency, noted.at);
    await writeClosing(trx, { accountId, onDay, billId, ...paid }, noted);
    await leaveSupply(trx, accountId, noted.at);
    const closing = await readClosing(trx, accountId);
    if (closing === null) throw new Error("a closing was written");
    return { kind: "closed", closing };
  });
}

const changed = (): CodedError =>
  new CodedError("closing.changed", "The final bill is no longer what was shown: nothing was done.");

type Prepared = {
  readonly shown: FinalBill;
  readonly operator: OperatorFacts;
  readonly issuedOn: Day;
  readonly rated: RatedAccount | null;
  readonly input: AccountInput | null;
};

/** Ends the agreements and computes what follows, in a transaction that may be undone. */
async function prepared(
  trx: Trx,
  deps: BillRunDeps,
  asked: FinalBillAsked,
  account: AccountToClose,
): Promise<Prepared> {
  const { accountId, onDay, prepare, agreed } = asked;
  const operator = await operatorFacts(trx);
  const { zone } = operator;
  const now = deps.clock.now();
  const issuedOn = dayOf(now, zone);
  const { billedUntil } = account;
  const cycleBegins = await cycleBegin(trx, accountId, addDays(onDay, -1));
  const why = whyNotClosed(account, { onDay, today: issuedOn, cycleBegins });
  if (why !== null) throw refuse(`Account ${account.number} cannot be closed on ${onDay}: ${why}.`);
  await endAgreements(trx, accountId, onDay);
  const setOff = await setOffAllowed(trx, asked, issuedOn);
  const from = billedUntil !== null && billedUntil > cycleBegins ? billedUntil : cycleBegins;
  const nothing = { period: null, bill: null, refused: null, boundary: [], proposed: [], notProposed: [] };
  if (from === onDay) {
    const figures = await figuresOf(trx, accountId, null, { operator, setOff });
    const shown = withDigest({ accountId, onDay, ...nothing, figures, setOff });
    return { shown, operator, issuedOn, rated: null, input: null };
  }
  await prepare?.(trx);
  const period = periodOfDays(from, onDay, zone);
  const first = await rateNow(trx, deps, operator, accountId, period);
  const context = { ...deps, zone, now };
  const { proposed, none } = await proposeEnds(trx, first.input, context);
  if (agreed !== undefined) for (const one of proposed) await agree(trx, one, agreed, asked, now);
  const { input, rated, held } =
    agreed === undefined || proposed.length === 0 ? first : await rateNow(trx, deps, operator, accountId, period);
  const refused = held ?? (rated.kind === "refused" ? { reason: rated.reason, detail: rated.detail } : null);
  const bill = rated.kind === "billed" && refused === null ? rated.bill : null;
  const shown = withDigest({
    accountId,
    onDay,
    period,
    bill,
    refused,
    boundary: boundariesOf(rated.settlements, input, period.to),
    proposed: agreed === undefined ? proposed : [],
    notProposed: none,
    figures: bill === null ? null : await figuresOf(trx, accountId, bill, { operator, setOff }),
    setOff,
  });
  return { shown, operator, issuedOn, rated, input };
}

async function rateNow(
  trx: Trx,
  deps: BillRunDeps,
  operator: OperatorFacts,
  accountId: AccountId,
  period: Period,
): Promise<{ input: AccountInput; rated: RatedAccount; held: { reason: string; detail: string } | null }> {
  // An end is estimated with the customer's consent only: the declared policy is for bills that another one follows.
  const { estimation: _estimation, ...withoutEstimation } = deps;
  const { inputs, issuedOn } = await readInputs(trx, { deps: withoutEstimation, operator, period }, [accountId]);
  const [input] = inputs;
  if (input === undefined) throw new Error(`account ${accountId} was not read`);
  const byHand = (await accountHolds(trx, [accountId], issuedOn)).get(accountId);
  const held = byHand === undefined ? null : { reason: "held", detail: byHand };
  return { input, rated: { ...accountBillOf(input, period, issuedOn, operator), accountId }, held };
}

async function agree(
  trx: Trx,
  { meterId, register, at, says, reason, key }: EditToWrite,
  consent: NonNullable<FinalBillAsked["agreed"]>,
  { by, onDay }: FinalBillAsked,
  now: Instant,
): Promise<void> {
  if (says.kind !== "value" || says.source !== "estimate") return;
  const foundBy = { found_by: says.method, ...says.basis };
  const given = { method: "agreed", ...consent } as const;
  const done = await giveEstimate(trx, {
    meterId,
    register,
    at,
    value: says.value,
    given,
    foundBy,
    reason,
    madeBy: by,
    now,
    key: `final/${onDay}/${key}`,
  });
  if (done.kind === "refused") throw refuse(`The estimate for meter ${meterId} is refused: ${done.detail}.`);
}

/** What is owed with the bill, what the deposit pays of it, and what is set off. */
async function figuresOf(
  trx: Trx,
  accountId: AccountId,
  bill: Bill | null,
  { operator: { currency }, setOff }: { operator: OperatorFacts; setOff: SetOffAllowed },
): Promise<ClosingFigures> {
  const owed = owedWith(await classesOwed(trx, accountId, currency), bill, currency);
  return closingFigures(await depositOf(trx, accountId, currency), owed, setOff.isAllowed);
}

/** The operator's rule and the customer's word: both are looked at anew when the bill is issued. */
export type SetOffAllowed = {
  readonly rule: SetOffRule;
  readonly consent: SetOffConsent | null;
  readonly isAllowed: boolean;
};

async function setOffAllowed(trx: Trx, { setOffConsent }: FinalBillAsked, today: Day): Promise<SetOffAllowed> {
  const rule = await readSetOffRule(trx);
  const consent = setOffConsent ?? null;
  if (consent !== null && rule === "off")
    throw refuse("The operator's rule is that credit of one class of debt pays no other: nothing can be set off.");
  if (consent !== null && consent.on > today)
    throw refuse(`The consent to the set-off is of ${consent.on}: yet to come.`);
  return { rule, consent, isAllowed: rule === "agreed" || (rule === "on_consent" && consent !== null) };
}

function withDigest(shown: Omit<FinalBill, "digest">): FinalBill {
  const { figures, bill, onDay, period, setOff } = shown;
  if (figures === null) return { ...shown, digest: null };
  const lines = bill?.lines.map(({ key, quantity, price, amount }) => ({ key, quantity, price, amount }));
  const charges = bill?.charges?.map(({ key, amount }) => ({ key, amount }));
  const boundary = shown.boundary.map(({ meterId, register, value, basis }) => ({ meterId, register, value, basis }));
  const of = { accountId: shown.accountId, onDay, period, lines, charges, boundary, figures, setOff };
  return { ...shown, digest: sha256Of(canonicalText(of)) };
}

type ToIssue = {
  readonly deps: BillRunDeps;
  readonly operator: OperatorFacts;
  readonly asked: FinalBillAsked;
  readonly shown: FinalBill;
  readonly rated: RatedAccount;
  readonly input: AccountInput;
  readonly issuedOn: Day;
};

async function issue(trx: Trx, { deps, operator, asked, shown, rated, input, issuedOn }: ToIssue): Promise<bigint> {
  const { accountId, operatorId } = asked;
  const { period } = shown;
  if (period === null) throw new Error("a final bill has a period");
  const now = deps.clock.now();
  const writer = new BillWriter({ operatorId, period, runId: null, now, final: true });
  const [id] = await nextBillIds(trx, 1);
  writer.add(id as bigint, rated, { input, period, issuedOn, operator });
  const issued = await writer.write(trx);
  await settleWaiting(trx, accountId, period, now);
  const billId = issued.get(accountId);
  if (billId === undefined) throw new Error(`account ${accountId} got no final bill`);
  return billId;
}

type Paid = Pick<AccountClosing, "depositJournalId" | "setOffJournalId" | "setOffConsent"> & ClosingFigures;

/** Posted after the bill: its entry holds the balance, so that no payment comes in between. First the deposit pays, then credit. */
async function payWhatIsOwed(
  trx: Trx,
  asked: FinalBillAsked,
  { figures: shown, setOff }: Pick<FinalBill, "setOff"> & { readonly figures: ClosingFigures },
  currency: Currency,
  at: Instant,
): Promise<Paid> {
  const { accountId } = asked;
  const owed = await classesOwed(trx, accountId, currency);
  const figures = closingFigures(await depositOf(trx, accountId, currency), owed, setOff.isAllowed);
  if (canonicalText(figures) !== canonicalText(shown)) throw changed();
  const applied = appliedPostings(accountId, {
    supply: money(currency, figures.supplyPaid),
    property: money(currency, figures.propertyPaid),
  });
  const depositJournalId = await post(trx, asked, at, {
    kind: "deposit",
    cause: { deposit: "apply" },
    postings: applied,
  });
  const pays = figures.supplySetOff > 0n ? "supply" : "property";
  const word = Object.entries(setOff.consent ?? {}).map(([name, text]) => [`consent_${name}`, text] as const);
  const setOffJournalId = await post(trx, asked, at, {
    kind: "set_off",
    cause: { set_off: "closing", pays, rule: setOff.rule, ...Object.fromEntries(word) },
    postings: setOffPostings(accountId, figures, currency),
  });
  const setOffConsent = setOffJournalId === null ? null : setOff.consent;
  return { ...figures, depositJournalId, setOffJournalId, setOffConsent };
}

/** One entry of the closing; `null` where there is nothing to post. */
async function post(
  trx: Trx,
  { operatorId, accountId, onDay, by }: FinalBillAsked,
  at: Instant,
  { kind, cause, postings }: Pick<Entry, "kind" | "cause" | "postings">,
): Promise<bigint | null> {
  if (postings.length === 0) return null;
  const { journalId } = await postEntry(trx, {
    operatorId,
    key: `${kind}/closing/${accountId}/${onDay}`,
    kind,
    cause: { ...cause, account: String(accountId) },
    occurredAt: at,
    postedAt: at,
    ...(by === null ? {} : { postedBy: by }),
    postings,
  });
  return journalId;
}

/** Whoever moves in next must not be cut for who moved out: no order for the old account stays open. */
async function leaveSupply(trx: Trx, accountId: AccountId, now: Instant): Promise<void> {
  await sql`select from sanbiao.supply where operator_id = sanbiao.operator_id() and account_id = ${accountId} for update`.execute(
    trx,
  );
  await cancelControls(trx, accountId, "disconnect", "withdrawn: the account is closed", now);
}

/** `2026-10-01T00:00:00+08:00`: where one customer ends and the next begins. */
export const boundaryInstant = (onDay: Day, zone: string): string => isoIn(startOfDay(onDay, zone), zone);
