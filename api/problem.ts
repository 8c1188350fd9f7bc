import type { FastifyError } from "fastify";
import { hasZodFastifySchemaValidationErrors, isResponseSerializationError } from "fastify-type-provider-zod";
import { CodedError, ERRORS, type ErrorCode } from "../domain/errors.ts";
import { isDatabaseAway } from "../schema/database.ts";
import type { Problem } from "./schemas/problem.ts";

export const PROBLEM_JSON = "application/problem+json";

const TITLES: Record<string, string> = {
  "request.invalid": "The request is not valid",
  "request.not-found": "Not found",
  "request.conflict": "The key was used for something else",
  "request.too-large": "The request is too large",
  "request.unsupported-media": "Only JSON is read here",
  "auth.required": "Sign in first",
  "auth.wrong": "User name or password is wrong",
  "auth.forbidden": "Not allowed",
  "auth.too-many": "Too many tries",
  "reading.other-reader": "These entries are another reader's",
  "route.changed": "The route was changed meanwhile",
  "photo.unreadable": "Not a picture that can be read here",
  "database.unavailable": "The database does not answer",
  "internal.unexpected": "Something went wrong here",
};

type Trouble = { code: ErrorCode; detail: string; errors?: NonNullable<Problem["errors"]> };

/** Any error as RFC 9457 problem details. What went wrong inside us is told to the log only, with the same request id. */
export function problemOf(error: unknown, requestId: string): Problem {
  const { code, detail, errors } = troubleOf(error);
  const { status, hint, retry } = ERRORS[code];
  return {
    type: `/problems/${code}`,
    title: TITLES[code] ?? code,
    status,
    detail,
    instance: requestId,
    code,
    hint,
    retry,
    ...(errors === undefined ? {} : { errors }),
  };
}

function troubleOf(error: unknown): Trouble {
  if (error instanceof CodedError) return { code: error.code, detail: error.message };
  if (hasZodFastifySchemaValidationErrors(error)) return invalid(error as FastifyError);
  if (isDatabaseAway(error)) return { code: "database.unavailable", detail: "The database does not answer." };
  if (!isResponseSerializationError(error)) {
    const code = FASTIFY_CODES[(error as { code?: string } | null)?.code ?? ""];
    if (code !== undefined) return { code, detail: (error as Error).message };
    const status = (error as { statusCode?: unknown } | null)?.statusCode;
    if (status === 429) return { code: "auth.too-many", detail: "Too many tries from here." };
    if (typeof status === "number" && status >= 400 && status < 500) {
      return { code: "request.invalid", detail: (error as Error).message };
    }
  }
  return { code: "internal.unexpected", detail: "The log holds the reason under this request id." };
}

const FASTIFY_CODES: Record<string, ErrorCode> = {
  FST_ERR_CTP_BODY_TOO_LARGE: "request.too-large",
  FST_ERR_CTP_INVALID_MEDIA_TYPE: "request.unsupported-media",
  FST_ERR_CTP_EMPTY_JSON_BODY: "request.invalid",
  FST_ERR_CTP_INVALID_JSON_BODY: "request.invalid",
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: "request.invalid",
};

function invalid(error: FastifyError): Trouble {
  const part = error.validationContext ?? "body";
  const errors = (error.validation ?? []).map(({ instancePath, message }) => ({
    path: `/${part}${instancePath ?? ""}`,
    message: message ?? "is not valid",
  }));
  return { code: "request.invalid", detail: errors.map((e) => `${e.path}: ${e.message}`).join("; "), errors };
}
