import { z } from "zod";
import { CodedError } from "../../domain/errors.ts";
import { closeByPerson } from "../../ledger/work-orders.ts";
import { principalOfRequest } from "../access.ts";
import { certificate, certificateFile, certificates } from "../queries/certificates.ts";
import { supplyBoard, tonightJson, workOrdersJson } from "../queries/supply-board.ts";
import { IdParams } from "../schemas/json.ts";
import {
  BoardQuery,
  CertificateFileQuery,
  CertificateJson,
  CertificateParams,
  CertificatesJson,
  CertificatesQuery,
  SupplyBoardJson,
  TonightJson,
  TonightQuery,
  WorkOrderClosedJson,
  WorkOrderCloseBody,
  WorkOrdersJson,
  WorkOrdersQuery,
} from "../schemas/supply-board.ts";
import { type Api, type App, atDeskOf, PROBLEMS } from "./route.ts";

/** What people look at who answer for prepaid supply: the board, tonight, proofs of cuts, meters to go to. */
export function supplyBoardRoutes(app: App, api: Api): void {
  app.route({
    method: "GET",
    url: "/supply/board",
    schema: {
      tags: ["supply"],
      summary: "The supply board: state per meter, queue, holds, unknowns, hourly limits, pause",
      querystring: BoardQuery,
      response: { 200: SupplyBoardJson, ...PROBLEMS },
    },
    handler: (request) => atDeskOf(api, request, (desk) => supplyBoard(desk, request.query)),
  });

  app.route({
    method: "GET",
    url: "/supply/tonight",
    schema: {
      tags: ["supply"],
      summary: "Who would be cut in the next hours, who would not, and why",
      querystring: TonightQuery,
      response: { 200: TonightJson, ...PROBLEMS },
    },
    handler: (request) => atDeskOf(api, request, (desk) => tonightJson(desk, request.query.hours)),
  });
  workOrderRoutes(app, api);
  certificateRoutes(app, api);
}

function workOrderRoutes(app: App, api: Api): void {
  app.route({
    method: "GET",
    url: "/supply/work-orders",
    schema: {
      tags: ["supply"],
      summary: "Meters that a person must look at: orders that ended without proof, the newest first",
      querystring: WorkOrdersQuery,
      response: { 200: WorkOrdersJson, ...PROBLEMS },
    },
    handler: (request) =>
      atDeskOf(api, request, async (desk) => {
        const { state, accountId } = request.query;
        const of = { state, accountId: accountId === undefined ? null : BigInt(accountId) };
        return { items: await workOrdersJson(desk, of) };
      }),
  });

  app.route({
    method: "POST",
    url: "/supply/work-orders/:id/closure",
    schema: {
      tags: ["supply"],
      summary: "Close a work order by saying what was found; a position read later closes it by itself",
      params: IdParams,
      body: WorkOrderCloseBody,
      response: { 200: WorkOrderClosedJson, ...PROBLEMS },
    },
    config: { access: "clerk" },
    handler: (request) =>
      atDeskOf(api, request, async (desk) => {
        const { userId: by } = principalOfRequest(request);
        const id = BigInt(request.params.id);
        const outcome = await closeByPerson(desk.trx, id, { by, note: request.body.note, now: desk.now });
        if (outcome === "unknown") throw new CodedError("request.not-found", `There is no work order ${id}.`);
        return { outcome };
      }),
  });
}

function certificateRoutes(app: App, api: Api): void {
  app.route({
    method: "GET",
    url: "/supply/certificates",
    schema: {
      tags: ["supply"],
      summary: "Certificates of cuts, of all or of one account or order, the newest first",
      querystring: CertificatesQuery,
      response: { 200: CertificatesJson, ...PROBLEMS },
    },
    handler: (request) => atDeskOf(api, request, (desk) => certificates(desk, request.query)),
  });

  app.route({
    method: "GET",
    url: "/supply/certificates/:number",
    schema: {
      tags: ["supply"],
      summary: "One certificate with its place in the chain, checked anew",
      params: CertificateParams,
      response: { 200: CertificateJson, ...PROBLEMS },
    },
    handler: (request) => atDeskOf(api, request, (desk) => certificate(desk, BigInt(request.params.number))),
  });

  app.route({
    method: "GET",
    url: "/supply/certificates/:number/file",
    schema: {
      tags: ["supply"],
      summary: "One certificate, or those through `to`, as a file for `sanbiao verify certificate`",
      params: CertificateParams,
      querystring: CertificateFileQuery,
      response: { 200: z.record(z.string(), z.unknown()), ...PROBLEMS },
    },
    handler: async (request, reply) => {
      const { number } = request.params;
      const { to = number } = request.query;
      const file = await atDeskOf(api, request, (desk) => certificateFile(desk, BigInt(number), BigInt(to)));
      const name = to === number ? number : `${number}-${to}`;
      void reply.header("content-disposition", `attachment; filename="certificate-${name}.json"`);
      return { ...file };
    },
  });
}
