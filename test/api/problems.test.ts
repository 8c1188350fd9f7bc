import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { problemOf } from "../../api/problem.ts";
import type { App } from "../../api/routes/route.ts";
import { CodedError, ERRORS, type ErrorCode } from "../../domain/errors.ts";
import { openDatabase } from "../../schema/database.ts";
import { appOver, cookieOf, type Estate, tinyEstate } from "./support.ts";

let estate: Estate;
let app: App;
let close: () => Promise<void>;
let clerk: string;
beforeAll(async () => {
  estate = await tinyEstate();
  ({ app, close } = await appOver(estate));
  clerk = await cookieOf(app, "clerk");
});
afterAll(async () => {
  await close();
  await estate.drop();
});

const get = (url: string) => app.inject({ url, headers: { cookie: clerk } });

describe("every error", () => {
  test.each(Object.keys(ERRORS) as ErrorCode[])("%s comes as problem+json with its status and what to do", (code) => {
    expect(problemOf(new CodedError(code, "what happened"), "id-1")).toEqual({
      type: `/problems/${code}`,
      title: expect.any(String),
      status: ERRORS[code].status,
      detail: "what happened",
      instance: "id-1",
      code,
      hint: ERRORS[code].hint,
      retry: ERRORS[code].retry,
    });
  });

  test.each([
    ["GET", "/api/v1/nothing", undefined, {}, 404, "request.not-found"],
    ["DELETE", "/api/v1/me", undefined, {}, 404, "request.not-found"],
    ["POST", "/somewhere", undefined, {}, 404, "request.not-found"],
    ["GET", "/api/v1/accounts/0", undefined, {}, 400, "request.invalid"],
    ["GET", "/api/v1/accounts/-1", undefined, {}, 400, "request.invalid"],
    ["GET", "/api/v1/accounts/9223372036854775808", undefined, {}, 400, "request.invalid"],
    ["GET", "/api/v1/accounts/9223372036854775807", undefined, {}, 404, "request.not-found"],
    ["GET", "/api/v1/accounts/1%27%20or%201=1--", undefined, {}, 400, "request.invalid"],
    ["GET", "/api/v1/meters/1e3", undefined, {}, 400, "request.invalid"],
    ["GET", "/%E0%A4%A", undefined, {}, 400, "request.invalid"],
    ["GET", "/api/v1/accounts/%E0%A4%A", undefined, {}, 400, "request.invalid"],
    ["POST", "/api/v1/sign-in", "{", { "content-type": "application/json" }, 400, "request.invalid"],
    ["POST", "/api/v1/sign-in", "", { "content-type": "application/json" }, 400, "request.invalid"],
    [
      "POST",
      "/api/v1/sign-in",
      "a=b",
      { "content-type": "application/x-www-form-urlencoded" },
      415,
      "request.unsupported-media",
    ],
    ["POST", "/api/v1/sign-in", "text", { "content-type": "text/plain" }, 415, "request.unsupported-media"],
    [
      "POST",
      "/api/v1/sign-in",
      JSON.stringify({ login: "x".repeat(70_000) }),
      { "content-type": "application/json" },
      413,
      "request.too-large",
    ],
    [
      "POST",
      "/api/v1/sign-in",
      '{"login":"a\\u0000b","password":"x"}',
      { "content-type": "application/json" },
      400,
      "request.invalid",
    ],
    [
      "POST",
      "/api/v1/sign-in",
      '{"__proto__":{"login":"x"},"password":"x"}',
      { "content-type": "application/json" },
      400,
      "request.invalid",
    ],
  ] as const)("%s %s answers a problem", async (method, url, payload, headers, status, code) => {
    const reply = await app.inject({
      method,
      url,
      headers: { cookie: clerk, ...headers },
      ...(payload === undefined ? {} : { payload }),
      remoteAddress: "10.2.0.1",
    });
    expect(reply.statusCode, reply.body).toBe(status);
    expect(reply.headers["content-type"]).toContain("application/problem+json");
    const problem = reply.json();
    expect(problem).toMatchObject({ code, status });
    expect(problem.instance).toBe(reply.headers["x-request-id"]);
  });

  test("of a field names the field", async () => {
    const reply = await get("/api/v1/meters?pageSize=100000&utility=steam");
    expect(
      reply
        .json()
        .errors.map((error: { path: string }) => error.path)
        .toSorted(),
    ).toEqual(["/querystring/pageSize", "/querystring/utility"]);
  });

  test("of ours keeps its reason to the log", async () => {
    const problem = problemOf(new Error("password of the database is 1234"), "id-2");
    expect(problem).toMatchObject({ status: 500, code: "internal.unexpected", instance: "id-2" });
    expect(JSON.stringify(problem)).not.toContain("1234");
  });

  test("of a database that is away says that trying again helps", async () => {
    const away = openDatabase("postgres://nobody@127.0.0.1:1/none");
    const { app: lost, close: end } = await appOver({ ...estate, db: away });
    try {
      const reply = await lost.inject({
        method: "POST",
        url: "/api/v1/sign-in",
        payload: { login: "a", password: "b" },
      });
      expect(reply.statusCode).toBe(503);
      expect(reply.json()).toMatchObject({ code: "database.unavailable", retry: true });
      const ready = await lost.inject({ url: "/readyz" });
      expect([ready.statusCode, ready.json()]).toEqual([
        503,
        { ready: false, checks: { database: false }, onDisk: { readings: 0, bytes: 0, oldestSeconds: null } },
      ]);
    } finally {
      await end();
      await away.close();
    }
  });
});

