import type { Transaction } from "kysely";
import { policyVersionsOf } from "../../catalog/policies/catalogue.ts";
import type { Instant } from "../../domain/instant.ts";
import { type Currency, type Money, money } from "../../domain/money.ts";
import { dayOf } from "../../domain/period.ts";
import type { AccountId } from "../../domain/reading.ts";
import { holdBalance, noteRepayment, type OpenCredit, openEmergencyCredit } from "../../ledger/emergency-credit.ts";
import type { Tables } from "../../schema/tables.ts";
import { type EmergencyLimit, emergencyUsed, type SupplyShares, supplyShares } from "../charges/split.ts";
import { operatorFacts } from "../operator.ts";
import type { AfterPayment, PaymentGuard } from "../payment.ts";
import { minorOf } from "./decide.ts";
import { policiesInForce, type PolicyBook } from "./policies.ts";

type Trx = Transaction<Tables>;

/** Emergency credit that is not repaid, with the policy's own limit, below which it is used. */
export type OpenEmergency = EmergencyLimit & Pick<OpenCredit, "unbilledMinor">;

/** What an account took and has not repaid; `null` = nothing, or its policy is not known. */
export async function openEmergency(
  trx: Trx,
  accountId: AccountId,
  now: Instant,
  policies: PolicyBook = policyVersionsOf,
): Promise<OpenEmergency | null> {
  const { zone } = await operatorFacts(trx);
  const open = await openEmergencyCredit(trx, accountId, dayOf(now, zone));
  if (open === null) return null;
  const policy = (await policiesInForce(trx, policies, { zone, now }))(open.policyId);
  if (policy === null) return null;
  return {
    amountMinor: open.amountMinor,
    cutBelowMinor: minorOf(policy, policy.cutBelow),
    unbilledMinor: open.unbilledMinor,
  };
}

/** Ledger credit less what was unbilled at the last look. */
const availableNow = (owed: Money, { unbilledMinor }: Pick<OpenCredit, "unbilledMinor">): Money | null =>
  unbilledMinor === null ? null : money(owed.currency, -owed.minor - unbilledMinor);

/** How a payment's supply part is shared, and what of the emergency credit is used after it. Pure. */
export function repaymentOf(
  part: Money,
  owed: Money,
  open: OpenEmergency,
): { readonly shares: SupplyShares; readonly left: Money } {
  const available = availableNow(owed, open);
  const after = available === null ? null : money(part.currency, available.minor + part.minor);
  return { shares: supplyShares(part, owed, available, open), left: emergencyUsed(open, after, part.currency) };
}

/**
 * Of an account with emergency credit that is not repaid: the payment is booked with the balance held, and what it repaid is kept with it,
 * in its own transaction. @returns `undefined` where nothing was taken, so that an ordinary payment stays one call
 */
export async function repaymentGuard(
  trx: Trx,
  { accountId, currency }: { readonly accountId: AccountId; readonly currency: Currency },
  now: Instant,
  policies: PolicyBook = policyVersionsOf,
): Promise<PaymentGuard | undefined> {
  if ((await openEmergency(trx, accountId, now, policies)) === null) return undefined;
  return async (own) => keepRepayment(own, accountId, await holdBalance(own, accountId, currency), now, policies);
}

/** @returns what is to be done after the payment; the caller holds the balance, at which so much is owed */
export async function keepRepayment(
  trx: Trx,
  accountId: AccountId,
  owed: Money,
  now: Instant,
  policies: PolicyBook = policyVersionsOf,
): Promise<AfterPayment | undefined> {
  const open = await openEmergency(trx, accountId, now, policies);
  if (open === null) return undefined;
  return async ({ kind, journalId, parts }) => {
    if (kind !== "posted" || parts.supply.minor === 0n) return;
    const { shares, left } = repaymentOf(parts.supply, owed, open);
    await noteRepayment(trx, { accountId, journalId, at: now, ...shares, left });
  };
}
