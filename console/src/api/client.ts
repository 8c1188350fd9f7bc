/** An answer of the service that says no (RFC 9457 problem+json). `code` is explained in docs/reference/errors.md. */
export type Problem = {
  readonly status: number;
  readonly title: string;
  readonly code: string;
  readonly hint: string;
  readonly detail?: string;
  readonly errors?: readonly { readonly path: string; readonly message: string }[];
};

export class ApiError extends Error {
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.title);
    this.name = "ApiError";
    this.problem = problem;
  }
}

/** Codes that this console gives when no service answered with one. */
export const NO_ANSWER = "console.no-answer";
const NOT_UNDERSTOOD = "console.not-understood";

const text = (value: unknown): string => (typeof value === "string" ? value : "");

function problemOf(status: number, body: unknown): Problem {
  const b = typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {};
  const code = text(b.code);
  return {
    status,
    title: text(b.title) || `HTTP ${status}`,
    code: code === "" ? NOT_UNDERSTOOD : code,
    hint: text(b.hint),
    ...(text(b.detail) === "" ? {} : { detail: text(b.detail) }),
    ...(Array.isArray(b.errors) ? { errors: b.errors as { path: string; message: string }[] } : {}),
  };
}

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** `/api/v1` + path + the query's given values. */
export function urlOf(path: string, query: Query = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== "");
  const search = new URLSearchParams(given.map(([key, value]) => [key, String(value)])).toString();
  return `/api/v1${path}${search === "" ? "" : `?${search}`}`;
}

/** Asks the service. The answer has the schema that the caller names. @throws ApiError also when nobody answered */
export async function ask<T>(
  path: string,
  options: {
    query?: Query;
    method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
    body?: unknown;
    key?: string;
    signal?: AbortSignal;
  } = {},
): Promise<T> {
  const { query, method = "GET", body, key, signal } = options;
  let response: Response;
  try {
    response = await fetch(urlOf(path, query), {
      method,
      credentials: "same-origin",
      headers: {
        accept: "application/json",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(key === undefined ? {} : { "idempotency-key": key }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (error) {
    if (signal?.aborted === true) throw error;
    throw new ApiError({ status: 0, title: "", code: NO_ANSWER, hint: "" });
  }
  if (response.status === 204) return undefined as T;
  const answer: unknown = await response.json().catch(() => null);
  if (!response.ok) throw new ApiError(problemOf(response.status, answer));
  if (answer === null) throw new ApiError({ status: response.status, title: "", code: NOT_UNDERSTOOD, hint: "" });
  return answer as T;
}

/** Sends the bytes of a file as they are. @throws ApiError as `ask` */
export async function askWithFile<T>(path: string, file: File, query: Query): Promise<T> {
  let response: Response;
  try {
    response = await fetch(urlOf(path, query), {
      method: "POST",
      credentials: "same-origin",
      headers: { accept: "application/json", "content-type": "application/octet-stream" },
      body: await file.arrayBuffer(),
    });
  } catch {
    throw new ApiError({ status: 0, title: "", code: NO_ANSWER, hint: "" });
  }
  const answer: unknown = await response.json().catch(() => null);
  if (!response.ok) throw new ApiError(problemOf(response.status, answer));
  return answer as T;
}

/** A file of the service, so that a refusal is told where it was asked for. @throws ApiError also when nobody answered */
export async function askFile(path: string, query: Query = {}): Promise<Blob> {
  const response = await fetch(urlOf(path, query), { credentials: "same-origin" }).catch(() => {
    throw new ApiError({ status: 0, title: "", code: NO_ANSWER, hint: "" });
  });
  if (response.ok) return response.blob();
  throw new ApiError(problemOf(response.status, await response.json().catch(() => null)));
}
