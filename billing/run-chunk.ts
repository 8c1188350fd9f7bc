import { setImmediate as breathe } from "node:timers/promises";
import type { Transaction } from "kysely";
import type { Instant } from "../domain/instant.ts";
import { type Day, dayOf, daysOf, type Period } from "../domain/period.ts";
import type { AccountId, OperatorId } from "../domain/reading.ts";
import { clearHeld } from "../ledger/bill-holds.ts";
import { writeBillCharges } from "../ledger/bill-charges.ts";
import { type BillToWrite, writeBills } from "../ledger/bills.ts";
import { postEntries } from "../ledger/journal.ts";
import { claimAccounts, type ClaimQuery, type Refusal, refuseAccounts, settleExceptions } from "../ledger/runs.ts";
import { type JudgedAgain, judgeAgain } from "../ledger/verdicts.ts";
import { isDatabaseAway } from "../schema/database.ts";
import type { Tables } from "../schema/tables.ts";
import { accountBillOf, billedUsagesOf } from "./account-bill.ts";
import { withLateFees } from "./charges/overdue.ts";
import { writeKept } from "./books-state.ts";
import { withCharges } from "./charges/read.ts";
import { type AccountInput, readAccounts } from "./chunk.ts";
import { withTrueUps } from "./due-true-ups.ts";
import type { BillInputs } from "./explain/basis.ts";
import { writeBasesOf } from "./explain/write-bases.ts";
import { withEstimates } from "./estimate-ends.ts";
import type { OperatorFacts } from "./operator.ts";
import { holdBack, type RatedAccount } from "./hold-back.ts";
import { postingsOf } from "./postings.ts";
import type { BillRunDeps } from "./run.ts";
import type { Settlement } from "./settlement.ts";
import { writeTrueUpsOf } from "./write-true-ups.ts";

/** What all chunks of a run share. */
export type RunFacts = {
  readonly deps: BillRunDeps;
  readonly operatorId: OperatorId;
  readonly operator: OperatorFacts;
  readonly period: Period;
  readonly runId: bigint;
};

export type ChunkOutcome =
  | {
      readonly kind: "billed";
      readonly issued: ReadonlyMap<AccountId, bigint>;
      readonly refused: readonly Refusal[];
      /** How far by id was looked; `null` at the end of the accounts. */
      readonly upTo: AccountId | null;
    }
  /** Nothing of the chunk was kept. */
  | { readonly kind: "failed"; readonly accountIds: readonly AccountId[]; readonly error: unknown };

/**
 * Claim, read, rate, write: one transaction, so that a kill at any point leaves all of it or nothing.
 * @param onClaimed how far by id was looked, as soon as it is known
 */
export async function billChunk(
  facts: RunFacts,
  claim: Pick<ClaimQuery, "among" | "except" | "scope">,
  onClaimed: (upTo: AccountId) => void = () => {},
): Promise<ChunkOutcome> {
  const { deps, operatorId, period, operator } = facts;
  let claimed: readonly AccountId[] = [];
  try {
    return await deps.db.as(operatorId, async (trx) => {
      const days = daysOf(period, operator.zone);
      const { accountIds, upTo } = await claimAccounts(trx, { ...claim, period, days });
      claimed = accountIds;
      if (upTo !== null) onClaimed(upTo);
      if (accountIds.length === 0) return { kind: "billed", issued: new Map(), refused: [], upTo };
      const { inputs, issuedOn } = await readInputs(trx, facts, accountIds);
      const rated = await rateAll(facts, inputs, issuedOn);
      const { runId } = facts;
      const bills = await holdBack(trx, rated, inputs, { runId, period, issuedOn, now: deps.clock.now() });
      const bases = inputs.map((input) => ({ input, period, issuedOn, operator }));
      return { kind: "billed", ...(await writeChunk(trx, facts, bills, bases)), upTo };
    });
  } catch (error) {
    if (isDatabaseAway(error) || claimed.length === 0) throw error;
    deps.log?.warn({ err: error, accounts: claimed.length }, "a part of the bill run failed");
    return { kind: "failed", accountIds: claimed, error };
  }
}

/** All that bills of these accounts for a period are made of, as they would be issued now. */
export async function readInputs(
  trx: Transaction<Tables>,
  { deps, operator, period }: Pick<RunFacts, "deps" | "operator" | "period">,
  accountIds: readonly AccountId[],
): Promise<{ readonly inputs: readonly AccountInput[]; readonly issuedOn: Day }> {
  const now = deps.clock.now();
  const books = { ...deps, zone: operator.zone };
  const read = await withTrueUps(trx, await readAccounts(trx, accountIds, period, books), books);
  const charged = await withCharges(
    trx,
    await withEstimates(trx, read, { ...books, now }),
    daysOf(period, operator.zone),
  );
  const issuedOn = dayOf(now, operator.zone);
  return { inputs: await withLateFees(trx, charged, issuedOn, operator), issuedOn };
}

