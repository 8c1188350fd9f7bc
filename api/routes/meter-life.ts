import type { FastifyReply, FastifyRequest } from "fastify";
import type { Transaction } from "kysely";
import type { z } from "zod";
import { PROFILES } from "../../catalog/meters/catalogue.ts";
import { CodedError } from "../../domain/errors.ts";
import { type Instant, instantOfIso, isoIn } from "../../domain/instant.ts";
import { isDay, type Day } from "../../domain/period.ts";
import { type Micro, microOf } from "../../domain/quantity.ts";
import { type Nano, ratioOf } from "../../domain/ratio.ts";
import { isRegisterName, type RegisterName } from "../../domain/register.ts";
import type { Utility } from "../../domain/unit.ts";
import { changeRatio, setCalibration, setCheckMeter, setSeal } from "../../ledger/meter-care.ts";
import type { Deed, LifeOutcome } from "../../ledger/meter-event.ts";
import { exchangeMeter, installMeter, registerMeter, removeMeter } from "../../ledger/meter-life.ts";
import type { Tables } from "../../schema/tables.ts";
import { principalOfRequest } from "../access.ts";
import { billBooks } from "../bill-books.ts";
import { billPreview, rehearsed } from "../queries/bill-preview.ts";
import { calibrations, meterEvents, spares } from "../queries/meter-life.ts";
import { IdParams } from "../schemas/json.ts";
import {
  CalibrationBody,
  CheckMeterBody,
  CalibrationsJson,
  CalibrationsQuery,
  ExchangeBody,
  InstallBody,
  type LifeJson,
  LifeJson as LifeSchema,
  MeterEventsJson,
  NewMeterBody,
  PreviewQuery,
  RatioBody,
  RemovalBody,
  SealBody,
  SparesJson,
  SparesQuery,
} from "../schemas/meter-life.ts";
import { IdempotencyHeaders } from "../schemas/payment.ts";
import { type Api, type App, atDeskOf, PROBLEMS } from "./route.ts";

type Trx = Transaction<Tables>;

export function meterLifeRoutes(app: App, api: Api): void {
  app.route({
    method: "GET",
    url: "/meters/:id/events",
    schema: {
      tags: ["meters"],
      summary: "The life of a meter: events, ratios, seals and its verification",
      params: IdParams,
      response: { 200: MeterEventsJson, ...PROBLEMS },
    },
    handler: (request) => atDeskOf(api, request, (desk) => meterEvents(desk, BigInt(request.params.id))),
  });

  app.route({
    method: "GET",
    url: "/calibrations",
    schema: {
      tags: ["meters"],
      summary: "Installed meters whose verification ends soon or has ended",
      querystring: CalibrationsQuery,
      response: { 200: CalibrationsJson, ...PROBLEMS },
    },
    handler: (request) => atDeskOf(api, request, (desk) => calibrations(desk, request.query)),
  });

  app.route({
    method: "GET",
    url: "/spare-meters",
    schema: {
      tags: ["meters"],
      summary: "Meters of a utility that hang nowhere, at most twenty",
      querystring: SparesQuery,
      response: { 200: SparesJson, ...PROBLEMS },
    },
    handler: (request) => atDeskOf(api, request, (desk) => spares(desk, request.query)),
  });

  app.route({
    method: "POST",
    url: "/meters",
    schema: {
      tags: ["meters"],
      summary: "A meter that hangs nowhere yet; it is polled or heard at once",
      headers: IdempotencyHeaders,
      body: NewMeterBody,
      response: { 200: LifeSchema, 201: LifeSchema, ...PROBLEMS },
    },
    config: { access: "manager" },
    handler: async (request, reply) => {
      const { body } = request;
      const deed = deedOf(api, request);
      const meter = {
        serial: body.serial,
        profileId: body.profileId,
        utility: utilityOf(body),
        ...(body.busId === undefined ? {} : { busId: BigInt(body.busId) }),
        ...(body.unitId === undefined ? {} : { unitId: body.unitId }),
        ...(body.mqttClientId === undefined ? {} : { mqttClientId: BigInt(body.mqttClientId) }),
        ...(body.deviceKey === undefined ? {} : { deviceKey: body.deviceKey.toLowerCase() }),
      };
      const { operatorId } = principalOfRequest(request);
      const outcome = await api.db.as(operatorId, (trx) => registerMeter(trx, deed, meter));
      if (outcome.kind === "done") await api.services.onMeterLife?.(operatorId, outcome.meterId, "registered");
      return answer(outcome, reply);
    },
  });

  deedRoute(
    "/meters/:id/installations",
    "A meter is installed at a usage point",
    InstallBody,
    (trx, deed, meterId, body) =>
      installMeter(trx, deed, {
        meterId,
        usagePointId: BigInt(body.usagePointId),
        at: momentOf(body.at),
        ratio: nanoOf(body.ratio),
        capacityPerHour: body.capacityPerHour,
        initial: dialsOf(body.initial),
      }),
  );
  deedRoute(
    "/meters/:id/exchanges",
    "Another meter takes the place of this one",
    ExchangeBody,
    (trx, deed, meterId, body) =>
      exchangeMeter(trx, deed, {
        meterId,
        newMeterId: BigInt(body.newMeterId),
        at: momentOf(body.at),
        final: dialsOf(body.final),
        initial: dialsOf(body.initial),
        ...(body.ratio === undefined ? {} : { ratio: nanoOf(body.ratio) }),
      }),
  );
  deedRoute("/meters/:id/removals", "A meter is taken off", RemovalBody, (trx, deed, meterId, body) =>
    removeMeter(trx, deed, { meterId, at: momentOf(body.at), final: dialsOf(body.final) }),
  );
  deedRoute(
    "/meters/:id/ratios",
    "Another ratio or pulse weight from an instant on",
    RatioBody,
    (trx, deed, meterId, body) =>
      changeRatio(trx, deed, { meterId, at: momentOf(body.at), ratio: nanoOf(body.ratio), dials: dialsOf(body.dials) }),
  );
  deedRoute(
    "/meters/:id/seals",
    "A seal is fixed or broken",
    SealBody,
    (trx, deed, meterId, { number, act, at, person }) =>
      setSeal(trx, deed, { meterId, number, act, person, at: momentOf(at) }),
  );
  deedRoute(
    "/meters/:id/check-meters",
    "A check meter on the same supply, or none any more",
    CheckMeterBody,
    (trx, deed, meterId, { checkMeterId, at }) =>
      setCheckMeter(trx, deed, {
        meterId,
        checkMeterId: checkMeterId === null ? null : BigInt(checkMeterId),
        at: momentOf(at),
      }),
  );
  deedRoute(
    "/meters/:id/calibrations",
    "A verification and until when it holds",
    CalibrationBody,
    (trx, deed, meterId, body) =>
      setCalibration(trx, deed, {
        meterId,
        verifiedOn: dayOfText(body.verifiedOn),
        certificate: body.certificate,
        dueOn: dayOfText(body.dueOn),
      }),
  );

  function deedRoute<B extends z.ZodType<{ reason: string; photo?: string | undefined }>>(
    url: string,
    summary: string,
    schema: B,
    work: (trx: Trx, deed: Deed, meterId: bigint, body: z.infer<B>) => Promise<LifeOutcome>,
  ): void {
    app.route({
      method: "POST",
      url,
      schema: {
        tags: ["meters"],
        summary: `${summary}: once per Idempotency-Key`,
        params: IdParams,
        querystring: PreviewQuery,
        headers: IdempotencyHeaders,
        body: schema,
        response: { 200: LifeSchema, 201: LifeSchema, ...PROBLEMS },
      },
      config: { access: "clerk" },
      handler: async (request, reply) => {
        const body = request.body as z.infer<B>;
        const { id } = request.params as { id: string };
        const { preview } = request.query as { preview?: string };
        const deed = deedOf(api, request);
        const who = principalOfRequest(request);
        const doIt = (trx: Trx) => work(trx, deed, BigInt(id), body);
        if (preview === "true") {
          return rehearsed(api.db, who.operatorId, async (trx) => {
            const outcome = await doIt(trx);
            const told = answer(outcome, reply);
            const at = (body as { at?: string }).at;
            const desk = { trx, operatorId: who.operatorId, zone: who.zone, currency: who.currency, now: deed.now };
            const preview = at === undefined ? null : await billPreview(desk, BigInt(id), momentOf(at), billBooks);
            void reply.code(200);
            return { ...told, outcome: "preview" as const, eventId: null, preview };
          });
        }
        const outcome = await api.db.as(who.operatorId, doIt);
        if (outcome.kind === "done") {
          await api.services.onMeterLife?.(who.operatorId, outcome.meterId, "changed");
          api.overviews.forget(who.operatorId);
          api.live.publish(who.operatorId, { kind: "overview", at: isoIn(deed.now, who.zone) });
        }
        return answer(outcome, reply);
      },
    });
  }
}

