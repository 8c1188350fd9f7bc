import { tariffsOfJson } from "../../billing/rate/schema.ts";
import { withOwnTariffs } from "../../billing/own-tariffs.ts";
import { catalogueTariffs } from "../../billing/tariffs.ts";
import { CodedError } from "../../domain/errors.ts";
import type { Tariff } from "../../domain/tariff.ts";
import type { OwnVersion } from "../../ledger/own-versions.ts";
import { TARIFF_VERSIONS } from "../../ledger/tariffs.ts";
import type { Desk } from "../desk.ts";
import { ownVersion, VersionSteps } from "../own-version-steps.ts";
import { judged, tariffs, tariffVersionJson } from "../queries/tariffs.ts";
import { IdParams } from "../schemas/json.ts";
import {
  DraftBody,
  DraftChangeBody,
  EditionBody,
  ProposeBody,
  SendBackBody,
  TariffsJson,
  TariffVersionJson,
} from "../schemas/tariff.ts";
import { type Api, type App, atDeskOf, PROBLEMS } from "./route.ts";

/** Tariffs of the catalogue and of the operator's own: drafted and proposed by clerks, published by a manager who did not propose. */
export function tariffRoutes(app: App, api: Api): void {
  const steps = new VersionSteps(api, {
    book: TARIFF_VERSIONS,
    json: tariffVersionJson,
    parse: single,
    published: async (desk, id) => (await withOwnTariffs(desk.trx, catalogueTariffs))(id) ?? [],
    checkPublishable,
  });

  app.route({
    method: "GET",
    url: "/tariffs",
    schema: {
      tags: ["tariffs"],
      summary: "Every version of every tariff: of the catalogue and of one's own",
      response: { 200: TariffsJson, ...PROBLEMS },
    },
    handler: (request) => atDeskOf(api, request, tariffs),
  });

  app.route({
    method: "GET",
    url: "/tariff-versions/:id",
    schema: {
      tags: ["tariffs"],
      summary: "One own version: document, who did what, examples replayed, what stands against publishing it",
      params: IdParams,
      response: { 200: TariffVersionJson, ...PROBLEMS },
    },
    handler: (request) =>
      atDeskOf(api, request, async (desk) =>
        tariffVersionJson(desk, await ownVersion(desk, TARIFF_VERSIONS, BigInt(request.params.id))),
      ),
  });

  app.route({
    method: "POST",
    url: "/tariff-versions",
    schema: {
      tags: ["tariffs"],
      summary: "A draft: a document, or a copy of a version that is published",
      body: DraftBody,
      response: { 201: TariffVersionJson, ...PROBLEMS },
    },
    config: { access: "clerk" },
    handler: async (request, reply) => {
      const made = await steps.draft(request, request.body);
      void reply.code(201);
      return made;
    },
  });

  app.route({
    method: "PUT",
    url: "/tariff-versions/:id",
    schema: {
      tags: ["tariffs"],
      summary: "Replace a draft's document; 409 when somebody else changed it meanwhile",
      params: IdParams,
      body: DraftChangeBody,
      response: { 200: TariffVersionJson, ...PROBLEMS },
    },
    config: { access: "clerk" },
    handler: (request) => steps.change(request, request.body.document),
  });

  app.route({
    method: "POST",
    url: "/tariff-versions/:id/proposal",
    schema: {
      tags: ["tariffs"],
      summary: "Propose a draft for publication",
      params: IdParams,
      body: ProposeBody,
      response: { 200: TariffVersionJson, ...PROBLEMS },
    },
    config: { access: "clerk" },
    handler: (request) =>
      steps.propose(request, { isCorrection: request.body.isCorrection, reason: request.body.reason }),
  });

  app.route({
    method: "POST",
    url: "/tariff-versions/:id/draft",
    schema: {
      tags: ["tariffs"],
      summary: "Take a proposal back to change it, or send back what another proposed and say why",
      params: IdParams,
      body: SendBackBody,
      response: { 200: TariffVersionJson, ...PROBLEMS },
    },
    config: { access: "clerk" },
    handler: (request) => steps.sendBack(request, request.body.reason),
  });

  app.route({
    method: "POST",
    url: "/tariff-versions/:id/publication",
    schema: {
      tags: ["tariffs"],
      summary: "Publish what somebody else proposed: from then on it never changes",
      params: IdParams,
      body: EditionBody,
      response: { 200: TariffVersionJson, ...PROBLEMS },
    },
    config: { access: "manager" },
    handler: (request) => steps.publish(request),
  });

  app.route({
    method: "POST",
    url: "/tariff-versions/:id/withdrawal",
    schema: {
      tags: ["tariffs"],
      summary: "Withdraw a published version before its first day",
      params: IdParams,
      body: EditionBody,
      response: { 200: TariffVersionJson, ...PROBLEMS },
    },
    config: { access: "manager" },
    handler: (request) => steps.withdraw(request),
  });
}

function single(document: unknown): Tariff {
  const [tariff, more] = tariffsOfJson(document);
  if (tariff === undefined || more !== undefined) throw new CodedError("tariff.refused", "Give one version at a time.");
  return tariff;
}

async function checkPublishable(desk: Desk, one: OwnVersion): Promise<void> {
  const { problems, billed } = await judged(desk, one);
  if (problems.length > 0) throw new CodedError("tariff.refused", problems.join("\n"));
  if (billed > 0 && !one.isCorrection) {
    throw new CodedError(
      "tariff.refused",
      `${billed} bills reach beyond ${one.effectiveFrom}: choose a later day, or propose it as a correction with a reason.`,
    );
  }
}
