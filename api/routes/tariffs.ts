import type { FastifyRequest } from "fastify";
import { tariffsOfJson } from "../../billing/rate/schema.ts";
import { withOwnTariffs } from "../../billing/own-tariffs.ts";
import { catalogueTariffs } from "../../billing/tariffs.ts";
import { CodedError } from "../../domain/errors.ts";
import { dayOf } from "../../domain/period.ts";
import type { Tariff } from "../../domain/tariff.ts";
import type { OwnVersion, VersionState } from "../../ledger/own-versions.ts";
import { TARIFF_VERSIONS } from "../../ledger/tariffs.ts";
import { principalOfRequest } from "../access.ts";
import type { Desk } from "../desk.ts";
import { byOf, checkFourEyes, ownVersion, stepOn } from "../own-version-steps.ts";
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
  const by = (request: FastifyRequest) => byOf(api, request);
  const step = (
    request: FastifyRequest,
    from: VersionState,
    work: (desk: Desk, one: OwnVersion) => Promise<void>,
  ): Promise<TariffVersionJson> => stepOn(api, request, { book: TARIFF_VERSIONS, from, json: tariffVersionJson }, work);

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
    handler: (request, reply) =>
      atDeskOf(api, request, async (desk) => {
        const document = await draftOf(desk, request.body);
        const id = await TARIFF_VERSIONS.writeDraft(desk.trx, document, by(request));
        if (id === null)
          throw new CodedError(
            "tariff.refused",
            `${document.id} has a version ${document.version} already: name it otherwise.`,
          );
        void reply.code(201);
        return tariffVersionJson(desk, await ownVersion(desk, TARIFF_VERSIONS, id));
      }),
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
    handler: (request) =>
      step(request, "draft", async (desk, one) => {
        const document = single(request.body.document);
        if (document.id !== one.documentId || document.version !== one.version) {
          throw new CodedError("tariff.refused", `A draft keeps its name: ${one.documentId}@${one.version}.`);
        }
        await TARIFF_VERSIONS.changeDraft(desk.trx, one.id, document, by(request));
      }),
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
      step(request, "draft", async (desk, one) => {
        const { isCorrection, reason } = request.body;
        if (isCorrection && reason === "") throw new CodedError("tariff.refused", "A correction says why.");
        await checkPublishable(desk, { ...one, isCorrection });
        await TARIFF_VERSIONS.step(desk.trx, one.id, { to: "proposed", isCorrection, reason }, by(request));
      }),
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
    handler: (request) =>
      step(request, "proposed", async (desk, one) => {
        const { reason } = request.body;
        if (reason === "" && one.proposed?.id !== principalOfRequest(request).userId)
          throw new CodedError("tariff.refused", "Say why you send back what another proposed.");
        await TARIFF_VERSIONS.step(desk.trx, one.id, { to: "draft", reason }, by(request));
      }),
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
    handler: (request) =>
      step(request, "proposed", async (desk, one) => {
        await checkFourEyes(desk, TARIFF_VERSIONS, one, principalOfRequest(request).userId);
        await checkPublishable(desk, one);
        await TARIFF_VERSIONS.step(desk.trx, one.id, { to: "published" }, by(request));
      }),
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
    handler: (request) =>
      step(request, "published", async (desk, one) => {
        if (one.effectiveFrom <= dayOf(desk.now, desk.zone)) {
          throw new CodedError("tariff.state", `It is in force since ${one.effectiveFrom}: publish another version.`);
        }
        await TARIFF_VERSIONS.step(desk.trx, one.id, { to: "withdrawn" }, by(request));
      }),
  });
}

function single(document: unknown): Tariff {
  const [tariff, more] = tariffsOfJson(document);
  if (tariff === undefined || more !== undefined) throw new CodedError("tariff.refused", "Give one version at a time.");
  return tariff;
}

type Draft = {
  document?: unknown;
  copyOf?: string | undefined;
  id?: string | undefined;
  version?: string | undefined;
  effectiveFrom?: string | undefined;
};

/** The document given, or a copy with a name and a first day of its own. It is judged by the language's schema either way. */
async function draftOf(desk: Desk, { document, copyOf, id: own, version, effectiveFrom }: Draft): Promise<Tariff> {
  if ((document === undefined) === (copyOf === undefined))
    throw new CodedError("request.invalid", "Give either `document` or `copyOf`.");
  if (copyOf === undefined) return single(document);
  const [id = "", of] = copyOf.split("@");
  const book = await withOwnTariffs(desk.trx, catalogueTariffs);
  const original = (book(id) ?? []).findLast((one) => of === undefined || one.version === of);
  if (original === undefined) throw new CodedError("request.not-found", `There is no published version ${copyOf}.`);
  if (version === undefined || effectiveFrom === undefined)
    throw new CodedError("request.invalid", "A copy needs a `version` and its first day `effectiveFrom`.");
  const { effectiveTo: _, ...rest } = original;
  return single({ ...rest, ...(own === undefined ? {} : { id: own }), version, effectiveFrom });
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
