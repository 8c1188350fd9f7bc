import { CodedError } from "../../domain/errors.ts";
import { type Day, isDay } from "../../domain/period.ts";
import { noteContact } from "../../ledger/contact-points.ts";
import { recordHandedOver, reportDelivery, retryNotice } from "../../ledger/notice-deliveries.ts";
import { noteNoticePolicy, readNoticePolicy } from "../../ledger/notice-policy.ts";
import { readNotices } from "../../ledger/notices.ts";
import { principalOfRequest } from "../access.ts";
import { dayText } from "../desk.ts";
import { requireAccount } from "../queries/account.ts";
import { contacts, notices, noticeText } from "../queries/notices.ts";
import { NotedJson } from "../schemas/balance.ts";
import { IdParams } from "../schemas/json.ts";
import {
  BounceBody,
  ContactBody,
  ContactsJson,
  HandOverBody,
  NoticeOutcomeJson,
  NoticePolicyBody,
  NoticePolicyJson,
  NoticesJson,
  NoticesQuery,
  NoticeTextJson,
  RetryJson,
} from "../schemas/notice.ts";
import { type Api, type App, atDeskOf, PROBLEMS } from "./route.ts";

/** What customers were told and whether it reached them; where they are reached; when messages leave. */
export function noticeRoutes(app: App, api: Api): void {
  readRoutes(app, api);
  deliveryRoutes(app, api);
  contactRoutes(app, api);
  policyRoutes(app, api);
}

const noSuchNotice = (id: string): CodedError => new CodedError("request.not-found", `There is no notice ${id}.`);

function readRoutes(app: App, api: Api): void {
  app.route({
    method: "GET",
    url: "/notices",
    schema: {
      tags: ["notices"],
      summary: "What customers were told, newest first, with every delivery",
      querystring: NoticesQuery,
      response: { 200: NoticesJson, ...PROBLEMS },
    },
    handler: (request) =>
      atDeskOf(api, request, async (desk) => ({
        ...(await notices(desk, request.query)),
        channels: [...(api.services.notices?.channels ?? [])],
      })),
  });

  app.route({
    method: "GET",
    url: "/notices/:id",
    schema: {
      tags: ["notices"],
      summary: "A notice with its words as they left and all that was said of its deliveries",
      params: IdParams,
      response: { 200: NoticeTextJson, ...PROBLEMS },
    },
    handler: (request) =>
      atDeskOf(api, request, async (desk) => {
        const found = await noticeText(desk, BigInt(request.params.id));
        if (found === null) throw noSuchNotice(request.params.id);
        return found;
      }),
  });
}

function deliveryRoutes(app: App, api: Api): void {
  app.route({
    method: "POST",
    url: "/notices/:id/hand-over",
    schema: {
      tags: ["notices"],
      summary: "Vouch that the customer has it: handed over, posted, read out. It counts as served",
      params: IdParams,
      body: HandOverBody,
      response: { 200: NoticeOutcomeJson, 201: NoticeOutcomeJson, ...PROBLEMS },
    },
    config: { access: "clerk" },
    handler: async (request, reply) => {
      const { operatorId, userId: by } = principalOfRequest(request);
      const said = { evidence: request.body.evidence, at: api.clock.now(), by };
      const outcome = await api.db.as(operatorId, (trx) => recordHandedOver(trx, BigInt(request.params.id), said));
      if (outcome === "unknown") throw noSuchNotice(request.params.id);
      void reply.code(outcome === "noted" ? 201 : 200);
      return { outcome };
    },
  });

  app.route({
    method: "POST",
    url: "/notices/:id/retry",
    schema: {
      tags: ["notices"],
      summary: "Send again what failed, and to contact points that are new since",
      params: IdParams,
      response: { 200: RetryJson, ...PROBLEMS },
    },
    config: { access: "clerk" },
    handler: async (request) => {
      const { operatorId, userId } = principalOfRequest(request);
      const queued = await api.db.as(operatorId, async (trx) => {
        const [notice] = await readNotices(trx, [BigInt(request.params.id)]);
        if (notice === undefined) throw noSuchNotice(request.params.id);
        return retryNotice(trx, notice, api.clock.now(), userId);
      });
      api.services.notices?.wake();
      return { queued };
    },
  });

  app.route({
    method: "POST",
    url: "/notice-deliveries/:id/bounce",
    schema: {
      tags: ["notices"],
      summary: "It came back, or what was vouched for was wrong: it does not count as served any more",
      params: IdParams,
      body: BounceBody,
      response: { 200: NoticeOutcomeJson, ...PROBLEMS },
    },
    config: { access: "clerk" },
    handler: async (request) => {
      const { operatorId, userId: by } = principalOfRequest(request);
      const said = { at: api.clock.now(), state: "failed", detail: request.body.detail, by } as const;
      const outcome = await api.db.as(operatorId, (trx) => reportDelivery(trx, BigInt(request.params.id), said));
      if (outcome === "unknown")
        throw new CodedError("request.not-found", `No delivery ${request.params.id} ever left.`);
      return { outcome: outcome === "noted" ? ("noted" as const) : ("already" as const) };
    },
  });
}

