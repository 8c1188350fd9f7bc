import { CodedError } from "../../domain/errors.ts";
import {
  type CycleMembers,
  noteConvention,
  noteCycle,
  noteCycleOf,
  readCycles,
  readCycleWords,
} from "../../ledger/billing-cycles.ts";
import { principalOfRequest } from "../access.ts";
import { requireAccount } from "../queries/account.ts";
import { NotedJson } from "../schemas/balance.ts";
import {
  AccountCyclesJson,
  BillingCycleBody,
  BillingCyclesJson,
  CycleChangeJson,
  CycleConventionBody,
  CycleMembersBody,
  CycleParams,
} from "../schemas/billing-cycle.ts";
import { IdParams } from "../schemas/json.ts";
import { dayOfText } from "./charges.ts";
import { type Api, type App, atDeskOf, PROBLEMS } from "./route.ts";

/** How often accounts are billed: one, two or three months at once. */
export function billingCycleRoutes(app: App, api: Api): void {
  app.route({
    method: "GET",
    url: "/billing-cycles",
    schema: {
      tags: ["bills"],
      summary: "Cycles that accounts can be billed by; an account without one is billed each month",
      response: { 200: BillingCyclesJson, ...PROBLEMS },
    },
    handler: (request) => atDeskOf(api, request, async ({ trx }) => ({ items: await readCycles(trx) })),
  });

  app.route({
    method: "GET",
    url: "/accounts/:id/billing-cycles",
    schema: {
      tags: ["bills"],
      summary: "By which cycle an account is billed, from which day on",
      params: IdParams,
      response: { 200: AccountCyclesJson, ...PROBLEMS },
    },
    handler: (request) =>
      atDeskOf(api, request, async (desk) => {
        const id = BigInt(request.params.id);
        await requireAccount(desk, id);
        return { items: await readCycleWords(desk.trx, id) };
      }),
  });

  app.route({
    method: "POST",
    url: "/billing-cycles",
    schema: {
      tags: ["bills"],
      summary: "Declare a cycle: its code stands for it for ever",
      body: BillingCycleBody,
      response: { 200: NotedJson, 201: NotedJson, ...PROBLEMS },
    },
    config: { access: "manager" },
    handler: async (request, reply) => {
      const by = principalOfRequest(request);
      const noted = { at: api.clock.now(), by: by.userId };
      const outcome = await api.db.as(by.operatorId, (trx) => noteCycle(trx, request.body, noted));
      if (outcome === "different")
        throw new CodedError("request.conflict", `The code ${request.body.code} stands for another cycle.`);
      void reply.code(outcome === "noted" ? 201 : 200);
      return { outcome };
    },
  });

  app.route({
    method: "POST",
    url: "/billing-cycles/:code/convention",
    schema: {
      tags: ["bills"],
      summary: "Say when the dials of a cycle are read and its bills go out, from now on",
      params: CycleParams,
      body: CycleConventionBody,
      response: { 200: NotedJson, 201: NotedJson, ...PROBLEMS },
    },
    config: { access: "manager" },
    handler: async (request, reply) => {
      const by = principalOfRequest(request);
      const noted = { at: api.clock.now(), by: by.userId };
      const { code } = request.params;
      const outcome = await api.db.as(by.operatorId, (trx) => noteConvention(trx, code, request.body, noted));
      if (outcome === "no_such_cycle") throw new CodedError("request.not-found", `There is no cycle ${code}.`);
      void reply.code(outcome === "noted" ? 201 : 200);
      return { outcome };
    },
  });

  app.route({
    method: "POST",
    url: "/billing-cycles/:code/accounts",
    schema: {
      tags: ["bills"],
      summary: "Bill accounts, a building or a walk of readings by a cycle from the first of a month on",
      params: CycleParams,
      body: CycleMembersBody,
      response: { 200: CycleChangeJson, ...PROBLEMS },
    },
    config: { access: "manager" },
    handler: async (request) => {
      const by = principalOfRequest(request);
      const { code } = request.params;
      const word = { code, fromDay: dayOfText(request.body.fromDay) };
      const noted = { at: api.clock.now(), by: by.userId };
      const members = membersOf(request.body.members);
      const change = await api.db.as(by.operatorId, (trx) => noteCycleOf(trx, word, members, noted, by.zone));
      if (change === "no_such_cycle") throw new CodedError("request.not-found", `There is no cycle ${code}.`);
      return { ...change, billed: [...change.billed] };
    },
  });
}

function membersOf(said: { accountIds: string[] } | { building: string } | { routeId: string }): CycleMembers {
  if ("accountIds" in said) return { accountIds: said.accountIds.map(BigInt) };
  return "building" in said ? said : { routeId: BigInt(said.routeId) };
}
