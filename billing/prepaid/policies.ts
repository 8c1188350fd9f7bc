import type { Transaction } from "kysely";
import type { Clock, Instant } from "../../domain/instant.ts";
import { dayOf, type Zone } from "../../domain/period.ts";
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

/** An account's policy for whoever asks often and decides nothing by it: as of a minute ago at most. */
export function rememberedPolicies({
  db,
  clock,
  policies,
}: {
  readonly db: Database;
  readonly clock: Clock;
  readonly policies: PolicyBook;
}): (of: { operatorId: OperatorId; accountId: AccountId | null; policyId: string }) => Promise<PrepaidPolicy | null> {
  const known = remembered(clock, (operatorId, now) =>
    db.as(operatorId, async (trx) => {
      const { zone } = await operatorFacts(trx);
      const inForce = await policiesInForce(trx, policies, { zone, now });
      return { inForce, hasClasses: (await readAssignments(trx)).length > 0, today: dayOf(now, zone) };
    }),
  );
  return async ({ operatorId, accountId, policyId }) => {
    const { inForce, hasClasses, today } = await known(operatorId);
    if (!hasClasses || accountId === null) return inForce(policyId);
    return inForce(await db.as(operatorId, (trx) => policyIdOf(trx, { accountId, policyId }, today)));
  };
}
