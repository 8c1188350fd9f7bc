import type { z } from "zod";
import { tariffJsonSchema, draftOfJson } from "../../billing/rate/schema.ts";
import { catalogueTariffs } from "../../billing/tariffs.ts";
import { triedLines } from "../../billing/what-if/tried-lines.ts";
import { CALENDARS } from "../../catalog/calendars/catalogue.ts";
import { estimationPolicyOf } from "../../catalog/estimation/catalogue.ts";
import { dialOf } from "../../catalog/meters/dials.ts";
import { CodedError } from "../../domain/errors.ts";
import { BILLED_UNIT } from "../../domain/unit.ts";
import { daysOffOf } from "../../domain/work-calendar.ts";
import { principalOfRequest } from "../access.ts";
import { monthNamed } from "../queries/bills.ts";
import { triedMonthJson, trialJson } from "../queries/tariff-trial.ts";
import { TariffLanguageJson, TariffTrialJson, TrialBody } from "../schemas/tariff.ts";
import { type Api, type App, atDeskOf, PROBLEMS } from "./route.ts";

/** What somebody who writes a tariff asks again and again. Nothing is written. */
export function tariffTrialRoutes(app: App, api: Api): void {
  const deps = {
    db: api.db,
    clock: api.clock,
    tariffs: catalogueTariffs,
    dials: dialOf,
    estimation: estimationPolicyOf,
  };

  app.route({
    method: "GET",
    url: "/tariff-language",
    schema: {
      tags: ["tariffs"],
      summary: "What a version may say: its JSON Schema, and the calendars of holidays that are known",
      response: { 200: TariffLanguageJson, ...PROBLEMS },
    },
    handler: async (request): Promise<TariffLanguageJson> => {
      const { currency, zone } = principalOfRequest(request);
      return {
        schema: tariffJsonSchema() as Record<string, unknown>,
        calendars: CALENDARS.map((one) => ({ id: one.id, title: { ...one.title }, ...daysOffOf(one) })),
        units: BILLED_UNIT,
        currency,
        zone,
      };
    },
  });

  app.route({
    method: "POST",
    url: "/tariff-trials",
    schema: {
      tags: ["tariffs"],
      summary:
        "A version as it is being written: its problems, differences, examples and curve, and a real month under it",
      body: TrialBody,
      response: { 200: TariffTrialJson, ...PROBLEMS },
    },
    config: { access: "clerk" },
    handler: async (request) => {
      const { document, accountId, month } = request.body as z.infer<typeof TrialBody>;
      if ((accountId === undefined) !== (month === undefined))
        throw new CodedError("request.invalid", "Give `accountId` and `month` together, or neither.");
      const draft = draftOfJson(document);
      const answer = await atDeskOf(api, request, (desk) => trialJson(desk, draft));
      if ("problems" in draft || accountId === undefined || month === undefined) return { ...answer, live: null };
      const { operatorId, currency } = principalOfRequest(request);
      const { period } = await atDeskOf(api, request, async (desk) => monthNamed(desk, month));
      const ask = { accountId: BigInt(accountId), month: period, version: draft.tariff };
      if (draft.tariff.currency !== currency) {
        const detail = `currency: ${draft.tariff.currency} is not ${currency}`;
        return { ...answer, live: { kind: "left_out" as const, detail } };
      }
      return { ...answer, live: triedMonthJson(draft.tariff, await triedLines(deps, operatorId, ask)) };
    },
  });
}
