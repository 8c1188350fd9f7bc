import { CodedError } from "../../domain/errors.ts";
import { principalOfRequest } from "../access.ts";
import { busJson, scanJson } from "../queries/buses.ts";
import { BusesJson, ScanJson, ScanParams } from "../schemas/bus.ts";
import { IdParams } from "../schemas/json.ts";
import { type Api, type App, PROBLEMS } from "./route.ts";

/** The lines as the collectors know them at this moment. */
export function busRoutes(app: App, { services }: Api): void {
  app.route({
    method: "GET",
    url: "/buses",
    schema: {
      tags: ["operation"],
      summary: "Modbus lines: link, each slave's circuit breaker, transactions by outcome",
      response: { 200: BusesJson, ...PROBLEMS },
    },
    handler: async (request) => {
      const { operatorId, zone } = principalOfRequest(request);
      return { items: (services.buses?.list(operatorId) ?? []).map((bus) => busJson(bus, zone)) };
    },
  });

  app.route({
    method: "POST",
    url: "/buses/:id/scans",
    schema: {
      tags: ["operation"],
      summary: "Look for meters on a line; the scan that runs already, when one does",
      params: IdParams,
      response: { 202: ScanJson, ...PROBLEMS },
    },
    config: { access: "clerk" },
    handler: async (request, reply) => {
      const { operatorId, zone } = principalOfRequest(request);
      const { id } = request.params;
      const job = services.buses?.scan(operatorId, BigInt(id));
      if (job === undefined) throw new CodedError("request.not-found", `There is no bus ${id} that is polled.`);
      void reply.code(202);
      return scanJson(job, zone);
    },
  });

  app.route({
    method: "GET",
    url: "/buses/:id/scans/:scanId",
    schema: {
      tags: ["operation"],
      summary: "How far a scan is, and what it has found",
      params: ScanParams,
      response: { 200: ScanJson, ...PROBLEMS },
    },
    handler: async (request) => {
      const { operatorId, zone } = principalOfRequest(request);
      const { id, scanId } = request.params;
      const job = services.buses?.scanOf(operatorId, scanId);
      if (job === undefined || String(job.busId) !== id)
        throw new CodedError("request.not-found", `There is no scan ${scanId} of bus ${id}.`);
      return scanJson(job, zone);
    },
  });
}
