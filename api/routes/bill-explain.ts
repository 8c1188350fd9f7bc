import { z } from "zod";
import { jsonOf } from "../../billing/explain/canonical.ts";
import { explainLines } from "../../billing/explain/explain-lines.ts";
import { basisOfBill, readBundle } from "../../billing/explain/read-bundle.ts";
import { CodedError } from "../../domain/errors.ts";
import { billBooks } from "../bill-books.ts";
import type { Desk } from "../desk.ts";
import { ExplainedBillJson } from "../schemas/explain.ts";
import { IdParams } from "../schemas/json.ts";
import { accountReplay } from "../queries/replay.ts";
import { AccountReplayJson, ReplayQuery } from "../schemas/replay.ts";
import { type Api, type App, atDeskOf, PROBLEMS } from "./route.ts";

/** Why a bill says what it says. */
export function billExplainRoutes(app: App, api: Api): void {
  app.route({
    method: "GET",
    url: "/bills/:id/explain",
    schema: {
      tags: ["bills"],
      summary: "Each line opened: arithmetic, tariff version, ladder walk, proration, readings and verdicts",
      params: IdParams,
      response: { 200: ExplainedBillJson, ...PROBLEMS },
    },
    handler: (request) =>
      atDeskOf(api, request, async (desk) => {
        const { kind, inputs } = await basisOfBill(desk.trx, BigInt(request.params.id), billBooks);
        const items = jsonOf(explainLines(inputs)) as ExplainedBillJson["items"];
        return { billId: request.params.id, inputsAre: kind, items };
      }),
  });

  app.route({
    method: "GET",
    url: "/bills/:id/bundle",
    schema: {
      tags: ["bills"],
      summary: "Everything that it takes to recompute the bill without these books: `sanbiao verify bill` reads it",
      params: IdParams,
      response: { 200: z.record(z.string(), z.unknown()), ...PROBLEMS },
    },
    handler: (request, reply) =>
      atDeskOf(api, request, async (desk) => {
        const number = await numberOf(desk, BigInt(request.params.id));
        void reply.header("content-disposition", `attachment; filename="bill-${number}.json"`);
        return { ...(await readBundle(desk.trx, number, billBooks, desk.now)) };
      }),
  });
}

/** A replay rates up to two years of bills: not something that a screen asks for by itself. */
export function billReplayRoutes(app: App, api: Api): void {
  app.route({
    method: "GET",
    url: "/accounts/:id/replay",
    schema: {
      tags: ["bills"],
      summary: "Issued bills made again by what is known now, line by line; nothing is posted",
      params: IdParams,
      querystring: ReplayQuery,
      response: { 200: AccountReplayJson, ...PROBLEMS },
    },
    config: { access: "clerk" },
    handler: (request) =>
      atDeskOf(api, request, (desk) => accountReplay(desk, BigInt(request.params.id), request.query.from)),
  });
}

async function numberOf({ trx, operatorId }: Desk, id: bigint): Promise<string> {
  const row = await trx
    .selectFrom("bill")
    .select("number")
    .where("operator_id", "=", operatorId)
    .where("id", "=", id)
    .executeTakeFirst();
  if (row === undefined) throw new CodedError("request.not-found", `There is no bill ${id}.`);
  return row.number;
}
