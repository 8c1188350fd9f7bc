import { setImmediate as breathe } from "node:timers/promises";
import type { Transaction } from "kysely";
import { type Day, dayOf, daysOf, type Period } from "../domain/period.ts";
import type { AccountId, OperatorId } from "../domain/reading.ts";
import { clearHeld, holdBills, type HeldBill } from "../ledger/bill-holds.ts";
import { nextBillIds } from "../ledger/bills.ts";
import { claimAccounts, type ClaimQuery, type Refusal, refuseAccounts, settleExceptions } from "../ledger/runs.ts";
import { isDatabaseAway } from "../schema/database.ts";
import type { Tables } from "../schema/tables.ts";
import { accountBillOf } from "./account-bill.ts";
import { BillWriter } from "./bill-writer.ts";
import { withLateFees } from "./charges/overdue.ts";
import { withCharges } from "./charges/read.ts";
import { type AccountInput, readAccounts } from "./chunk.ts";
import { withTrueUps } from "./due-true-ups.ts";
import { withEstimates } from "./estimate-ends.ts";
import type { OperatorFacts } from "./operator.ts";
import { HoldBook, holdText } from "./hold-back.ts";
import type { BillRunDeps } from "./run.ts";

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
      return { kind: "billed", ...(await writeChunk(trx, facts, inputs, issuedOn)), upTo };
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

/** Rates the accounts one after the other, takes down what becomes rows, and writes it. */
async function writeChunk(
  trx: Transaction<Tables>,
  { deps, operatorId, operator, period, runId }: RunFacts,
  inputs: readonly AccountInput[],
  issuedOn: Day,
): Promise<{ issued: ReadonlyMap<AccountId, bigint>; refused: readonly Refusal[] }> {
  const now = deps.clock.now();
  const accountIds = inputs.map(({ accountId }) => accountId);
  const holds = await HoldBook.read(trx, accountIds, { period, issuedOn, runId });
  const ids = await nextBillIds(trx, inputs.length);
  const writer = new BillWriter({ operatorId, period, runId, now });
  const [refused, held]: [Refusal[], HeldBill[]] = [[], []];
  for (const [i, input] of inputs.entries()) {
    if (i % ACCOUNTS_PER_BREATH === ACCOUNTS_PER_BREATH - 1) await breathe();
    const { accountId } = input;
    const rated = { ...accountBillOf(input, period, issuedOn, operator), accountId };
    const waits = holds.heldOf(rated, input);
    if (waits !== null) {
      held.push(waits);
      refused.push({ accountId, reason: "held", detail: holdText(waits.reasons) });
      continue;
    }
    if (rated.kind === "refused") refused.push({ accountId, reason: rated.reason, detail: rated.detail });
    writer.add(ids[i] as bigint, rated, { input, period, issuedOn, operator });
  }
  await holdBills(trx, runId, held, now);
  await refuseAccounts(trx, runId, refused, now);
  const issued = await writer.write(trx);
  await settleExceptions(trx, runId, [...issued.keys()], now);
  await clearHeld(trx, runId, [...issued.keys()]);
  return { issued, refused };
}
