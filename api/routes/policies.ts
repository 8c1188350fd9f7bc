import type { FastifyRequest } from "fastify";
import { policyJsonSchema, policyOfJson } from "../../billing/prepaid/policy-schema.ts";
import { withOwnPolicies } from "../../billing/prepaid/policies.ts";
import { CALENDARS } from "../../catalog/calendars/catalogue.ts";
import { policyVersionsOf } from "../../catalog/policies/catalogue.ts";
import { CodedError } from "../../domain/errors.ts";
import { CONTACT_CHANNELS } from "../../domain/notice.ts";
import { dayOf } from "../../domain/period.ts";
import { POLICY_MESSAGES, type PrepaidPolicy } from "../../domain/policy.ts";
import { daysOffOf } from "../../domain/work-calendar.ts";
import type { OwnVersion, VersionState } from "../../ledger/own-versions.ts";
import { assignPolicy, classifyAccounts, POLICY_VERSIONS } from "../../ledger/policies.ts";
import { principalOfRequest } from "../access.ts";
import type { Desk } from "../desk.ts";
import { byOf, checkFourEyes, ownVersion, stepOn } from "../own-version-steps.ts";
import {
  againstPublication,
  assignments,
  policies,
  policyTrial,
  policyVersionJson,
  publishedPolicy,
} from "../queries/policies.ts";
import { NotedJson } from "../schemas/balance.ts";
import { IdParams } from "../schemas/json.ts";
import {
  AccountClassBody,
  AccountClassJson,
  AssignmentBody,
  AssignmentsJson,
  PoliciesJson,
  PolicyChangeBody,
  PolicyDraftBody,
  PolicyEditionBody,
  PolicyLanguageJson,
  PolicyParams,
  PolicyProposeBody,
  PolicySendBackBody,
  PolicyTrialBody,
  PolicyTrialJson,
  PolicyVersionJson,
  PublishedPolicyJson,
} from "../schemas/policy.ts";
import { dayOfText } from "./charges.ts";
import { type Api, type App, atDeskOf, PROBLEMS } from "./route.ts";

/** Prepaid policies of the catalogue and of the operator's own: drafted and proposed by clerks, published by a manager who did not propose. */
export function policyRoutes(app: App, api: Api): void {
  readRoutes(app, api);
  draftRoutes(app, api);
  publicationRoutes(app, api);
  assignmentRoutes(app, api);
}

function readRoutes(app: App, api: Api): void {
  app.route({
    method: "GET",
    url: "/policies",
    schema: {
      tags: ["policies"],
      summary: "Every version of every prepaid policy: of the catalogue and of one's own",
      response: { 200: PoliciesJson, ...PROBLEMS },
    },
    handler: (request) => atDeskOf(api, request, policies),
  });

  app.route({
    method: "GET",
    url: "/policies/:policyId/:version",
    schema: {
      tags: ["policies"],
      summary: "One published version with its document",
      params: PolicyParams,
      response: { 200: PublishedPolicyJson, ...PROBLEMS },
    },
    handler: (request) =>
      atDeskOf(api, request, (desk) => publishedPolicy(desk, request.params.policyId, request.params.version)),
  });

  app.route({
    method: "GET",
    url: "/policy-versions/:id",
    schema: {
      tags: ["policies"],
      summary: "One own version: document, who did what, what stands against publishing it",
      params: IdParams,
      response: { 200: PolicyVersionJson, ...PROBLEMS },
    },
    handler: (request) =>
      atDeskOf(api, request, async (desk) =>
        policyVersionJson(desk, await ownVersion(desk, POLICY_VERSIONS, BigInt(request.params.id))),
      ),
  });

  app.route({
    method: "GET",
    url: "/policy-language",
    schema: {
      tags: ["policies"],
      summary: "What a version may say: its JSON Schema, and what its fields may name",
      response: { 200: PolicyLanguageJson, ...PROBLEMS },
    },
    handler: async (request): Promise<PolicyLanguageJson> => {
      const { currency, zone } = principalOfRequest(request);
      return {
        schema: policyJsonSchema() as Record<string, unknown>,
        calendars: CALENDARS.map((one) => ({ id: one.id, title: { ...one.title }, years: daysOffOf(one).years })),
        messages: [...POLICY_MESSAGES],
        channels: [...CONTACT_CHANNELS],
        currency,
        zone,
      };
    },
  });

  app.route({
    method: "POST",
    url: "/policy-trials",
    schema: {
      tags: ["policies"],
      summary: "A version as it is being written: its problems, what it changes, and who would be affected now",
      body: PolicyTrialBody,
      response: { 200: PolicyTrialJson, ...PROBLEMS },
    },
    config: { access: "clerk" },
    handler: (request) =>
      atDeskOf(api, request, (desk) => policyTrial(desk, request.body.document, request.body.insteadOf)),
  });
}

