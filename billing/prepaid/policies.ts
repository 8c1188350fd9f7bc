import type { Transaction } from "kysely";
import type { Instant } from "../../domain/instant.ts";
import { dayOf, type Zone } from "../../domain/period.ts";
import { policyOn, type PrepaidPolicy } from "../../domain/policy.ts";
import { POLICY_VERSIONS } from "../../ledger/policies.ts";
import type { Tables } from "../../schema/tables.ts";
import { publishedDocuments } from "../own-documents.ts";

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
