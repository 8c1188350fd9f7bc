import { type Money, negate } from "../domain/money.ts";
import type { BillSheet } from "./bill-sheet.ts";
import type { AccountStatement, DepositSheet, FinalSheet } from "./statement.ts";
import { type Words, WORDS } from "./words.ts";

/** The account as a sum that reads from left to right. Nobody reads a minus before a debt: credit has a name of its own. */
function statementCells(account: AccountStatement): readonly (readonly [Words, Money])[] {
  const { before, payments, adjustments, bill, after } = account;
  return [
    before.minor < 0n ? [WORDS.in_credit_before, negate(before)] : [WORDS.before, before],
    [WORDS.payments, negate(payments)],
    ...(adjustments.minor === 0n ? [] : [[WORDS.adjustments, adjustments] as const]),
    [WORDS.total, bill],
    after.minor < 0n ? [WORDS.in_credit_after, negate(after)] : [WORDS.after, after],
  ];
}

/** A strip of the account as it stands on paper: what it is about, where more than one stands there, and its cells. */
export type Strip = { readonly name: Words | null; readonly cells: readonly (readonly [Words, Money])[] };

/** The classes of debt, the deposit, and what a final bill comes to. */
export function stripsOf({ statements, deposit, final }: BillSheet): readonly Strip[] {
  const isAlone = statements.length === 1 && deposit === null && final === null;
  return [
    ...statements.map((one) => ({ name: isAlone ? null : WORDS[`debt_${one.debt}`], cells: statementCells(one) })),
    ...(deposit === null ? [] : [{ name: WORDS.deposit, cells: depositCells(deposit) }]),
    ...(final === null ? [] : [{ name: WORDS.final, cells: finalCells(final) }]),
  ];
}

function depositCells({ before, taken, applied, returned, held }: DepositSheet): Strip["cells"] {
  const moves = [
    [WORDS.deposit_taken, taken],
    [WORDS.deposit_applied, negate(applied)],
    [WORDS.deposit_returned, negate(returned)],
  ] as const;
  return [[WORDS.deposit_before, before], ...moves.filter(([, { minor }]) => minor !== 0n), [WORDS.deposit_held, held]];
}

const finalCells = ({ paid, setOff, stillOwed, refundDue }: FinalSheet): Strip["cells"] => [
  ...(paid.minor === 0n ? [] : [[WORDS.final_paid, paid] as const]),
  ...(setOff === null ? [] : [[WORDS[`final_set_off_${setOff.pays}`], setOff.amount] as const]),
  [WORDS.final_still_owed, stillOwed],
  [WORDS.final_refund_due, refundDue],
];

/** What stands largest on the bill: what to pay, what a final bill gives back, or that there is nothing to pay. */
export function headlineOf({ toPay, final }: BillSheet): readonly [Words, Money] {
  if (toPay.minor > 0n) return [WORDS.toPay, toPay];
  return final !== null && final.refundDue.minor > 0n
    ? [WORDS.final_refund_due, final.refundDue]
    : [WORDS.nothingToPay, toPay];
}
