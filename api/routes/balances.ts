import { dialOf } from "../../catalog/meters/dials.ts";
import { closeBalance } from "../../billing/balance/close.ts";
import { CodedError } from "../../domain/errors.ts";
import { isDay, type Day } from "../../domain/period.ts";
import { microOf } from "../../domain/quantity.ts";
import { writeOffEnergy } from "../../ledger/balances.ts";
import { noteFloorArea, notePlacement, noteRule } from "../../ledger/topology.ts";
import { makesLoop } from "../../metering/topology.ts";
import { principalOfRequest } from "../access.ts";
import { balance, balances, energyBook } from "../queries/balances.ts";
import { monthNamed } from "../queries/bills.ts";
import {
  BalanceJson,
  BalancesJson,
  BalancesQuery,
  ClosingBody,
  ClosingJson,
  EnergyBookJson,
  FloorAreaBody,
  NotedJson,
  PlacementBody,
  RuleBody,
  WriteOffBody,
  WriteOffJson,
} from "../schemas/balance.ts";
import { IdParams } from "../schemas/json.ts";
import { IdempotencyHeaders } from "../schemas/payment.ts";
import { type Api, type App, atDeskOf, PROBLEMS } from "./route.ts";

export function balanceRoutes(app: App, api: Api): void {
  app.route({
    method: "GET",
    url: "/balances",
    schema: {
      tags: ["balances"],
      summary: "Every master with its balance of a month",
      querystring: BalancesQuery,
      response: { 200: BalancesJson, ...PROBLEMS },
    },
    handler: (request) => atDeskOf(api, request, (desk) => balances(desk, request.query)),
  });

  app.route({
    method: "GET",
    url: "/balances/:id",
    schema: {
      tags: ["balances"],
      summary: "One closing: parts, shares, other closings of its period, twelve months",
      params: IdParams,
      response: { 200: BalanceJson, ...PROBLEMS },
    },
    handler: (request) => atDeskOf(api, request, (desk) => balance(desk, BigInt(request.params.id))),
  });

  app.route({
    method: "POST",
    url: "/balances",
    schema: {
      tags: ["balances"],
      summary: "Close a master's month, or close it again with a reason: the closing before stays readable",
      body: ClosingBody,
      response: { 200: ClosingJson, 201: ClosingJson, ...PROBLEMS },
    },
    config: { access: "manager" },
    handler: async (request, reply) => {
      const by = principalOfRequest(request);
      const { reason } = request.body;
      const masterPointId = BigInt(request.body.masterPointId);
      const { period } = await atDeskOf(api, request, async (desk) => monthNamed(desk, request.body.period));
      if (period.to > api.clock.now()) throw new CodedError("request.invalid", "A month is closed when it is over.");
      const deps = { db: api.db, clock: api.clock, dials: dialOf };
      const done = await closeBalance(deps, by.operatorId, { masterPointId, period, reason, by: by.userId });
      if (done.kind === "needs_reason") {
        throw new CodedError(
          "request.conflict",
          "Other figures were closed for this month: say why they are superseded.",
        );
      }
      void reply.code(done.kind === "same" ? 200 : 201);
      const { kind: outcome, balanceId, closingNo, provisional } = done;
      return { outcome, balanceId: String(balanceId), closingNo, provisional };
    },
  });

  app.route({
    method: "PUT",
    url: "/masters/:id/rule",
    schema: {
      tags: ["balances"],
      summary: "How a master's difference is shared, from a day on",
      params: IdParams,
      body: RuleBody,
      response: { 200: NotedJson, ...PROBLEMS },
    },
    config: { access: "manager" },
    handler: (request) =>
      atDeskOf(api, request, async (desk) => {
        const { fromDay, key, lossAllowancePercent, apportioned } = request.body;
        const rule = { fromDay: dayOfBody(fromDay), key, lossAllowancePercent, apportioned };
        const outcome = await noteRule(desk.trx, BigInt(request.params.id), rule, notedBy(request, api));
        return { outcome: found(outcome, "There is no such master.") };
      }),
  });

  app.route({
    method: "PUT",
    url: "/usage-points/:id/master",
    schema: {
      tags: ["balances"],
      summary: "Which master measures a point, from a day on; a loop is refused",
      params: IdParams,
      body: PlacementBody,
      response: { 200: NotedJson, ...PROBLEMS },
    },
    config: { access: "manager" },
    handler: (request) =>
      atDeskOf(api, request, async (desk) => {
        const { masterPointId, purpose } = request.body;
        const placement = {
          usagePointId: BigInt(request.params.id),
          fromDay: dayOfBody(request.body.fromDay),
          masterPointId: masterPointId === null ? null : BigInt(masterPointId),
          purpose,
        };
        const outcome = await notePlacement(desk.trx, placement, notedBy(request, api), makesLoop);
        if (outcome === "loop") throw new CodedError("request.invalid", "A point cannot hang below itself.");
        return { outcome: found(outcome, "There is no such point, or no master of its utility.") };
      }),
  });

  app.route({
    method: "PUT",
    url: "/accounts/:id/floor-area",
    schema: {
      tags: ["balances"],
      summary: "Floor area of an account's home, from a day on",
      params: IdParams,
      body: FloorAreaBody,
      response: { 200: NotedJson, ...PROBLEMS },
    },
    config: { access: "clerk" },
    handler: (request) =>
      atDeskOf(api, request, async (desk) => {
        const { fromDay, areaM2 } = request.body;
        const area = { accountId: BigInt(request.params.id), fromDay: dayOfBody(fromDay), areaM2 };
        const outcome = await noteFloorArea(desk.trx, area, notedBy(request, api));
        return { outcome: found(outcome, "There is no such account.") };
      }),
  });

  app.route({
    method: "GET",
    url: "/usage-points/:id/energy",
    schema: {
      tags: ["balances"],
      summary: "Where the units of a usage point went: the energy book, signed as booked",
      params: IdParams,
      response: { 200: EnergyBookJson, ...PROBLEMS },
    },
    handler: (request) => atDeskOf(api, request, (desk) => energyBook(desk, BigInt(request.params.id))),
  });

  app.route({
    method: "POST",
    url: "/usage-points/:id/write-offs",
    schema: {
      tags: ["balances"],
      summary: "Give up units that were counted and will not be billed: once per Idempotency-Key",
      params: IdParams,
      headers: IdempotencyHeaders,
      body: WriteOffBody,
      response: { 200: WriteOffJson, 201: WriteOffJson, ...PROBLEMS },
    },
    config: { access: "manager" },
    handler: async (request, reply) => {
      const { of, reason } = request.body;
      const quantity = microOf(request.body.quantity) ?? 0n;
      const key = request.headers["idempotency-key"];
      const off = { usagePointId: BigInt(request.params.id), of, quantity, reason, key };
      const by = principalOfRequest(request).userId;
      const outcome = await atDeskOf(api, request, (desk) => writeOffEnergy(desk.trx, { ...off, by }));
      if (outcome === "beyond") {
        throw new CodedError("request.invalid", "There are not so many units to write off, or none.");
      }
      if (outcome === "different") {
        throw new CodedError(
          "request.conflict",
          "This Idempotency-Key stands for another write-off; nothing was written.",
        );
      }
      void reply.code(outcome === "posted" ? 201 : 200);
      return { outcome };
    },
  });
}

const notedBy = (request: Parameters<typeof principalOfRequest>[0], api: Api) => ({
  at: api.clock.now(),
  by: principalOfRequest(request).userId,
});

/** The form of a day is the schema's; whether the calendar has it, we look. */
function dayOfBody(text: string): Day {
  if (!isDay(text)) throw new CodedError("request.invalid", `There is no day ${text}.`);
  return text;
}

function found<Outcome extends string>(outcome: Outcome, otherwise: string): Outcome & ("noted" | "already") {
  if (outcome !== "noted" && outcome !== "already") throw new CodedError("request.not-found", otherwise);
  return outcome as Outcome & ("noted" | "already");
}
