import type { Transaction } from "kysely";
import { type Instant, instantOfIso } from "../domain/instant.ts";
import { microOf } from "../domain/quantity.ts";
import type { AccountId } from "../domain/reading.ts";
import { writeEdits } from "../ledger/edits.ts";
import { closeTrueUps, type EstimatedEnd, writeTrueUps } from "../ledger/true-ups.ts";
import type { Tables } from "../schema/tables.ts";
import type { AccountBill } from "./account-bill.ts";
import type { Settlement } from "./settlement.ts";

/** Ends of a settlement that no actual reading confirms yet, or that one on its way could move. Pure. */
export function estimatedEndsOf({ agreement, registers }: Settlement): EstimatedEnd[] {
  return registers.flatMap(({ estimate, line, end, to, meter, register }): EstimatedEnd[] => {
    const [at, value] = [instantOfIso(to), end === null ? null : microOf(end)];
    const method = estimate?.method ?? (line === undefined ? null : "linear");
    if (method === null || at === null || value === null) return [];
    const { usagePointId } = agreement;
    return [{ usagePointId, meterId: BigInt(meter), register, at, value, method }];
  });
}

/** With each bill: the estimates that it ends at, the true-ups that they open (none where no bill follows), and those that it closes. */
export async function writeTrueUpsOf(
  trx: Transaction<Tables>,
  bills: readonly (AccountBill & { readonly accountId: AccountId })[],
  issued: ReadonlyMap<AccountId, bigint>,
  { now, opens }: { readonly now: Instant; readonly opens: boolean },
): Promise<void> {
  for (const billed of bills) {
    const id = issued.get(billed.accountId);
    if (billed.kind === "refused" || id === undefined) continue;
    const outcomes = await writeEdits(trx, billed.estimates);
    const strange = outcomes.find(({ kind }) => kind !== "written");
    if (strange !== undefined) throw new Error(`estimate ${strange.id} stands without its bill`);
    const closings = billed.corrections.flatMap((correction) => correction.closings);
    await closeTrueUps(trx, id, closings, now);
    if (opens)
      await writeTrueUps(trx, { id, accountId: billed.accountId }, billed.settlements.flatMap(estimatedEndsOf), now);
  }
}
