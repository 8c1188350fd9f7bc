import { moveDeposit } from "../../billing/deposit.ts";
import { CodedError } from "../../domain/errors.ts";
import { moneyJson } from "../../domain/money.ts";
import { checkAccess, principalOfRequest } from "../access.ts";
import { DepositBody, DepositJson } from "../schemas/deposit.ts";
import { IdParams } from "../schemas/json.ts";
import { IdempotencyHeaders } from "../schemas/payment.ts";
import { amountOf } from "./payments.ts";
import { type Api, type App, PROBLEMS } from "./route.ts";

/** Deposits: taken, applied to debt after move-out, given back. */
export function depositRoutes(app: App, api: Api): void {
  app.route({
    method: "POST",
    url: "/accounts/:id/deposits",
    schema: {
      tags: ["payments"],
      summary: "Take a deposit, give it back (a manager), or pay debts with it after move-out",
      params: IdParams,
      headers: IdempotencyHeaders,
      body: DepositBody,
      response: { 200: DepositJson, 201: DepositJson, ...PROBLEMS },
    },
    config: { access: "clerk" },
    handler: async (request, reply) => {
      const by = principalOfRequest(request);
      const said = request.body;
      if (said.kind === "refund") checkAccess(request, "manager");
      const move = said.kind === "apply" ? said : { ...said, amount: amountOf(said.amount) };
      const done = await moveDeposit(api.db, {
        operatorId: by.operatorId,
        accountId: BigInt(request.params.id),
        key: request.headers["idempotency-key"],
        at: api.clock.now(),
        by: by.userId,
        move,
      });
      if (done.kind === "different")
        throw new CodedError("request.conflict", "This Idempotency-Key stands for another deposit; nothing was done.");
      void reply.code(done.kind === "posted" ? 201 : 200);
      return { outcome: done.kind, journalId: String(done.journalId), deposit: moneyJson(done.held) };
    },
  });
}
