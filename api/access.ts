import type { FastifyReply, FastifyRequest } from "fastify";
import { CodedError } from "../domain/errors.ts";
import type { Resident } from "./resident.ts";
import type { Role } from "./schemas/session.ts";
import type { Principal } from "./session.ts";

/**
 * Who may use a route: everybody, a resident for his own account, or a signed-in user of at least this role. A route that says
 * nothing wants a reader.
 */
export type Access = "public" | "resident" | Role;

declare module "fastify" {
  interface FastifyContextConfig {
    access?: Access;
  }
  interface FastifyRequest {
    principal: Principal | null;
    resident: Resident | null;
  }
}

export const COOKIE = "sanbiao_session";
/** Of a resident: no user of the operator, so a session of another kind. */
export const RESIDENT_COOKIE = "sanbiao_resident";

const RANK: Record<Role, number> = { reader: 1, clerk: 2, manager: 3 };

export function checkAccess(
  { principal, resident }: Pick<FastifyRequest, "principal" | "resident">,
  access: Access,
): void {
  if (access === "public") return;
  if (access === "resident") {
    residentOfRequest({ resident });
    return;
  }
  if (principal === null) throw new CodedError("auth.required", "This needs a signed-in user.");
  if (RANK[principal.role] < RANK[access]) {
    throw new CodedError("auth.forbidden", `This needs the role ${access}; yours is ${principal.role}.`);
  }
}

/** The signed-in user of a route that is not public. */
export function principalOfRequest(request: FastifyRequest): Principal {
  if (request.principal === null) throw new CodedError("auth.required", "This needs a signed-in user.");
  return request.principal;
}

/** The resident of a route for residents. */
export function residentOfRequest({ resident }: Pick<FastifyRequest, "resident">): Resident {
  if (resident === null) throw new CodedError("auth.pass", "This page opens with a link or a code from the counter.");
  return resident;
}

const SAFE = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * A page of another site must not act with our user's cookie. The cookie is SameSite=Strict; this is the second lock:
 * browsers tell where a request comes from, and a program that tells nothing is no browser.
 */
export function checkSameSite(request: FastifyRequest): void {
  if (SAFE.has(request.method)) return;
  const site = request.headers["sec-fetch-site"];
  const origin = request.headers.origin;
  const own =
    site === undefined
      ? origin === undefined || hostOf(origin) === request.headers.host
      : site === "same-origin" || site === "none";
  if (!own) throw new CodedError("auth.forbidden", "The request comes from a page of another site.");
}

function hostOf(origin: string): string | null {
  try {
    return new URL(origin).host;
  } catch {
    return null;
  }
}

/** antd writes its styles into the page, hence `unsafe-inline` for styles; scripts only from us. */
const POLICY = [
  "default-src 'self'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "object-src 'none'",
  "base-uri 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join("; ");

export function securityHeaders(request: FastifyRequest, reply: FastifyReply): void {
  reply.headers({
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
    "x-request-id": request.id,
  });
  if (request.protocol === "https") reply.header("strict-transport-security", "max-age=31536000");
  if (request.url.startsWith("/api/")) reply.header("cache-control", "no-store");
}