/** After so many accounts whatever else this process does has its turn: some milliseconds. Our choice. */
const ACCOUNTS_PER_BREATH = 32;

async function rateAll(facts: RunFacts, inputs: readonly AccountInput[], issuedOn: Day): Promise<RatedAccount[]> {
  const { operator, period } = facts;
  const bills: RatedAccount[] = [];
  for (const [i, input] of inputs.entries()) {
    if (i % ACCOUNTS_PER_BREATH === ACCOUNTS_PER_BREATH - 1) await breathe();
    bills.push({ ...accountBillOf(input, period, issuedOn, operator), accountId: input.accountId });
  }
  return bills;
}

async function writeChunk(
  trx: Transaction<Tables>,
  facts: RunFacts,
  bills: readonly RatedAccount[],
  bases: readonly BillInputs[],
): Promise<{ issued: ReadonlyMap<AccountId, bigint>; refused: readonly Refusal[] }> {
  const { runId, deps } = facts;
  const now = deps.clock.now();
  const refused = bills.flatMap((one): Refusal[] =>
    one.kind === "refused" ? [{ accountId: one.accountId, reason: one.reason, detail: one.detail }] : [],
  );
  await refuseAccounts(trx, runId, refused, now);
  const issued = await writeRated(trx, facts, bills, bases);
  await settleExceptions(trx, runId, [...issued.keys()], now);
  await clearHeld(trx, runId, [...issued.keys()]);
  return { issued, refused };
}

/**
 * Judges what was measured, posts and writes the bills among these.
 * @param facts `runId` null: a bill of no run; `final`: no later bill trues up what it ends at
 */
export async function writeRated(
  trx: Transaction<Tables>,
  facts: Omit<RunFacts, "runId"> & { readonly runId: bigint | null; readonly final?: true },
  bills: readonly RatedAccount[],
  bases: readonly BillInputs[],
): Promise<ReadonlyMap<AccountId, bigint>> {
  const { runId, deps, final = false } = facts;
  const now = deps.clock.now();
  const settlements = bills.flatMap((bill) => bill.settlements);
  const verdicts = settlements.flatMap((settlement) => settlement.verdicts);
  await judgeAgain(trx, settlements.flatMap(judgedIn), verdicts, { rules: RULES, touches: "overlaps", at: now });
  const billed = bills.filter((one) => one.kind === "billed");
  const journalIds = await postBills(trx, facts, billed, now);
  const written = billed.map(
    (one): BillToWrite => ({
      bill: one.bill,
      journalId: journalIds.get(one.accountId) ?? null,
      runId,
      usages: billedUsagesOf(one),
    }),
  );
  const issued = await writeBills(trx, written, async (ids) => {
    await writeBasesOf(trx, ids, bases);
    const own = written.map(({ bill }) => bill);
    await writeBillCharges(trx, own, ids);
    await writeKept(trx, billed, ids);
  });
  await writeTrueUpsOf(trx, bills, issued, { now, opens: !final });
  return issued;
}

/** Rules that a settlement judges by. */
const RULES = ["difference", "usage"];

const judgedIn = ({ agreement, stretch }: Settlement): JudgedAgain[] =>
  agreement.stays.map(({ meterId }) => ({ meterId, period: stretch }));

/** The entries of these bills, by account; a bill with nothing to post has none. */
async function postBills(
  trx: Transaction<Tables>,
  { operatorId, period }: Pick<RunFacts, "operatorId" | "period">,
  billed: readonly Extract<RatedAccount, { kind: "billed" }>[],
  now: Instant,
): Promise<Map<AccountId, bigint>> {
  const entries = billed.flatMap(({ accountId, bill }) => {
    const postings = postingsOf(bill);
    const key = `bill/${accountId}/${bill.period.from}/${bill.period.to}`;
    return postings.length === 0 ? [] : [{ accountId, key, cause: { bill: key }, postings }];
  });
  const many = { operatorId, kind: "bill", occurredAt: period.to, postedAt: now, entries } as const;
  const ids = new Map<AccountId, bigint>();
  for (const [i, { kind, journalId }] of (await postEntries(trx, many)).entries()) {
    const entry = entries[i];
    if (entry === undefined || kind !== "posted") throw new Error(`an entry ${entry?.key} stands without its bill`);
    ids.set(entry.accountId, journalId);
  }
  return ids;
}
