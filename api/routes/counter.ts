import type { FastifyRequest } from "fastify";
import { endCheque } from "../../billing/counter/cheque.ts";
import { confirmShift, countShift, openShift, type ShiftOutcome } from "../../billing/counter/shift.ts";
import { CodedError } from "../../domain/errors.ts";
import { type Currency, type Money, moneyJson, moneyOfText } from "../../domain/money.ts";
import { noteCounterTerms, noteDrawer } from "../../ledger/shifts.ts";
import { shiftCsv } from "../../paper/shift-csv.ts";
import { principalOfRequest } from "../access.ts";
import { cheques } from "../queries/cheques.ts";
import { counterOf, shift, shifts } from "../queries/shifts.ts";
import {
  ChequeEndBody,
  ChequeEndJson,
  ChequesJson,
  ChequesQuery,
  ConfirmBody,
  CountBody,
  CounterJson,
  CounterTermsJson,
  DrawerBody,
  DrawerNotedJson,
  OpenShiftBody,
  ShiftDoneJson,
  ShiftJson,
  ShiftsJson,
  ShiftsQuery,
} from "../schemas/counter.ts";
import { IdParams, type MoneyJson } from "../schemas/json.ts";
import { IdempotencyHeaders } from "../schemas/payment.ts";
import { tellPayment } from "./payments.ts";
import { type Api, type App, atDeskOf, PROBLEMS } from "./route.ts";

const tags = ["counter"];

/** Drawers and shifts of clerks, and the cheques that they took. */
export function counterRoutes(app: App, api: Api): void {
  termsRoutes(app, api);
  shiftRoutes(app, api);
  shiftPaperRoutes(app, api);
  chequeRoutes(app, api);
}

const personOf = (api: Api, request: FastifyRequest) => {
  const { operatorId, userId: by, role } = principalOfRequest(request);
  return { operatorId, by, isManager: role === "manager", at: api.clock.now() };
};
const doneJson = ({ kind, shiftId, state }: ShiftOutcome) => ({ outcome: kind, id: String(shiftId), state });

/** Zero is an amount here: an empty drawer, a limit of nothing. */
function amountFromZero(body: MoneyJson, currency: Currency): Money {
  const amount = body.currency === currency ? moneyOfText(currency, body.amount) : null;
  if (amount === null || amount.minor < 0n)
    throw new CodedError("request.invalid", `An amount here is zero or more, in ${currency}.`);
  return amount;
}

function termsRoutes(app: App, api: Api): void {
  app.route({
    method: "GET",
    url: "/counter",
    schema: { tags, summary: "Terms, drawers, and my open shift", response: { 200: CounterJson, ...PROBLEMS } },
    config: { access: "clerk" },
    handler: (request) => atDeskOf(api, request, (desk) => counterOf(desk, principalOfRequest(request))),
  });

  app.route({
    method: "PUT",
    url: "/counter/terms",
    schema: {
      tags,
      summary: "How the counters are run from now on",
      body: CounterTermsJson,
      response: { 200: CounterTermsJson, ...PROBLEMS },
    },
    config: { access: "manager" },
    handler: (request) =>
      atDeskOf(api, request, async (desk) => {
        const { varianceLimit, reversalLimit, ...rest } = request.body;
        const limit = (of: MoneyJson | null) => (of === null ? null : amountFromZero(of, desk.currency).minor);
        const terms = { ...rest, varianceLimit: limit(varianceLimit), reversalLimit: limit(reversalLimit) };
        await noteCounterTerms(desk.trx, terms, personOf(api, request));
        return request.body;
      }),
  });

  app.route({
    method: "POST",
    url: "/counter/drawers",
    schema: {
      tags,
      summary: "A drawer at a counter, with an account of its own in the money book",
      body: DrawerBody,
      response: { 200: DrawerNotedJson, 201: DrawerNotedJson, ...PROBLEMS },
    },
    config: { access: "manager" },
    handler: async (request, reply) => {
      const noted = await atDeskOf(api, request, ({ trx }) => noteDrawer(trx, request.body, personOf(api, request)));
      void reply.code(noted.kind === "noted" ? 201 : 200);
      return { outcome: noted.kind, id: String(noted.id) };
    },
  });
}