function deedOf(api: Api, request: FastifyRequest): Deed {
  const { reason, photo } = request.body as { reason: string; photo?: string };
  return {
    key: String(request.headers["idempotency-key"]),
    reason,
    by: principalOfRequest(request).userId,
    now: api.clock.now(),
    ...(photo === undefined || photo === "" ? {} : { photo }),
  };
}

function answer(outcome: LifeOutcome, reply: FastifyReply): LifeJson {
  if (outcome.kind === "refused") throw new CodedError("meter.refused", `${outcome.reason}: ${outcome.detail}`);
  if (outcome.kind === "different")
    throw new CodedError("request.conflict", "This Idempotency-Key stands for something else; nothing was done.");
  void reply.code(outcome.kind === "done" ? 201 : 200);
  return {
    outcome: outcome.kind,
    meterId: String(outcome.meterId),
    eventId: String(outcome.eventId),
    rebill: outcome.kind === "done" ? [...outcome.rebill] : [],
    preview: null,
  };
}

const invalid = (detail: string): CodedError => new CodedError("request.invalid", detail);

function momentOf(text: string): Instant {
  const at = instantOfIso(text);
  if (at === null) throw invalid(`${JSON.stringify(text)} is no instant with an offset, as 2026-06-01T08:00:00+08:00`);
  return at;
}

function dayOfText(text: string): Day {
  if (!isDay(text)) throw invalid(`${JSON.stringify(text)} is no day`);
  return text;
}

function nanoOf(text: string): Nano {
  const ratio = ratioOf(text);
  if (ratio === null) throw invalid("a ratio is more than zero");
  return ratio;
}

function dialsOf(texts: Record<string, string>): Map<RegisterName, Micro> {
  const dials = new Map<RegisterName, Micro>();
  for (const [name, text] of Object.entries(texts)) {
    const dial = microOf(text);
    if (!isRegisterName(name) || dial === null) throw invalid(`there is no register ${JSON.stringify(name)}`);
    dials.set(name, dial);
  }
  return dials;
}

function utilityOf({ profileId, utility }: NewMeterBody): Utility {
  const profile = PROFILES.get(profileId);
  if (profile === undefined) throw new CodedError("profile.unknown", `There is no profile ${profileId}.`);
  const [only] = profile.utilities;
  const found = utility ?? (profile.utilities.length === 1 ? only : undefined);
  if (found === undefined || !profile.utilities.includes(found))
    throw invalid(`profile ${profileId} is for ${profile.utilities.join(", ")}: say which`);
  return found;
}
