import type { Transaction } from "kysely";
import type { Instant } from "../../domain/instant.ts";
import type { ContactChannel } from "../../domain/notice.ts";
import type { Zone } from "../../domain/period.ts";
import { readNoticePolicy } from "../../ledger/notice-policy.ts";
import type { Tables } from "../../schema/tables.ts";
import { policiesInForce, type PolicyBook } from "../prepaid/policies.ts";

/** What is told of money, and may be switched off. */
export type MoneyMessage = "payment" | "correction";

/** Ways that a message of money takes to an account of this policy; `null` = it is not told. `policyId` `null`: postpaid. */
export type MoneyWays = (
  message: MoneyMessage,
  policyId: string | null,
) => { channels?: readonly ContactChannel[] } | null;

/** What the operator and its policies say of it today. */
export async function moneyWays(
  trx: Transaction<Tables>,
  { policies, zone, now }: { readonly policies: PolicyBook; readonly zone: Zone; readonly now: Instant },
): Promise<MoneyWays> {
  const { payments, corrections } = await readNoticePolicy(trx);
  const isTold = { payment: payments, correction: corrections };
  const inForce = await policiesInForce(trx, policies, { zone, now });
  return (message, policyId) => {
    if (!isTold[message]) return null;
    const channels = policyId === null ? undefined : inForce(policyId)?.channels?.[message];
    if (channels === undefined) return {};
    return channels.length === 0 ? null : { channels };
  };
}
