import { emergencyOffer, takeEmergency } from "../../billing/prepaid/emergency.ts";
import type { AccountId, OperatorId } from "../../domain/reading.ts";
import { moneyJson } from "../../domain/money.ts";
import { emergencyRepaidAt } from "../../ledger/emergency-credit.ts";
import { principalOfRequest, residentOfRequest } from "../access.ts";
import { atText, type Desk } from "../desk.ts";
import { requireAccount } from "../queries/account.ts";
import { EmergencyCreditJson, EmergencyTakenJson } from "../schemas/emergency-credit.ts";
import { IdParams } from "../schemas/json.ts";
import { type Api, type App, atDeskOf, PROBLEMS } from "./route.ts";
import { atResident } from "./resident.ts";

/** Emergency credit: offered by the policy, taken by the customer on the own page or at the counter, repaid first by the next top-up. */
export function emergencyCreditRoutes(app: App, api: Api): void {
  const taken = async (desk: Desk, accountId: AccountId, by: bigint | null) => {
    const { outcome, amount, reconnect } = await takeEmergency(desk.trx, accountId, { by, now: desk.now });
    return { outcome, amount: moneyJson(amount), controlId: reconnect === null ? null : String(reconnect) };
  };
  const told = (operatorId: OperatorId, accountId: AccountId): void => api.services.onPayment?.(operatorId, accountId);

  app.route({
    method: "GET",
    url: "/accounts/:id/emergency-credit",
    schema: {
      tags: ["prepaid"],
      summary: "What of emergency credit may be taken, or was",
      params: IdParams,
      response: { 200: EmergencyCreditJson, ...PROBLEMS },
    },
    handler: (request) =>
      atDeskOf(api, request, async (desk) => {
        const id = BigInt(request.params.id);
        await requireAccount(desk, id);
        return offerAt(desk, id);
      }),
  });

  app.route({
    method: "POST",
    url: "/accounts/:id/emergency-credit",
    schema: {
      tags: ["prepaid"],
      summary: "Take it for the customer who asks at the counter; again is `already`",
      params: IdParams,
      response: { 200: EmergencyTakenJson, 201: EmergencyTakenJson, ...PROBLEMS },
    },
    config: { access: "clerk" },
    handler: async (request, reply) => {
      const { operatorId, userId } = principalOfRequest(request);
      const id = BigInt(request.params.id);
      const done = await atDeskOf(api, request, async (desk) => {
        await requireAccount(desk, id);
        return taken(desk, id, userId);
      });
      told(operatorId, id);
      void reply.code(done.outcome === "taken" ? 201 : 200);
      return done;
    },
  });

  app.route({
    method: "GET",
    url: "/resident/emergency-credit",
    schema: {
      tags: ["residents"],
      summary: "What of emergency credit may be taken, or was",
      response: { 200: EmergencyCreditJson, ...PROBLEMS },
    },
    config: { access: "resident" },
    handler: (request) => atResident(api, request, offerAt),
  });

  app.route({
    method: "POST",
    url: "/resident/emergency-credit",
    schema: {
      tags: ["residents"],
      summary: "Take it; again is `already`",
      response: { 200: EmergencyTakenJson, 201: EmergencyTakenJson, ...PROBLEMS },
    },
    config: { access: "resident" },
    handler: async (request, reply) => {
      const { operatorId, accountId } = residentOfRequest(request);
      const done = await atResident(api, request, (desk) => taken(desk, accountId, null));
      told(operatorId, accountId);
      void reply.code(done.outcome === "taken" ? 201 : 200);
      return done;
    },
  });
}

async function offerAt(desk: Desk, accountId: AccountId): Promise<EmergencyCreditJson> {
  const offer = await emergencyOffer(desk.trx, accountId, desk.now);
  const repaidAt = await emergencyRepaidAt(desk.trx, accountId);
  return {
    state: offer.kind,
    amount: offer.kind === "none" ? null : moneyJson(offer.amount),
    used: offer.kind === "taken" ? moneyJson(offer.used) : null,
    takenAt: offer.kind === "taken" ? atText(desk, offer.takenAt) : null,
    repaidAt: repaidAt === null ? null : atText(desk, repaidAt),
    why: offer.kind === "none" ? offer.why : null,
  };
}
