import type { FastifyRequest } from "fastify";
import { type FinalBillAsked, issueFinalBill, previewFinalBill } from "../../billing/closing/final-bill.ts";
import { refundClosed } from "../../billing/closing/refund.ts";
import { billDepsOf } from "../../billing/main.ts";
import { CodedError } from "../../domain/errors.ts";
import { isoIn } from "../../domain/instant.ts";
import { principalOfRequest } from "../access.ts";
import { bookMoveOut } from "../boundary-readings.ts";
import type { Desk } from "../desk.ts";
import { closingJson, finalBillJson } from "../queries/account-closings.ts";
import {
  ClosingJson,
  FinalBillBody,
  FinalBillIssueBody,
  FinalBillJson,
  RefundBody,
  RefundJson,
} from "../schemas/account-closing.ts";
import { IdParams } from "../schemas/json.ts";
import { IdempotencyHeaders } from "../schemas/payment.ts";
import type { Principal } from "../session.ts";
import { dayOfText } from "./charges.ts";
import { amountOf } from "./payments.ts";
import { type Api, type App, atDeskOf, PROBLEMS } from "./route.ts";

type Body = (typeof FinalBillBody)["_output"];

/** A move-out: the final bill as it would be, the same issued once, and what is given back. */
export function accountClosingRoutes(app: App, api: Api): void {
  const depsOf = (request: FastifyRequest) => billDepsOf({ ...api, log: request.log as never });

  app.route({
    method: "POST",
    url: "/accounts/:id/final-bill/preview",
    schema: {
      tags: ["bills"],
      summary: "An account's final bill up to a day, with the deposit applied; nothing is written",
      params: IdParams,
      body: FinalBillBody,
      response: { 200: FinalBillJson, ...PROBLEMS },
    },
    config: { access: "clerk" },
    handler: async (request) => {
      const asked = askedOf(api, principalOfRequest(request), request.params.id, request.body);
      const shown = await previewFinalBill(depsOf(request), asked);
      return atDeskOf(api, request, async (desk) => finalBillJson(desk, shown));
    },
  });

  app.route({
    method: "POST",
    url: "/accounts/:id/final-bill",
    schema: {
      tags: ["bills"],
      summary:
        "Close an account as it was shown: agreements end, the final bill is issued, the deposit is applied; once",
      params: IdParams,
      body: FinalBillIssueBody,
      response: { 200: ClosingJson, 201: ClosingJson, ...PROBLEMS },
    },
    config: { access: "clerk" },
    handler: async (request, reply) => {
      const by = principalOfRequest(request);
      const { digest } = request.body;
      const asked = { ...askedOf(api, by, request.params.id, request.body), digest };
      const { kind, closing } = await issueFinalBill(depsOf(request), asked);
      if (kind === "closed") {
        api.services.onPayment?.(by.operatorId, closing.accountId);
        tell(api, by);
      }
      void reply.code(kind === "closed" ? 201 : 200);
      return atDeskOf(api, request, async (desk) => ({ outcome: kind, closing: await closingJson(desk, closing) }));
    },
  });

  app.route({
    method: "POST",
    url: "/accounts/:id/refund",
    schema: {
      tags: ["payments"],
      summary: "Give a closed account back all that is due: once per Idempotency-Key",
      params: IdParams,
      headers: IdempotencyHeaders,
      body: RefundBody,
      response: { 200: RefundJson, 201: RefundJson, ...PROBLEMS },
    },
    config: { access: "clerk" },
    handler: async (request, reply) => {
      const by = principalOfRequest(request);
      const done = await refundClosed(api.db, {
        operatorId: by.operatorId,
        accountId: BigInt(request.params.id),
        key: request.headers["idempotency-key"],
        amount: amountOf(request.body.amount),
        channel: request.body.channel,
        at: api.clock.now(),
        by: by.userId,
      });
      if (done.kind === "different")
        throw new CodedError(
          "request.conflict",
          "This Idempotency-Key stands for another refund; nothing was given back.",
        );
      if (done.kind === "posted") tell(api, by);
      void reply.code(done.kind === "posted" ? 201 : 200);
      return { outcome: done.kind, journalIds: done.journalIds.map(String) };
    },
  });
}

function askedOf(api: Api, by: Principal, id: string, body: Body): FinalBillAsked {
  const { onDay: text, readings, agreed, setOffConsent } = body;
  const onDay = dayOfText(text);
  const accountId = BigInt(id);
  const { operatorId, userId, zone, currency } = by;
  const read = async (trx: Desk["trx"]): Promise<void> => {
    const desk = { trx, operatorId, zone, currency, now: api.clock.now() };
    await bookMoveOut(desk, { accountId, onDay, userId }, readings);
  };
  return {
    operatorId,
    accountId,
    onDay,
    by: userId,
    ...(agreed === undefined ? {} : { agreed: { ...agreed, on: dayOfText(agreed.on) } }),
    ...(setOffConsent === undefined ? {} : { setOffConsent: { ...setOffConsent, on: dayOfText(setOffConsent.on) } }),
    ...(readings.length === 0 ? {} : { prepare: read }),
  };
}

function tell(api: Api, by: Principal): void {
  api.overviews.forget(by.operatorId);
  api.live.publish(by.operatorId, { kind: "overview", at: isoIn(api.clock.now(), by.zone) });
}
