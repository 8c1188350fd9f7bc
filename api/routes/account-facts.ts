import { CodedError } from "../../domain/errors.ts";
import { isDay } from "../../domain/period.ts";
import { microOf, type Micro } from "../../domain/quantity.ts";
import { stateAccountFact } from "../../ledger/account-facts.ts";
import { principalOfRequest } from "../access.ts";
import { requireAccount } from "../queries/account.ts";
import { accountFacts } from "../queries/account-facts.ts";
import { AccountFactBody, AccountFactsJson } from "../schemas/account-fact.ts";
import { NotedJson } from "../schemas/balance.ts";
import { IdParams } from "../schemas/json.ts";
import { type Api, type App, atDeskOf, PROBLEMS } from "./route.ts";
import type { z } from "zod";

export function accountFactRoutes(app: App, api: Api): void {
  app.route({
    method: "GET",
    url: "/accounts/:id/facts",
    schema: {
      tags: ["accounts"],
      summary:
        "Everything that was said of an account: household, contracted capacity, low income; what counts and what does not",
      params: IdParams,
      response: { 200: AccountFactsJson, ...PROBLEMS },
    },
    handler: (request) => atDeskOf(api, request, (desk) => accountFacts(desk, BigInt(request.params.id))),
  });

  app.route({
    method: "POST",
    url: "/accounts/:id/facts",
    schema: {
      tags: ["accounts"],
      summary: "Say a fact from a day on, or take back what was said of a day; issued bills stay as they are",
      params: IdParams,
      body: AccountFactBody,
      response: { 200: NotedJson, 201: NotedJson, ...PROBLEMS },
    },
    config: { access: "clerk" },
    handler: async (request, reply) => {
      const by = principalOfRequest(request);
      const { body } = request;
      if (!isDay(body.fromDay)) throw new CodedError("request.invalid", `There is no day ${body.fromDay}.`);
      const fact = { kind: body.kind, from: body.fromDay, value: valueOf(body) };
      const id = BigInt(request.params.id);
      await atDeskOf(api, request, (desk) => requireAccount(desk, id));
      const outcome = await api.db.as(by.operatorId, (trx) => stateAccountFact(trx, id, fact, by.userId));
      void reply.code(outcome === "noted" ? 201 : 200);
      return { outcome };
    },
  });
}

function valueOf(body: z.infer<typeof AccountFactBody>): Micro | null {
  if ("withdrawn" in body) return null;
  switch (body.kind) {
    case "contracted_kw":
      return microOf(body.kw);
    case "contracted_kva":
      return microOf(body.kva);
    case "low_income":
      return body.lowIncome ? 1n : 0n;
    case "household":
      return BigInt(body.persons);
  }
}
