import { CodedError } from "../../domain/errors.ts";
import { type Instant, instantOfIso } from "../../domain/instant.ts";
import {
  approveSupplyHold,
  endSupplyHold,
  noteDayTemperature,
  noteSupplyHold,
  readDayTemperatures,
  readSupplyHold,
  readSupplyHolds,
  type SupplyHoldRow,
} from "../../ledger/supply-holds.ts";
import { checkAccess, principalOfRequest } from "../access.ts";
import { atText, atTextOrNull, type Desk } from "../desk.ts";
import { accountNames } from "../queries/accounts.ts";
import { NotedJson } from "../schemas/balance.ts";
import { IdParams } from "../schemas/json.ts";
import {
  DayTemperatureBody,
  DayTemperaturesJson,
  DayTemperaturesQuery,
  SupplyHoldBody,
  type SupplyHoldJson,
  SupplyHoldNotedJson,
  SupplyHoldStepJson,
  SupplyHoldsJson,
  SupplyHoldsQuery,
} from "../schemas/supply-hold.ts";
import { dayOfText } from "./charges.ts";
import { type Api, type App, atDeskOf, PROBLEMS } from "./route.ts";

/** What keeps a cut from being given besides money and readings: said, approved and ended by persons; and the weather. */
export function supplyHoldRoutes(app: App, api: Api): void {
  noteRoutes(app, api);
  stepRoutes(app, api);
  temperatureRoutes(app, api);
}

function noteRoutes(app: App, api: Api): void {
  app.route({
    method: "GET",
    url: "/supply-holds",
    schema: {
      tags: ["prepaid"],
      summary: "Pauses, disputes, stop windows and protection, the last one first",
      querystring: SupplyHoldsQuery,
      response: { 200: SupplyHoldsJson, ...PROBLEMS },
    },
    handler: (request) =>
      atDeskOf(api, request, async (desk) => {
        const { accountId, state } = request.query;
        const of = { accountId: accountId === undefined ? null : BigInt(accountId), isAll: state === "all" };
        const rows = await readSupplyHolds(desk.trx, { ...of, now: desk.now });
        const ids = rows.flatMap((row) => (row.accountId === null ? [] : [row.accountId]));
        const accounts = await accountNames(desk, ids);
        return { items: rows.map((row) => holdJson(desk, row, accounts)) };
      }),
  });

  app.route({
    method: "POST",
    url: "/supply-holds",
    schema: {
      tags: ["prepaid"],
      summary: "Keep an account's supply, or (pause, by a manager) all supplies, from being cut",
      body: SupplyHoldBody,
      response: { 200: SupplyHoldNotedJson, 201: SupplyHoldNotedJson, ...PROBLEMS },
    },
    config: { access: "clerk" },
    handler: async (request, reply) => {
      const { body } = request;
      if (body.kind === "pause") checkAccess(request, "manager");
      const by = principalOfRequest(request);
      const at = api.clock.now();
      const { kind, reason, evidence } = body;
      const from = body.from === null ? at : instantOf(body.from);
      const until = body.until === null ? null : instantOf(body.until);
      if (until !== null && until <= from) throw new CodedError("request.invalid", "`until` is not after `from`.");
      const accountId = body.kind === "pause" ? null : BigInt(body.accountId);
      const hold = { kind, accountId, from, until, reason, evidence };
      const noted = await api.db.as(by.operatorId, (trx) => noteSupplyHold(trx, hold, { at, by: by.userId }));
      if (noted.outcome === "no_such_account")
        throw new CodedError("request.not-found", `There is no account ${accountId}.`);
      void reply.code(noted.outcome === "noted" ? 201 : 200);
      return { outcome: noted.outcome, id: String(noted.id) };
    },
  });
}

