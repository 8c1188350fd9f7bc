import { randomInt } from "node:crypto";
import { averagePrice, quantityFor } from "../../billing/tokens/issue.ts";
import { CodedError } from "../../domain/errors.ts";
import { moneyJson, moneyOfText, negate } from "../../domain/money.ts";
import { microOf } from "../../domain/quantity.ts";
import { owedOf } from "../../ledger/journal.ts";
import { principalOfRequest } from "../access.ts";
import { requireAccount } from "../queries/account.ts";
import { tokenJson, tokensOf } from "../queries/tokens.ts";
import { IdParams } from "../schemas/json.ts";
import { IdempotencyHeaders } from "../schemas/payment.ts";
import { TokenBody, TokenIssuedJson, TokensJson } from "../schemas/token.ts";
import { type Api, type App, atDeskOf, PROBLEMS } from "./route.ts";

/** Numbers that carry credit to a keypad meter whose line is down. */
export function tokenRoutes(app: App, api: Api): void {
  app.route({
    method: "GET",
    url: "/accounts/:id/tokens",
    schema: {
      tags: ["tokens"],
      summary: "Offline tokens of an account, newest first: to be read out again, too",
      params: IdParams,
      response: { 200: TokensJson, ...PROBLEMS },
    },
    config: { access: "clerk" },
    handler: (request) =>
      atDeskOf(api, request, async (desk) => {
        await requireAccount(desk, BigInt(request.params.id));
        return tokensOf(desk, BigInt(request.params.id));
      }),
  });

  app.route({
    method: "POST",
    url: "/accounts/:id/tokens",
    schema: {
      tags: ["tokens"],
      summary: "Hand credit to a keypad meter as a number: once per Idempotency-Key. STS tokens are in test mode",
      params: IdParams,
      headers: IdempotencyHeaders,
      body: TokenBody,
      response: { 200: TokenIssuedJson, 201: TokenIssuedJson, ...PROBLEMS },
    },
    config: { access: "clerk" },
    handler: async (request, reply) => {
      const by = principalOfRequest(request);
      const { issueToken } = api.services;
      if (issueToken === undefined)
        throw new CodedError("token.refused", "No token: this process holds no sealing key.");
      const accountId = BigInt(request.params.id);
      const meterId = BigInt(request.body.meterId);
      const amount = moneyOfText(request.body.amount.currency, request.body.amount.amount);
      if (amount === null || amount.minor <= 0n)
        throw new CodedError(
          "request.invalid",
          "`amount` is more than zero, with no more places than its currency has.",
        );
      const stated = request.body.quantity === undefined ? null : microOf(request.body.quantity.value);
      const done = await atDeskOf(api, request, async (desk) => {
        await requireAccount(desk, accountId);
        const price = stated === null ? await averagePrice(desk.trx, { accountId, meterId }) : null;
        const quantity = stated ?? (price === null ? null : quantityFor(amount, price));
        if (quantity === null)
          throw new CodedError("request.invalid", "State `quantity`: the meter has no bill that gives a price.");
        const outcome = await issueToken(desk.trx, {
          operatorId: by.operatorId,
          accountId,
          meterId,
          quantity,
          amount,
          key: request.headers["idempotency-key"],
          at: desk.now,
          zone: desk.zone,
          by: by.userId,
          random: randomInt(16),
        });
        if (outcome.kind === "different")
          throw new CodedError("request.conflict", "This Idempotency-Key stands for another token; nothing was taken.");
        const balance = negate(await owedOf(desk.trx, accountId, amount.currency));
        return { kind: outcome.kind, token: tokenJson(outcome.token, desk.zone), balance: moneyJson(balance) };
      });
      if (done.kind === "issued") api.services.onPayment?.(by.operatorId, accountId);
      void reply.code(done.kind === "issued" ? 201 : 200);
      return { outcome: done.kind, token: done.token, balance: done.balance };
    },
  });
}
