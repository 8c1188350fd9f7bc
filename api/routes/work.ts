import { CodedError } from "../../domain/errors.ts";
import { type Instant, instantOfIso } from "../../domain/instant.ts";
import { microOf } from "../../domain/quantity.ts";
import type { EditSays } from "../../domain/reading-edit.ts";
import { isRegisterName, type RegisterName, REGISTERS } from "../../domain/register.ts";
import { type DecisionToWrite, writeDecisions } from "../../ledger/decisions.ts";
import { writeEdits } from "../../ledger/edits.ts";
import { principalOfRequest } from "../access.ts";
import type { Desk } from "../desk.ts";
import { edits } from "../queries/edits.ts";
import { AHEAD_MS_MAX, fitsRollover, keyOf, known, type Stretch, work } from "../queries/work.ts";
import { IdParams } from "../schemas/json.ts";
import { IdempotencyHeaders } from "../schemas/payment.ts";
import {
  DecisionsBody,
  DecisionsJson,
  EditBody,
  EditOutcomeJson,
  EditParams,
  EditsJson,
  UndoBody,
  WorkJson,
  WorkQuery,
} from "../schemas/work.ts";
import { type Api, type App, atDeskOf, PROBLEMS } from "./route.ts";

/** What rules hold or doubt, what persons decide about it, and what they say beside the readings. */
export function workRoutes(app: App, api: Api): void {
  app.route({
    method: "GET",
    url: "/exceptions",
    schema: {
      tags: ["work"],
      summary: "The work list: stretches that rules hold or doubt, what holds a bill first",
      querystring: WorkQuery,
      response: { 200: WorkJson, ...PROBLEMS },
    },
    handler: (request) => atDeskOf(api, request, (desk) => work(desk, request.query)),
  });

  app.route({
    method: "POST",
    url: "/exceptions/decisions",
    schema: {
      tags: ["work"],
      summary: "Decide about many items at once; each has its own outcome",
      headers: IdempotencyHeaders,
      body: DecisionsBody,
      response: { 200: DecisionsJson, ...PROBLEMS },
    },
    config: { access: "clerk" },
    handler: async (request) => {
      const by = principalOfRequest(request);
      const key = request.headers["idempotency-key"];
      const outcomes = await atDeskOf(api, request, (desk) => decide(desk, request.body, key, by.userId));
      if (outcomes.some(({ outcome }) => outcome === "written")) api.services.onJudged?.(by.operatorId);
      return { outcomes };
    },
  });

  app.route({
    method: "GET",
    url: "/meters/:id/edits",
    schema: {
      tags: ["work"],
      summary: "What clerks and estimates say beside a meter's readings, newest first",
      params: IdParams,
      response: { 200: EditsJson, ...PROBLEMS },
    },
    handler: (request) =>
      atDeskOf(api, request, async (desk) => ({ items: await edits(desk, BigInt(request.params.id)) })),
  });

  app.route({
    method: "POST",
    url: "/meters/:id/edits",
    schema: {
      tags: ["work"],
      summary: "Leave a reading out, or say what stood on the register: an entry beside the book",
      params: IdParams,
      headers: IdempotencyHeaders,
      body: EditBody,
      response: { 200: EditOutcomeJson, 201: EditOutcomeJson, ...PROBLEMS },
    },
    config: { access: "clerk" },
    handler: async (request, reply) => {
      const by = principalOfRequest(request);
      const key = request.headers["idempotency-key"];
      const meterId = BigInt(request.params.id);
      const done = await atDeskOf(api, request, (desk) => edit(desk, meterId, request.body, key, by.userId));
      if (done.outcome === "written") api.services.onJudged?.(by.operatorId);
      void reply.code(done.outcome === "written" ? 201 : 200);
      return done;
    },
  });

  app.route({
    method: "POST",
    url: "/meters/:id/edits/:editId/undo",
    schema: {
      tags: ["work"],
      summary: "Take an entry back by a further one",
      params: EditParams,
      headers: IdempotencyHeaders,
      body: UndoBody,
      response: { 200: EditOutcomeJson, 201: EditOutcomeJson, ...PROBLEMS },
    },
    config: { access: "clerk" },
    handler: async (request, reply) => {
      const by = principalOfRequest(request);
      const key = request.headers["idempotency-key"];
      const [meterId, editId] = [BigInt(request.params.id), BigInt(request.params.editId)];
      const done = await atDeskOf(api, request, (desk) =>
        undo(desk, { meterId, editId, reason: request.body.reason, key, by: by.userId }),
      );
      if (done.outcome === "written") api.services.onJudged?.(by.operatorId);
      void reply.code(done.outcome === "written" ? 201 : 200);
      return done;
    },
  });
}

type Decided = DecisionsJson["outcomes"][number];

