import { accountPage, requireAccount } from "../queries/account.ts";
import { accounts, findAccounts } from "../queries/accounts.ts";
import { bill, bills, billsOfAccount } from "../queries/bills.ts";
import { controls, prepaidBoard } from "../queries/supply.ts";
import { timeline } from "../queries/timeline.ts";
import { accountUsage } from "../queries/usage.ts";
import {
  AccountJson,
  AccountsJson,
  AccountsQuery,
  AccountUsageJson,
  FindQuery,
  FoundAccountsJson,
  TimelineJson,
  TimelineQuery,
  UsageQuery,
} from "../schemas/account.ts";
import { AccountBillsJson, BillJson, BillsJson, BillsQuery } from "../schemas/bill.ts";
import { IdParams } from "../schemas/json.ts";
import { ControlsJson, ControlsQuery, PrepaidBoardJson, PrepaidQuery } from "../schemas/supply.ts";
import { type Api, type App, atDeskOf, PROBLEMS } from "./route.ts";

export function accountRoutes(app: App, api: Api): void {
  app.route({
    method: "GET",
    url: "/accounts",
    schema: {
      tags: ["accounts"],
      summary: "Accounts by name, number, phone, room or meter, as one types",
      querystring: AccountsQuery,
      response: { 200: AccountsJson, ...PROBLEMS },
    },
    handler: (request) => atDeskOf(api, request, (desk) => accounts(desk, request.query)),
  });

  app.route({
    method: "GET",
    url: "/accounts/find",
    schema: {
      tags: ["accounts"],
      summary: "A few accounts for a counter, the best first, as one types",
      querystring: FindQuery,
      response: { 200: FoundAccountsJson, ...PROBLEMS },
    },
    handler: (request) => atDeskOf(api, request, (desk) => findAccounts(desk, request.query)),
  });

  app.route({
    method: "GET",
    url: "/accounts/:id",
    schema: {
      tags: ["accounts"],
      summary: "One account with household, agreements, prepaid supply and meters",
      params: IdParams,
      response: { 200: AccountJson, ...PROBLEMS },
    },
    handler: (request) => atDeskOf(api, request, (desk) => accountPage(desk, BigInt(request.params.id))),
  });

  app.route({
    method: "GET",
    url: "/accounts/:id/timeline",
    schema: {
      tags: ["accounts"],
      summary: "Readings, bills, payments, supply events and verdicts of note, newest first",
      params: IdParams,
      querystring: TimelineQuery,
      response: { 200: TimelineJson, ...PROBLEMS },
    },
    handler: (request) => atDeskOf(api, request, (desk) => timeline(desk, BigInt(request.params.id), request.query)),
  });

  app.route({
    method: "GET",
    url: "/accounts/:id/usage",
    schema: {
      tags: ["accounts"],
      summary: "Daily use per utility",
      params: IdParams,
      querystring: UsageQuery,
      response: { 200: AccountUsageJson, ...PROBLEMS },
    },
    handler: (request) =>
      atDeskOf(api, request, (desk) => accountUsage(desk, BigInt(request.params.id), request.query)),
  });

  app.route({
    method: "GET",
    url: "/accounts/:id/bills",
    schema: {
      tags: ["bills"],
      summary: "Bills of one account, newest first",
      params: IdParams,
      response: { 200: AccountBillsJson, ...PROBLEMS },
    },
    handler: (request) =>
      atDeskOf(api, request, async (desk) => {
        const id = BigInt(request.params.id);
        await requireAccount(desk, id);
        return { items: await billsOfAccount(desk, id) };
      }),
  });

  app.route({
    method: "GET",
    url: "/bills",
    schema: {
      tags: ["bills"],
      summary: "Bills of one month, in the order of their numbers",
      querystring: BillsQuery,
      response: { 200: BillsJson, ...PROBLEMS },
    },
    handler: (request) => atDeskOf(api, request, (desk) => bills(desk, request.query)),
  });

  app.route({
    method: "GET",
    url: "/bills/:id",
    schema: {
      tags: ["bills"],
      summary: "One bill with every line and the registers behind it",
      params: IdParams,
      response: { 200: BillJson, ...PROBLEMS },
    },
    handler: (request) => atDeskOf(api, request, (desk) => bill(desk, BigInt(request.params.id))),
  });

  app.route({
    method: "GET",
    url: "/prepaid",
    schema: {
      tags: ["supply"],
      summary: "Prepaid accounts, least money first",
      querystring: PrepaidQuery,
      response: { 200: PrepaidBoardJson, ...PROBLEMS },
    },
    handler: (request) => atDeskOf(api, request, (desk) => prepaidBoard(desk, request.query)),
  });

  app.route({
    method: "GET",
    url: "/controls",
    schema: {
      tags: ["supply"],
      summary: "Orders to meters, newest first",
      querystring: ControlsQuery,
      response: { 200: ControlsJson, ...PROBLEMS },
    },
    handler: (request) => atDeskOf(api, request, (desk) => controls(desk, request.query)),
  });
}
