import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { openPaymentOrder } from "../../billing/channels.ts";
import { CodedError } from "../../domain/errors.ts";
import { isoIn, MINUTE_MS, SECOND_MS } from "../../domain/instant.ts";
import { moneyOfText } from "../../domain/money.ts";
import { markOpened } from "../../ledger/notice-deliveries.ts";
import { orderByRef } from "../../ledger/payment-orders.ts";
import { billFacts } from "../../paper/bill-facts.ts";
import { billSheetOf } from "../../paper/bill-sheet.ts";
import { billsPdf, bytesOf } from "../../paper/pdf/bill-pdf.ts";
import { principalOfRequest, RESIDENT_COOKIE, residentOfRequest } from "../access.ts";
import { atDesk, type Desk } from "../desk.ts";
import { orderJson } from "../order-json.ts";
import { requireAccount } from "../queries/account.ts";
import { billsOfAccount } from "../queries/bills.ts";
import { payableChannel, residentHistory, residentHome, residentNotices } from "../queries/resident.ts";
import { accountUsage } from "../queries/usage.ts";
import { enter, issuePass, leave, RESIDENT_SESSION_MS, sendCode } from "../resident.ts";
import { AccountUsageJson, UsageQuery } from "../schemas/account.ts";
import { IdParams } from "../schemas/json.ts";
import { PaperQuery } from "../schemas/paper.ts";
import {
  BuyBody,
  BuyJson,
  BuyParams,
  CodeBody,
  EnterBody,
  ResidentBillParams,
  ResidentBillsJson,
  ResidentHistoryJson,
  ResidentHomeJson,
  ResidentNoticesJson,
  ResidentNoticesQuery,
  ResidentPassJson,
} from "../schemas/resident.ts";
import { type Api, type App, atDeskOf, PROBLEMS } from "./route.ts";

/** Runs a query on a resident's own account. */
export const atResident = <T>(
  api: Api,
  request: FastifyRequest,
  work: (desk: Desk, accountId: bigint) => Promise<T>,
): Promise<T> => {
  const { operatorId, zone, currency, accountId } = residentOfRequest(request);
  return atDesk(api.db, { operatorId, zone, currency, now: api.clock.now() }, (desk) => work(desk, accountId));
};

const cookieOf = (request: FastifyRequest) =>
  ({ path: "/api/v1/resident", httpOnly: true, sameSite: "strict", secure: request.protocol === "https" }) as const;

/** A clerk hands a resident the way to his page. */
export function residentDeskRoutes(app: App, api: Api): void {
  app.route({
    method: "POST",
    url: "/accounts/:id/resident-pass",
    schema: {
      tags: ["residents"],
      summary: "A link and a code, for one use, to the resident's own page; earlier ones are worth nothing any more",
      params: IdParams,
      response: { 201: ResidentPassJson, ...PROBLEMS },
    },
    config: { access: "clerk" },
    handler: async (request, reply) => {
      const id = BigInt(request.params.id);
      const { userId } = principalOfRequest(request);
      const pass = await atDeskOf(api, request, async (desk) => {
        await requireAccount(desk, id);
        // Passes end by the wall's time, as sessions do.
        return issuePass({ ...desk, now: api.wall.now() }, id, userId);
      });
      void reply.code(201);
      // Behind the #, so that it stands in no log on the way.
      return {
        path: `/r/#${pass.link}`,
        code: pass.code,
        expiresAt: isoIn(pass.expiresAt, principalOfRequest(request).zone),
      };
    },
  });
}

/** The page on a resident's phone: his own account, and nothing else. */
export function residentRoutes(app: App, api: Api): void {
  entryRoutes(app, api);
  lookRoutes(app, api);
  noticeRoutes(app, api);
  buyRoutes(app, api);
}

function entryRoutes(app: App, api: Api): void {
  app.route({
    method: "POST",
    url: "/resident/enter",
    schema: {
      tags: ["residents"],
      summary: "Use a link or a code up; the answer sets the cookie",
      body: EnterBody,
      response: { 204: z.null(), ...PROBLEMS },
    },
    config: { access: "public", rateLimit: { max: 10, timeWindow: MINUTE_MS } },
    handler: async (request, reply: FastifyReply) => {
      const token = await enter(api.db, EnterBody.parse(request.body), api.wall.now(), api.clock.now());
      void reply.setCookie(RESIDENT_COOKIE, token, { ...cookieOf(request), maxAge: RESIDENT_SESSION_MS / SECOND_MS });
      return reply.code(204).send();
    },
  });

  app.route({
    method: "POST",
    url: "/resident/code",
    schema: {
      tags: ["residents"],
      summary:
        "Send a code to where the account is reached; the answer is the same whether or not there is such an account",
      body: CodeBody,
      response: { 202: z.null(), ...PROBLEMS },
    },
    config: { access: "public", rateLimit: { max: 5, timeWindow: MINUTE_MS } },
    handler: async (request, reply: FastifyReply) => {
      // Not waited for: how long it takes tells nothing, either.
      void sendCode(api.db, CodeBody.parse(request.body), api.wall.now(), api.clock.now()).then(
        (queued) => (queued ? api.services.notices?.wake() : undefined),
        (error: unknown) => request.log.error({ err: error }, "a sign-in code could not be queued"),
      );
      return reply.code(202).send();
    },
  });

  app.route({
    method: "POST",
    url: "/resident/leave",
    schema: { tags: ["residents"], summary: "End the session on this phone", response: { 204: z.null(), ...PROBLEMS } },
    config: { access: "resident" },
    handler: async (request, reply: FastifyReply) => {
      await leave(api.db, residentOfRequest(request));
      void reply.clearCookie(RESIDENT_COOKIE, cookieOf(request));
      return reply.code(204).send();
    },
  });
}