/** One step of a version that is held locked. */
const step = (
  api: Api,
  request: FastifyRequest,
  from: VersionState,
  work: (desk: Desk, one: OwnVersion) => Promise<void>,
): Promise<PolicyVersionJson> => stepOn(api, request, { book: POLICY_VERSIONS, from, json: policyVersionJson }, work);

function draftRoutes(app: App, api: Api): void {
  app.route({
    method: "POST",
    url: "/policy-versions",
    schema: {
      tags: ["policies"],
      summary: "A draft: a document, or a copy of a version that is published",
      body: PolicyDraftBody,
      response: { 201: PolicyVersionJson, ...PROBLEMS },
    },
    config: { access: "clerk" },
    handler: (request, reply) =>
      atDeskOf(api, request, async (desk) => {
        const document = await draftOf(desk, request.body);
        const id = await POLICY_VERSIONS.writeDraft(desk.trx, document, byOf(api, request));
        if (id === null)
          throw new CodedError(
            "policy.refused",
            `${document.id} has a version ${document.version} already: name it otherwise.`,
          );
        void reply.code(201);
        return policyVersionJson(desk, await ownVersion(desk, POLICY_VERSIONS, id));
      }),
  });

  app.route({
    method: "PUT",
    url: "/policy-versions/:id",
    schema: {
      tags: ["policies"],
      summary: "Replace a draft's document; 409 when somebody else changed it meanwhile",
      params: IdParams,
      body: PolicyChangeBody,
      response: { 200: PolicyVersionJson, ...PROBLEMS },
    },
    config: { access: "clerk" },
    handler: (request) =>
      step(api, request, "draft", async (desk, one) => {
        const document = policyOfJson(request.body.document);
        if (document.id !== one.documentId || document.version !== one.version)
          throw new CodedError("policy.refused", `A draft keeps its name: ${one.documentId}@${one.version}.`);
        await POLICY_VERSIONS.changeDraft(desk.trx, one.id, document, byOf(api, request));
      }),
  });

  app.route({
    method: "POST",
    url: "/policy-versions/:id/proposal",
    schema: {
      tags: ["policies"],
      summary: "Propose a draft for publication",
      params: IdParams,
      body: PolicyProposeBody,
      response: { 200: PolicyVersionJson, ...PROBLEMS },
    },
    config: { access: "clerk" },
    handler: (request) =>
      step(api, request, "draft", async (desk, one) => {
        await checkPublishable(desk, one);
        const { reason } = request.body;
        await POLICY_VERSIONS.step(desk.trx, one.id, { to: "proposed", reason }, byOf(api, request));
      }),
  });

  app.route({
    method: "POST",
    url: "/policy-versions/:id/draft",
    schema: {
      tags: ["policies"],
      summary: "Take a proposal back to change it, or send back what another proposed and say why",
      params: IdParams,
      body: PolicySendBackBody,
      response: { 200: PolicyVersionJson, ...PROBLEMS },
    },
    config: { access: "clerk" },
    handler: (request) =>
      step(api, request, "proposed", async (desk, one) => {
        const { reason } = request.body;
        if (reason === "" && one.proposed?.id !== principalOfRequest(request).userId)
          throw new CodedError("policy.refused", "Say why you send back what another proposed.");
        await POLICY_VERSIONS.step(desk.trx, one.id, { to: "draft", reason }, byOf(api, request));
      }),
  });
}

