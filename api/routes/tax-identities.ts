import type { FastifyRequest } from "fastify";
import { CodedError } from "../../domain/errors.ts";
import { dayOf } from "../../domain/period.ts";
import { type TaxIdProblem, type TaxIdentity, taxIdProblem, type TaxParty } from "../../domain/tax-identity.ts";
import { identityOn, noteTaxIdentity, readTaxWords, type TaxSubject } from "../../ledger/tax-identities.ts";
import { principalOfRequest } from "../access.ts";
import { atText, type Desk } from "../desk.ts";
import { requireAccount } from "../queries/account.ts";
import { NotedJson } from "../schemas/balance.ts";
import { IdParams } from "../schemas/json.ts";
import { TaxIdentitiesJson, TaxIdentityBody } from "../schemas/tax-identity.ts";
import { dayOfText } from "./charges.ts";
import { type Api, type App, atDeskOf, PROBLEMS } from "./route.ts";

const tags = ["bills"];
type Body = (typeof TaxIdentityBody)["_output"];

/** Who the operator and its customers are to the tax office: invoices name them so. */
export function taxIdentityRoutes(app: App, api: Api): void {
  app.route({
    method: "GET",
    url: "/tax-identity",
    schema: {
      tags,
      summary: "The operator's tax identity, from which day on, with all that was said",
      response: { 200: TaxIdentitiesJson, ...PROBLEMS },
    },
    handler: (request) => atDeskOf(api, request, (desk) => told(desk, null)),
  });

  app.route({
    method: "POST",
    url: "/tax-identity",
    schema: {
      tags,
      summary: "Say the operator's tax identity from a day on; what invoices of earlier days name stays",
      body: TaxIdentityBody,
      response: { 200: NotedJson, 201: NotedJson, ...PROBLEMS },
    },
    config: { access: "manager" },
    handler: async (request, reply) => {
      const outcome = await say(api, request, null, request.body);
      void reply.code(outcome === "noted" ? 201 : 200);
      return { outcome };
    },
  });

  app.route({
    method: "GET",
    url: "/accounts/:id/tax-identity",
    schema: {
      tags,
      summary: "An account's tax identity, from which day on, with all that was said",
      params: IdParams,
      response: { 200: TaxIdentitiesJson, ...PROBLEMS },
    },
    handler: (request) =>
      atDeskOf(api, request, async (desk) => {
        const id = BigInt(request.params.id);
        await requireAccount(desk, id);
        return told(desk, id);
      }),
  });

  app.route({
    method: "POST",
    url: "/accounts/:id/tax-identity",
    schema: {
      tags,
      summary: "Say an account's tax identity from a day on",
      params: IdParams,
      body: TaxIdentityBody,
      response: { 200: NotedJson, 201: NotedJson, ...PROBLEMS },
    },
    config: { access: "clerk" },
    handler: async (request, reply) => {
      const outcome = await say(api, request, BigInt(request.params.id), request.body);
      void reply.code(outcome === "noted" ? 201 : 200);
      return { outcome };
    },
  });
}

async function told(desk: Desk, subject: TaxSubject): Promise<TaxIdentitiesJson> {
  const words = await readTaxWords(desk.trx, subject);
  return {
    current: identityOn(words, dayOf(desk.now, desk.zone)),
    items: words.map(({ notedAt, ...word }) => ({ ...word, notedAt: atText(desk, notedAt) })),
  };
}

function say(api: Api, request: FastifyRequest, subject: TaxSubject, { fromDay, identity }: Body) {
  if (identity !== null) requireTaxId(identity, subject === null ? "seller" : "buyer");
  const word = { fromDay: dayOfText(fromDay), identity };
  const noted = { at: api.clock.now(), by: principalOfRequest(request).userId };
  return atDeskOf(api, request, async (desk) => {
    if (subject !== null) await requireAccount(desk, subject);
    return noteTaxIdentity(desk.trx, subject, word, noted);
  });
}

const WRONG: Readonly<Record<TaxIdProblem, string>> = {
  form: "is no tax number of this country",
  check_digit: "does not fit its check digit (GB 32100-2015)",
  country: "needs a country of two capitals",
};

/** @throws CodedError `tax.invalid` */
function requireTaxId({ taxId, country }: TaxIdentity, party: TaxParty): void {
  const problem = taxIdProblem(taxId, country, party);
  if (problem !== null) throw new CodedError("tax.invalid", `${taxId} (${country}) ${WRONG[problem]}.`);
}
