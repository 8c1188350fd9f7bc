import type { FastifyRequest } from "fastify";
import type { z } from "zod";
import { isNothing } from "../../billing/rebill/decide.ts";
import { rebillLimit, replayFrom } from "../../billing/rebill/limit.ts";
import {
  postRebill,
  proposeRebill,
  rebillNow,
  type RebillOutcome,
  type RebillRequest,
  type RebillScope,
} from "../../billing/rebill/post.ts";
import { countSelected, previewPage, type Selection } from "../../billing/rebill/preview.ts";
import { CodedError } from "../../domain/errors.ts";
import { isoIn } from "../../domain/instant.ts";
import { type Currency, money, moneyJson, moneyOfText } from "../../domain/money.ts";
import { day, startOfDay } from "../../domain/period.ts";
import { noteRebillTerms } from "../../ledger/rebill-terms.ts";
import { principalOfRequest } from "../access.ts";
import { billBooks } from "../bill-books.ts";
import { dayText, type Desk, moneyOf } from "../desk.ts";
import { correctionJson, correctionsList } from "../queries/corrections.ts";
import { requireAccount } from "../queries/account.ts";
import {
  CorrectionBody,
  CorrectionJson,
  CorrectionOutcomeJson,
  CorrectionsJson,
  CorrectionsQuery,
  OneBillPreviewJson,
  OneBillQuery,
  ProposalOutcomeJson,
  RebillPreviewJson,
  RebillPreviewQuery,
  RebillTermsJson,
  RebillTermsOnJson,
} from "../schemas/correction.ts";
import { IdParams } from "../schemas/json.ts";
import { type Api, type App, atDeskOf, PROBLEMS } from "./route.ts";

/** Issued bills made again, and what is posted of it: exactly what was shown, once. */
export function correctionRoutes(app: App, api: Api): void {
  previewRoutes(app, api);
  postingRoutes(app, api);

  app.route({
    method: "GET",
    url: "/corrections",
    schema: {
      tags: ["bills"],
      summary: "Correction notes, the newest first",
      querystring: CorrectionsQuery,
      response: { 200: CorrectionsJson, ...PROBLEMS },
    },
    handler: (request) => atDeskOf(api, request, (desk) => correctionsList(desk, request.query)),
  });

  app.route({
    method: "GET",
    url: "/corrections/:id",
    schema: {
      tags: ["bills"],
      summary: "One correction note: per line what was billed, what it should be, and the difference",
      params: IdParams,
      response: { 200: CorrectionJson, ...PROBLEMS },
    },
    handler: (request) => atDeskOf(api, request, (desk) => correctionJson(desk, BigInt(request.params.id))),
  });

  app.route({
    method: "GET",
    url: "/rebill-terms",
    schema: {
      tags: ["bills"],
      summary: "How far back bills are corrected today, and which money takes a second person",
      response: { 200: RebillTermsOnJson, ...PROBLEMS },
    },
    handler: (request) =>
      atDeskOf(api, request, async (desk) => {
        const { secondPersonAboveMinor: above, ...limit } = await rebillLimit(desk.trx, desk.now, desk.zone);
        return { ...limit, secondPersonAbove: above === null ? null : moneyOf(desk, above) };
      }),
  });

  app.route({
    method: "POST",
    url: "/rebill-terms",
    schema: {
      tags: ["bills"],
      summary: "Say it from a day on; the same again adds nothing",
      body: RebillTermsJson,
      response: { 200: RebillTermsJson, ...PROBLEMS },
    },
    config: { access: "manager" },
    handler: (request) =>
      atDeskOf(api, request, async (desk) => {
        const { fromDay, monthsBack, secondPersonAbove: above } = request.body;
        const minor = above === null ? null : (moneyOfText(above.currency, above.amount)?.minor ?? null);
        if (above !== null && (minor === null || minor < 0n || above.currency !== desk.currency))
          throw new CodedError("request.invalid", `\`secondPersonAbove\` is zero or more ${desk.currency}.`);
        const terms = { fromDay: day(fromDay), monthsBack, secondPersonAboveMinor: minor };
        await noteRebillTerms(desk.trx, terms, { at: desk.now, by: principalOfRequest(request).userId });
        return request.body;
      }),
  });
}

function previewRoutes(app: App, api: Api): void {
  app.route({
    method: "GET",
    url: "/rebill-preview",
    schema: {
      tags: ["bills"],
      summary:
        "Money per account that issued bills would come to more or less by what is known now, a page of accounts at a time",
      querystring: RebillPreviewQuery,
      response: { 200: RebillPreviewJson, ...PROBLEMS },
    },
    config: { access: "clerk" },
    handler: (request) => atDeskOf(api, request, (desk) => previewJson(desk, request.query)),
  });

  app.route({
    method: "GET",
    url: "/bills/:id/correction-preview",
    schema: {
      tags: ["bills"],
      summary: "What cancelling one bill, or making a cancelled one anew, would come to; nothing is posted",
      params: IdParams,
      querystring: OneBillQuery,
      response: { 200: OneBillPreviewJson, ...PROBLEMS },
    },
    config: { access: "clerk" },
    handler: (request) =>
      atDeskOf(api, request, async (desk) => {
        const billId = BigInt(request.params.id);
        const accountId = await accountOfBill(desk, billId);
        const scope = { kind: request.query.kind, billId };
        const rebill = await rebillNow(desk.trx, { accountId, scope, now: desk.now }, billBooks);
        const digest = isNothing(rebill) ? null : rebill.digest;
        return {
          accountId: String(accountId),
          billId: String(billId),
          supply: moneyOf(desk, rebill.supplyMinor),
          charges: moneyOf(desk, rebill.chargesMinor),
          difference: moneyOf(desk, rebill.totalMinor),
          digest,
        };
      }),
  });
}

