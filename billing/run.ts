import type { Logger } from "pino";
import type { Clock, Instant } from "../domain/instant.ts";
import { SECOND_MS } from "../domain/instant.ts";
import { dayOf, daysOf, type Period } from "../domain/period.ts";
import type { AccountId, OperatorId } from "../domain/reading.ts";
import type { Telemetry } from "../domain/telemetry.ts";
import {
  type ClaimQuery,
  countUnbilled,
  ensureRun,
  noteRun,
  type Refusal,
  refuseAccounts,
  type RunScope,
} from "../ledger/runs.ts";
import type { Database } from "../schema/database.ts";
import { billChunk, type ChunkOutcome, type RunFacts } from "./run-chunk.ts";
import type { EstimationBook } from "./estimate-ends.ts";
import { operatorFacts } from "./operator.ts";
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

export type BillRunProgress = {
  readonly issued: number;
  readonly refused: number;
  /** Accounts to go, those that other processes work on included. */
  readonly left: number;
};

export type BillRunOptions = {
  /** After each chunk, what this call has done so far and what is left. */
  readonly onProgress?: (progress: BillRunProgress) => void;
  /** Accounts per transaction; default 1,000. */
  readonly chunk?: number;
  /** Chunks that this process has under way at once; default 2: best where it has the machine for itself. */
  readonly lanes?: number;
  /** Accounts of this cycle only. */
  readonly cycle?: string;
  /** A cycle's bills wait for the day that it declares: the timer's way. A person who asks is not bound by it. */
  readonly byConvention?: boolean;
  /** Asked before each chunk: true ends this process's share; what is left stays due. */
  readonly stop?: () => boolean;
};

export type BillRunResult = {
  readonly runId: bigint;
  /** Bills that this call issued, in the order of their accounts. */
  readonly issued: readonly { readonly accountId: AccountId; readonly billId: bigint }[];
  readonly refused: readonly RefusedAccount[];
  /** Nothing is left to do but the refused. */
  readonly finished: boolean;
};

export type RefusedAccount = Refusal;

/** One transaction's share: large enough that statements cost little per account, small enough that a payment waits a second at most. */
const CHUNK_ACCOUNTS = 1000;
/** One chunk is rated while the server writes the other. */
const LANES = 2;
/** What other processes have done is looked up no more often. */
const RECOUNT_MS = 10 * SECOND_MS;

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
  await db.as(operatorId, (trx) => noteRun(trx, runId, "running", clock.now()));
  const run = new Run({ deps, operatorId, operator, period, runId }, options);
  await run.work();
  const left = await run.leftNow();
  // Accounts of other cycles, and those whose day of issue is yet to come, keep the run open for the next wake.
  const isOfAll = options.cycle === undefined && options.byConvention !== true;
  const ofAll = isOfAll ? left : await run.leftNow({});
  await db.as(operatorId, (trx) => noteRun(trx, runId, ofAll === 0 ? "done" : "running", clock.now()));
  const issued = run.issued.sort((a, b) => Number(a.accountId - b.accountId));
  return { runId, issued, refused: run.refused(), finished: left === 0 };
}

/** This process's share of a run: a walk over the accounts by id, as often as it finds something to do. */
class Run {
  readonly issued: { accountId: AccountId; billId: bigint }[] = [];
  /** By account: two lanes may come upon the same one, one after the other. */
  readonly #refused = new Map<AccountId, RefusedAccount>();
  readonly #facts: RunFacts;
  readonly #options: BillRunOptions;
  #walk: { readonly after: AccountId; readonly found: boolean } | "over" = { after: 0n, found: false };
  /** Halves of chunks that failed, to be tried apart until only the bad account is left aside. */
  readonly #pieces: (readonly AccountId[])[] = [];
  #counted: { readonly at: Instant; readonly left: number; readonly done: number } | null = null;

  constructor(facts: RunFacts, options: BillRunOptions) {
    this.#facts = facts;
    this.#options = options;
  }