function stepRoutes(app: App, api: Api): void {
  app.route({
    method: "POST",
    url: "/supply-holds/:id/approval",
    schema: {
      tags: ["prepaid"],
      summary: "Approve protection as the second person",
      params: IdParams,
      response: { 200: SupplyHoldStepJson, ...PROBLEMS },
    },
    config: { access: "manager" },
    handler: async (request) => {
      const by = principalOfRequest(request);
      const id = BigInt(request.params.id);
      const said = { at: api.clock.now(), by: by.userId };
      const outcome = await api.db.as(by.operatorId, (trx) => approveSupplyHold(trx, id, said));
      if (outcome === "approved" || outcome === "already") return { outcome };
      throw refusedApproval(outcome, id);
    },
  });

  app.route({
    method: "POST",
    url: "/supply-holds/:id/end",
    schema: {
      tags: ["prepaid"],
      summary: "End a hold before its time; a pause and protection by a manager",
      params: IdParams,
      response: { 200: SupplyHoldStepJson, ...PROBLEMS },
    },
    config: { access: "clerk" },
    handler: async (request) => {
      const by = principalOfRequest(request);
      const id = BigInt(request.params.id);
      const said = { at: api.clock.now(), by: by.userId };
      const outcome = await api.db.as(by.operatorId, async (trx) => {
        const hold = await readSupplyHold(trx, id);
        if (hold?.kind === "pause" || hold?.kind === "protection") checkAccess(request, "manager");
        return endSupplyHold(trx, id, said);
      });
      if (outcome === "no_such_hold") throw new CodedError("request.not-found", `There is no hold ${id}.`);
      return { outcome };
    },
  });
}

function temperatureRoutes(app: App, api: Api): void {
  app.route({
    method: "GET",
    url: "/day-temperatures",
    schema: {
      tags: ["prepaid"],
      summary: "How cold and hot days are, the last word of each, the latest day first",
      querystring: DayTemperaturesQuery,
      response: { 200: DayTemperaturesJson, ...PROBLEMS },
    },
    handler: (request) => {
      const from = dayOfText(request.query.from);
      return atDeskOf(api, request, async ({ trx }) => ({ items: await readDayTemperatures(trx, from) }));
    },
  });

  app.route({
    method: "POST",
    url: "/day-temperatures",
    schema: {
      tags: ["prepaid"],
      summary: "Say how cold and hot a day is foretold, or was",
      body: DayTemperatureBody,
      response: { 200: NotedJson, 201: NotedJson, ...PROBLEMS },
    },
    config: { access: "clerk" },
    handler: async (request, reply) => {
      const { operatorId } = principalOfRequest(request);
      const said = { ...request.body, day: dayOfText(request.body.day) };
      const at = api.clock.now();
      const outcome = await api.db.as(operatorId, (trx) => noteDayTemperature(trx, said, at));
      void reply.code(outcome === "noted" ? 201 : 200);
      return { outcome };
    },
  });
}

function holdJson(
  desk: Desk,
  { id, accountId, ...row }: SupplyHoldRow,
  accounts: Awaited<ReturnType<typeof accountNames>>,
): SupplyHoldJson {
  const account = accountId === null ? undefined : accounts.get(accountId);
  const isOn = row.from <= desk.now && (row.until === null || row.until > desk.now) && row.endedAt === null;
  return {
    id: String(id),
    kind: row.kind,
    accountId: accountId === null ? null : String(accountId),
    accountNumber: account?.number ?? "",
    accountName: account?.name ?? "",
    from: atText(desk, row.from),
    until: atTextOrNull(desk, row.until),
    reason: row.reason,
    evidence: row.evidence,
    inForce: isOn && (row.kind !== "protection" || row.approvedBy !== null),
    notedAt: atText(desk, row.notedAt),
    notedBy: String(row.notedBy),
    approvedBy: row.approvedBy === null ? null : String(row.approvedBy),
    endedAt: atTextOrNull(desk, row.endedAt),
    endedBy: row.endedBy === null ? null : String(row.endedBy),
  };
}

function refusedApproval(outcome: "no_such_hold" | "same_person" | "over" | "needs_none", id: bigint): CodedError {
  switch (outcome) {
    case "no_such_hold":
      return new CodedError("request.not-found", `There is no hold ${id}.`);
    case "same_person":
      return new CodedError("prepaid.second-person", "Who noted the protection does not approve it.");
    case "over":
      return new CodedError("request.invalid", `Hold ${id} has been ended.`);
    case "needs_none":
      return new CodedError("request.invalid", `Hold ${id} needs no second person: only protection does.`);
  }
}

function instantOf(text: string): Instant {
  const at = instantOfIso(text);
  if (at === null) throw new CodedError("request.invalid", `${text} is not an instant.`);
  return at;
}