async function decide(
  desk: Desk,
  {
    items,
    decision,
    reason,
  }: { items: readonly Stretch[]; decision: "accept" | "no_use" | "rollover" | "reopen"; reason: string },
  key: string,
  madeBy: bigint,
): Promise<Decided[]> {
  const results = await known(desk, items);
  const writes: { item: Stretch; write: DecisionToWrite }[] = [];
  const outcomes = new Map<Stretch, Decided>();
  for (const item of items) {
    const result = results.get(keyOf(item));
    const refused = (detail: string) => outcomes.set(item, { ...item, outcome: "refused", detail });
    const [from, to] = [instantOfIso(item.from), instantOfIso(item.to)];
    if (result === undefined || from === null || to === null || !isRegisterName(item.register)) {
      refused("There is no such item on the work list.");
    } else if (decision === "rollover" && !fitsRollover(result)) {
      refused("Only a drop can be a dial that went round.");
    } else {
      const { register } = item;
      const one = { meterId: BigInt(item.meterId), register, from, to, rule: item.rule };
      writes.push({
        item,
        write: { ...one, decision, reason, key: `${key}/${keyOf(item)}`, madeBy, madeAt: desk.now },
      });
    }
  }
  const written = await writeDecisions(
    desk.trx,
    writes.map(({ write }) => write),
  );
  writes.forEach(({ item }, i) => {
    const kind = written[i]?.kind;
    if (kind === undefined || kind === "different") {
      outcomes.set(item, { ...item, outcome: "refused", detail: "This Idempotency-Key stands for another decision." });
    } else outcomes.set(item, { ...item, outcome: kind, detail: "" });
  });
  return items.flatMap((item) => outcomes.get(item) ?? []);
}

type Edit = {
  readonly register: string;
  readonly at: string;
  readonly says: { readonly kind: "exclude" } | { readonly kind: "value"; readonly value: string };
  readonly reason: string;
  readonly settles?: { readonly from: string; readonly to: string; readonly rule: string } | undefined;
};

async function edit(desk: Desk, meterId: bigint, body: Edit, key: string, madeBy: bigint) {
  const { register } = body;
  if (!isRegisterName(register) || REGISTERS[register].kind !== "cumulative") {
    throw new CodedError("request.invalid", `\`register\`: ${register} is no counting register.`);
  }
  await mustKnow(desk, meterId);
  const at = instantIn(body.at, "at");
  if (at > desk.now + AHEAD_MS_MAX) throw new CodedError("request.invalid", "`at` lies in the future.");
  if (body.says.kind === "exclude") await mustHaveRead(desk, meterId, register, at);
  const [written] = await writeEdits(desk.trx, [
    {
      meterId,
      register,
      at,
      origin: "clerk",
      says: saysOf(body.says),
      reason: body.reason,
      key,
      madeBy,
      madeAt: desk.now,
    },
  ]);
  if (body.settles !== undefined && written?.kind === "written") {
    const { rule } = body.settles;
    const [from, to] = [instantIn(body.settles.from, "settles.from"), instantIn(body.settles.to, "settles.to")];
    const settled = { meterId, register, from, to, rule, decision: "edited", reason: body.reason } as const;
    await writeDecisions(desk.trx, [{ ...settled, key: `${key}/settles`, madeBy, madeAt: desk.now }]);
  }
  return answer(written);
}

function saysOf(says: Edit["says"]): EditSays {
  if (says.kind === "exclude") return says;
  const value = microOf(says.value);
  if (value === null) throw new CodedError("request.invalid", "`says.value` is a decimal with at most six places.");
  return { kind: "value", value, source: "manual" };
}

async function undo(
  desk: Desk,
  { meterId, editId, reason, key, by }: { meterId: bigint; editId: bigint; reason: string; key: string; by: bigint },
) {
  const [entry] = await edits(desk, meterId, editId);
  if (entry === undefined) throw new CodedError("request.not-found", `Meter ${meterId} has no entry ${editId}.`);
  const at = instantIn(entry.at, "at");
  const [written] = await writeEdits(desk.trx, [
    {
      meterId,
      register: entry.register as RegisterName,
      at,
      origin: entry.origin,
      says: { kind: "restore" },
      reason,
      key,
      madeBy: by,
      madeAt: desk.now,
    },
  ]);
  if (written?.kind === "written" && !entry.stands) {
    throw new CodedError("request.conflict", "A newer entry about this instant stands: take that one back.");
  }
  return answer(written);
}

function answer(written: Awaited<ReturnType<typeof writeEdits>>[number] | undefined) {
  if (written === undefined || written.kind === "different") {
    throw new CodedError("request.conflict", "This Idempotency-Key stands for another entry; nothing was written.");
  }
  return { outcome: written.kind, id: String(written.id) };
}

async function mustKnow(desk: Desk, meterId: bigint): Promise<void> {
  const row = await desk.trx
    .selectFrom("meter")
    .select("id")
    .where("operator_id", "=", desk.operatorId)
    .where("id", "=", meterId)
    .executeTakeFirst();
  if (row === undefined) throw new CodedError("request.not-found", `There is no meter ${meterId}.`);
}

async function mustHaveRead(desk: Desk, meterId: bigint, register: RegisterName, at: Instant): Promise<void> {
  const row = await desk.trx
    .selectFrom("reading")
    .select("value")
    .where("operator_id", "=", desk.operatorId)
    .where("meter_id", "=", meterId)
    .where("register", "=", REGISTERS[register].code)
    .where("measured_at", "=", new Date(at).toISOString() as never)
    .executeTakeFirst();
  if (row === undefined)
    throw new CodedError("request.not-found", "The book has no reading of that instant to leave out.");
}

function instantIn(text: string, field: string): Instant {
  const at = instantOfIso(text);
  if (at === null) throw new CodedError("request.invalid", `\`${field}\` is an ISO 8601 instant with an offset.`);
  return at;
}
