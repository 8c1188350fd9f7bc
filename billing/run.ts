import type { Logger } from "pino";
import type { Clock } from "../domain/instant.ts";
import type { Period } from "../domain/period.ts";
import type { AccountId, OperatorId } from "../domain/reading.ts";
import type { Telemetry } from "../domain/telemetry.ts";
import type { Database } from "../schema/database.ts";
import type { DialBook, TariffBook } from "./tariffs.ts";

export type BillRunDeps = {
  readonly db: Database;
  readonly clock: Clock;
  readonly tariffs: TariffBook;
  readonly dials: DialBook;
  readonly telemetry: Telemetry;
  readonly log?: Logger;
};

export type BillRunProgress = { readonly issued: number; readonly refused: number; readonly left: number };

export type BillRunOptions = {
  readonly onProgress?: (progress: BillRunProgress) => void;
  /** Accounts per transaction; default 50. */
  readonly chunk?: number;
  /** After each chunk: true ends this process's share; what is left stays due. */
  readonly stop?: () => boolean;
};

export type BillRunResult = {
  readonly runId: bigint;
  /** Bills that this call issued. */
  readonly issued: readonly { readonly accountId: AccountId; readonly billId: bigint }[];
  readonly refused: readonly { readonly accountId: AccountId; readonly reason: string; readonly detail: string }[];
  /** Nothing is left to do but the refused. */
  readonly finished: boolean;
};

/** Bills every account of an operator for one period: any number of processes at once, again after a kill, never twice. */
export declare function runBills(
  deps: BillRunDeps,
  operatorId: OperatorId,
  period: Period,
  options?: BillRunOptions,
): Promise<BillRunResult>;
