import { noteSetOffTerms, readSetOffWords } from "../../ledger/set-off-terms.ts";
import { principalOfRequest } from "../access.ts";
import { atText } from "../desk.ts";
import { NotedJson } from "../schemas/balance.ts";
import { SetOffTermsBody, SetOffTermsJson } from "../schemas/set-off.ts";
import { type Api, type App, atDeskOf, PROBLEMS } from "./route.ts";

const tags = ["charges"];

/** Whether credit of one class of debt may pay another's at a move-out: the operator's word. */
export function setOffRoutes(app: App, api: Api): void {
  app.route({
    method: "GET",
    url: "/set-off-terms",
    schema: {
      tags,
      summary: "Whether a final bill may set off credit of one class of debt against another, with all that was said",
      response: { 200: SetOffTermsJson, ...PROBLEMS },
    },
    handler: (request) =>
      atDeskOf(api, request, async (desk) => {
        const words = await readSetOffWords(desk.trx);
        const items = words.map(({ notedAt, ...word }) => ({ ...word, notedAt: atText(desk, notedAt) }));
        return { rule: words[0]?.rule ?? ("off" as const), items };
      }),
  });

  app.route({
    method: "POST",
    url: "/set-off-terms",
    schema: {
      tags,
      summary: "Say whether final bills may set off from now on; accounts that are closed stay as they are",
      body: SetOffTermsBody,
      response: { 200: NotedJson, 201: NotedJson, ...PROBLEMS },
    },
    config: { access: "manager" },
    handler: async (request, reply) => {
      const noted = { at: api.clock.now(), by: principalOfRequest(request).userId };
      const outcome = await atDeskOf(api, request, ({ trx }) => noteSetOffTerms(trx, request.body, noted));
      void reply.code(outcome === "noted" ? 201 : 200);
      return { outcome };
    },
  });
}