function postingRoutes(app: App, api: Api): void {
  app.route({
    method: "POST",
    url: "/accounts/:id/corrections",
    schema: {
      tags: ["bills"],
      summary: "Post the difference that was shown: one note, one netted entry. The same digest again is `already`",
      params: IdParams,
      body: CorrectionBody,
      response: { 200: CorrectionOutcomeJson, 201: CorrectionOutcomeJson, ...PROBLEMS },
    },
    config: { access: "clerk" },
    handler: async (request, reply) => {
      const { operatorId, zone, currency } = principalOfRequest(request);
      const asked = await requestOf(api, request, request.params.id, request.body);
      const outcome = await postRebill(api.db, asked, billBooks);
      if (outcome.kind === "posted") {
        api.services.onPayment?.(operatorId, asked.accountId);
        api.overviews.forget(operatorId);
        api.live.publish(operatorId, { kind: "overview", at: isoIn(asked.now, zone) });
      }
      void reply.code(outcome.kind === "posted" ? 201 : 200);
      return outcomeJson(outcome, currency);
    },
  });

  app.route({
    method: "POST",
    url: "/accounts/:id/correction-proposals",
    schema: {
      tags: ["bills"],
      summary: "Ask for exactly what was shown: somebody else posts it",
      params: IdParams,
      body: CorrectionBody,
      response: { 200: ProposalOutcomeJson, ...PROBLEMS },
    },
    config: { access: "clerk" },
    handler: async (request) => {
      const { currency } = principalOfRequest(request);
      const asked = await requestOf(api, request, request.params.id, request.body);
      const outcome = await proposeRebill(api.db, asked, billBooks);
      if (outcome.kind === "different") throw changed(outcome.totalMinor, currency);
      return { outcome: outcome.kind };
    },
  });
}

async function previewJson(desk: Desk, asked: z.infer<typeof RebillPreviewQuery>): Promise<RebillPreviewJson> {
  const from = replayFrom(await rebillLimit(desk.trx, desk.now, desk.zone), asked.from, desk.zone);
  const { building, touchedSince } = asked;
  const selection: Selection = {
    ...(building === undefined ? {} : { building }),
    ...(touchedSince === undefined ? {} : { touchedSince: startOfDay(day(touchedSince), desk.zone) }),
  };
  const query = { selection, from, after: BigInt(asked.after), limit: asked.limit };
  const { found, looked, after } = await previewPage(desk.trx, query, billBooks);
  return {
    from: dayText(desk, from),
    looked,
    total: await countSelected(desk.trx, from, selection),
    after: after === null ? null : String(after),
    accounts: found.map(({ account, rebill }) => ({
      id: String(account.id),
      number: account.number,
      name: account.name,
      difference: moneyOf(desk, rebill.totalMinor),
      lines: rebill.lines.length,
      digest: isNothing(rebill) ? null : rebill.digest,
      waits: rebill.waits.map(({ usagePointId, number, why }) => ({
        usagePointId: String(usagePointId),
        bill: number,
        why: [...why],
      })),
    })),
  };
}

const requestOf = (
  api: Api,
  request: FastifyRequest,
  id: string,
  body: z.infer<typeof CorrectionBody>,
): Promise<RebillRequest> =>
  atDeskOf(api, request, async (desk) => {
    await requireAccount(desk, BigInt(id));
    const { digest, reason } = body;
    const { operatorId, userId: by } = principalOfRequest(request);
    return { operatorId, accountId: BigInt(id), scope: await scopeOf(desk, body), digest, reason, by, now: desk.now };
  });

async function scopeOf(desk: Desk, { kind, billId, from }: z.infer<typeof CorrectionBody>): Promise<RebillScope> {
  if (kind === "rebill")
    return { kind, from: replayFrom(await rebillLimit(desk.trx, desk.now, desk.zone), from, desk.zone) };
  if (billId === undefined) throw new CodedError("request.invalid", `\`billId\` is needed to ${kind} one bill.`);
  return { kind, billId: BigInt(billId) };
}

function outcomeJson(outcome: RebillOutcome, currency: Currency): CorrectionOutcomeJson {
  switch (outcome.kind) {
    case "posted":
    case "already": {
      const { id, number, totalMinor } = outcome;
      return { outcome: outcome.kind, id: String(id), number, difference: moneyJson(money(currency, totalMinor)) };
    }
    case "nothing":
      return { outcome: "nothing", id: null, number: null, difference: moneyJson(money(currency, 0n)) };
    case "different":
      throw changed(outcome.totalMinor, currency);
    case "second_person":
      throw new CodedError(
        "rebill.second-person",
        outcome.isProposed
          ? "Who proposed it does not post it."
          : "So much money is proposed by one person and posted by another.",
      );
  }
}

const changed = (minor: bigint, currency: Currency): CodedError =>
  new CodedError(
    "rebill.changed",
    `The difference is ${moneyJson(money(currency, minor)).amount} now: it is not what was shown.`,
  );

async function accountOfBill({ trx, operatorId }: Desk, id: bigint): Promise<bigint> {
  const row = await trx
    .selectFrom("bill")
    .select("account_id")
    .where("operator_id", "=", operatorId)
    .where("id", "=", id)
    .executeTakeFirst();
  if (row === undefined) throw new CodedError("request.not-found", `There is no bill ${id}.`);
  return row.account_id;
}
