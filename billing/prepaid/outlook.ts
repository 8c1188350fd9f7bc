import type { Transaction } from "kysely";
import type { Instant } from "../../domain/instant.ts";
import type { Money } from "../../domain/money.ts";
import type { AccountId } from "../../domain/reading.ts";
import { MAIN_REGISTER } from "../../metering/register.ts";
import { readEditBook, readingsAround } from "../../ledger/usage.ts";
import type { Tables } from "../../schema/tables.ts";
import { operatorFacts } from "../operator.ts";
import { type AccrualBasis, type AccrualBooks, accrueOn, readAccrualBasis } from "./accrual.ts";
import { cutLimitOf } from "./decide.ts";
import { type DaysLeft, daysLeftOf, type Habits, habitsOf, midnightsBefore } from "./days-left.ts";
import { knownSupply, readMoney, readSupplies } from "./facts.ts";
import { AccrualMemo } from "./memo.ts";
import { policiesInForce, type PolicyBook } from "./policies.ts";

/** What a prepaid customer has, for people to read: money, and how long it lasts. */
export type Outlook = {
  readonly available: Money | null;
  readonly unbilled: Money | null;
  /** Up to where use is known; what came after it is not taken off. */
  readonly lastReadingAt: Instant | null;
  readonly daysLeft: DaysLeft | null;
};

/** By what the books say now; decides nothing. `null` for an account that is not prepaid. */
export async function outlookOf(
  trx: Transaction<Tables>,
  accountId: AccountId,
  books: AccrualBooks & { readonly policies: PolicyBook },
  now: Instant,
): Promise<Outlook | null> {
  const operator = await operatorFacts(trx);
  const [row] = await readSupplies(trx, [accountId], now);
  const book = (await readMoney(trx, [accountId], operator)).get(accountId);
  if (row === undefined || book === undefined) return null;
  const supply = { accountId, meterId: row.meter_id };
  const basis = await readAccrualBasis(trx, supply, book.billedUntil, operator, books, now);
  const accrual = accrueOn(basis, operator.currency);
  const policies = await policiesInForce(trx, books.policies, { zone: operator.zone, now });
  const { facts, policy } = knownSupply(row, operator, book.balance, accrual, policies);
  const { available, lastReadingAt } = facts;
  const floor = policy === null ? 0n : cutLimitOf(facts, policy);
  const spendable = available === null ? null : available.minor - floor;
  const daysLeft = basis === null || spendable === null ? null : await lasts(trx, basis, spendable, now);
  return { available, unbilled: accrual.unbilled, lastReadingAt, daysLeft };
}

async function lasts(
  trx: Transaction<Tables>,
  basis: AccrualBasis,
  spendable: bigint,
  now: Instant,
): Promise<DaysLeft | null> {
  if (spendable <= 0n) return { low: 0, expected: 0, high: 0 };
  const habits = await readHabits(trx, basis, now);
  // The same with fewer readings, where nothing is out of the ordinary: it is priced some thirty times.
  return daysLeftOf(AccrualMemo.of(basis)?.basis(now) ?? basis, habits, spendable);
}

/** How the homes of an account usually use, by their last weeks; `null` = nothing is known. */
export async function readHabits(trx: Transaction<Tables>, basis: AccrualBasis, now: Instant): Promise<Habits | null> {
  const midnights = midnightsBefore(now, basis.zone);
  const registers = basis.inputs.flatMap(({ agreement }) =>
    agreement.stays.slice(-1).map(({ meterId }) => ({ meterId, register: MAIN_REGISTER[agreement.utility] })),
  );
  const edits = await readEditBook(trx, registers);
  const edges = registers.flatMap((register) => midnights.map((at) => ({ ...register, at })));
  const readings = Map.groupBy(await readingsAround(trx, edges, edits), ({ meterId }) => meterId);
  return habitsOf(basis.inputs, readings, midnights);
}
