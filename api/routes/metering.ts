import { principalOfRequest } from "../access.ts";
import { meter } from "../queries/meter.ts";
import { meters } from "../queries/meters.ts";
import { conflicts, refusedFrames, runs } from "../queries/operation.ts";
import { overview } from "../queries/overview.ts";
import { series } from "../queries/series.ts";
import { IdParams, PageQuery } from "../schemas/json.ts";
import { MeterJson, MetersJson, MetersQuery, SeriesJson, SeriesQuery } from "../schemas/meter.ts";
import { ConflictsJson, RefusedFramesJson, RefusedFramesQuery, RunsJson } from "../schemas/operation.ts";
import { OverviewJson } from "../schemas/overview.ts";
import { type Api, type App, atDeskOf, PROBLEMS } from "./route.ts";

export function meteringRoutes(app: App, api: Api): void {
  app.route({
    method: "GET",
    url: "/overview",
    schema: {
      tags: ["overview"],
      summary: "What a duty desk looks at first; a moment old",
      response: { 200: OverviewJson, ...PROBLEMS },
    },
    handler: (request) =>
      api.overviews.of(principalOfRequest(request).operatorId, () => atDeskOf(api, request, overview)),
  });

  app.route({
    method: "GET",
    url: "/meters",
    schema: {
      tags: ["meters"],
      summary: "Meters in the order of their place",
      querystring: MetersQuery,
      response: { 200: MetersJson, ...PROBLEMS },
    },
    handler: (request) => atDeskOf(api, request, (desk) => meters(desk, request.query)),
  });

  app.route({
    method: "GET",
    url: "/meters/:id",
    schema: {
      tags: ["meters"],
      summary: "One meter with its registers, places, gaps, verdicts and conflicts",
      params: IdParams,
      response: { 200: MeterJson, ...PROBLEMS },
    },
    handler: (request) => atDeskOf(api, request, (desk) => meter(desk, BigInt(request.params.id))),
  });

  app.route({
    method: "GET",
    url: "/meters/:id/series",
    schema: {
      tags: ["meters"],
      summary: "Values of one register over a stretch, thinned",
      params: IdParams,
      querystring: SeriesQuery,
      response: { 200: SeriesJson, ...PROBLEMS },
    },
    handler: (request) => atDeskOf(api, request, (desk) => series(desk, BigInt(request.params.id), request.query)),
  });

  app.route({
    method: "GET",
    url: "/refused-frames",
    schema: {
      tags: ["operation"],
      summary: "What came from a wire and is not a reading, newest first",
      querystring: RefusedFramesQuery,
      response: { 200: RefusedFramesJson, ...PROBLEMS },
    },
    handler: (request) => atDeskOf(api, request, (desk) => refusedFrames(desk, request.query)),
  });

  app.route({
    method: "GET",
    url: "/conflicts",
    schema: {
      tags: ["operation"],
      summary: "Other values for readings that the book holds, newest first",
      querystring: PageQuery,
      response: { 200: ConflictsJson, ...PROBLEMS },
    },
    handler: (request) => atDeskOf(api, request, (desk) => conflicts(desk, request.query)),
  });

  app.route({
    method: "GET",
    url: "/runs",
    schema: {
      tags: ["operation"],
      summary: "Recurring work and the accounts that it could not settle",
      response: { 200: RunsJson, ...PROBLEMS },
    },
    handler: (request) => atDeskOf(api, request, runs),
  });
}
