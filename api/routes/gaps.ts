import { principalOfRequest } from "../access.ts";
import { changeGap, gaps } from "../queries/gaps.ts";
import { heard } from "../queries/heard.ts";
import { GapPatch, GapRowJson, GapsJson, GapsQuery, HeardJson, HeardQuery } from "../schemas/gap.ts";
import { IdParams } from "../schemas/json.ts";
import { type Api, type App, atDeskOf, PROBLEMS } from "./route.ts";

export function gapRoutes(app: App, api: Api): void {
  app.route({
    method: "GET",
    url: "/gaps",
    schema: {
      tags: ["gaps"],
      summary: "Stretches without readings, the oldest first, with who looks after them",
      querystring: GapsQuery,
      response: { 200: GapsJson, ...PROBLEMS },
    },
    handler: (request) => atDeskOf(api, request, (desk) => gaps(desk, request.query, principalOfRequest(request))),
  });

  app.route({
    method: "PATCH",
    url: "/gaps/:id",
    schema: {
      tags: ["gaps"],
      summary: "Take or release a gap, write its note, or give it up; the same again changes nothing",
      params: IdParams,
      body: GapPatch,
      response: { 200: GapRowJson, ...PROBLEMS },
    },
    config: { access: "clerk" },
    handler: (request) =>
      atDeskOf(api, request, (desk) =>
        changeGap(desk, BigInt(request.params.id), request.body, principalOfRequest(request)),
      ),
  });

  app.route({
    method: "GET",
    url: "/meters/:id/heard",
    schema: {
      tags: ["meters"],
      summary: "Readings expected and heard per register and day",
      params: IdParams,
      querystring: HeardQuery,
      response: { 200: HeardJson, ...PROBLEMS },
    },
    handler: (request) => atDeskOf(api, request, (desk) => heard(desk, BigInt(request.params.id), request.query)),
  });
}
