import { CodedError } from "../../domain/errors.ts";
import { instantOfIso, isoIn } from "../../domain/instant.ts";
import { microOf } from "../../domain/quantity.ts";
import { ratioOf } from "../../domain/ratio.ts";
import { isRegisterName, type RegisterName } from "../../domain/register.ts";
import { PROFILES } from "../../catalog/meters/catalogue.ts";
import { acceptFound, type AcceptFound, type AcceptOutcome } from "../../ledger/accept-found.ts";
import { ignoreFound, takeBackFound, type TrayDecision, type TrayOutcome } from "../../ledger/tray-decisions.ts";
import { principalOfRequest } from "../access.ts";
import { foundDevices, usagePoints } from "../queries/onboarding.ts";
import { IdParams } from "../schemas/json.ts";
import {
  AcceptBody,
  AcceptedJson,
  FoundDevicesJson,
  FoundDevicesQuery,
  TrayDecisionBody,
  TrayDecisionJson,
  UsagePointsJson,
  UsagePointsQuery,
} from "../schemas/onboarding.ts";
import { IdempotencyHeaders } from "../schemas/payment.ts";
import type { Principal } from "../session.ts";
import { type Api, type App, atDeskOf, PROBLEMS } from "./route.ts";

/** The tray of devices that speak and are nobody's meter, and the usage points at which they may hang. */
export function onboardingRoutes(app: App, api: Api): void {
  app.route({
    method: "GET",
    url: "/found-devices",
    schema: {
      tags: ["onboarding"],
      summary: "Devices that speak and are nobody's meter, the last heard first",
      querystring: FoundDevicesQuery,
      response: { 200: FoundDevicesJson, ...PROBLEMS },
    },
    handler: (request) => atDeskOf(api, request, (desk) => foundDevices(desk, request.query)),
  });

  app.route({
    method: "GET",
    url: "/usage-points",
    schema: {
      tags: ["onboarding"],
      summary: "Usage points with who takes them and what hangs there",
      querystring: UsagePointsQuery,
      response: { 200: UsagePointsJson, ...PROBLEMS },
    },
    handler: (request) => atDeskOf(api, request, (desk) => usagePoints(desk, request.query)),
  });

  app.route({
    method: "POST",
    url: "/found-devices/:id/accept",
    schema: {
      tags: ["onboarding"],
      summary: "The device becomes a meter at a usage point; what it said before is booked. Once per Idempotency-Key",
      params: IdParams,
      headers: IdempotencyHeaders,
      body: AcceptBody,
      response: { 200: AcceptedJson, 201: AcceptedJson, ...PROBLEMS },
    },
    config: { access: "clerk" },
    handler: async (request, reply) => {
      const by = principalOfRequest(request);
      const decision = decisionOf(api, by, request.params.id, request.headers["idempotency-key"], request.body.reason);
      const accepted = settled(by, await acceptFound(api.db, decision, acceptOf(request.body)));
      const meterId = accepted.meterId ?? 0n;
      // The device is a meter from here on; a replay that fails now is taken up again by itself.
      await api.services
        .onRegister?.(by.operatorId)
        .catch((err: unknown) => request.log.warn({ err }, "a replay waits"));
      const replay = await atDeskOf(api, request, ({ trx }) =>
        trx
          .selectFrom("found_device")
          .select(["replayed_at", "replayed_readings"])
          .where("operator_id", "=", by.operatorId)
          .where("id", "=", decision.foundId)
          .executeTakeFirstOrThrow(),
      );
      api.overviews.forget(by.operatorId);
      void reply.code(accepted.kind === "done" ? 201 : 200);
      return {
        outcome: accepted.kind,
        meterId: String(meterId),
        replayedReadings: replay.replayed_readings ?? 0,
        replayPending: replay.replayed_at === null,
      };
    },
  });

  for (const [what, decide, summary] of [
    ["ignore", ignoreFound, "The device is not wanted: it is counted and no longer kept"],
    ["take-back", takeBackFound, "An ignored device waits again"],
  ] as const)
    app.route({
      method: "POST",
      url: `/found-devices/:id/${what}`,
      schema: {
        tags: ["onboarding"],
        summary: `${summary}. Once per Idempotency-Key`,
        params: IdParams,
        headers: IdempotencyHeaders,
        body: TrayDecisionBody,
        response: { 200: TrayDecisionJson, ...PROBLEMS },
      },
      config: { access: "clerk" },
      handler: async (request) => {
        const by = principalOfRequest(request);
        const key = request.headers["idempotency-key"];
        const decision = decisionOf(api, by, request.params.id, key, request.body.reason);
        return { outcome: settled(by, await atDeskOf(api, request, ({ trx }) => decide(trx, decision))).kind };
      },
    });
}

