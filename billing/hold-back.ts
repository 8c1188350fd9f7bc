import type { Transaction } from "kysely";
import type { HoldReason } from "../domain/hold.ts";
import type { Instant } from "../domain/instant.ts";
import type { Day, Period } from "../domain/period.ts";
import type { AccountId } from "../domain/reading.ts";
import { accountHolds, type HeldBill, holdBills, readHoldRules, releasedOf } from "../ledger/bill-holds.ts";
import { lastBills } from "../ledger/last-bills.ts";
import type { Tables } from "../schema/tables.ts";
import type { AccountBill } from "./account-bill.ts";
import type { AccountInput } from "./chunk.ts";
import { asked, holdReasonsOf } from "./holds.ts";

export type RatedAccount = AccountBill & { readonly accountId: AccountId };

/** Bills that would wait, with why: two small queries where nothing is ever held, two more where something may be. */
export async function findHeld(
  trx: Transaction<Tables>,
  rated: readonly RatedAccount[],
  inputs: readonly AccountInput[],
  { period, issuedOn }: { readonly period: Period; readonly issuedOn: Day },
): Promise<HeldBill[]> {
  const ids = rated.map(({ accountId }) => accountId);
  const rules = await readHoldRules(trx);
  const byHand = await accountHolds(trx, ids, issuedOn);
  if (rules.length === 0 && byHand.size === 0) return [];
  const last = await lastBills(trx, ids, period);
  const estimated = new Map(inputs.map(({ accountId, estimatedBills }) => [accountId, estimatedBills]));
  return rated.flatMap((one): HeldBill[] => {
    const { accountId } = one;
    if (one.kind !== "billed") return [];
    const before = last.get(accountId) ?? null;
    const facts = { rules, last: before, estimatedBills: estimated.get(accountId) };
    const reasons = holdReasonsOf(one, { ...facts, byHand: byHand.get(accountId) ?? null });
    if (reasons.length === 0) return [];
    const supply = one.bill.total.minor;
    const property = asked(one.bill) - supply;
    return [{ accountId, reasons, supply, property, last: before === null ? null : before.supply + before.property }];
  });
}

/** Keeps back what rules or persons hold and nobody released: it waits with its figures, nothing of it is posted. */
export async function holdBack(
  trx: Transaction<Tables>,
  rated: readonly RatedAccount[],
  inputs: readonly AccountInput[],
  run: { readonly runId: bigint; readonly period: Period; readonly issuedOn: Day; readonly now: Instant },
): Promise<readonly RatedAccount[]> {
  const found = await findHeld(trx, rated, inputs, run);
  if (found.length === 0) return rated;
  const ids = found.map(({ accountId }) => accountId);
  const released = await releasedOf(trx, run.runId, ids);
  const held = found.filter(({ accountId }) => !released.has(accountId));
  await holdBills(trx, run.runId, held, run.now);
  const reasons = new Map(held.map((one) => [one.accountId, one.reasons]));
  return rated.map((one): RatedAccount => {
    const why = reasons.get(one.accountId);
    if (why === undefined || one.kind !== "billed") return one;
    return { kind: "refused", accountId: one.accountId, reason: "held", detail: holdText(why), settlements: [] };
  });
}

/** As a log and an exception say it: `high 412 (300); by_hand: dispute`. */
export const holdText = (reasons: readonly HoldReason[]): string =>
  reasons
    .map((one) => (one.kind === "by_hand" ? `by_hand: ${one.text}` : `${one.kind} ${one.value} (${one.threshold})`))
    .join("; ");
