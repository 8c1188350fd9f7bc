import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import type { Period } from "../domain/period.ts";
import type { OperatorId } from "../domain/reading.ts";
import { type BillRunDeps, type BillRunOptions, type BillRunProgress, type BillRunResult, runBills } from "./run.ts";

export type ProcessesAsked = {
  /** How many in all, this one included. */
  readonly processes: number;
  /** Where the others find the database. It reaches them by message: a command line can be read by anybody. */
  readonly url: string;
};

/** What a helper is asked, by message: bigints as text. */
export type HelperTask = {
  readonly url: string;
  readonly operatorId: string;
  readonly period: Period;
  readonly cycle?: string;
  readonly chunk?: number;
  readonly lanes: number;
};
/** What a helper says. */
export type HelperNews =
  | { readonly kind: "progress"; readonly issued: number; readonly refused: number }
  | { readonly kind: "done"; readonly issued: [account: string, bill: string][]; readonly refused: HelperRefusal[] };
type HelperRefusal = { readonly accountId: string; readonly reason: string; readonly detail: string };

/** Chunks that each of several processes has under way: while one waits for the server another one rates. */
export const lanesOf = (processes: number): number => (processes > 1 ? 1 : 2);

/**
 * As `runBills`, in several processes at once. A helper that dies leaves whole bills and free accounts: this
 * process, which goes over the accounts until nothing is left, bills what it had begun.
 * @param options stop: asked before each chunk of this process, and told to the others
 */
export async function runBillsInProcesses(
  deps: BillRunDeps,
  operatorId: OperatorId,
  period: Period,
  { processes, url }: ProcessesAsked,
  options: Pick<BillRunOptions, "onProgress" | "chunk" | "cycle" | "stop"> = {},
): Promise<BillRunResult> {
  const { cycle, chunk, stop, onProgress } = options;
  const task: HelperTask = {
    url,
    operatorId: String(operatorId),
    period,
    lanes: lanesOf(processes),
    ...(cycle === undefined ? {} : { cycle }),
    ...(chunk === undefined ? {} : { chunk }),
  };
  const helpers = Array.from({ length: processes - 1 }, () => new Helper(task));
  try {
    const stopped = (): boolean => {
      if (stop?.() !== true) return false;
      for (const helper of helpers) helper.stop();
      return true;
    };
    const withAll = (own: BillRunProgress): void => onProgress?.(sumOf(own, helpers));
    const own = await runBills(deps, operatorId, period, {
      ...options,
      lanes: task.lanes,
      stop: stopped,
      onProgress: withAll,
    });
    await Promise.all(helpers.map((helper) => helper.ended));
    // What others had under way was locked when this process passed by it; of one that died it is still to be billed.
    const last = processes === 1 ? own : await runBills(deps, operatorId, period, { ...options, stop: stopped });
    return merged(last, [own, ...helpers.map((helper) => helper.result)]);
  } finally {
    for (const helper of helpers) helper.kill();
  }
}

/** `left` is counted by this process: what the others do in between shows at its next count. */
const sumOf = ({ issued, refused, left }: BillRunProgress, helpers: readonly Helper[]): BillRunProgress => ({
  issued: issued + helpers.reduce((sum, { progress }) => sum + progress.issued, 0),
  refused: refused + helpers.reduce((sum, { progress }) => sum + progress.refused, 0),
  left,
});

type Share = Pick<BillRunResult, "issued" | "refused">;

/** All that the processes issued; an account that one refused and another billed after all is billed. */
function merged(last: BillRunResult, shares: readonly Share[]): BillRunResult {
  const issued = new Map([...shares, last].flatMap((one) => one.issued.map((bill) => [bill.accountId, bill] as const)));
  const refused = new Map([...shares, last].flatMap((one) => one.refused.map((no) => [no.accountId, no] as const)));
  for (const accountId of issued.keys()) refused.delete(accountId);
  const inOrder = <T extends { readonly accountId: bigint }>(all: Iterable<T>): T[] =>
    [...all].sort((a, b) => (a.accountId < b.accountId ? -1 : 1));
  return {
    runId: last.runId,
    issued: inOrder(issued.values()),
    refused: inOrder(refused.values()),
    finished: last.finished,
  };
}

/** Another process that takes its share of the run. */
class Helper {
  progress = { issued: 0, refused: 0 };
  result: Share = { issued: [], refused: [] };
  readonly ended: Promise<unknown>;
  readonly #child: ChildProcess;

  constructor(task: HelperTask) {
    this.#child = fork(new URL("run-helper.ts", import.meta.url), {
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    this.#child.on("message", (news: HelperNews) => this.#hear(news));
    this.#child.on("error", () => {}); // one that cannot be started has died
    this.ended = once(this.#child, "exit").catch(() => {});
    this.#child.send(task, () => {});
  }

  #hear(news: HelperNews): void {
    this.progress = news.kind === "progress" ? news : { issued: news.issued.length, refused: news.refused.length };
    if (news.kind === "progress") return;
    this.result = {
      issued: news.issued.map(([account, bill]) => ({ accountId: BigInt(account), billId: BigInt(bill) })),
      refused: news.refused.map((one) => ({ ...one, accountId: BigInt(one.accountId) })),
    };
  }

  /** It ends after the chunks that it has under way. */
  stop(): void {
    if (this.#child.connected) this.#child.send("stop", () => {});
  }

  kill(): void {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill("SIGKILL");
  }
}