describe("hostile input", () => {
  const words = [
    "'; drop table account; --",
    "%",
    "_",
    "\\",
    "%_%\\",
    "😀",
    "张".repeat(100),
    "\u{10FFFF}",
    "a b c d e f g",
    "<script>",
    "${7*7}",
    "\u202E",
  ];
  test.each(words)("as a search is only a search: %s", async (word) => {
    for (const list of ["accounts", "meters"]) {
      const reply = await get(`/api/v1/${list}?search=${encodeURIComponent(word)}`);
      expect(reply.statusCode, reply.body).toBe(200);
    }
  });

  test.each([
    "/api/v1/accounts?search=%00",
    `/api/v1/accounts?search=${"x".repeat(101)}`,
    "/api/v1/accounts?page=0",
    "/api/v1/accounts?page=-1",
    "/api/v1/accounts?page=1e30",
    "/api/v1/accounts?page=1&page=2",
    "/api/v1/meters?building=%00",
    "/api/v1/bills?period=2026-13",
    "/api/v1/bills?period=0000-01",
    "/api/v1/refused-frames?reason=%00",
    "/api/v1/controls?accountId=-5",
    "/api/v1/accounts/1/timeline?before=x",
    "/api/v1/accounts/1/timeline?before=999999999999999.1.1",
    "/api/v1/accounts/1/timeline?kinds=reading,secrets",
    "/api/v1/accounts/1/timeline?limit=1000000",
    "/api/v1/accounts/1/usage?from=2026-02-30",
    "/api/v1/accounts/1/usage?from=0001-01-01&to=9999-01-01",
    "/api/v1/meters/1/series?register=passwords",
    "/api/v1/meters/1/series?from=yesterday",
    "/api/v1/meters/1/series?from=2026-01-01T00:00:00Z&to=2025-01-01T00:00:00Z",
    "/api/v1/meters/1/series?from=0001-01-01T00:00:00Z",
  ])("is refused with its reason: %s", async (url) => {
    const reply = await get(url);
    expect(reply.statusCode, reply.body).toBe(400);
    expect(reply.json().code).toBe("request.invalid");
  });

  test("of a huge page is an empty page", async () => {
    for (const list of ["accounts", "meters", "bills", "controls", "prepaid", "conflicts", "refused-frames"]) {
      const reply = await get(`/api/v1/${list}?page=1000000&pageSize=200`);
      expect([list, reply.statusCode, reply.json().items]).toEqual([list, 200, []]);
    }
  });
});
