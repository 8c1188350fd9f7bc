import { sql, type Transaction } from "kysely";
import { policyVersionsOf } from "../../catalog/policies/catalogue.ts";
import type { Pays } from "../../domain/charge.ts";
import { CodedError } from "../../domain/errors.ts";
import type { Instant } from "../../domain/instant.ts";
import { amountText, type Money, money } from "../../domain/money.ts";
import { dayOf } from "../../domain/period.ts";
import type { PrepaidPolicy } from "../../domain/policy.ts";
import type { AccountId } from "../../domain/reading.ts";
import { holdBalance } from "../../ledger/emergency-credit.ts";
import { owedOf } from "../../ledger/journal.ts";
import { policyIdOf } from "../../ledger/policies.ts";
import type { Tables } from "../../schema/tables.ts";
import type { DebtShare } from "../charges/split.ts";
import { operatorFacts } from "../operator.ts";
import type { PaymentGuard } from "../payment.ts";
import { minorOf } from "./decide.ts";
import { policiesInForce, type PolicyBook } from "./policies.ts";
import { keepRepayment, repaymentGuard } from "./repayment.ts";

type Trx = Transaction<Tables>;

type TopUp = { readonly accountId: AccountId; readonly amount: Money; readonly pays: Pays; readonly key?: string };

/**
 * Refuses a top-up that its policy does not let in now. Where the policy limits what is held, the answer is asked again in the payment's
 * own transaction with the balance held: of two top-ups at once the second sees the first. What repays emergency credit is kept there.
 * @returns that guard, or `undefined` where there is nothing of both, so that an ordinary payment stays one call
 * @throws CodedError `payment.hoarding`
 */
export async function topUpGuard(
  trx: Trx,
  topUp: TopUp,
  now: Instant,
  policies: PolicyBook = policyVersionsOf,
): Promise<PaymentGuard | undefined> {
  const { accountId, amount, pays } = topUp;
  if (pays === "property") return undefined;
  const limits = await checkTopUp(trx, topUp, now, policies);
  if (limits?.balanceMax === undefined)
    return repaymentGuard(trx, { accountId, currency: amount.currency }, now, policies);
  return async (own) => {
    const owed = await holdBalance(own, accountId, amount.currency);
    await checkTopUp(own, topUp, now, policies);
    return keepRepayment(own, accountId, owed, now, policies);
  };
}

/**
 * Whether a policy lets a top-up be as large, and the balance after it: what is held for supply is limited (囤积). A payment for other
 * debts is not looked at; one whose key stands in the book already was.
 * @returns what it was held against; `undefined` = nothing
 * @throws CodedError `payment.hoarding`, saying how much may be paid
 */
export async function checkTopUp(
  trx: Trx,
  { accountId, amount, pays, key }: TopUp,
  now: Instant,
  policies: PolicyBook = policyVersionsOf,
): Promise<PrepaidPolicy["hoarding"]> {
  if (pays === "property") return undefined;
  const policy = await policyOfAccount(trx, accountId, now, policies);
  const limits = policy?.hoarding;
  if (policy === null || limits === undefined) return undefined;
  if (key !== undefined && (await isKnown(trx, key))) return undefined;
  const { topUpMax, balanceMax } = limits;
  const balance = -(await owedOf(trx, accountId, amount.currency)).minor;
  const room = [
    ...(topUpMax === undefined ? [] : [minorOf(policy, topUpMax)]),
    ...(balanceMax === undefined ? [] : [minorOf(policy, balanceMax) - balance]),
  ].reduce((a, b) => (a < b ? a : b));
  if (amount.minor <= room) return limits;
  const most = amountText(money(amount.currency, room < 0n ? 0n : room));
  throw new CodedError("payment.hoarding", `At most ${most} ${amount.currency} may be paid for supply now.`);
}

/** How much of a shared payment other debts get at most, by the policy of the account; `null` = all that is owed. */
export async function debtShareOf(trx: Trx, accountId: AccountId, now: Instant): Promise<DebtShare | null> {
  const policy = await policyOfAccount(trx, accountId, now, policyVersionsOf);
  const share = policy?.debtShare;
  if (policy === null || share === undefined) return null;
  return { percent: share.percent, maxMinor: share.max === undefined ? null : minorOf(policy, share.max) };
}

async function policyOfAccount(
  trx: Trx,
  accountId: AccountId,
  now: Instant,
  policies: PolicyBook,
): Promise<PrepaidPolicy | null> {
  const { rows } = await sql<{ policy_id: string }>`
    select policy_id from sanbiao.supply where operator_id = sanbiao.operator_id() and account_id = ${accountId}`.execute(
    trx,
  );
  const own = rows[0]?.policy_id;
  if (own === undefined) return null;
  const { zone } = await operatorFacts(trx);
  const inForce = await policiesInForce(trx, policies, { zone, now });
  return inForce(await policyIdOf(trx, { accountId, policyId: own }, dayOf(now, zone)));
}

async function isKnown(trx: Trx, key: string): Promise<boolean> {
  const { rows } = await sql`select 1 from sanbiao.journal
     where operator_id = sanbiao.operator_id() and idempotency_key = ${`payment/${key}`}`.execute(trx);
  return rows.length > 0;
}