  async work(): Promise<void> {
    const lanes = Array.from({ length: this.#options.lanes ?? LANES }, () => this.#lane());
    const ended = await Promise.allSettled(lanes);
    for (const lane of ended) if (lane.status === "rejected") throw lane.reason;
  }

  /** How many accounts are left, by the books. */
  async leftNow(scope: RunScope = this.#scope()): Promise<number> {
    const { deps, operatorId, period, operator } = this.#facts;
    const days = daysOf(period, operator.zone);
    const unbilled = await deps.db.as(operatorId, (trx) => countUnbilled(trx, period, days, scope));
    return Math.max(0, unbilled - this.#refused.size);
  }

  #scope(): RunScope {
    const { cycle, byConvention } = this.#options;
    const { deps, operator } = this.#facts;
    return {
      ...(cycle === undefined ? {} : { cycle }),
      ...(byConvention === true ? { issuesBy: dayOf(deps.clock.now(), operator.zone) } : {}),
    };
  }

  refused(): RefusedAccount[] {
    return [...this.#refused.values()];
  }

  async #lane(): Promise<void> {
    try {
      while (this.#options.stop?.() !== true) {
        const piece = this.#pieces.pop();
        if (piece !== undefined) await this.#take(await this.#bill(piece));
        else if (this.#walk === "over") return;
        else await this.#step(this.#walk.after);
        await this.#tell();
      }
    } catch (error) {
      this.#walk = "over"; // the other lanes end after what they are at
      throw error;
    }
  }

  async #step(after: AccountId): Promise<void> {
    const among = { after, limit: this.#options.chunk ?? CHUNK_ACCOUNTS };
    // From here on the other lanes look behind it, not again at what this one has locked.
    const outcome = await this.#bill(among, (upTo) => this.#goOn(after, upTo));
    await this.#take(outcome);
    if (this.#walk === "over") return;
    const found = this.#walk.found || outcome.kind === "failed" || outcome.issued.size + outcome.refused.length > 0;
    if (outcome.kind === "failed" || outcome.upTo !== null) {
      const reached = outcome.kind === "failed" ? (outcome.accountIds.at(-1) ?? after) : (outcome.upTo ?? after);
      this.#walk = { ...this.#walk, found };
      this.#goOn(after, reached);
    } else {
      // What another process held may be free by now: walk again until a walk finds nothing.
      this.#walk = found ? { after: 0n, found: false } : "over";
    }
  }

  /** A lane that began after an account has looked up to another. */
  #goOn(after: AccountId, reached: AccountId): void {
    if (this.#walk === "over") return;
    const { after: furthest, found } = this.#walk;
    // Another lane may have begun the next walk meanwhile: then this one's end is far ahead of it, and nothing is lost.
    this.#walk = { after: furthest < after || furthest > reached ? furthest : reached, found };
  }

  #bill(among: ClaimQuery["among"], onClaimed?: (upTo: AccountId) => void): Promise<ChunkOutcome> {
    return billChunk(this.#facts, { among, except: [...this.#refused.keys()], scope: this.#scope() }, onClaimed);
  }

  async #take(outcome: ChunkOutcome): Promise<void> {
    if (outcome.kind === "billed") {
      for (const [accountId, billId] of outcome.issued) this.issued.push({ accountId, billId });
      this.#count("issued", outcome.issued.size);
      this.#refuse(outcome.refused);
      return;
    }
    const { accountIds, error } = outcome;
    const [only] = accountIds;
    if (accountIds.length === 1 && only !== undefined) return this.#leaveAside(only, error);
    const half = accountIds.length >> 1;
    this.#pieces.push(accountIds.slice(half), accountIds.slice(0, half));
  }

  async #leaveAside(accountId: AccountId, error: unknown): Promise<void> {
    const { deps, operatorId, runId } = this.#facts;
    const refusal = { accountId, reason: "failed", detail: error instanceof Error ? error.message : String(error) };
    await deps.db.as(operatorId, (trx) => refuseAccounts(trx, runId, [refusal], deps.clock.now()));
    this.#refuse([refusal]);
  }

  #refuse(refused: readonly RefusedAccount[]): void {
    const before = this.#refused.size;
    for (const one of refused) if (!this.#refused.has(one.accountId)) this.#refused.set(one.accountId, one);
    this.#count("refused", this.#refused.size - before);
  }

  #count(outcome: string, by: number): void {
    if (by > 0) this.#facts.deps.telemetry.count("sanbiao_bills_total", { outcome }, by);
  }

  async #tell(): Promise<void> {
    const { onProgress } = this.#options;
    if (onProgress === undefined) return;
    const done = this.issued.length + this.#refused.size;
    const now = this.#facts.deps.clock.now();
    if (this.#counted === null || now - this.#counted.at >= RECOUNT_MS)
      this.#counted = { at: now, left: await this.leftNow(), done };
    const left = Math.max(0, this.#counted.left - (done - this.#counted.done));
    onProgress({ issued: this.issued.length, refused: this.#refused.size, left });
  }
}
