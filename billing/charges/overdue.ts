import type { Transaction } from "kysely";
import type { DebtClass } from "../../domain/charge.ts";
import type { Day } from "../../domain/period.ts";
import { customerClassesOn, type MoveRow, readLateFeeRules, readOverdue, readWaivers } from "../../ledger/late-fees.ts";
import type { Tables } from "../../schema/tables.ts";
import type { AccountInput } from "../chunk.ts";
import type { OperatorFacts } from "../operator.ts";
import { type DebtMove, lateFeeLinesOf, type OverdueInput, rulesFor } from "./late-fee.ts";

/**
 * Adds what was overdue to those accounts whom it costs something: one query where the operator has no rule, five at most
 * whatever the number of accounts.
 */
export async function withLateFees(
  trx: Transaction<Tables>,
  inputs: readonly AccountInput[],
  issuedOn: Day,
  { zone, currency }: OperatorFacts,
): Promise<AccountInput[]> {
  const rules = (await readLateFeeRules(trx)).map(({ source: _source, ...rule }) => rule);
  if (rules.every(({ rate, crossYearRate }) => Number(rate) === 0 && Number(crossYearRate) === 0)) return [...inputs];
  const ids = inputs.map(({ accountId }) => accountId);
  const { since, moves } = await readOverdue(trx, ids, issuedOn, zone);
  if (since.size === 0) return [...inputs];
  const waivers = await readWaivers(trx, [...since.keys()]);
  const classes = await customerClassesOn(trx, [...since.keys()], issuedOn);
  return inputs.map((input) => {
    const from = since.get(input.accountId);
    const own = moves.get(input.accountId);
    if (from === undefined || own === undefined) return input;
    const waived = (waivers.get(input.accountId) ?? []).map(({ from: day, to }) => ({ from: day, to }));
    const overdue: OverdueInput = {
      since: from,
      rules: rulesFor(rules, classes.get(input.accountId) ?? "resident"),
      waived,
      moves: { supply: movesOf(own, "supply"), property: movesOf(own, "property") },
    };
    // What costs nothing need not be kept with the bill.
    return lateFeeLinesOf(overdue, issuedOn, currency).length === 0 ? input : { ...input, overdue };
  });
}

const movesOf = (rows: readonly MoveRow[], debtClass: DebtClass): DebtMove[] =>
  rows.filter((row) => row.debtClass === debtClass).flatMap(movesOfRow);

/** A bill's entry is its debt and, apart, the fees on it; a credit of any kind settles. */
function movesOfRow({ day, minor, kind, bill, number, dueOn, fees, charged }: MoveRow): DebtMove[] {
  if (kind === "payment" || kind === "reversal" || kind === "refund" || minor < 0n)
    return [{ day, minor, kind: "settles" }];
  if (bill === null || number === null || dueOn === null) return [{ day, minor, kind: "debt" }];
  const debt: DebtMove = { day, minor: minor - fees, kind: "debt", bill: { billId: bill, number, dueOn, charged } };
  return fees === 0n ? [debt] : [debt, { day, minor: fees, kind: "debt" }];
}
