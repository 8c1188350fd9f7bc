import { BILLED_UNIT, type Utility } from "../../domain/unit.ts";
import type { Period } from "../../domain/period.ts";
import { type Micro, microOf } from "../../domain/quantity.ts";
import type { BalanceToWrite } from "../../ledger/balances.ts";
import type { RuleRow } from "../../ledger/topology.ts";
import { apportion, type Claim } from "../../metering/apportion.ts";
import {
  type Balance,
  balanceOf,
  type BalancePart,
  type BalanceVerdict,
  type PointUse,
} from "../../metering/balance.ts";
import { weightText } from "./weigh.ts";

export type DecideInput = {
  readonly utility: Utility;
  readonly period: Period;
  readonly master: PointUse;
  readonly parts: readonly BalancePart[];
  /** `null` = nobody has said: no loss is allowed, and nothing is shared. */
  readonly rule: RuleRow | null;
  readonly claims: readonly Claim[];
};

/** What a closing publishes. A provisional balance has no shares, nor has one with an account of unknown weight. Pure. */
export function publishedBalance({ utility, period, master, parts, rule, claims }: DecideInput): BalanceToWrite {
  const lossAllowancePercent = rule?.lossAllowancePercent ?? "0";
  const balance = balanceOf({ master, parts, allowancePercent: microOf(lossAllowancePercent) ?? 0n });
  const shared = rule === null || balance.provisional ? 0n : toShareOf(balance, rule);
  const given = rule === null || balance.provisional ? null : apportion(shared, claims);
  const missing = given?.kind === "missing" ? given.accountIds : [];
  const isGiven = given?.kind === "apportioned";
  const ruled: BalanceVerdict[] = [
    ...(rule === null ? [{ verdict: "no_rule" as const, detail: "" }] : []),
    ...(missing.length > 0 ? [{ verdict: "key_missing" as const, detail: `${missing.length}` }] : []),
  ];
  return {
    masterPointId: master.usagePointId,
    utility,
    unit: BILLED_UNIT[utility],
    period,
    ...balance,
    verdicts: [...balance.verdicts, ...ruled],
    ruleId: rule?.ruleId ?? null,
    key: rule?.key ?? null,
    lossAllowancePercent,
    apportioned: rule?.apportioned ?? [],
    missingAccounts: missing,
    apportionedQuantity: isGiven ? shared : 0n,
    remainder: isGiven ? given.remainder : 0n,
    parts,
    shares: isGiven && rule !== null ? given.shares.map((s) => ({ ...s, weight: weightText(rule.key, s.weight) })) : [],
  };
}

/** What the customers bear by the rule. A residue below zero makes it less. */
function toShareOf(balance: Balance, { apportioned }: RuleRow): Micro {
  return apportioned.reduce((sum, part) => sum + balance[part], 0n);
}
