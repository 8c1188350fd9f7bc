import { policyJsonSchema, policyOfJson } from "../../billing/prepaid/policy-schema.ts";
import { withOwnPolicies } from "../../billing/prepaid/policies.ts";
import { CALENDARS } from "../../catalog/calendars/catalogue.ts";
import { policyVersionsOf } from "../../catalog/policies/catalogue.ts";
import { CodedError } from "../../domain/errors.ts";
import { CONTACT_CHANNELS } from "../../domain/notice.ts";
import { dayOf } from "../../domain/period.ts";
import { POLICY_MESSAGES, type PrepaidPolicy } from "../../domain/policy.ts";
import { daysOffOf } from "../../domain/work-calendar.ts";
import type { OwnVersion } from "../../ledger/own-versions.ts";
import { assignPolicy, classifyAccounts, POLICY_VERSIONS } from "../../ledger/policies.ts";
import { principalOfRequest } from "../access.ts";
import type { Desk } from "../desk.ts";
import { byOf, ownVersion, VersionSteps } from "../own-version-steps.ts";
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
  const steps = new VersionSteps(api, {
    book: POLICY_VERSIONS,
    json: policyVersionJson,
    parse: policyOfJson,
    published: async (desk, id) => (await withOwnPolicies(desk.trx, policyVersionsOf))(id),
    checkPublishable,
  });
  draftRoutes(app, steps);
  publicationRoutes(app, steps);
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

type Steps = VersionSteps<PrepaidPolicy, PolicyVersionJson>;

function draftRoutes(app: App, steps: Steps): void {
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
    handler: async (request, reply) => {
      const made = await steps.draft(request, request.body);
      void reply.code(201);
      return made;
    },
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
    handler: (request) => steps.change(request, request.body.document),
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
    handler: (request) => steps.propose(request, { reason: request.body.reason }),
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
    handler: (request) => steps.sendBack(request, request.body.reason),
  });
}

function publicationRoutes(app: App, steps: Steps): void {
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
    handler: (request) => steps.publish(request),
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
    handler: (request) => steps.withdraw(request),
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

async function checkPublishable(desk: Desk, one: OwnVersion): Promise<void> {
  const problems = await againstPublication(desk, one.document as PrepaidPolicy);
  if (problems.length > 0) throw new CodedError("policy.refused", problems.join("\n"));
}
