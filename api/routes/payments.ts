import { CodedError } from "../../domain/errors.ts";
import { type Instant, isoIn } from "../../domain/instant.ts";
import { type Money, money, moneyJson, moneyOfText } from "../../domain/money.ts";
import { readRepayment } from "../../ledger/emergency-credit.ts";
import { receiptNumberOf } from "../../ledger/receipts.ts";
import type { MoneyJson } from "../schemas/json.ts";
import { type PaymentParts, splitPayment, supplyShares } from "../../billing/charges/split.ts";
import { type ChequeOutcome, receiveCheque } from "../../billing/counter/cheque.ts";
import { classesOwed, type CounterTender, type PaymentChannel, type PaymentOutcome } from "../../billing/payment.ts";
import { openEmergency, repaymentOf } from "../../billing/prepaid/repayment.ts";
import { debtShareOf, topUpGuard } from "../../billing/prepaid/top-up.ts";
import { principalOfRequest } from "../access.ts";
import type { Desk } from "../desk.ts";
import { requireAccount } from "../queries/account.ts";
import { repaymentJson } from "../queries/payment.ts";
import { IdParams } from "../schemas/json.ts";
import {
  IdempotencyHeaders,
  PaymentBody,
  PaymentJson,
  ReversalBody,
  ReversalJson,
  ReversalParams,
  SplitJson,
  SplitQuery,
} from "../schemas/payment.ts";
import type { Principal } from "../session.ts";
import { type Api, type App, atDeskOf, PROBLEMS } from "./route.ts";

export function paymentRoutes(app: App, api: Api): void {
  app.route({
    method: "POST",
    url: "/accounts/:id/payments",
    schema: {
      tags: ["payments"],
      summary: "Take a payment: once per Idempotency-Key",
      params: IdParams,
      headers: IdempotencyHeaders,
      body: PaymentBody,
      response: { 200: PaymentJson, 201: PaymentJson, ...PROBLEMS },
    },
    config: { access: "clerk" },
    handler: async (request, reply) => {
      const by = principalOfRequest(request);
      const accountId = BigInt(request.params.id);
      const taken = await take(api, by, { accountId, key: request.headers["idempotency-key"], body: request.body });
      void reply.code(taken.outcome === "posted" ? 201 : 200);
      return taken;
    },
  });

  app.route({
    method: "GET",
    url: "/accounts/:id/payment-split",
    schema: {
      tags: ["payments"],
      summary: "How a payment would be shared over the classes of debt; nothing is taken",
      params: IdParams,
      querystring: SplitQuery,
      response: { 200: SplitJson, ...PROBLEMS },
    },
    handler: (request) =>
      atDeskOf(api, request, async (desk) => {
        const id = BigInt(request.params.id);
        await requireAccount(desk, id);
        const amount = amountOf({ amount: request.query.amount, currency: desk.currency });
        const owed = await classesOwed(desk.trx, id, desk.currency);
        const share = await debtShareOf(desk.trx, id, desk.now);
        const parts = splitPayment(amount, owed, request.query.pays, share);
        const open = await openEmergency(desk.trx, id, desk.now);
        const { shares, left } =
          open === null
            ? { shares: supplyShares(parts.supply, owed.supply, await availableOf(desk, id)), left: null }
            : repaymentOf(parts.supply, owed.supply, open);
        const supply = {
          debt: moneyJson(shares.debt),
          emergency: moneyJson(shares.emergency),
          overdraft: moneyJson(shares.overdraft),
          credit: moneyJson(shares.credit),
        };
        const emergencyLeft = left === null ? null : moneyJson(left);
        return { parts: partsJson(parts), owed: partsJson(owed), supply, emergencyLeft };
      }),
  });

  app.route({
    method: "POST",
    url: "/payments/:journalId/reversal",
    schema: {
      tags: ["payments"],
      summary: "Undo a payment with a further entry: once per payment",
      params: ReversalParams,
      body: ReversalBody,
      response: { 200: ReversalJson, 201: ReversalJson, ...PROBLEMS },
    },
    config: { access: "clerk" },
    handler: async (request, reply) => {
      const by = principalOfRequest(request);
      const journalId = BigInt(request.params.journalId);
      const at = api.clock.now();
      const reversal = {
        operatorId: by.operatorId,
        journalId,
        reason: request.body.reason,
        at,
        by: by.userId,
        isManager: by.role === "manager",
      };
      const done = await api.services.reversePayment(api.db, reversal);
      if (done.kind === "different") {
        throw new CodedError("request.conflict", "This payment was reversed before, for another reason.");
      }
      if (done.kind === "posted") tellOverview(api, by, at);
      void reply.code(done.kind === "posted" ? 201 : 200);
      return {
        outcome: done.kind,
        journalId: String(done.journalId),
        reverses: String(journalId),
        balance: moneyJson(done.balance),
        at: isoIn(at, by.zone),
      };
    },
  });
}

