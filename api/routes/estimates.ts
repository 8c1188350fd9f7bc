import { CodedError } from "../../domain/errors.ts";
import { day, isDay } from "../../domain/period.ts";
import { microOf } from "../../domain/quantity.ts";
import { type GivenEstimate, giveEstimate } from "../../ledger/given-estimates.ts";
import { principalOfRequest } from "../access.ts";
import { estimatePreview, registerAndInstant } from "../queries/estimates.ts";
import { EstimateBody, EstimatePreviewJson, PreviewQuery } from "../schemas/estimate.ts";
import { IdParams } from "../schemas/json.ts";
import { IdempotencyHeaders } from "../schemas/payment.ts";
import { EditOutcomeJson } from "../schemas/work.ts";
import { type Api, type App, atDeskOf, PROBLEMS } from "./route.ts";

/** Values that nobody read. They are listed and taken back with the other entries beside a meter's readings. */
export function estimateRoutes(app: App, api: Api): void {
  app.route({
    method: "GET",
    url: "/meters/:id/estimates/preview",
    schema: {
      tags: ["work"],
      summary: "What each method would give at an instant, in the declared order, and what it is found from",
      params: IdParams,
      querystring: PreviewQuery,
      response: { 200: EstimatePreviewJson, ...PROBLEMS },
    },
    handler: (request) =>
      atDeskOf(api, request, (desk) => estimatePreview(desk, BigInt(request.params.id), request.query)),
  });

  app.route({
    method: "POST",
    url: "/meters/:id/estimates",
    schema: {
      tags: ["work"],
      summary: "Set a value where nobody read, by judgement or as agreed with the customer: once per Idempotency-Key",
      params: IdParams,
      headers: IdempotencyHeaders,
      body: EstimateBody,
      response: { 200: EditOutcomeJson, 201: EditOutcomeJson, ...PROBLEMS },
    },
    config: { access: "clerk" },
    handler: async (request, reply) => {
      const by = principalOfRequest(request);
      const key = request.headers["idempotency-key"];
      const { value: text, given, reason } = request.body;
      const value = microOf(text);
      if (value === null) throw new CodedError("request.invalid", "`value` is a decimal with at most six places.");
      const estimate = {
        ...registerAndInstant(request.body),
        meterId: BigInt(request.params.id),
        value,
        given: givenOf(given),
        reason,
        key,
        madeBy: by.userId,
        now: api.clock.now(),
      };
      const done = await atDeskOf(api, request, (desk) => giveEstimate(desk.trx, estimate));
      if (done.kind === "refused") throw new CodedError("request.conflict", `The value is refused: ${done.detail}.`);
      if (done.kind === "different") {
        throw new CodedError("request.conflict", "This Idempotency-Key stands for another entry; nothing was written.");
      }
      if (done.kind === "written") api.services.onJudged?.(by.operatorId);
      void reply.code(done.kind === "written" ? 201 : 200);
      return { outcome: done.kind, id: String(done.id) };
    },
  });
}

type Given = (typeof EstimateBody)["_output"]["given"];

function givenOf(given: Given): GivenEstimate["given"] {
  if (given.method === "manual") return given;
  if (!isDay(given.on)) throw new CodedError("request.invalid", "`given.on` is no day of the calendar.");
  return { ...given, on: day(given.on) };
}