function contactRoutes(app: App, api: Api): void {
  app.route({
    method: "GET",
    url: "/accounts/:id/contacts",
    schema: {
      tags: ["notices"],
      summary: "Where an account is reached today",
      params: IdParams,
      response: { 200: ContactsJson, ...PROBLEMS },
    },
    config: { access: "clerk" },
    handler: (request) =>
      atDeskOf(api, request, async (desk) => {
        const id = BigInt(request.params.id);
        await requireAccount(desk, id);
        return contacts(desk, id);
      }),
  });

  app.route({
    method: "POST",
    url: "/accounts/:id/contacts",
    schema: {
      tags: ["notices"],
      summary: "Say where an account is reached from a day on, or is not any more",
      params: IdParams,
      body: ContactBody,
      response: { 200: NotedJson, 201: NotedJson, ...PROBLEMS },
    },
    config: { access: "clerk" },
    handler: async (request, reply) => {
      const { userId: by } = principalOfRequest(request);
      const { fromDay, ...contact } = request.body;
      const outcome = await atDeskOf(api, request, async (desk) => {
        const from = fromDay === undefined ? (dayText(desk, desk.now) as Day) : dayOfText(fromDay);
        return noteContact(desk.trx, BigInt(request.params.id), { ...contact, from }, { at: desk.now, by });
      });
      if (outcome === "no_such_account")
        throw new CodedError("request.not-found", `There is no account ${request.params.id}.`);
      void reply.code(outcome === "noted" ? 201 : 200);
      return { outcome };
    },
  });
}

function policyRoutes(app: App, api: Api): void {
  app.route({
    method: "GET",
    url: "/notice-policy",
    schema: {
      tags: ["notices"],
      summary: "Quiet hours, how many messages leave in a minute, and what is told of money",
      response: { 200: NoticePolicyJson, ...PROBLEMS },
    },
    handler: (request) => atDeskOf(api, request, (desk) => readNoticePolicy(desk.trx)),
  });

  app.route({
    method: "POST",
    url: "/notice-policy",
    schema: {
      tags: ["notices"],
      summary: "Set quiet hours, rate and what is told of money; what was said before stays readable in the books",
      body: NoticePolicyBody,
      response: { 200: NotedJson, 201: NotedJson, ...PROBLEMS },
    },
    config: { access: "manager" },
    handler: async (request, reply) => {
      const { operatorId, userId: by } = principalOfRequest(request);
      const noted = { at: api.clock.now(), by };
      const outcome = await api.db.as(operatorId, (trx) => noteNoticePolicy(trx, request.body, noted));
      void reply.code(outcome === "noted" ? 201 : 200);
      return { outcome };
    },
  });
}

function dayOfText(text: string): Day {
  if (!isDay(text)) throw new CodedError("request.invalid", `${text} is not a day of the calendar.`);
  return text;
}
