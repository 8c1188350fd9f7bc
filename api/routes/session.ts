import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { CodedError } from "../../domain/errors.ts";
import { MINUTE_MS, SECOND_MS } from "../../domain/instant.ts";
import { COOKIE, principalOfRequest } from "../access.ts";
import { DemoJson, MeJson, SignInBody } from "../schemas/session.ts";
import { meJson, SESSION_MS, signIn, signOut } from "../session.ts";
import { type Api, type App, PROBLEMS } from "./route.ts";

/** Tries to sign in from one address per minute: enough for a counter that shares one, too few to guess. */
export const SIGN_IN_TRIES_MAX = 10;

const cookieOf = (request: FastifyRequest) =>
  ({ path: "/", httpOnly: true, sameSite: "strict", secure: request.protocol === "https" }) as const;

export function sessionRoutes(app: App, api: Api): void {
  app.route({
    method: "POST",
    url: "/sign-in",
    schema: {
      tags: ["session"],
      summary: "Sign in; the answer sets the session cookie",
      body: SignInBody,
      response: { 200: MeJson, ...PROBLEMS },
    },
    config: { access: "public", rateLimit: { max: SIGN_IN_TRIES_MAX, timeWindow: MINUTE_MS } },
    handler: async (request, reply) => {
      const wanted = { ...request.body, demo: api.demo !== null, now: api.wall.now() };
      const session = await signIn(api.db, wanted);
      if (session === null) throw new CodedError("auth.wrong", "No user has this name and password.");
      void reply.setCookie(COOKIE, session.token, { ...cookieOf(request), maxAge: SESSION_MS / SECOND_MS });
      return meJson(session.principal);
    },
  });

  app.route({
    method: "POST",
    url: "/sign-out",
    schema: { tags: ["session"], summary: "End the session", response: { 204: z.null(), ...PROBLEMS } },
    config: { access: "public" },
    handler: async (request, reply: FastifyReply) => {
      if (request.principal !== null) await signOut(api.db, request.principal);
      void reply.clearCookie(COOKIE, cookieOf(request));
      return reply.code(204).send();
    },
  });

  app.route({
    method: "GET",
    url: "/me",
    schema: { tags: ["session"], summary: "Who is signed in", response: { 200: MeJson, ...PROBLEMS } },
    handler: (request) => meJson(principalOfRequest(request)),
  });

  app.route({
    method: "GET",
    url: "/demo",
    schema: {
      tags: ["session"],
      summary: "Whether this is the demo, and its users",
      response: { 200: DemoJson, ...PROBLEMS },
    },
    config: { access: "public" },
    handler: () => ({ demo: api.demo !== null, users: [...(api.demo?.users ?? [])] }),
  });
}
