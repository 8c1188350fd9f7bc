import type { Transaction } from "kysely";
import { dialOf } from "../../catalog/meters/dials.ts";
import { policyVersionsOf } from "../../catalog/policies/catalogue.ts";
import { CodedError } from "../../domain/errors.ts";
import type { Instant } from "../../domain/instant.ts";
import { type Money, money } from "../../domain/money.ts";
import type { PrepaidPolicy } from "../../domain/policy.ts";
import type { AccountId } from "../../domain/reading.ts";
import { takeEmergencyCredit } from "../../ledger/emergency-credit.ts";
import type { Tables } from "../../schema/tables.ts";
import { emergencyUsed } from "../charges/split.ts";
import { catalogueTariffs } from "../tariffs.ts";
import type { AccrualBooks } from "./accrual.ts";
import { minorOf, type SupplyFacts } from "./decide.ts";
import { readFacts } from "./facts.ts";
import type { PolicyBook } from "./policies.ts";

/** What a customer may take, or took; `none`: why there is nothing to take. */
export type EmergencyOffer =
  | { readonly kind: "offered"; readonly amount: Money }
  /** `used`: what is available lies so far below the policy's own limit. */
  | { readonly kind: "taken"; readonly amount: Money; readonly takenAt: Instant; readonly used: Money }
  | { readonly kind: "none"; readonly why: "not_prepaid" | "no_policy" | "balance_unknown" | "enough" | "too_little" };

/** What of emergency credit is open to a supply. `too_little`: supply would be off with it all the same. Pure. */
export function emergencyOfferOf(f: SupplyFacts, policy: PrepaidPolicy): EmergencyOffer {
  if (f.emergency !== null) {
    const limit = { amountMinor: f.emergency.amount.minor, cutBelowMinor: minorOf(policy, policy.cutBelow) };
    return { kind: "taken", ...f.emergency, used: emergencyUsed(limit, f.available, policy.currency) };
  }
  const { emergencyCredit } = policy;
  if (emergencyCredit === undefined) return { kind: "none", why: "no_policy" };
  if (f.available === null) return { kind: "none", why: "balance_unknown" };
  if (f.available.minor > minorOf(policy, emergencyCredit.offeredBelow)) return { kind: "none", why: "enough" };
  const amount = money(policy.currency, minorOf(policy, emergencyCredit.amount));
  if (f.available.minor < minorOf(policy, policy.cutBelow) - amount.minor) return { kind: "none", why: "too_little" };
  return { kind: "offered", amount };
}

type Books = AccrualBooks & { readonly policies: PolicyBook };
const BOOKS: Books = { tariffs: catalogueTariffs, dials: dialOf, policies: policyVersionsOf };

export async function emergencyOffer(
  trx: Transaction<Tables>,
  accountId: AccountId,
  now: Instant,
  books: Books = BOOKS,
): Promise<EmergencyOffer> {
  const supply = await readFacts(trx, accountId, books, now);
  if (supply === null || supply.policy === null) return { kind: "none", why: "not_prepaid" };
  return emergencyOfferOf(supply.facts, supply.policy);
}

/**
 * Takes what is offered, in one transaction with all that a credit does: cuts withdrawn, supply given back. A second press is `already`.
 * @throws CodedError `prepaid.no-emergency-credit`
 */
export async function takeEmergency(
  trx: Transaction<Tables>,
  accountId: AccountId,
  { by, now }: { readonly by: bigint | null; readonly now: Instant },
  books: Books = BOOKS,
): Promise<{ readonly outcome: "taken" | "already"; readonly amount: Money; readonly reconnect: bigint | null }> {
  const supply = await readFacts(trx, accountId, books, now);
  const policy = supply?.policy ?? null;
  const offer: EmergencyOffer =
    supply === null || policy === null ? { kind: "none", why: "not_prepaid" } : emergencyOfferOf(supply.facts, policy);
  switch (offer.kind) {
    case "none":
      throw new CodedError("prepaid.no-emergency-credit", `There is none to take: ${offer.why.replaceAll("_", " ")}.`);
    case "taken":
      return { outcome: "already", amount: offer.amount, reconnect: null };
    case "offered": {
      const name = policy === null ? "" : `${policy.id}/${policy.version}`;
      const amountMinor = offer.amount.minor;
      const { reconnect } = await takeEmergencyCredit(trx, { accountId, amountMinor, policy: name, at: now, by });
      return { outcome: "taken", amount: offer.amount, reconnect };
    }
  }
}
