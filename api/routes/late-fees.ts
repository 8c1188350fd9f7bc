import { CodedError } from "../../domain/errors.ts";
import {
  noteCustomerClass,
  noteLateFeeRule,
  noteWaiver,
  readCustomerClass,
  readLateFeeRules,
  readWaivers,
} from "../../ledger/late-fees.ts";
import { principalOfRequest } from "../access.ts";
import { moneyOf } from "../desk.ts";
import { requireAccount } from "../queries/account.ts";
import { NotedJson } from "../schemas/balance.ts";
import { IdParams } from "../schemas/json.ts";
import {
  CustomerClassBody,
  CustomerClassJson,
  LateFeeRuleBody,
  LateFeesJson,
  WaiverBody,
  WaiversJson,
} from "../schemas/late-fee.ts";
import { dayOfText } from "./charges.ts";
import { type Api, type App, atDeskOf, PROBLEMS } from "./route.ts";

/** What overdue debts cost per day, and the days that cost an account nothing. */
export function lateFeeRoutes(app: App, api: Api): void {
  app.route({
    method: "GET",
    url: "/late-fees",
    schema: {
      tags: ["charges"],
      summary: "What overdue debts cost per day, from which day on",
      response: { 200: LateFeesJson, ...PROBLEMS },
    },
    handler: (request) =>
      atDeskOf(api, request, async (desk) => ({
        items: (await readLateFeeRules(desk.trx)).map(({ minimumMinor, ...rule }) => ({
          ...rule,
          minimum: moneyOf(desk, minimumMinor),
        })),
      })),
  });

  app.route({
    method: "POST",
    url: "/late-fees",
    schema: {
      tags: ["charges"],
      summary: "Say what overdue debts of a class cost from a day on; issued bills stay as they are",
      body: LateFeeRuleBody,
      response: { 200: NotedJson, 201: NotedJson, ...PROBLEMS },
    },
    config: { access: "manager" },
    handler: async (request, reply) => {
      const by = principalOfRequest(request);
      const { minimumMinor, crossYearRate, ...said } = request.body;
      const rule = {
        ...said,
        fromDay: dayOfText(said.fromDay),
        crossYearRate: crossYearRate ?? said.rate,
        minimumMinor: BigInt(minimumMinor),
      };
      const noted = { at: api.clock.now(), by: by.userId };
      const outcome = await api.db.as(by.operatorId, (trx) => noteLateFeeRule(trx, rule, noted));
      void reply.code(outcome === "noted" ? 201 : 200);
      return { outcome };
    },
  });

  waiverRoutes(app, api);
  classRoutes(app, api);
}

function classRoutes(app: App, api: Api): void {
  app.route({
    method: "GET",
    url: "/accounts/:id/customer-class",
    schema: {
      tags: ["charges"],
      summary: "Whether an account is a home, from which day on: late fees may differ by it",
      params: IdParams,
      response: { 200: CustomerClassJson, ...PROBLEMS },
    },
    handler: (request) =>
      atDeskOf(api, request, async (desk) => {
        const id = BigInt(request.params.id);
        await requireAccount(desk, id);
        return { items: await readCustomerClass(desk.trx, id) };
      }),
  });

  app.route({
    method: "POST",
    url: "/accounts/:id/customer-class",
    schema: {
      tags: ["charges"],
      summary: "Say whether an account is a home from a day on; issued bills stay as they are",
      params: IdParams,
      body: CustomerClassBody,
      response: { 200: NotedJson, 201: NotedJson, ...PROBLEMS },
    },
    config: { access: "clerk" },
    handler: async (request, reply) => {
      const by = principalOfRequest(request);
      const word = { fromDay: dayOfText(request.body.fromDay), class: request.body.class };
      const noted = { at: api.clock.now(), by: by.userId };
      const outcome = await atDeskOf(api, request, async (desk) => {
        const id = BigInt(request.params.id);
        await requireAccount(desk, id);
        return noteCustomerClass(desk.trx, id, word, noted);
      });
      void reply.code(outcome === "noted" ? 201 : 200);
      return { outcome };
    },
  });
}

function waiverRoutes(app: App, api: Api): void {
  app.route({
    method: "GET",
    url: "/accounts/:id/late-fee-waivers",
    schema: {
      tags: ["charges"],
      summary: "Days that cost an account no late fee, and why",
      params: IdParams,
      response: { 200: WaiversJson, ...PROBLEMS },
    },
    handler: (request) =>
      atDeskOf(api, request, async (desk) => {
        const id = BigInt(request.params.id);
        await requireAccount(desk, id);
        const waived = (await readWaivers(desk.trx, [id])).get(id) ?? [];
        return { items: waived.map(({ from, to, reason }) => ({ fromDay: from, toDay: to, reason })) };
      }),
  });

  app.route({
    method: "POST",
    url: "/accounts/:id/late-fee-waivers",
    schema: {
      tags: ["charges"],
      summary: "Waive an account's late fee for days that no bill has charged yet",
      params: IdParams,
      body: WaiverBody,
      response: { 200: NotedJson, 201: NotedJson, ...PROBLEMS },
    },
    config: { access: "manager" },
    handler: async (request, reply) => {
      const by = principalOfRequest(request);
      const { reason } = request.body;
      const days = { from: dayOfText(request.body.fromDay), to: dayOfText(request.body.toDay), reason };
      if (days.from >= days.to) throw new CodedError("request.invalid", "The days end before they begin.");
      const noted = { at: api.clock.now(), by: by.userId };
      const accountId = BigInt(request.params.id);
      const outcome = await api.db.as(by.operatorId, (trx) => noteWaiver(trx, accountId, days, noted));
      if (outcome === "no_such_account") throw new CodedError("request.not-found", `There is no account ${accountId}.`);
      void reply.code(outcome === "noted" ? 201 : 200);
      return { outcome };
    },
  });
}
