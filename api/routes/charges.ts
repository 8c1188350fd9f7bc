import { calendarOf } from "../../catalog/calendars/catalogue.ts";
import { CodedError } from "../../domain/errors.ts";
import { type Day, isDay } from "../../domain/period.ts";
import { noteTerms } from "../../ledger/billing-terms.ts";
import { noteAssignment, noteCharge, noteChargePrice } from "../../ledger/charges.ts";
import { principalOfRequest } from "../access.ts";
import { requireAccount } from "../queries/account.ts";
import { accountCharges, billingTerms, charges } from "../queries/charges.ts";
import { NotedJson } from "../schemas/balance.ts";
import {
  AccountChargeBody,
  AccountChargesJson,
  BillingTermsBody,
  BillingTermsJson,
  ChargeBody,
  ChargeParams,
  ChargePriceBody,
  ChargesJson,
} from "../schemas/charge.ts";
import { IdParams } from "../schemas/json.ts";
import { type Api, type App, atDeskOf, PROBLEMS } from "./route.ts";

/** Due dates, and what is charged besides supply. What is said stays readable; a further word takes its place. */
export function chargeRoutes(app: App, api: Api): void {
  readRoutes(app, api);
  noteRoutes(app, api);
}

function readRoutes(app: App, api: Api): void {
  app.route({
    method: "GET",
    url: "/billing-terms",
    schema: {
      tags: ["charges"],
      summary: "When bills are due, from which day on; calendars and the years they know",
      response: { 200: BillingTermsJson, ...PROBLEMS },
    },
    handler: (request) => atDeskOf(api, request, billingTerms),
  });

  app.route({
    method: "GET",
    url: "/charges",
    schema: {
      tags: ["charges"],
      summary: "What is charged besides supply, with every price",
      response: { 200: ChargesJson, ...PROBLEMS },
    },
    handler: (request) => atDeskOf(api, request, charges),
  });

  app.route({
    method: "GET",
    url: "/accounts/:id/charges",
    schema: {
      tags: ["charges"],
      summary: "What an account is charged besides supply, from which day on",
      params: IdParams,
      response: { 200: AccountChargesJson, ...PROBLEMS },
    },
    handler: (request) =>
      atDeskOf(api, request, async (desk) => {
        const id = BigInt(request.params.id);
        await requireAccount(desk, id);
        return accountCharges(desk, id);
      }),
  });
}

function noteRoutes(app: App, api: Api): void {
  app.route({
    method: "POST",
    url: "/billing-terms",
    schema: {
      tags: ["charges"],
      summary: "Say when bills are due that are issued from a day on; issued bills keep their date",
      body: BillingTermsBody,
      response: { 200: NotedJson, 201: NotedJson, ...PROBLEMS },
    },
    config: { access: "manager" },
    handler: async (request, reply) => {
      const by = principalOfRequest(request);
      const { dueWorkingDays, calendarId } = request.body;
      if (calendarOf(calendarId) === null)
        throw new CodedError("request.invalid", `There is no calendar ${calendarId}.`);
      const terms = { fromDay: dayOfText(request.body.fromDay), dueWorkingDays, calendarId };
      const noted = { at: api.clock.now(), by: by.userId };
      const outcome = await api.db.as(by.operatorId, (trx) => noteTerms(trx, terms, noted));
      void reply.code(outcome === "noted" ? 201 : 200);
      return { outcome };
    },
  });

  app.route({
    method: "POST",
    url: "/charges",
    schema: {
      tags: ["charges"],
      summary: "Declare a charge: its code stands for it for ever",
      body: ChargeBody,
      response: { 200: NotedJson, 201: NotedJson, ...PROBLEMS },
    },
    config: { access: "manager" },
    handler: async (request, reply) => {
      const by = principalOfRequest(request);
      const { code, titleZh, titleEn, basis, income } = request.body;
      const charge = { code, title: { zh: titleZh, en: titleEn }, basis, income };
      const noted = { at: api.clock.now(), by: by.userId };
      const outcome = await api.db.as(by.operatorId, (trx) => noteCharge(trx, charge, noted));
      if (outcome === "different")
        throw new CodedError("request.conflict", `The code ${code} stands for another charge.`);
      void reply.code(outcome === "noted" ? 201 : 200);
      return { outcome };
    },
  });

  app.route({
    method: "POST",
    url: "/charges/:code/prices",
    schema: {
      tags: ["charges"],
      summary: "Say what a charge costs from a day on; issued bills stay as they are",
      params: ChargeParams,
      body: ChargePriceBody,
      response: { 200: NotedJson, 201: NotedJson, ...PROBLEMS },
    },
    config: { access: "manager" },
    handler: async (request, reply) => {
      const by = principalOfRequest(request);
      const { code } = request.params;
      const { fromDay, ...price } = request.body;
      const noted = { at: api.clock.now(), by: by.userId };
      const said = { ...price, from: dayOfText(fromDay) };
      const outcome = await api.db.as(by.operatorId, (trx) => noteChargePrice(trx, code, said, noted));
      if (outcome === "no_such_charge") throw new CodedError("request.not-found", `There is no charge ${code}.`);
      void reply.code(outcome === "noted" ? 201 : 200);
      return { outcome };
    },
  });

  app.route({
    method: "POST",
    url: "/accounts/:id/charges",
    schema: {
      tags: ["charges"],
      summary: "Say that an account bears a charge from a day on; quantity 0 ends it",
      params: IdParams,
      body: AccountChargeBody,
      response: { 200: NotedJson, 201: NotedJson, ...PROBLEMS },
    },
    config: { access: "clerk" },
    handler: async (request, reply) => {
      const by = principalOfRequest(request);
      const { code, quantity } = request.body;
      const said = { code, quantity, from: dayOfText(request.body.fromDay) };
      const noted = { at: api.clock.now(), by: by.userId };
      const accountId = BigInt(request.params.id);
      const outcome = await api.db.as(by.operatorId, (trx) => noteAssignment(trx, accountId, said, noted));
      if (outcome === "no_such_charge") throw new CodedError("request.not-found", `There is no charge ${code}.`);
      if (outcome === "no_such_account") throw new CodedError("request.not-found", `There is no account ${accountId}.`);
      void reply.code(outcome === "noted" ? 201 : 200);
      return { outcome };
    },
  });
}

export function dayOfText(text: string): Day {
  if (!isDay(text)) throw new CodedError("request.invalid", `${text} is not a day of the calendar.`);
  return text;
}
