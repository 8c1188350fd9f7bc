import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { tariffsOfJson } from "../../billing/rate/schema.ts";
import { withOwnTariffs } from "../../billing/own-tariffs.ts";
import { catalogueTariffs, type TariffBook } from "../../billing/tariffs.ts";
import { bestOptions } from "../../billing/what-if/best.ts";
import { type Replacement, throughout, versionsNamed } from "../../billing/what-if/replacement.ts";
import { dialOf } from "../../catalog/meters/dials.ts";
import { estimationPolicyOf } from "../../catalog/estimation/catalogue.ts";
import { CodedError } from "../../domain/errors.ts";
import { isoIn } from "../../domain/instant.ts";
import { whatIfCsv } from "../../interchange/what-if-csv.ts";
import { principalOfRequest } from "../access.ts";
import { monthNamed } from "../queries/bills.ts";
import { accountChangeJson, leftOutJson, optionsJson, summaryJson, tariffChoices } from "../queries/what-if.ts";
import { IdParams } from "../schemas/json.ts";
import {
  TariffChoicesJson,
  TariffOptionsJson,
  WhatIfAccountsJson,
  WhatIfAccountsQuery,
  WhatIfBody,
  WhatIfJson,
  WhatIfLeftOutJson,
  WhatIfParams,
} from "../schemas/what-if.ts";
import { changesOfJob, summaryOfJob, type WhatIfJob, whatIfJobs } from "../what-if-jobs.ts";
import { type Api, type App, atDeskOf, PROBLEMS } from "./route.ts";

const LEFT_OUT_SHOWN = 200;

