import { z } from "zod";
import { CodedError } from "../../domain/errors.ts";
import { UTILITIES } from "../../domain/unit.ts";
import {
  changeRoute,
  createRoute,
  retireRoute,
  type RouteContent,
  type RouteStop,
  type RouteWritten,
  stopsOfBuilding,
  unknownStops,
} from "../../ledger/reading-routes.ts";
import type { Desk } from "../desk.ts";
import { readingRoute, readingRoutes, walkerOf } from "../queries/reading-routes.ts";
import { IdParams } from "../schemas/json.ts";
import { IdempotencyHeaders } from "../schemas/payment.ts";
import {
  ChangedRouteBody,
  NewRouteBody,
  RouteJson,
  RoutesJson,
  RouteWrittenJson,
  STOPS_MAX,
} from "../schemas/reading-route.ts";
import { type Api, type App, atDeskOf, PROBLEMS } from "./route.ts";

export function readingRouteRoutes(app: App, api: Api): void {
  app.route({
    method: "GET",
    url: "/routes",
    schema: {
      tags: ["reading"],
      summary: "Routes of meters that people walk",
      response: { 200: RoutesJson, ...PROBLEMS },
    },
    handler: (request) => atDeskOf(api, request, readingRoutes),
  });

  app.route({
    method: "GET",
    url: "/routes/:id",
    schema: {
      tags: ["reading"],
      summary: "One route: its stops in order, what each dial may show, what was entered in this round",
      params: IdParams,
      response: { 200: RouteJson, ...PROBLEMS },
    },
    handler: (request) => atDeskOf(api, request, (desk) => readingRoute(desk, BigInt(request.params.id))),
  });

  app.route({
    method: "POST",
    url: "/routes",
    schema: {
      tags: ["reading"],
      summary: "A new route, of stops or of a whole building: once per Idempotency-Key",
      headers: IdempotencyHeaders,
      body: NewRouteBody,
      response: { 200: RouteWrittenJson, 201: RouteWrittenJson, ...PROBLEMS },
    },
    config: { access: "clerk" },
    handler: async (request, reply) => {
      const key = request.headers["idempotency-key"];
      const written = await atDeskOf(api, request, async (desk) => {
        const content = await contentOf(desk, request.body, await newStops(desk, request.body));
        return createRoute(desk.trx, desk.operatorId, content, { key, at: desk.now });
      });
      void reply.code(written.kind === "written" ? 201 : 200);
      return writtenJson(written);
    },
  });

  app.route({
    method: "PUT",
    url: "/routes/:id",
    schema: {
      tags: ["reading"],
      summary: "A route's new name, rhythm, walker and stops in place of the version that you saw",
      params: IdParams,
      body: ChangedRouteBody,
      response: { 200: RouteWrittenJson, ...PROBLEMS },
    },
    config: { access: "clerk" },
    handler: async (request) => {
      const id = BigInt(request.params.id);
      const { body } = request;
      return writtenJson(
        await atDeskOf(api, request, async (desk) =>
          changeRoute(desk.trx, desk.operatorId, id, await contentOf(desk, body, body.stops.map(stopOf)), body.version),
        ),
      );
    },
  });

  app.route({
    method: "DELETE",
    url: "/routes/:id",
    schema: {
      tags: ["reading"],
      summary: "Walk a route no longer; what was entered on it stays",
      params: IdParams,
      response: { 204: z.null(), ...PROBLEMS },
    },
    config: { access: "clerk" },
    handler: async (request, reply) => {
      const id = BigInt(request.params.id);
      const done = await atDeskOf(api, request, (desk) => retireRoute(desk.trx, desk.operatorId, id, desk.now));
      if (!done) throw new CodedError("request.not-found", `There is no route ${id}.`);
      return reply.code(204).send(null);
    },
  });
}

type StopBody = ChangedRouteBody["stops"][number];

const idOf = (text: string | null | undefined): bigint | null => (text == null ? null : BigInt(text));

function stopOf(stop: StopBody): RouteStop {
  const [usagePointId, meterId] = [idOf(stop.usagePointId), idOf(stop.meterId)];
  if ((usagePointId === null) === (meterId === null))
    throw new CodedError("request.invalid", "A stop names a usage point or a meter, and not both.");
  return { usagePointId, meterId, hint: stop.hint };
}

async function newStops(desk: Desk, body: NewRouteBody): Promise<RouteStop[]> {
  const own = (body.stops ?? []).map(stopOf);
  if (body.building === undefined) return own;
  const found = await stopsOfBuilding(desk.trx, desk.operatorId, body.building, body.utilities ?? UTILITIES);
  if (found.length === 0) throw new CodedError("request.invalid", `No meter hangs in building ${body.building}.`);
  return [...found, ...own];
}

async function contentOf(
  desk: Desk,
  body: Pick<NewRouteBody, "name" | "every" | "walker">,
  stops: RouteStop[],
): Promise<RouteContent> {
  if (stops.length > STOPS_MAX) throw new CodedError("request.invalid", `A route has at most ${STOPS_MAX} stops.`);
  const keys = stops.map((stop) => `${stop.usagePointId ?? ""}/${stop.meterId ?? ""}`);
  if (new Set(keys).size < keys.length) throw new CodedError("request.invalid", "A stop is named twice.");
  const unknown = await unknownStops(desk.trx, desk.operatorId, stops);
  if (unknown.length > 0) throw new CodedError("request.invalid", `There is no ${unknown.slice(0, 5).join(", no ")}.`);
  return { name: body.name, every: body.every, walkerId: await walkerOf(desk, body.walker), stops };
}

function writtenJson(written: RouteWritten): { outcome: "written" | "already"; id: string; version: number } {
  switch (written.kind) {
    case "written":
    case "already":
      return { outcome: written.kind, id: String(written.id), version: written.version };
    case "unknown":
      throw new CodedError("request.not-found", "There is no such route.");
    case "name_taken":
      throw new CodedError("request.invalid", "Another route has this name.");
    case "stale":
      throw new CodedError(
        "route.changed",
        "Somebody has changed this route since you opened it; nothing was written.",
      );
    case "different":
      throw new CodedError("request.conflict", "This Idempotency-Key stands for another route; nothing was written.");
  }
}
