import type { FastifyRequest } from "fastify";
import { moveIn, previewMoveIn } from "../../billing/closing/move-in.ts";
import { billDepsOf } from "../../billing/main.ts";
import { policyVersionsOf } from "../../catalog/policies/catalogue.ts";
import { isoIn } from "../../domain/instant.ts";
import { principalOfRequest } from "../access.ts";
import { moveInAskedOf } from "../move-in.ts";
import { moveInShownJson, vacantPoints } from "../queries/moves.ts";
import { MoveInBody, MoveInDoneJson, MoveInShownJson, VacantPointsJson, VacantPointsQuery } from "../schemas/move.ts";
import { IdempotencyHeaders } from "../schemas/payment.ts";
import { type Api, type App, atDeskOf, PROBLEMS } from "./route.ts";

const tags = ["accounts"];

/** Customers that come: which points are vacant, a move-in as it would be, and the same done once. */
export function moveInRoutes(app: App, api: Api): void {
  const depsOf = (request: FastifyRequest) => ({
    ...billDepsOf({ ...api, log: request.log as never }),
    policies: policyVersionsOf,
  });

  app.route({
    method: "GET",
    url: "/vacant-points",
    schema: {
      tags,
      summary: "Usage points that nobody has from today on, with the customer that had them last",
      querystring: VacantPointsQuery,
      response: { 200: VacantPointsJson, ...PROBLEMS },
    },
    handler: (request) => atDeskOf(api, request, (desk) => vacantPoints(desk, request.query)),
  });

  app.route({
    method: "POST",
    url: "/move-ins/preview",
    schema: {
      tags,
      summary: "A move-in as it would be: what the meters show as the day begins, and what stands against it",
      body: MoveInBody,
      response: { 200: MoveInShownJson, ...PROBLEMS },
    },
    config: { access: "clerk" },
    handler: async (request) => {
      const by = principalOfRequest(request);
      const asked = moveInAskedOf({ ...by, now: api.clock.now() }, by.userId, request.body);
      const shown = await previewMoveIn(depsOf(request), asked);
      return atDeskOf(api, request, async (desk) => moveInShownJson(desk, shown));
    },
  });

  app.route({
    method: "POST",
    url: "/move-ins",
    schema: {
      tags,
      summary: "The next customer moves in to vacant points: account, agreements, facts, first readings; once per key",
      headers: IdempotencyHeaders,
      body: MoveInBody,
      response: { 200: MoveInDoneJson, 201: MoveInDoneJson, ...PROBLEMS },
    },
    config: { access: "clerk" },
    handler: async (request, reply) => {
      const by = principalOfRequest(request);
      const asked = moveInAskedOf({ ...by, now: api.clock.now() }, by.userId, request.body);
      const key = request.headers["idempotency-key"];
      const { kind, moveIn: done } = await moveIn(depsOf(request), { ...asked, key, request: request.body });
      if (kind === "moved_in") {
        api.services.onPayment?.(by.operatorId, done.accountId);
        api.services.onJudged?.(by.operatorId);
        api.overviews.forget(by.operatorId);
        api.live.publish(by.operatorId, { kind: "overview", at: isoIn(api.clock.now(), by.zone) });
      }
      void reply.code(kind === "moved_in" ? 201 : 200);
      const { accountId, number, fromDay } = done;
      return { outcome: kind, accountId: String(accountId), number, fromDay };
    },
  });
}