function lookRoutes(app: App, api: Api): void {
  const config = { access: "resident" } as const;
  app.route({
    method: "GET",
    url: "/resident/home",
    schema: {
      tags: ["residents"],
      summary: "Balance, days left, supply",
      response: { 200: ResidentHomeJson, ...PROBLEMS },
    },
    config,
    handler: (request) => atResident(api, request, residentHome),
  });

  app.route({
    method: "GET",
    url: "/resident/usage",
    schema: {
      tags: ["residents"],
      summary: "Use by day",
      querystring: UsageQuery,
      response: { 200: AccountUsageJson, ...PROBLEMS },
    },
    config,
    handler: (request) => atResident(api, request, (desk, id) => accountUsage(desk, id, request.query)),
  });

  app.route({
    method: "GET",
    url: "/resident/bills",
    schema: { tags: ["residents"], summary: "Bills, newest first", response: { 200: ResidentBillsJson, ...PROBLEMS } },
    config,
    handler: (request) => atResident(api, request, async (desk, id) => ({ items: await billsOfAccount(desk, id, 24) })),
  });

  app.route({
    method: "GET",
    url: "/resident/bills/:id/paper.pdf",
    schema: {
      tags: ["residents"],
      summary: "A bill of the account on paper",
      params: ResidentBillParams,
      querystring: PaperQuery,
    },
    config,
    handler: async (request, reply) => {
      const id = BigInt(request.params.id);
      const sheet = await atResident(api, request, async (desk, accountId) => {
        const own = await billsOfAccount(desk, accountId);
        const [facts] = own.some((bill) => bill.id === request.params.id)
          ? await billFacts(desk.trx, desk.operatorId, [id])
          : [];
        if (facts === undefined) throw new CodedError("request.not-found", `There is no bill ${id}.`);
        return billSheetOf(facts);
      });
      const bytes = await bytesOf(billsPdf([sheet], request.query.lang));
      return reply
        .type("application/pdf")
        .header("content-disposition", `inline; filename="bill-${sheet.number}.pdf"`)
        .serializer((content: unknown) => content as string)
        .send(bytes);
    },
  });

  app.route({
    method: "GET",
    url: "/resident/history",
    schema: {
      tags: ["residents"],
      summary: "Payments and what happened to supply, newest first",
      response: { 200: ResidentHistoryJson, ...PROBLEMS },
    },
    config,
    handler: (request) => atResident(api, request, residentHistory),
  });
}

function noticeRoutes(app: App, api: Api): void {
  const config = { access: "resident" } as const;
  app.route({
    method: "GET",
    url: "/resident/notices",
    schema: {
      tags: ["residents"],
      summary: "What the account was told, newest first",
      querystring: ResidentNoticesQuery,
      response: { 200: ResidentNoticesJson, ...PROBLEMS },
    },
    config,
    handler: (request) => atResident(api, request, (desk, id) => residentNotices(desk, id, request.query.lang)),
  });

  app.route({
    method: "POST",
    url: "/resident/notices/:id/opened",
    schema: {
      tags: ["residents"],
      summary: "The resident has opened a message: it was delivered; again changes nothing",
      params: IdParams,
      response: { 204: z.null(), ...PROBLEMS },
    },
    config,
    handler: async (request, reply: FastifyReply) => {
      const noticeId = BigInt(IdParams.parse(request.params).id);
      await atResident(api, request, (desk, id) => markOpened(desk.trx, id, noticeId, desk.now));
      return reply.code(204).send();
    },
  });
}

function buyRoutes(app: App, api: Api): void {
  const config = { access: "resident" } as const;
  app.route({
    method: "POST",
    url: "/resident/orders",
    schema: {
      tags: ["residents"],
      summary: "Order a top-up: once per key",
      body: BuyBody,
      response: { 200: BuyJson, 201: BuyJson, ...PROBLEMS },
    },
    config,
    handler: async (request, reply) => {
      const resident = residentOfRequest(request);
      const now = api.clock.now();
      const channel = await atResident(api, request, payableChannel);
      if (channel === null)
        throw new CodedError("request.not-found", "There is no channel to pay by yet: pay at the counter.");
      const amount = moneyOfText(resident.currency, request.body.amount);
      if (amount === null || amount.minor <= 0n) throw new CodedError("request.invalid", "`amount` is more than zero.");
      const { key, pays } = request.body;
      const wish = {
        key: `r-${resident.accountId}-${key}`,
        accountId: resident.accountId,
        amount,
        pays,
        openedBy: "resident",
      } as const;
      const opened = await openPaymentOrder(api.db, channel, wish, now);
      void reply.code(opened.kind === "opened" ? 201 : 200);
      return {
        order: orderJson(opened.order, { zone: resident.zone, now }, opened.kind),
        payPath: `/r/pay/${opened.order.ref}`,
      };
    },
  });

  app.route({
    method: "GET",
    url: "/resident/orders/:ref",
    schema: {
      tags: ["residents"],
      summary: "How an order of the account stands",
      params: BuyParams,
      response: { 200: BuyJson, ...PROBLEMS },
    },
    config,
    handler: (request) =>
      atResident(api, request, async (desk, accountId) => {
        const order = await orderByRef(desk.trx, request.params.ref);
        if (order === null || order.accountId !== accountId)
          throw new CodedError("request.not-found", "There is no such order.");
        return { order: orderJson(order, desk), payPath: `/r/pay/${order.ref}` };
      }),
  });
}