const decisionOf = (api: Api, by: Principal, id: string, key: string, reason: string): TrayDecision => ({
  operatorId: by.operatorId,
  foundId: BigInt(id),
  key,
  by: by.userId,
  at: api.clock.now(),
  reason,
});

/** @throws CodedError for every answer that is no yes */
function settled(by: Principal, outcome: AcceptOutcome | TrayOutcome): TrayOutcome & { kind: "done" | "already" } {
  switch (outcome.kind) {
    case "done":
    case "already":
      return outcome;
    case "not_found":
      throw new CodedError("request.not-found", "There is no such device.");
    case "different":
      throw new CodedError("request.conflict", "This Idempotency-Key stands for another decision; nothing was done.");
    case "refused":
      throw new CodedError("tray.refused", refusalText(outcome));
    case "otherwise": {
      const who = outcome.by === null ? "" : ` by ${outcome.by}`;
      const when = outcome.at === null ? "" : ` at ${isoIn(outcome.at, by.zone)}`;
      throw new CodedError("tray.decided", `The device is ${outcome.state} since it was decided${who}${when}.`);
    }
  }
}

/** A point that is taken is no dead end: the meter there is exchanged. */
function refusalText({ reason, detail }: Extract<AcceptOutcome, { kind: "refused" }>): string {
  const more =
    reason === "point_taken" ? " If this device takes its place, name it in `replaces`: it is exchanged." : "";
  return `${reason}: ${detail}.${more}`;
}

function acceptOf(body: AcceptBody): AcceptFound {
  const profile = PROFILES.get(body.profileId);
  if (profile === undefined) throw new CodedError("profile.unknown", `no profile is called ${body.profileId}`);
  if (!profile.utilities.includes(body.utility))
    throw new CodedError("request.invalid", `The profile ${body.profileId} does not measure ${body.utility}.`);
  const installedAt = instantOfIso(body.installedAt);
  if (installedAt === null)
    throw new CodedError("request.invalid", "`installedAt` is no instant: ISO 8601 with an offset.");
  const ratio = ratioOf(body.ratio);
  if (ratio === null || ratio <= 0n) throw new CodedError("request.invalid", "`ratio` is more than zero.");
  if (!/[1-9]/.test(body.capacityPerHour))
    throw new CodedError("request.invalid", "`capacityPerHour` is more than zero.");
  return {
    serial: body.serial,
    utility: body.utility,
    profileId: body.profileId,
    usagePointId: BigInt(body.usagePointId),
    installedAt,
    ratio,
    capacityPerHour: body.capacityPerHour,
    initial: dialsOf(body.initial),
    ...(body.replaces === undefined
      ? {}
      : { replaces: { meterId: BigInt(body.replaces.meterId), final: dialsOf(body.replaces.final) } }),
  };
}

function dialsOf(texts: Readonly<Record<string, string>>): Map<RegisterName, bigint> {
  const dials = new Map<RegisterName, bigint>();
  for (const [name, text] of Object.entries(texts)) {
    const micro = microOf(text);
    if (!isRegisterName(name) || micro === null)
      throw new CodedError("request.invalid", `${name} is no dial of a meter.`);
    dials.set(name, micro);
  }
  return dials;
}