/** A payment over the counter, by a cheque or by anything else. */
async function take(
  api: Api,
  by: Principal,
  { accountId, key, body }: { accountId: bigint; key: string; body: PaymentBody },
): Promise<PaymentJson> {
  const amount = amountOf(body.amount);
  const at = api.clock.now();
  const { operatorId, userId } = by;
  const wish = { operatorId, accountId, amount, pays: body.pays, key, at, by: userId };
  const tender = tenderOf(body, amount);
  const guard = await api.db.as(operatorId, (trx) => topUpGuard(trx, { accountId, amount, pays: body.pays, key }, at));
  const taken: PaymentOutcome & Partial<ChequeOutcome> =
    tender.kind === "cheque"
      ? await receiveCheque(api.db, { ...wish, ...tender.cheque }, guard)
      : await api.services.takePayment(api.db, { ...wish, channel: tender.kind, tender: tender.said }, guard);
  if (taken.kind === "different")
    throw new CodedError("request.conflict", "This Idempotency-Key stands for another payment; nothing was taken.");
  const { chequeId, counts } = taken;
  if (taken.kind === "posted" && counts !== "cleared")
    tellPayment(api, by, { accountId, journalId: taken.journalId, amount: moneyJson(amount), at });
  const { receipt, repayment } = await api.db.as(operatorId, async (trx) => ({
    receipt: await receiptNumberOf(trx, taken.journalId),
    repayment: await readRepayment(trx, accountId, taken.journalId),
  }));
  const { given } = tender.kind === "cheque" ? {} : tender.said;
  return {
    outcome: taken.kind,
    journalId: String(taken.journalId),
    accountId: String(accountId),
    amount: moneyJson(amount),
    balance: moneyJson(taken.balance),
    propertyBalance: moneyJson(taken.propertyBalance),
    parts: partsJson(taken.parts),
    repayment: repaymentJson(repayment),
    controlId: taken.reconnect === undefined ? null : String(taken.reconnect),
    receipt,
    change: given === undefined ? null : moneyJson(money(amount.currency, given.minor - amount.minor)),
    cheque: chequeId === undefined || counts === undefined ? null : { id: String(chequeId), counts },
    at: isoIn(at, by.zone),
  };
}

type Said =
  | { readonly kind: "cheque"; readonly cheque: { readonly number: string; readonly bank: string } }
  | { readonly kind: PaymentChannel; readonly said: CounterTender };

/** What was handed over, as far as it fits the way of paying. */
function tenderOf({ channel, given, reference, cheque }: PaymentBody, amount: Money): Said {
  const wrong = (text: string) => new CodedError("request.invalid", text);
  if ((cheque === undefined) === (channel === "cheque"))
    throw wrong("`cheque` belongs to a cheque, and to nothing else.");
  if (given !== undefined && channel !== "cash") throw wrong("`given` belongs to cash: only cash has change.");
  if (cheque !== undefined && reference !== undefined) throw wrong("A cheque's number is its reference.");
  if (channel === "cheque" || cheque !== undefined)
    return { kind: "cheque", cheque: cheque ?? { number: "", bank: "" } };
  if (given === undefined) return { kind: channel, said: reference === undefined ? {} : { reference } };
  const handed = amountOf(given);
  if (handed.currency !== amount.currency || handed.minor < amount.minor)
    throw wrong("`given` is at least the amount, in the same currency.");
  return { kind: channel, said: { given: handed, ...(reference === undefined ? {} : { reference }) } };
}

/** Ledger credit less unbilled use, as the prepaid engine last decided. */
async function availableOf(desk: Desk, accountId: bigint): Promise<Money | null> {
  const row = await desk.trx
    .selectFrom("supply")
    .select("available_minor")
    .where("operator_id", "=", desk.operatorId)
    .where("account_id", "=", accountId)
    .executeTakeFirst();
  return row?.available_minor == null ? null : money(desk.currency, row.available_minor);
}

/** Whose money it is, billing checks; what it is, we. */
export function amountOf(body: MoneyJson): Money {
  const amount = moneyOfText(body.currency, body.amount);
  if (amount === null || amount.minor <= 0n) {
    throw new CodedError("request.invalid", "`amount` is more than zero, with no more places than its currency has.");
  }
  return amount;
}

const partsJson = ({ supply, property }: PaymentParts) => ({
  supply: moneyJson(supply),
  property: moneyJson(property),
});

/** Tells the prepaid engine and whoever looks. */
export function tellPayment(
  api: Api,
  by: Principal,
  { accountId, journalId, amount, at }: { accountId: bigint; journalId: bigint; amount: MoneyJson; at: Instant },
): void {
  api.services.onPayment?.(by.operatorId, accountId);
  api.live.publish(by.operatorId, {
    kind: "payment",
    at: isoIn(at, by.zone),
    accountId: String(accountId),
    journalId: String(journalId),
    amount,
  });
  tellOverview(api, by, at);
}

function tellOverview(api: Api, by: Principal, at: Instant): void {
  api.overviews.forget(by.operatorId);
  api.live.publish(by.operatorId, { kind: "overview", at: isoIn(at, by.zone) });
}
