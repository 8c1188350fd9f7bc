import type { Bill } from "../domain/bill.ts";
import type { HoldReason, HoldRule } from "../domain/hold.ts";
import type { LastBill } from "../ledger/last-bills.ts";
import type { AccountBill } from "./account-bill.ts";

/** What a computed bill is compared with. */
export type HoldFacts = {
  readonly rules: readonly HoldRule[];
  readonly last: LastBill | null;
  /** Per usage point the bills in a row before this one that end at an estimate. */
  readonly estimatedBills?: ReadonlyMap<bigint, number> | undefined;
  /** Why a person holds all bills of the account. */
  readonly byHand: string | null;
};

type Billed = Extract<AccountBill, { kind: "billed" }>;

/** Why a computed bill waits for a person before it is issued; none = it is issued. Pure. */
export function holdReasonsOf(billed: Billed, facts: HoldFacts): HoldReason[] {
  const found = facts.rules.flatMap((rule): HoldReason[] => {
    const value = valueHeld(rule, billed, facts);
    return value === null ? [] : [{ kind: rule.kind, value: value.toString(), threshold: rule.threshold.toString() }];
  });
  return facts.byHand === null ? found : [...found, { kind: "by_hand", text: facts.byHand }];
}

/** What the rule found too much of: percent, bills, minor units; `null` = nothing. */
function valueHeld({ kind, threshold }: HoldRule, billed: Billed, { last, estimatedBills }: HoldFacts): bigint | null {
  const total = asked(billed.bill);
  switch (kind) {
    case "high": {
      const percent = percentOf(billed.bill.total.minor, last);
      return percent !== null && percent > threshold ? percent : null;
    }
    case "low": {
      const percent = percentOf(billed.bill.total.minor, last);
      return percent !== null && percent < threshold ? percent : null;
    }
    case "first":
      return last === null ? 1n : null;
    case "zero_use":
      return billed.settlements.some(({ usage }) => usage.total === 0n) ? 0n : null;
    case "estimated": {
      const most = Math.max(0, ...billed.settlements.map((one) => estimatedInARow(one, estimatedBills)));
      return most > 0 && BigInt(most) >= threshold ? BigInt(most) : null;
    }
    case "total_above":
      return total > threshold ? total : null;
    case "negative":
      return total < 0n ? total : null;
  }
}

const estimatedInARow = (
  { agreement, usage }: Billed["settlements"][number],
  before: HoldFacts["estimatedBills"],
): number => (usage.basis === "estimated" ? (before?.get(agreement.usagePointId) ?? 0) + 1 : 0);

/** What supply costs, in percent of the last bill; `null` where there is nothing to compare with. */
const percentOf = (now: bigint, last: LastBill | null): bigint | null =>
  last === null || last.supply <= 0n ? null : (now * 100n) / last.supply;

/** What a bill asks for, minor units. */
export const asked = ({ total, charges = [] }: Bill): bigint =>
  charges.reduce((sum, { amount }) => sum + amount.minor, total.minor);