function shiftRoutes(app: App, api: Api): void {
  app.route({
    method: "GET",
    url: "/counter/shifts",
    schema: {
      tags,
      summary: "Shifts: those that are not closed first, then newest first",
      querystring: ShiftsQuery,
      response: { 200: ShiftsJson, ...PROBLEMS },
    },
    config: { access: "clerk" },
    handler: (request) => atDeskOf(api, request, (desk) => shifts(desk, principalOfRequest(request), request.query)),
  });

  app.route({
    method: "POST",
    url: "/counter/shifts",
    schema: {
      tags,
      summary: "Open a shift at a drawer with a float: once per Idempotency-Key",
      headers: IdempotencyHeaders,
      body: OpenShiftBody,
      response: { 200: ShiftDoneJson, 201: ShiftDoneJson, ...PROBLEMS },
    },
    config: { access: "clerk" },
    handler: async (request, reply) => {
      const { drawerId, float } = request.body;
      const { currency } = principalOfRequest(request);
      const opened = await openShift(api.db, {
        ...personOf(api, request),
        drawerId: BigInt(drawerId),
        float: amountFromZero(float, currency),
        key: request.headers["idempotency-key"],
      });
      void reply.code(opened.kind === "done" ? 201 : 200);
      return doneJson(opened);
    },
  });

  app.route({
    method: "POST",
    url: "/counter/shifts/:id/count",
    schema: {
      tags,
      summary: "Count the drawer without being told what should be there; what comes out even is closed at once",
      params: IdParams,
      body: CountBody,
      response: { 200: ShiftDoneJson, ...PROBLEMS },
    },
    config: { access: "clerk" },
    handler: async (request) => {
      const { currency } = principalOfRequest(request);
      const said = request.body;
      const counted = "pieces" in said ? { pieces: said.pieces } : { sum: amountFromZero(said.counted, currency) };
      const shiftId = BigInt(request.params.id);
      return doneJson(await countShift(api.db, { ...personOf(api, request), shiftId, counted, currency }));
    },
  });

  app.route({
    method: "POST",
    url: "/counter/shifts/:id/confirmation",
    schema: {
      tags,
      summary: "Say why a counted shift does not come out even, post the variance and close it",
      params: IdParams,
      body: ConfirmBody,
      response: { 200: ShiftDoneJson, ...PROBLEMS },
    },
    config: { access: "clerk" },
    handler: async (request) => {
      const shiftId = BigInt(request.params.id);
      const { reason } = request.body;
      return doneJson(await confirmShift(api.db, { ...personOf(api, request), shiftId, reason }));
    },
  });
}

function shiftPaperRoutes(app: App, api: Api): void {
  app.route({
    method: "GET",
    url: "/counter/shifts/:id",
    schema: {
      tags,
      summary: "A shift: X report while it is open (its clerk is not told the cash), Z report when it is closed",
      params: IdParams,
      response: { 200: ShiftJson, ...PROBLEMS },
    },
    config: { access: "clerk" },
    handler: (request) =>
      atDeskOf(api, request, (desk) => shift(desk, principalOfRequest(request), BigInt(request.params.id))),
  });

  app.route({
    method: "GET",
    url: "/counter/shifts/:id/entries.csv",
    schema: { tags, summary: "What changed hands in a closed shift, entry by entry (CSV)", params: IdParams },
    config: { access: "clerk" },
    handler: async (request, reply) => {
      const { id } = request.params;
      const csv = await atDeskOf(api, request, ({ trx, zone }) => shiftCsv(trx, BigInt(id), zone));
      return reply
        .type("text/csv; charset=utf-8")
        .header("content-disposition", `attachment; filename="shift-${id}.csv"`)
        .serializer((text: unknown) => text as string)
        .send(csv);
    },
  });
}

function chequeRoutes(app: App, api: Api): void {
  app.route({
    method: "GET",
    url: "/cheques",
    schema: {
      tags,
      summary: "Cheques: those in hand first",
      querystring: ChequesQuery,
      response: { 200: ChequesJson, ...PROBLEMS },
    },
    config: { access: "clerk" },
    handler: (request) => atDeskOf(api, request, (desk) => cheques(desk, request.query)),
  });

  app.route({
    method: "POST",
    url: "/cheques/:id/ending",
    schema: {
      tags,
      summary: "A cheque was cleared, or came back: once",
      params: IdParams,
      body: ChequeEndBody,
      response: { 200: ChequeEndJson, 201: ChequeEndJson, ...PROBLEMS },
    },
    config: { access: "clerk" },
    handler: async (request, reply) => {
      const by = principalOfRequest(request);
      const person = personOf(api, request);
      const { outcome } = request.body;
      const reason = request.body.outcome === "returned" ? request.body.reason : "";
      const chequeId = BigInt(request.params.id);
      const done = await endCheque(api.db, { ...person, chequeId, outcome, reason });
      const { accountId, amount } = done.cheque;
      const { journalId, paymentId } = done.ending;
      if (done.credited && paymentId !== null)
        tellPayment(api, by, { accountId, journalId: paymentId, amount: moneyJson(amount), at: person.at });
      void reply.code(done.kind === "posted" ? 201 : 200);
      return {
        outcome: done.kind,
        journalId: String(journalId),
        paymentId: paymentId === null ? null : String(paymentId),
      };
    },
  });
}
