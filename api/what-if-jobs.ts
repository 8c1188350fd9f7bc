import { randomUUID } from "node:crypto";
import { type WhatIfAsk, type WhatIfDeps, type WhatIfPart, whatIf } from "../billing/what-if/run.ts";
import {
  type AccountChange,
  changeOf,
  type LeftOut,
  summaryOf,
  type WhatIfSummary,
} from "../billing/what-if/summary.ts";
import { CodedError } from "../domain/errors.ts";
import type { Period } from "../domain/period.ts";
import type { OperatorId } from "../domain/reading.ts";

/** A comparison under way or done, in this process's memory. */
export type WhatIfJob = {
  readonly id: string;
  readonly operatorId: OperatorId;
  readonly period: Period;
  readonly tariffs: readonly string[];
  state: "running" | "done" | "cancelled" | "failed";
  done: number;
  of: number;
  trouble: string;
  readonly changes: AccountChange[];
  readonly leftOut: LeftOut[];
  /** Of what is done so far; made once per step. */
  summary: WhatIfSummary;
};

/** Each may read as much as a bill run: two leave the rest of the service its connections. Our choice. */
const RUNNING_MAX = 2;
/** Finished ones that are kept per operator, for their tables and files. Our choice: an estate of 100 000 accounts is some 60 MB each. */
const KEPT_MAX = 3;

export type WhatIfJobs = {
  /** @throws CodedError `request.invalid` at once when it cannot be asked, `what-if.busy` when too many are at work */
  start(operatorId: OperatorId, ask: WhatIfAsk): Promise<WhatIfJob>;
  find(operatorId: OperatorId, id: string): WhatIfJob | null;
  /** What is done stays to be looked at. */
  cancel(job: WhatIfJob): void;
  /** Ends all that run and waits for them. */
  stop(): Promise<void>;
};

export function whatIfJobs(deps: WhatIfDeps): WhatIfJobs {
  const jobs = new Map<string, WhatIfJob>();
  const running = new Map<string, Promise<void>>();
  let stopped = false;
  const work = async (job: WhatIfJob, parts: AsyncGenerator<WhatIfPart>): Promise<void> => {
    try {
      for await (const part of parts) take(job, part);
      if (job.state === "running") job.state = "done";
    } catch (error) {
      job.state = "failed";
      job.trouble = error instanceof Error ? error.message : String(error);
    } finally {
      running.delete(job.id);
      forgetOldest(jobs, job.operatorId);
    }
  };
  return {
    async start(operatorId, ask) {
      if (stopped || running.size >= RUNNING_MAX) {
        throw new CodedError("what-if.busy", `${running.size} comparisons are at work.`);
      }
      const job = jobOf(operatorId, ask);
      running.set(job.id, Promise.resolve());
      try {
        const parts = whatIf(deps, operatorId, ask, () => job.state !== "running");
        const first = await parts.next(); // what is wrong with the question is told to who asks
        if (first.value !== undefined) take(job, first.value);
        jobs.set(job.id, job);
        running.set(job.id, work(job, parts));
      } catch (error) {
        running.delete(job.id);
        throw error;
      }
      return job;
    },
    find(operatorId, id) {
      const job = jobs.get(id);
      return job?.operatorId === operatorId ? job : null;
    },
    cancel(job) {
      if (job.state === "running") job.state = "cancelled";
    },
    async stop() {
      stopped = true;
      for (const job of jobs.values()) if (job.state === "running") job.state = "cancelled";
      await Promise.all(running.values());
    },
  };
}

const jobOf = (operatorId: OperatorId, { period, replacements }: WhatIfAsk): WhatIfJob => ({
  id: randomUUID(),
  operatorId,
  period,
  tariffs: replacements.map(({ versions }) => `${versions[0]?.id ?? ""}@${versions.map((v) => v.version).join("+")}`),
  state: "running",
  done: 0,
  of: 0,
  trouble: "",
  changes: [],
  leftOut: [],
  summary: summaryOf([], []),
});

function take(job: WhatIfJob, { changes, leftOut, done, of }: WhatIfPart): void {
  job.changes.push(...changes);
  job.leftOut.push(...leftOut);
  job.done = done;
  job.of = of;
}

/** Sums up when somebody looks, not at each step: a large estate has thousands of them. */
export function summaryOfJob(job: WhatIfJob): WhatIfSummary {
  const { summary, changes, leftOut } = job;
  if (summary.accounts !== changes.length || summary.leftOut !== leftOut.length)
    job.summary = summaryOf(changes, leftOut);
  return job.summary;
}

/** The largest change first, whichever way. */
export function changesOfJob({ changes }: WhatIfJob, side: "all" | "more" | "less"): AccountChange[] {
  const size = (one: AccountChange): bigint => (changeOf(one) < 0n ? -changeOf(one) : changeOf(one));
  const wanted = changes.filter((one) => side === "all" || (side === "more" ? changeOf(one) > 0n : changeOf(one) < 0n));
  return wanted.sort((a, b) =>
    size(a) === size(b) ? (a.accountId < b.accountId ? -1 : 1) : size(a) > size(b) ? -1 : 1,
  );
}

function forgetOldest(jobs: Map<string, WhatIfJob>, operatorId: OperatorId): void {
  const finished = [...jobs.values()].filter((job) => job.operatorId === operatorId && job.state !== "running");
  for (const job of finished.slice(0, Math.max(0, finished.length - KEPT_MAX))) jobs.delete(job.id);
}
