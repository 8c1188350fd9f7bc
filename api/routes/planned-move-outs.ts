import type { FastifyRequest } from "fastify";
import { planMoveOut } from "../../billing/closing/plan.ts";
import type { MoveOutPlan } from "../../ledger/planned-move-outs.ts";
import { principalOfRequest } from "../access.ts";
import { requireAccount } from "../queries/account.ts";
import { plannedMoveOut, plannedMoveOuts } from "../queries/planned-move-outs.ts";
import { NotedJson } from "../schemas/balance.ts";
import { IdParams } from "../schemas/json.ts";
import {
  PlanMoveOutBody,
  PlannedMoveOutJson,
  PlannedMoveOutsJson,
  PlannedMoveOutsQuery,
  WithdrawMoveOutBody,
} from "../schemas/planned-move-out.ts";
import { dayOfText } from "./charges.ts";
import { type Api, type App, atDeskOf, PROBLEMS } from "./route.ts";

const tags = ["accounts"];

/** Move-outs that are yet to come: noted, changed, withdrawn, and due on their day. */
export function plannedMoveOutRoutes(app: App, api: Api): void {
  app.route({
    method: "GET",
    url: "/planned-move-outs",
    schema: {
      tags,
      summary: "Move-outs that were said ahead, by their day: those that are due wait for a clerk",
      querystring: PlannedMoveOutsQuery,
      response: { 200: PlannedMoveOutsJson, ...PROBLEMS },
    },
    handler: (request) => atDeskOf(api, request, (desk) => plannedMoveOuts(desk, request.query)),
  });

  app.route({
    method: "GET",
    url: "/accounts/:id/planned-move-out",
    schema: {
      tags,
      summary: "What an account's customer said of moving out, with everything that was said before",
      params: IdParams,
      response: { 200: PlannedMoveOutJson, ...PROBLEMS },
    },
    handler: (request) =>
      atDeskOf(api, request, async (desk) => {
        const id = BigInt(request.params.id);
        await requireAccount(desk, id);
        return plannedMoveOut(desk, id);
      }),
  });

  app.route({
    method: "POST",
    url: "/accounts/:id/planned-move-out",
    schema: {
      tags,
      summary: "Note a move-out that is yet to come, or change it; nothing is billed by it",
      params: IdParams,
      body: PlanMoveOutBody,
      response: { 200: NotedJson, 201: NotedJson, ...PROBLEMS },
    },
    config: { access: "clerk" },
    handler: async (request, reply) => {
      const { after, ...said } = request.body;
      const outcome = await say(api, request, request.params.id, { ...said, onDay: dayOfText(said.onDay) }, after);
      void reply.code(outcome === "noted" ? 201 : 200);
      return { outcome };
    },
  });

  app.route({
    method: "POST",
    url: "/accounts/:id/planned-move-out/withdrawal",
    schema: {
      tags,
      summary: "Withdraw a planned move-out, with the reason; what was said stays",
      params: IdParams,
      body: WithdrawMoveOutBody,
      response: { 200: NotedJson, 201: NotedJson, ...PROBLEMS },
    },
    config: { access: "clerk" },
    handler: async (request, reply) => {
      const { reason, after } = request.body;
      const plan = { onDay: null, contact: "", forwardingAddress: "", note: reason };
      const outcome = await say(api, request, request.params.id, plan, after);
      void reply.code(outcome === "noted" ? 201 : 200);
      return { outcome };
    },
  });
}

async function say(api: Api, request: FastifyRequest, id: string, plan: MoveOutPlan, after: string | null) {
  const { operatorId, userId } = principalOfRequest(request);
  const asked = { accountId: BigInt(id), plan, after: after === null ? null : BigInt(after) };
  const noted = { at: api.clock.now(), by: userId };
  const outcome = await api.db.as(operatorId, (trx) => planMoveOut(trx, { ...asked, ...noted }));
  if (outcome === "noted") api.overviews.forget(operatorId);
  return outcome;
}
