import type { Transaction } from "kysely";
import { moveDeposit } from "../../billing/deposit.ts";
import type { Instant } from "../../domain/instant.ts";
import { money } from "../../domain/money.ts";
import { day } from "../../domain/period.ts";
import { decideHeld, holdBills } from "../../ledger/bill-holds.ts";
import { noteCycle, noteCycleOf } from "../../ledger/billing-cycles.ts";
import { chargeLate } from "./charge-deeds.ts";
import type { Database } from "../../schema/database.ts";
import type { Tables } from "../../schema/tables.ts";

/** An account that is billed by a cycle, though each month. */
async function joinCycle(trx: Transaction<Tables>, accountId: bigint, at: Instant): Promise<void> {
  const noted = { at, by: null };
  const cycle = { code: "monthly", titleZh: "月结", titleEn: "Monthly", months: 1, anchorMonth: 1 };
  await noteCycle(trx, cycle, noted);
  const word = { code: "monthly", fromDay: day("2026-10-01") };
  await noteCycleOf(trx, word, { accountIds: [accountId] }, noted, "Asia/Shanghai");
}

/** A bill that was held and released by user 1. */
export async function releaseBill(
  trx: Transaction<Tables>,
  runId: bigint,
  accountId: bigint,
  at: Instant,
): Promise<void> {
  const held = {
    accountId,
    reasons: [{ kind: "by_hand", text: "a look" }],
    supply: 1n,
    property: 0n,
    last: null,
  } as const;
  await holdBills(trx, runId, [held], at);
  await decideHeld(trx, { runId, accountId }, { state: "released", note: "" }, { at, by: 1n });
}

/** A deposit of 100. */
async function takeDeposit(db: Database, operatorId: bigint, accountId: bigint, at: Instant): Promise<void> {
  const move = { kind: "take", amount: money("CNY", 10000n), channel: "cash" } as const;
  await moveDeposit(db, { operatorId, accountId, key: "deposit", at, move });
}

/** A late fee to come, a cycle and a deposit. */
export async function beforeItsBills(db: Database, operatorId: bigint, accountId: bigint, at: Instant): Promise<void> {
  await db.as(operatorId, (trx) => chargeLate(trx, at));
  await db.as(operatorId, (trx) => joinCycle(trx, accountId, at));
  await takeDeposit(db, operatorId, accountId, at);
}

/** What a superuser can do to holds and cycles, and the invariant that names it. */
export const BILL_RUN_DEEDS: [title: string, sql: string, named: string][] = [
  ["a bill held after it was issued", "update held_bill set state = 'held', decided_at = null", "held-bills"],
  [
    "a deposit spent twice",
    "update posting set amount_minor = -amount_minor where ledger_account = 'customer_deposit'",
    "deposits-held",
  ],
  ["a bill released by nobody", "update held_bill set decided_by = null", "held-bills"],
  [
    "an account that was in another cycle all along",
    "update billing_cycle set months = 2, anchor_month = 10",
    "cycle-bills",
  ],
];
