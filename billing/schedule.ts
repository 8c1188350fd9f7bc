import cron from "node-cron";
import { HOUR_MS, type Instant, instant } from "../domain/instant.ts";
import { dayOf, monthOf, type Period, periodOfDays, startOfDay, type Zone } from "../domain/period.ts";
import type { OperatorId } from "../domain/reading.ts";
import { cyclePeriods } from "../ledger/billing-cycles.ts";
import { dueRuns, ensureRun, firstAgreementDay } from "../ledger/runs.ts";
import { closeDueBalances } from "./balance/close.ts";
import { type BillRunDeps, type BillRunOptions, type BillRunProgress, type BillRunResult, runBills } from "./run.ts";
import { operatorFacts } from "./operator.ts";

/** After a month's end late readings of its last hour still come in. Our choice. */
export const GRACE_MS = 2 * HOUR_MS;

/** Notes every month since the operator's first agreement and every period of its cycles that is over, and its grace too. Again adds nothing. */
export async function ensureDue(deps: BillRunDeps, operatorId: OperatorId): Promise<void> {
  const now = deps.clock.now();
  await deps.db.as(operatorId, async (trx) => {
    const { zone } = await operatorFacts(trx);
    const first = await firstAgreementDay(trx);
    if (first === null) return;
    for (const period of monthsOver(startOfDay(first, zone), now, zone)) {
      await ensureRun(trx, period, instant(period.to + GRACE_MS));
    }
    for (const { from, to } of await cyclePeriods(trx, dayOf(now, zone))) {
      const period = periodOfDays(from, to, zone);
      const dueAt = instant(period.to + GRACE_MS);
      if (dueAt <= now) await ensureRun(trx, period, dueAt);
    }
  });
}

/** Calendar months from the one that holds `since` to the last one whose grace has passed. Pure. */
export function monthsOver(since: Instant, now: Instant, zone: Zone): Period[] {
  const months: Period[] = [];
  for (let month = monthOf(since, zone); month.to + GRACE_MS <= now; month = monthOf(month.to, zone))
    months.push(month);
  return months;
}

/** How a run stands in this process: after each chunk, and once at its end (of this process's share). */
export type BillRunNews = {
  readonly operatorId: OperatorId;
  readonly runId: bigint;
  readonly ended: boolean;
  /** Bills that the run had issued before this call. */
  readonly before: number;
  /** Bills that this call issued, accounts that it could not settle. */
  readonly issued: number;
  readonly refused: number;
  /** Accounts to go; `null` before the first chunk is done. */
  readonly left: number | null;
};

export type WakeOptions = BillRunOptions & { readonly onRun?: (news: BillRunNews) => void };

/** Looks at what is due for every operator and works it off, oldest month first. What was missed is caught up. */
export async function wake(deps: BillRunDeps, options: WakeOptions = {}): Promise<BillRunResult[]> {
  const { onRun = () => {}, ...runOptions } = options;
  const { rows } = await deps.db.pool.query<{ operator_id: bigint }>("select operator_id from sanbiao.operators()");
  const results: BillRunResult[] = [];
  for (const { operator_id: operatorId } of rows) {
    await ensureDue(deps, operatorId);
    const due = await deps.db.as(operatorId, (trx) => dueRuns(trx, deps.clock.now()));
    for (const { id: runId, period, billed: before } of due) {
      if (options.stop?.() === true) return results;
      let done: Pick<BillRunNews, "issued" | "refused" | "left"> = { issued: 0, refused: 0, left: null };
      const onProgress = (now: BillRunProgress): void => {
        done = now;
        runOptions.onProgress?.(now);
        onRun({ operatorId, runId, before, ended: false, ...done });
      };
      try {
        results.push(await runBills(deps, operatorId, period, { ...runOptions, byConvention: true, onProgress }));
      } finally {
        onRun({ operatorId, runId, before, ended: true, ...done });
      }
    }
    if (options.stop?.() !== true) await closeDueBalances(deps, operatorId);
  }
  return results;
}

export type BillSchedule = {
  /** Looks at what is due now; a look that is under way is followed by another. */
  wake(): void;
  stop(): Promise<void>;
};

/**
 * Wakes once at start and at ten past every hour of `zone`: the timer only wakes, the table `due_run` remembers.
 * A wake that is still at work is followed by another.
 */
export function startBillSchedule(
  deps: BillRunDeps,
  zone: Zone,
  onRun: (news: BillRunNews) => void = () => {},
): BillSchedule {
  let stopped = false;
  let running: Promise<void> | null = null;
  let again = false;
  const turn = (): void => {
    if (running !== null) again = true;
    if (stopped || running !== null) return;
    again = false;
    running = wake(deps, { stop: () => stopped, onRun })
      .then(() => undefined)
      .catch((error: unknown) =>
        deps.log?.error({ err: error }, "bills that are due could not be run; the next hour tries again"),
      )
      .finally(() => {
        running = null;
        if (again) turn();
      });
  };
  const task = cron.schedule("10 * * * *", turn, { timezone: zone });
  turn();
  return {
    wake: turn,
    stop: async () => {
      stopped = true;
      await task.destroy();
      await running;
    },
  };
}