/** Other prices over months that are past. Nothing is written: any reader may ask, and the answer is forgotten. */
export function whatIfRoutes(app: App, api: Api): void {
  const deps = {
    db: api.db,
    clock: api.clock,
    tariffs: catalogueTariffs,
    dials: dialOf,
    estimation: estimationPolicyOf,
  };
  const jobs = whatIfJobs(deps);
  app.addHook("onClose", () => jobs.stop());
  const jobOf = (request: FastifyRequest): WhatIfJob => {
    const { id } = request.params as z.infer<typeof WhatIfParams>;
    const job = jobs.find(principalOfRequest(request).operatorId, id);
    if (job !== null) return job;
    throw new CodedError("request.not-found", `There is no comparison ${id}; the service keeps the last few only.`);
  };
  const answer = (request: FastifyRequest, job: WhatIfJob): WhatIfJson => {
    const { zone, currency } = principalOfRequest(request);
    const { id, state, done, of, trouble, tariffs, period } = job;
    const told = { from: isoIn(period.from, zone), to: isoIn(period.to, zone), tariffs: [...tariffs] };
    return { id, state, ...told, done, of, trouble, summary: summaryJson(currency, summaryOfJob(job)) };
  };

  app.route({
    method: "POST",
    url: "/what-ifs",
    schema: {
      tags: ["what-if"],
      summary: "Price past months of accounts under other tariffs: starts a comparison that is then asked for",
      body: WhatIfBody,
      response: { 202: WhatIfJson, ...PROBLEMS },
    },
    config: { access: "clerk" },
    handler: async (request, reply) => {
      const { from, to = from, building, accountId } = request.body;
      const period = await atDeskOf(api, request, async (desk) => ({
        from: monthNamed(desk, from).period.from,
        to: monthNamed(desk, to).period.to,
      }));
      if (period.from >= period.to) throw new CodedError("request.invalid", "The last month lies before the first.");
      const scope = {
        ...(building === undefined || building === "" ? {} : { building }),
        ...(accountId === undefined ? {} : { accountIds: [BigInt(accountId)] }),
      };
      const book = await atDeskOf(api, request, ({ trx }) => withOwnTariffs(trx, catalogueTariffs));
      const replacements = request.body.tariffs.map((one) => replacementOf(book, one));
      const job = await jobs.start(principalOfRequest(request).operatorId, { scope, period, replacements });
      void reply.code(202);
      return answer(request, job);
    },
  });

  app.route({
    method: "GET",
    url: "/what-ifs/:id",
    schema: {
      tags: ["what-if"],
      summary: "How far a comparison is, and what it says so far",
      params: WhatIfParams,
      response: { 200: WhatIfJson, ...PROBLEMS },
    },
    handler: async (request) => answer(request, jobOf(request)),
  });

  app.route({
    method: "DELETE",
    url: "/what-ifs/:id",
    schema: {
      tags: ["what-if"],
      summary: "Cancel a comparison; what is done stays to be looked at",
      params: WhatIfParams,
      response: { 200: WhatIfJson, ...PROBLEMS },
    },
    config: { access: "clerk" },
    handler: async (request) => {
      const job = jobOf(request);
      jobs.cancel(job);
      return answer(request, job);
    },
  });

  app.route({
    method: "GET",
    url: "/what-ifs/:id/accounts",
    schema: {
      tags: ["what-if"],
      summary: "Account by account, the largest change first",
      params: WhatIfParams,
      querystring: WhatIfAccountsQuery,
      response: { 200: WhatIfAccountsJson, ...PROBLEMS },
    },
    handler: async (request) => {
      const { page, pageSize, side } = request.query;
      const { currency } = principalOfRequest(request);
      const all = changesOfJob(jobOf(request), side);
      const items = all.slice((page - 1) * pageSize, page * pageSize).map((one) => accountChangeJson(currency, one));
      return { items, page, pageSize, total: all.length };
    },
  });

  app.route({
    method: "GET",
    url: "/what-ifs/:id/left-out",
    schema: {
      tags: ["what-if"],
      summary: "Accounts that could not be compared, and why",
      params: WhatIfParams,
      response: { 200: WhatIfLeftOutJson, ...PROBLEMS },
    },
    handler: async (request) => {
      const { leftOut } = jobOf(request);
      return { items: leftOut.slice(0, LEFT_OUT_SHOWN).map(leftOutJson), total: leftOut.length };
    },
  });

  app.route({
    method: "GET",
    url: "/what-ifs/:id/accounts.csv",
    schema: {
      tags: ["what-if"],
      summary: "All accounts as CSV: a row per account and utility, then those left out",
      params: WhatIfParams,
      response: { 200: { description: "CSV", content: { "text/csv": { schema: z.string() } } }, ...PROBLEMS },
    },
    handler: async (request, reply) => {
      const job = jobOf(request);
      const { currency } = principalOfRequest(request);
      void reply
        .header("content-disposition", 'attachment; filename="what-if.csv"')
        .type("text/csv; charset=utf-8")
        .serializer(String);
      return [...whatIfCsv(changesOfJob(job, "all"), job.leftOut, currency)].join("") as never;
    },
  });

  app.route({
    method: "GET",
    url: "/what-if-tariffs",
    schema: {
      tags: ["what-if"],
      summary: "Tariffs that can be tried, those in use first, and the buildings there are",
      response: { 200: TariffChoicesJson, ...PROBLEMS },
    },
    handler: (request) => atDeskOf(api, request, tariffChoices),
  });

  app.route({
    method: "GET",
    url: "/accounts/:id/tariff-options",
    schema: {
      tags: ["what-if"],
      summary: "What each tariff that the operator offers would have cost this account in its last twelve whole months",
      params: IdParams,
      response: { 200: TariffOptionsJson, ...PROBLEMS },
    },
    handler: async (request) => {
      const { operatorId, zone, currency } = principalOfRequest(request);
      const { period, utilities } = await bestOptions(deps, operatorId, BigInt(request.params.id));
      return {
        from: isoIn(period.from, zone),
        to: isoIn(period.to, zone),
        utilities: utilities.map((one) => optionsJson(currency, one)),
      };
    },
  });
}

/** @throws CodedError `tariff.invalid` with each problem's path, `request.not-found` for a name that nobody published */
function replacementOf(book: TariffBook, { tariff, document, insteadOf }: WhatIfBody["tariffs"][number]): Replacement {
  if ((tariff === undefined) === (document === undefined)) {
    throw new CodedError("request.invalid", "Give either `tariff` or `document`.");
  }
  const limit = insteadOf === undefined ? {} : { insteadOf };
  if (tariff !== undefined) return { versions: versionsNamed(book, tariff), ...limit };
  const versions = tariffsOfJson(document);
  const [only] = versions;
  return { versions: versions.length === 1 && only !== undefined ? [throughout(only)] : versions, ...limit };
}
