import type { Transaction } from "kysely";
import type { Logger } from "pino";
import type { Clock, Instant } from "../domain/instant.ts";
import { dayOf, daysOf, type Period } from "../domain/period.ts";
import type { AccountId, OperatorId } from "../domain/reading.ts";
import type { Telemetry } from "../domain/telemetry.ts";
import { type BillToWrite, writeBills } from "../ledger/bills.ts";
import { writeBillCharges } from "../ledger/bill-charges.ts";
import { postEntry } from "../ledger/journal.ts";
import { claimAccounts, countUnbilled, ensureRun, noteRun, refuseAccount, settleExceptions } from "../ledger/runs.ts";
import { type JudgedAgain, judgeAgain } from "../ledger/verdicts.ts";
import { type Database, isDatabaseAway } from "../schema/database.ts";
import type { Tables } from "../schema/tables.ts";
import { type AccountBill, accountBillOf, billedUsagesOf } from "./account-bill.ts";
import { withCharges } from "./charges/read.ts";
import { readAccounts } from "./chunk.ts";
import { withTrueUps } from "./due-true-ups.ts";
import { type EstimationBook, withEstimates } from "./estimate-ends.ts";
import { writeBasesOf } from "./explain/write-bases.ts";
import { type OperatorFacts, operatorFacts } from "./operator.ts";
import { postingsOf } from "./postings.ts";
import { writeTrueUpsOf } from "./write-true-ups.ts";
import type { Settlement } from "./settlement.ts";
import type { DialBook, TariffBook } from "./tariffs.ts";

export type BillRunDeps = {
  readonly db: Database;
  readonly clock: Clock;
  readonly tariffs: TariffBook;
  readonly dials: DialBook;
  readonly telemetry: Telemetry;
  /** How ends without a reading may be estimated; absent = never. */
  readonly estimation?: EstimationBook;
  readonly log?: Logger;
};

export type BillRunProgress = { readonly issued: number; readonly refused: number; readonly left: number };

export type BillRunOptions = {
  readonly onProgress?: (progress: BillRunProgress) => void;
  /** After each chunk what this call has done so far; unlike `onProgress` it asks the database nothing. */
  readonly onChunk?: (done: Pick<BillRunProgress, "issued" | "refused">) => void;
  /** Accounts per transaction; default 50. */
  readonly chunk?: number;
  /** Asked after each chunk: true ends this process's share; what is left stays due. */
  readonly stop?: () => boolean;
};

export type BillRunResult = {
  readonly runId: bigint;
  /** Bills that this call issued. */
  readonly issued: readonly { readonly accountId: AccountId; readonly billId: bigint }[];
  readonly refused: readonly RefusedAccount[];
  /** Nothing is left to do but the refused. */
  readonly finished: boolean;
};

export type RefusedAccount = { readonly accountId: AccountId; readonly reason: string; readonly detail: string };

/** One transaction's share: large enough to spare round trips, small enough that little is done twice after a kill. */
const CHUNK_ACCOUNTS = 50;

/** Bills every account of an operator for one period: any number of processes at once, again after a kill, never twice. */
export async function runBills(
  deps: BillRunDeps,
  operatorId: OperatorId,
  period: Period,
  options: BillRunOptions = {},
): Promise<BillRunResult> {
  const { db, clock } = deps;
  const { runId, operator } = await db.as(operatorId, async (trx) => ({
    runId: await ensureRun(trx, period, clock.now()),
    operator: await operatorFacts(trx),
  }));
  const work: Work = { deps, operatorId, operator, period, runId, issued: [], refused: [] };
  await db.as(operatorId, (trx) => noteRun(trx, runId, "running", clock.now()));
  const chunk = options.chunk ?? CHUNK_ACCOUNTS;
  let singly = 0; // accounts of a failed chunk still to go through one by one, to leave only the bad one aside
  while (options.stop?.() !== true) {
    const outcome = await billChunk(work, singly > 0 ? 1 : chunk);
    if (outcome === "nothing") break;
    singly = outcome === "failed" && singly === 0 ? chunk : Math.max(0, singly - 1);
    options.onChunk?.({ issued: work.issued.length, refused: work.refused.length });
    if (options.onProgress !== undefined) options.onProgress(await progressOf(work));
  }
  const left = (await progressOf(work)).left;
  await db.as(operatorId, (trx) => noteRun(trx, runId, left === 0 ? "done" : "running", clock.now()));
  return { runId, issued: work.issued, refused: work.refused, finished: left === 0 };
}

type Work = {
  readonly deps: BillRunDeps;
  readonly operatorId: OperatorId;
  readonly operator: OperatorFacts;
  readonly period: Period;
  readonly runId: bigint;
  readonly issued: { accountId: AccountId; billId: bigint }[];
  readonly refused: RefusedAccount[];
};

type Chunk = {
  readonly accountIds: readonly AccountId[];
  readonly bills: readonly (AccountBill & { accountId: AccountId })[];
};

