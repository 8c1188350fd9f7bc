import { CodedError } from "../../domain/errors.ts";
import { decideHeld, noteAccountHold, noteHoldRule, readAccountHolds, readHoldRules } from "../../ledger/bill-holds.ts";
import { principalOfRequest } from "../access.ts";
import { atText } from "../desk.ts";
import { requireAccount } from "../queries/account.ts";
import { billExceptions } from "../queries/bill-holds.ts";
import { NotedJson } from "../schemas/balance.ts";
import {
  AccountHoldBody,
  AccountHoldsJson,
  BillExceptionsJson,
  BillExceptionsQuery,
  HeldDecisionsBody,
  HeldDecisionsJson,
  HoldRuleBody,
  HoldRulesJson,
} from "../schemas/bill-hold.ts";
import { IdParams } from "../schemas/json.ts";
import { dayOfText } from "./charges.ts";
import { type Api, type App, atDeskOf, PROBLEMS } from "./route.ts";

/** What waits before it is issued, who lets it go, and what holds it. */
export function billHoldRoutes(app: App, api: Api): void {
  queueRoutes(app, api);
  ruleRoutes(app, api);
  accountRoutes(app, api);
}

function queueRoutes(app: App, api: Api): void {
  app.route({
    method: "GET",
    url: "/bill-exceptions",
    schema: {
      tags: ["bills"],
      summary: "Bills that wait before they are issued, and accounts that no bill can be made for",
      querystring: BillExceptionsQuery,
      response: { 200: BillExceptionsJson, ...PROBLEMS },
    },
    handler: (request) => atDeskOf(api, request, (desk) => billExceptions(desk, request.query.state)),
  });

  app.route({
    method: "POST",
    url: "/bill-exceptions/decisions",
    schema: {
      tags: ["bills"],
      summary: "Release bills that are held, or send them to work; each has its own outcome",
      body: HeldDecisionsBody,
      response: { 200: HeldDecisionsJson, ...PROBLEMS },
    },
    config: { access: "clerk" },
    handler: async (request) => {
      const by = principalOfRequest(request);
      const { decision: state, note } = request.body;
      const noted = { at: api.clock.now(), by: by.userId };
      // In one order for everybody, so that two clerks never wait for each other in a ring.
      const items = request.body.items.toSorted((a, b) =>
        Number(BigInt(a.runId) - BigInt(b.runId) || BigInt(a.accountId) - BigInt(b.accountId)),
      );
      const outcomes = await api.db.as(by.operatorId, async (trx) => {
        const done = [];
        for (const { runId, accountId } of items) {
          const of = { runId: BigInt(runId), accountId: BigInt(accountId) };
          done.push({ runId, accountId, outcome: await decideHeld(trx, of, { state, note }, noted) });
        }
        return done;
      });
      if (state === "released" && outcomes.some(({ outcome }) => outcome === "decided"))
        api.services.onJudged?.(by.operatorId);
      return { outcomes };
    },
  });
}

function ruleRoutes(app: App, api: Api): void {
  app.route({
    method: "GET",
    url: "/hold-rules",
    schema: {
      tags: ["bills"],
      summary: "What holds a computed bill before it is issued",
      response: { 200: HoldRulesJson, ...PROBLEMS },
    },
    handler: (request) =>
      atDeskOf(api, request, async ({ trx }) => ({
        items: (await readHoldRules(trx)).map((rule) => ({ ...rule, threshold: Number(rule.threshold) })),
      })),
  });

  app.route({
    method: "POST",
    url: "/hold-rules",
    schema: {
      tags: ["bills"],
      summary: "Say what holds a bill from now on",
      body: HoldRuleBody,
      response: { 200: NotedJson, 201: NotedJson, ...PROBLEMS },
    },
    config: { access: "manager" },
    handler: async (request, reply) => {
      const by = principalOfRequest(request);
      const { kind, threshold, reason } = request.body;
      const rule = { kind, threshold: threshold === null ? null : BigInt(threshold), reason };
      const noted = { at: api.clock.now(), by: by.userId };
      const outcome = await api.db.as(by.operatorId, (trx) => noteHoldRule(trx, rule, noted));
      void reply.code(outcome === "noted" ? 201 : 200);
      return { outcome };
    },
  });
}

function accountRoutes(app: App, api: Api): void {
  app.route({
    method: "GET",
    url: "/accounts/:id/holds",
    schema: {
      tags: ["bills"],
      summary: "Whether a person holds an account's bills, and every word about it",
      params: IdParams,
      response: { 200: AccountHoldsJson, ...PROBLEMS },
    },
    handler: (request) =>
      atDeskOf(api, request, async (desk) => {
        const id = BigInt(request.params.id);
        await requireAccount(desk, id);
        const said = await readAccountHolds(desk.trx, id);
        return { items: said.map(({ at, ...one }) => ({ ...one, at: atText(desk, at) })) };
      }),
  });

  app.route({
    method: "POST",
    url: "/accounts/:id/holds",
    schema: {
      tags: ["bills"],
      summary: "Hold an account's bills until a day or until further notice, or let them go again",
      params: IdParams,
      body: AccountHoldBody,
      response: { 200: NotedJson, 201: NotedJson, ...PROBLEMS },
    },
    config: { access: "clerk" },
    handler: async (request, reply) => {
      const by = principalOfRequest(request);
      const { held, reason, untilDay } = request.body;
      const said = { held, reason, untilDay: untilDay === null ? null : dayOfText(untilDay) };
      const noted = { at: api.clock.now(), by: by.userId };
      const accountId = BigInt(request.params.id);
      const outcome = await api.db.as(by.operatorId, (trx) => noteAccountHold(trx, accountId, said, noted));
      if (outcome === "no_such_account") throw new CodedError("request.not-found", `There is no account ${accountId}.`);
      void reply.code(outcome === "noted" ? 201 : 200);
      return { outcome };
    },
  });
}
