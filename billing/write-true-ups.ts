import type { Transaction } from "kysely";
import { type Instant, instantOfIso } from "../domain/instant.ts";
import { microOf } from "../domain/quantity.ts";
import type { AccountId } from "../domain/reading.ts";
import { type EditToWrite, writeEdits } from "../ledger/edits.ts";
import { closeTrueUps, type EstimatedEnd, type TrueUpClosing, writeTrueUps } from "../ledger/true-ups.ts";
import type { Tables } from "../schema/tables.ts";
import type { AccountBill } from "./account-bill.ts";
import type { Settlement } from "./settlement.ts";

/** Ends of a settlement that no actual reading confirms yet, or that one on its way could move. Pure. */
export function estimatedEndsOf({ agreement, registers }: Settlement): EstimatedEnd[] {
  return registers.flatMap(({ estimate, line, end, to, meter, register }): EstimatedEnd[] => {
    const method = estimate?.method ?? (line === undefined ? null : "linear");
    if (method === null) return [];
    const [at, value] = [instantOfIso(to), end === null ? null : microOf(end)];
    if (at === null || value === null) return [];
    const { usagePointId } = agreement;
    return [{ usagePointId, meterId: BigInt(meter), register, at, value, method }];
  });
}

/** Of one bill: the estimates that it ends at, the true-ups that it closes and those that it opens. */
export type TrueUpsOfBill = {
  readonly billId: bigint;
  readonly accountId: AccountId;
  readonly estimates: readonly EditToWrite[];
  readonly closings: readonly TrueUpClosing[];
  readonly opened: readonly EstimatedEnd[];
};

/** @param opens false: no bill follows. @returns `null` where there is nothing to write. Pure. */
export function trueUpsOf(
  billId: bigint,
  billed: Extract<AccountBill, { kind: "billed" }> & { readonly accountId: AccountId },
  opens: boolean,
): TrueUpsOfBill | null {
  const { accountId, estimates, corrections, settlements } = billed;
  const closings = corrections.flatMap((correction) => correction.closings);
  const opened = opens ? settlements.flatMap(estimatedEndsOf) : [];
  const isNothing = estimates.length === 0 && closings.length === 0 && opened.length === 0;
  return isNothing ? null : { billId, accountId, estimates, closings, opened };
}

export async function writeTrueUpsOf(
  trx: Transaction<Tables>,
  all: readonly TrueUpsOfBill[],
  now: Instant,
): Promise<void> {
  for (const { billId, accountId, estimates, closings, opened } of all) {
    const outcomes = await writeEdits(trx, estimates);
    const strange = outcomes.find(({ kind }) => kind !== "written");
    if (strange !== undefined) throw new Error(`estimate ${strange.id} stands without its bill`);
    await closeTrueUps(trx, billId, closings, now);
    await writeTrueUps(trx, { id: billId, accountId }, opened, now);
  }
}
