import type { Transaction } from "kysely";
import type { Clock, Instant } from "../../domain/instant.ts";
import type { Currency } from "../../domain/money.ts";
import { type Day, dayOf, type Zone } from "../../domain/period.ts";
import { policyOn, type PrepaidPolicy } from "../../domain/policy.ts";
import type { AccountId, OperatorId } from "../../domain/reading.ts";
import { POLICY_VERSIONS, policyIdOf, readAssignments } from "../../ledger/policies.ts";
import type { Database } from "../../schema/database.ts";
import type { Tables } from "../../schema/tables.ts";
import { operatorFacts } from "../operator.ts";
import { publishedDocuments } from "../own-documents.ts";
import { remembered } from "./remembered.ts";

/** All versions of a policy by its id, in any order; empty = there is none. */
export type PolicyBook = (policyId: string) => readonly PrepaidPolicy[];
/** The version in force. */
export type PoliciesInForce = (policyId: string) => PrepaidPolicy | null;

/** The book and what the transaction's operator published for itself, as of this transaction. Of two of one day its own counts. */
export async function withOwnPolicies(trx: Transaction<Tables>, base: PolicyBook): Promise<PolicyBook> {
  const own = (await publishedDocuments(trx, POLICY_VERSIONS)) as PrepaidPolicy[];
  return own.length === 0 ? base : (id) => [...base(id), ...own.filter((one) => one.id === id)];
}

/** What the transaction's operator decides by on the day of `now`. */
export async function policiesInForce(
  trx: Transaction<Tables>,
  base: PolicyBook,
  { zone, now }: { readonly zone: Zone; readonly now: Instant },
): Promise<PoliciesInForce> {
  const book = await withOwnPolicies(trx, base);
  const today = dayOf(now, zone);
  return (id) => policyOn(book(id), today);
}

/** What an operator decides by, for whoever asks often and decides nothing by it: as of a minute ago at most. */
export type KnownPolicies = {
  readonly inForce: PoliciesInForce;
  /** Whether an account's class may name another policy than its supply does. */
  readonly hasClasses: boolean;
  readonly zone: Zone;
  readonly currency: Currency;
  readonly today: Day;
};
type Within = <T>(work: (trx: Transaction<Tables>) => Promise<T>) => Promise<T>;
/** `within`: the transaction in which it is read when it is too old; one that is open takes no second connection. */
export type PolicyMemory = (operatorId: OperatorId, within: Within) => Promise<KnownPolicies>;

export const policyMemory = ({
  clock,
  policies,
}: {
  readonly clock: Clock;
  readonly policies: PolicyBook;
}): PolicyMemory =>
  remembered(clock, (_, now, within: Within) =>
    within(async (trx) => {
      const { zone, currency } = await operatorFacts(trx);
      const inForce = await policiesInForce(trx, policies, { zone, now });
      const hasClasses = (await readAssignments(trx)).length > 0;
      return { inForce, hasClasses, zone, currency, today: dayOf(now, zone) };
    }),
  );

/** An account's policy, as of a minute ago at most. */
export function rememberedPolicies({
  db,
  ...of
}: {
  readonly db: Database;
  readonly clock: Clock;
  readonly policies: PolicyBook;
}): (of: { operatorId: OperatorId; accountId: AccountId | null; policyId: string }) => Promise<PrepaidPolicy | null> {
  const known = policyMemory(of);
  return async ({ operatorId, accountId, policyId }) => {
    const { inForce, hasClasses, today } = await known(operatorId, (work) => db.as(operatorId, work));
    if (!hasClasses || accountId === null) return inForce(policyId);
    return inForce(await db.as(operatorId, (trx) => policyIdOf(trx, { accountId, policyId }, today)));
  };
}
