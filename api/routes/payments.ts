import { CodedError } from "../../domain/errors.ts";
import { type Instant, isoIn } from "../../domain/instant.ts";
import { type Money, moneyJson, moneyOfText } from "../../domain/money.ts";
import type { MoneyJson } from "../schemas/json.ts";
import { type PaymentParts, splitPayment } from "../../billing/charges/split.ts";
import { classesOwed } from "../../billing/payment.ts";
import { principalOfRequest } from "../access.ts";
import { requireAccount } from "../queries/account.ts";
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
      const amount = amountOf(request.body.amount);
      const at = api.clock.now();
      const key = request.headers["idempotency-key"];
      const { operatorId, userId } = by;
      const { channel, pays } = request.body;
      const payment = { operatorId, accountId, amount, channel, pays, key, at, by: userId };
      const taken = await api.services.takePayment(api.db, payment);
      if (taken.kind === "different") {
        throw new CodedError("request.conflict", "This Idempotency-Key stands for another payment; nothing was taken.");
      }
      if (taken.kind === "posted") tell(api, by, { accountId, journalId: taken.journalId, amount, at });
      void reply.code(taken.kind === "posted" ? 201 : 200);
      return {
        outcome: taken.kind,
        journalId: String(taken.journalId),
        accountId: String(accountId),
        amount: moneyJson(amount),
        balance: moneyJson(taken.balance),
        propertyBalance: moneyJson(taken.propertyBalance),
        parts: partsJson(taken.parts),
        controlId: taken.reconnect === undefined ? null : String(taken.reconnect),
        at: isoIn(at, by.zone),
      };
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
        return { parts: partsJson(splitPayment(amount, owed, request.query.pays)), owed: partsJson(owed) };
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
    config: { access: "manager" },
    handler: async (request, reply) => {
      const by = principalOfRequest(request);
      const journalId = BigInt(request.params.journalId);
      const at = api.clock.now();
      const reversal = { operatorId: by.operatorId, journalId, reason: request.body.reason, at, by: by.userId };
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

function tell(
  api: Api,
  by: Principal,
  payment: { accountId: bigint; journalId: bigint; amount: Money; at: Instant },
): void {
  api.services.onPayment?.(by.operatorId, payment.accountId);
  const at = isoIn(payment.at, by.zone);
  api.live.publish(by.operatorId, {
    kind: "payment",
    at,
    accountId: String(payment.accountId),
    journalId: String(payment.journalId),
    amount: moneyJson(payment.amount),
  });
  tellOverview(api, by, payment.at);
}

function tellOverview(api: Api, by: Principal, at: Instant): void {
  api.overviews.forget(by.operatorId);
  api.live.publish(by.operatorId, { kind: "overview", at: isoIn(at, by.zone) });
}
