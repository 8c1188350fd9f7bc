import { type Money, negate } from "../domain/money.ts";
import type { AccountStatement } from "./bill-sheet.ts";
import { type Words, WORDS } from "./words.ts";

/** The account as a sum that reads from left to right. Nobody reads a minus before a debt: credit has a name of its own. */
export function statementCells(account: AccountStatement): readonly (readonly [Words, Money])[] {
  const { before, payments, adjustments, bill, after } = account;
  return [
    before.minor < 0n ? [WORDS.in_credit_before, negate(before)] : [WORDS.before, before],
    [WORDS.payments, negate(payments)],
    ...(adjustments.minor === 0n ? [] : [[WORDS.adjustments, adjustments] as const]),
    [WORDS.total, bill],
    after.minor < 0n ? [WORDS.in_credit_after, negate(after)] : [WORDS.after, after],
  ];
}
