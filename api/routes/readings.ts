import { CodedError } from "../../domain/errors.ts";
import { type Instant, instantOfIso, isoIn, MINUTE_MS, SECOND_MS } from "../../domain/instant.ts";
import { keepPhoto, mimeOf, PHOTO_BYTES_MAX, PHOTOS_PER_DAY_MAX, photoOf } from "../../ledger/photos.ts";
import { principalOfRequest } from "../access.ts";
import { CLOCK_WRONG_MS } from "../reading-clock.ts";
import { enter } from "../reading-entry.ts";
import {
  type AnswerJson,
  ManualReadingsBody,
  ManualReadingsJson,
  PhotoJson,
  PhotoParams,
  PhotoQuery,
} from "../schemas/reading-route.ts";
import { type Api, type App, atDeskOf, PROBLEMS } from "./route.ts";

/** A reader's phone sends what waited for hours at once; beyond this it is no person. Our choice. */
const PHOTOS_PER_MINUTE_MAX = 300;
const IMAGE = /^image\/(jpeg|png|webp)$/;

export function readingRoutes(app: App, api: Api): void {
  app.route({
    method: "POST",
    url: "/readings/manual",
    schema: {
      tags: ["reading"],
      summary:
        "Readings by a person: each entry is booked before its answer, once per its id; one that is refused holds up no other",
      body: ManualReadingsBody,
      response: { 200: ManualReadingsJson, ...PROBLEMS },
    },
    handler: async (request) => {
      const by = principalOfRequest(request);
      const { reader, routeId, entries } = request.body;
      if (reader !== by.login)
        throw new CodedError("reading.other-reader", `These entries are ${reader}'s, and ${by.login} is signed in.`);
      const phoneNow = phoneTime(request.body.phoneNow);
      const route = routeId == null ? null : await routeOf(BigInt(routeId));
      const answers: AnswerJson[] = [];
      let now: Instant = api.clock.now();
      for (const entry of entries) {
        answers.push(
          await atDeskOf(api, request, (desk) => {
            now = desk.now;
            return enter(desk, { userId: by.userId, routeId: route, phoneNow }, entry);
          }),
        );
      }
      for (const answer of answers) tell(answer);
      const offset = now - phoneNow;
      return {
        serverNow: isoIn(now, by.zone),
        clockOffsetSeconds: Math.round(offset / SECOND_MS),
        clockWrong: Math.abs(offset) > CLOCK_WRONG_MS,
        answers,
      };

      /** A route that was retired while the phone was away does not hold up its readings. */
      async function routeOf(id: bigint): Promise<bigint | null> {
        const row = await atDeskOf(api, request, (desk) =>
          desk.trx
            .selectFrom("reading_route")
            .select("id")
            .where("operator_id", "=", desk.operatorId)
            .where("id", "=", id)
            .executeTakeFirst(),
        );
        return row?.id ?? null;
      }

      function tell(answer: AnswerJson): void {
        const outcome = OUTCOMES[answer.outcome];
        if (outcome !== undefined && answer.entry?.outcome !== "skipped")
          api.telemetry.count("sanbiao_readings_total", { source: "manual", outcome });
      }
    },
  });
}

/** What the readings book answered; others never came so far. */
const OUTCOMES: Partial<Record<AnswerJson["outcome"], string>> = {
  accepted: "accepted",
  already: "already",
  conflict: "conflict",
};

function phoneTime(text: string): Instant {
  const at = instantOfIso(text);
  if (at === null) throw new CodedError("request.invalid", "`phoneNow` is no instant: ISO 8601 with an offset.");
  return at;
}

/** In a scope of its own: only here a body may be a picture. */
export function photoRoutes(app: App, api: Api): void {
  app.addContentTypeParser(IMAGE, { parseAs: "buffer", bodyLimit: PHOTO_BYTES_MAX }, (_request, body, done) =>
    done(null, body),
  );

  app.route({
    method: "POST",
    url: "/photos",
    schema: {
      tags: ["reading"],
      summary: "Keep a photo (raw bytes, at most 1 MB) and get its reference; the same bytes are the same photo",
      consumes: ["image/jpeg", "image/png", "image/webp"],
      querystring: PhotoQuery,
      response: { 200: PhotoJson, 201: PhotoJson, ...PROBLEMS },
    },
    bodyLimit: PHOTO_BYTES_MAX,
    config: { rateLimit: { max: PHOTOS_PER_MINUTE_MAX, timeWindow: MINUTE_MS } },
    handler: async (request, reply) => {
      const { userId } = principalOfRequest(request);
      const bytes = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
      const mime = mimeOf(bytes);
      const claimed = request.headers["content-type"]?.split(";")[0]?.trim().toLowerCase();
      if (mime === null || mime !== claimed)
        throw new CodedError(
          "photo.unreadable",
          "The bytes are no JPEG, PNG or WebP picture of the type that is claimed.",
        );
      const takenAt = request.query.takenAt === undefined ? null : instantOfIso(request.query.takenAt);
      const { kind, sha256 } = await atDeskOf(api, request, (desk) =>
        keepPhoto(desk.trx, { operatorId: desk.operatorId, userId, bytes, mime, takenAt, receivedAt: desk.now }),
      );
      if (kind === "too_many")
        throw new CodedError("auth.too-many", `One user may send ${PHOTOS_PER_DAY_MAX} photos a day.`);
      void reply.code(kind === "kept" ? 201 : 200);
      return { photo: sha256.toString("hex"), outcome: kind };
    },
  });

  app.route({
    method: "GET",
    url: "/photos/:photo",
    schema: { tags: ["reading"], summary: "A photo's bytes", params: PhotoParams },
    handler: async (request, reply) => {
      const sha256 = Buffer.from(request.params.photo, "hex");
      const photo = await atDeskOf(api, request, (desk) => photoOf(desk.trx, desk.operatorId, sha256));
      if (photo === null) throw new CodedError("request.not-found", `There is no photo ${request.params.photo}.`);
      // Its name is its content: it never changes, and only who may see it keeps it.
      return reply
        .header("cache-control", "private, max-age=86400, immutable")
        .header("content-disposition", "inline")
        .type(photo.mime)
        .serializer((bytes: unknown) => bytes as string)
        .send(photo.bytes);
    },
  });
}