/** Claim, read, rate, write: one transaction, so that a kill at any point leaves all of it or nothing. */
async function billChunk(work: Work, limit: number): Promise<"billed" | "failed" | "nothing"> {
  const { deps, operatorId, period, operator } = work;
  let claimed: readonly AccountId[] = [];
  try {
    const done = await deps.db.as(operatorId, async (trx) => {
      const except = work.refused.map(({ accountId }) => accountId);
      const days = daysOf(period, operator.zone);
      const { accountIds, touched } = await claimAccounts(trx, { period, days, except, limit });
      if (!touched) return null;
      claimed = accountIds;
      const issuedOn = dayOf(deps.clock.now(), operator.zone);
      const books = { ...deps, zone: operator.zone };
      const read = await withTrueUps(trx, await readAccounts(trx, accountIds, period, books), books);
      const estimated = await withEstimates(trx, read, { ...books, now: deps.clock.now() });
      const inputs = await withCharges(trx, estimated, days);
      const bills = inputs.map((input) => ({
        ...accountBillOf(input, period, issuedOn, operator),
        accountId: input.accountId,
      }));
      const written = await writeChunk(trx, work, { accountIds, bills });
      await writeBasesOf(
        trx,
        written.issued,
        inputs.map((input) => ({ input, period, issuedOn, operator })),
      );
      return written;
    });
    if (done === null) return "nothing";
    for (const [accountId, billId] of done.issued) work.issued.push({ accountId, billId });
    work.refused.push(...done.refused);
    count(work, "issued", done.issued.size);
    count(work, "refused", done.refused.length);
    return "billed";
  } catch (error) {
    if (isDatabaseAway(error) || claimed.length === 0) throw error;
    deps.log?.warn({ err: error, accounts: claimed.length }, "a part of the bill run failed");
    if (claimed.length === 1 && claimed[0] !== undefined) await leaveAside(work, claimed[0], error);
    return "failed";
  }
}

async function writeChunk(
  trx: Transaction<Tables>,
  work: Work,
  { bills }: Chunk,
): Promise<{ issued: Map<AccountId, bigint>; refused: RefusedAccount[] }> {
  const { runId, operatorId, deps } = work;
  const now = deps.clock.now();
  const refused: RefusedAccount[] = [];
  const written: BillToWrite[] = [];
  const settlements = bills.flatMap((bill) => bill.settlements);
  const verdicts = settlements.flatMap((settlement) => settlement.verdicts);
  await judgeAgain(trx, settlements.flatMap(judgedIn), verdicts, { rules: RULES, touches: "overlaps", at: now });
  for (const billed of bills) {
    if (billed.kind === "refused") {
      const { accountId, reason, detail } = billed;
      await refuseAccount(trx, { runId, accountId, reason, detail, at: now });
      refused.push({ accountId, reason, detail });
      continue;
    }
    written.push({
      bill: billed.bill,
      journalId: await postBill(trx, operatorId, billed, now),
      runId,
      usages: billedUsagesOf(billed),
    });
  }
  const issued = written.length === 0 ? new Map<AccountId, bigint>() : await writeBills(trx, written);
  await writeTrueUpsOf(trx, bills, issued, now);
  await writeBillCharges(
    trx,
    written.map(({ bill }) => bill),
    issued,
  );
  await settleExceptions(trx, runId, [...issued.keys()], now);
  return { issued, refused };
}

/** Rules that a settlement judges by. */
const RULES = ["difference", "usage"];

const judgedIn = ({ agreement, stretch }: Settlement): JudgedAgain[] =>
  agreement.stays.map(({ meterId }) => ({ meterId, period: stretch }));

async function postBill(
  trx: Transaction<Tables>,
  operatorId: OperatorId,
  { bill }: Extract<AccountBill, { kind: "billed" }>,
  now: Instant,
): Promise<bigint | null> {
  const postings = postingsOf(bill);
  if (postings.length === 0) return null;
  const key = `bill/${bill.accountId}/${bill.period.from}/${bill.period.to}`;
  const cause = { bill: key };
  const entry = { operatorId, key, kind: "bill", cause, occurredAt: bill.period.to, postedAt: now, postings } as const;
  const { kind, journalId } = await postEntry(trx, entry);
  if (kind !== "posted") throw new Error(`an entry ${key} stands without its bill`);
  return journalId;
}

async function leaveAside(work: Work, accountId: AccountId, error: unknown): Promise<void> {
  const { deps, operatorId, runId } = work;
  const detail = error instanceof Error ? error.message : String(error);
  await deps.db.as(operatorId, (trx) =>
    refuseAccount(trx, { runId, accountId, reason: "failed", detail, at: deps.clock.now() }),
  );
  work.refused.push({ accountId, reason: "failed", detail });
  count(work, "refused", 1);
}

const count = ({ deps }: Work, outcome: string, by: number): void => {
  if (by > 0) deps.telemetry.count("sanbiao_bills_total", { outcome }, by);
};

async function progressOf({ deps, operatorId, period, operator, issued, refused }: Work): Promise<BillRunProgress> {
  const unbilled = await deps.db.as(operatorId, (trx) => countUnbilled(trx, period, daysOf(period, operator.zone)));
  return { issued: issued.length, refused: refused.length, left: Math.max(0, unbilled - refused.length) };
}
