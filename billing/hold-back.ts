import type { Transaction } from "kysely";
import type { HoldReason } from "../domain/hold.ts";
import type { Day, Period } from "../domain/period.ts";
import type { AccountId } from "../domain/reading.ts";
import { accountHolds, type HeldBill, type HoldRuleRow, readHoldRules, releasedOf } from "../ledger/bill-holds.ts";
import { type LastBill, lastBills } from "../ledger/last-bills.ts";
import type { Tables } from "../schema/tables.ts";
import type { AccountBill } from "./account-bill.ts";
import type { AccountInput } from "./chunk.ts";
import { asked, holdReasonsOf } from "./holds.ts";

export type RatedAccount = AccountBill & { readonly accountId: AccountId };

/** By what a bill is held back: two small queries where nothing is ever held, more where something may be. */
export class HoldBook {
  readonly #rules: readonly HoldRuleRow[];
  readonly #byHand: ReadonlyMap<AccountId, string>;
  readonly #last: ReadonlyMap<AccountId, LastBill>;
  readonly #released: ReadonlySet<AccountId>;

  private constructor(
    rules: readonly HoldRuleRow[],
    byHand: ReadonlyMap<AccountId, string>,
    last: ReadonlyMap<AccountId, LastBill>,
    released: ReadonlySet<AccountId>,
  ) {
    [this.#rules, this.#byHand, this.#last, this.#released] = [rules, byHand, last, released];
  }

  /** @param run whose bills a person may have released; `null` = a run for show */
  static async read(
    trx: Transaction<Tables>,
    ids: readonly AccountId[],
    { period, issuedOn, runId }: { readonly period: Period; readonly issuedOn: Day; readonly runId: bigint | null },
  ): Promise<HoldBook> {
    const rules = await readHoldRules(trx);
    const byHand = await accountHolds(trx, ids, issuedOn);
    if (rules.length === 0 && byHand.size === 0) return new HoldBook([], byHand, new Map(), new Set());
    const last = await lastBills(trx, ids, period);
    return new HoldBook(rules, byHand, last, runId === null ? new Set() : await releasedOf(trx, runId, ids));
  }

  /** A bill that waits, with why; `null` = it is issued: nothing holds it, or a person released it. */
  heldOf(one: RatedAccount, { estimatedBills }: Pick<AccountInput, "estimatedBills">): HeldBill | null {
    const { accountId } = one;
    if (one.kind !== "billed" || this.#released.has(accountId)) return null;
    const last = this.#last.get(accountId) ?? null;
    const facts = { rules: this.#rules, last, estimatedBills, byHand: this.#byHand.get(accountId) ?? null };
    const reasons = holdReasonsOf(one, facts);
    if (reasons.length === 0) return null;
    const supply = one.bill.total.minor;
    const property = asked(one.bill) - supply;
    return { accountId, reasons, supply, property, last: last === null ? null : last.supply + last.property };
  }
}

/** As a log and an exception say it: `high 412 (300); by_hand: dispute`. */
export const holdText = (reasons: readonly HoldReason[]): string =>
  reasons
    .map((one) => (one.kind === "by_hand" ? `by_hand: ${one.text}` : `${one.kind} ${one.value} (${one.threshold})`))
    .join("; ");
