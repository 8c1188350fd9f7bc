import { moveDeposit } from "../../billing/deposit.ts";
import { CodedError } from "../../domain/errors.ts";
import { moneyJson } from "../../domain/money.ts";
import { readDepositEntries } from "../../ledger/deposits.ts";
import { checkAccess, principalOfRequest } from "../access.ts";
import { atText, moneyOf } from "../desk.ts";
import { requireAccount } from "../queries/account.ts";
import { depositList } from "../queries/deposits.ts";
import { DepositBody, DepositJson, DepositListJson, DepositListQuery, DepositsJson } from "../schemas/deposit.ts";
import { IdParams } from "../schemas/json.ts";
import { IdempotencyHeaders } from "../schemas/payment.ts";
import { amountOf } from "./payments.ts";
import { type Api, type App, atDeskOf, PROBLEMS } from "./route.ts";

/** Deposits: taken, applied to debt after move-out, given back. */
export function depositRoutes(app: App, api: Api): void {
  app.route({
    method: "GET",
    url: "/deposits",
    schema: {
      tags: ["payments"],
      summary: "Deposits that are held, and what closed accounts are to be given back",
      querystring: DepositListQuery,
      response: { 200: DepositListJson, ...PROBLEMS },
    },
    handler: (request) => atDeskOf(api, request, (desk) => depositList(desk, request.query)),
  });

  app.route({
    method: "GET",
    url: "/accounts/:id/deposits",
    schema: {
      tags: ["payments"],
      summary: "The deposit that is held of an account, and everything that moved it",
      params: IdParams,
      response: { 200: DepositsJson, ...PROBLEMS },
    },
    handler: (request) =>
      atDeskOf(api, request, async (desk) => {
        const id = BigInt(request.params.id);
        await requireAccount(desk, id);
        const entries = await readDepositEntries(desk.trx, id, desk.currency);
        const items = entries.map(({ journalId, at, minor, held, ...one }) => ({
          ...one,
          journalId: String(journalId),
          at: atText(desk, at),
          amount: moneyOf(desk, minor),
          held: moneyOf(desk, held),
        }));
        return { held: moneyOf(desk, entries[0]?.held ?? 0n), items };
      }),
  });

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