function publicationRoutes(app: App, api: Api): void {
  app.route({
    method: "POST",
    url: "/policy-versions/:id/publication",
    schema: {
      tags: ["policies"],
      summary: "Publish what somebody else proposed: from then on it never changes",
      params: IdParams,
      body: PolicyEditionBody,
      response: { 200: PolicyVersionJson, ...PROBLEMS },
    },
    config: { access: "manager" },
    handler: (request) =>
      step(api, request, "proposed", async (desk, one) => {
        await checkFourEyes(desk, POLICY_VERSIONS, one, principalOfRequest(request).userId);
        await checkPublishable(desk, one);
        await POLICY_VERSIONS.step(desk.trx, one.id, { to: "published" }, byOf(api, request));
      }),
  });

  app.route({
    method: "POST",
    url: "/policy-versions/:id/withdrawal",
    schema: {
      tags: ["policies"],
      summary: "Withdraw a published version before its first day",
      params: IdParams,
      body: PolicyEditionBody,
      response: { 200: PolicyVersionJson, ...PROBLEMS },
    },
    config: { access: "manager" },
    handler: (request) =>
      step(api, request, "published", async (desk, one) => {
        if (one.effectiveFrom <= dayOf(desk.now, desk.zone))
          throw new CodedError("policy.state", `It is in force since ${one.effectiveFrom}: publish another version.`);
        await POLICY_VERSIONS.step(desk.trx, one.id, { to: "withdrawn" }, byOf(api, request));
      }),
  });
}

function assignmentRoutes(app: App, api: Api): void {
  app.route({
    method: "GET",
    url: "/policy-assignments",
    schema: {
      tags: ["policies"],
      summary: "Which policy each class of accounts has from which day on, and how many accounts are in each class",
      response: { 200: AssignmentsJson, ...PROBLEMS },
    },
    handler: (request) => atDeskOf(api, request, assignments),
  });

  app.route({
    method: "POST",
    url: "/policy-assignments",
    schema: {
      tags: ["policies"],
      summary: "Say which policy a class of accounts has from a day on",
      body: AssignmentBody,
      response: { 200: NotedJson, 201: NotedJson, ...PROBLEMS },
    },
    config: { access: "manager" },
    handler: (request, reply) =>
      atDeskOf(api, request, async (desk) => {
        const { policyId, class: of } = request.body;
        const fromDay = dayOfText(request.body.fromDay);
        if (fromDay < dayOf(desk.now, desk.zone))
          throw new CodedError("request.invalid", `\`fromDay\` ${fromDay} is over; what was decided then stands.`);
        const book = await withOwnPolicies(desk.trx, policyVersionsOf);
        if (policyId !== null && !book(policyId).some((one) => one.effectiveFrom <= fromDay))
          throw new CodedError("request.not-found", `No policy ${policyId} is in force on ${fromDay}.`);
        const outcome = await assignPolicy(desk.trx, { of, policyId, fromDay }, byOf(api, request));
        void reply.code(outcome === "noted" ? 201 : 200);
        return { outcome };
      }),
  });

  app.route({
    method: "POST",
    url: "/account-classes",
    schema: {
      tags: ["policies"],
      summary: "Put accounts into a class, or take them out of any",
      body: AccountClassBody,
      response: { 200: AccountClassJson, ...PROBLEMS },
    },
    config: { access: "manager" },
    handler: (request) =>
      atDeskOf(api, request, async (desk) => {
        const { class: of, accountIds } = request.body;
        const word = { of, accountIds: accountIds.map(BigInt) };
        return { changed: await classifyAccounts(desk.trx, word, byOf(api, request)) };
      }),
  });
}

type Draft = {
  document?: unknown;
  copyOf?: string | undefined;
  id?: string | undefined;
  version?: string | undefined;
  effectiveFrom?: string | undefined;
};

/** The document given, or a copy with a name and a first day of its own. It is judged by the language's schema either way. */
async function draftOf(
  desk: Desk,
  { document, copyOf, id: own, version, effectiveFrom }: Draft,
): Promise<PrepaidPolicy> {
  if ((document === undefined) === (copyOf === undefined))
    throw new CodedError("request.invalid", "Give either `document` or `copyOf`.");
  if (copyOf === undefined) return policyOfJson(document);
  const [id = "", of] = copyOf.split("@");
  const book = await withOwnPolicies(desk.trx, policyVersionsOf);
  const original = book(id).findLast((one) => of === undefined || one.version === of);
  if (original === undefined) throw new CodedError("request.not-found", `There is no published version ${copyOf}.`);
  if (version === undefined || effectiveFrom === undefined)
    throw new CodedError("request.invalid", "A copy needs a `version` and its first day `effectiveFrom`.");
  return policyOfJson({ ...original, ...(own === undefined ? {} : { id: own }), version, effectiveFrom });
}

async function checkPublishable(desk: Desk, one: OwnVersion): Promise<void> {
  const problems = await againstPublication(desk, one.document as PrepaidPolicy);
  if (problems.length > 0) throw new CodedError("policy.refused", problems.join("\n"));
}
