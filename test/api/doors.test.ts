import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ensureDemoUsers } from "../../api/demo.ts";
import type { App } from "../../api/routes/route.ts";
import { SIGN_IN_TRIES_MAX } from "../../api/routes/session.ts";
import { SESSION_MS } from "../../api/session.ts";
import { instant } from "../../domain/instant.ts";
import { appOver, cookieOf, type Estate, NOW, PASSWORD, tinyEstate } from "./support.ts";

let estate: Estate;
let app: App;
let close: () => Promise<void>;
let now = NOW;
beforeAll(async () => {
  estate = await tinyEstate();
  ({ app, close } = await appOver(estate, { wall: { now: () => now } }));
});
afterAll(async () => {
  await close();
  await estate.drop();
});

const signIn = (login: string, password: string, remoteAddress: string, headers = {}) =>
  app.inject({ method: "POST", url: "/api/v1/sign-in", payload: { login, password }, remoteAddress, headers });
const me = (cookie: string, over = app) => over.inject({ url: "/api/v1/me", headers: { cookie } });

describe("signing in", () => {
  test("gives a cookie that scripts and other sites cannot use, and says who one is", async () => {
    const reply = await signIn("clerk", PASSWORD, "10.1.0.1");
    expect(reply.statusCode).toBe(200);
    expect(reply.cookies[0]).toMatchObject({ name: "sanbiao_session", httpOnly: true, sameSite: "Strict", path: "/" });
    const who = await me(`sanbiao_session=${reply.cookies[0]?.value}`);
    expect(who.json()).toEqual({
      login: "clerk",
      name: "User clerk",
      role: "clerk",
      operator: {
        code: "one",
        kind: "estate",
        nameZh: "小区",
        nameEn: "Estate",
        zone: "Asia/Shanghai",
        currency: "CNY",
      },
    });
    expect(reply.body).not.toContain("scrypt");
  });

  test.each([
    ["clerk", "wrong"],
    ["nobody", PASSWORD],
    ["clerk' or '1'='1", PASSWORD],
    ["CLERK", PASSWORD],
    ["clerk", `${PASSWORD} `],
  ])("is refused in the same words for %s with %s", async (login, password) => {
    const reply = await signIn(login, password, "10.1.0.2");
    expect(reply.statusCode).toBe(401);
    expect(reply.json()).toMatchObject({ code: "auth.wrong", detail: "No user has this name and password." });
    expect(reply.cookies).toEqual([]);
  });

  test("is slowed down after too many tries from one address, and only from that one", async () => {
    const codes: number[] = [];
    for (let n = 0; n <= SIGN_IN_TRIES_MAX; n++) codes.push((await signIn("clerk", "guess", "10.1.0.3")).statusCode);
    expect(codes).toEqual([...Array(SIGN_IN_TRIES_MAX).fill(401), 429]);
    const refused = await signIn("clerk", PASSWORD, "10.1.0.3");
    expect(refused.headers["content-type"]).toContain("application/problem+json");
    expect(refused.json()).toMatchObject({ code: "auth.too-many", status: 429 });
    expect((await signIn("clerk", PASSWORD, "10.1.0.4")).statusCode).toBe(200);
  });

  test("ends with signing out, and by itself", async () => {
    const first = await cookieOf(app, "reader");
    const second = await cookieOf(app, "reader");
    const out = await app.inject({ method: "POST", url: "/api/v1/sign-out", headers: { cookie: first } });
    expect(out.statusCode).toBe(204);
    expect((await me(first)).statusCode).toBe(401);
    expect((await me(second)).statusCode).toBe(200);
    now = instant(NOW + SESSION_MS);
    expect((await me(second)).statusCode).toBe(401);
    now = NOW;
  });

  test("does not hold for a made-up, an empty or a changed cookie", async () => {
    const cookie = await cookieOf(app, "reader");
    for (const bad of [
      "sanbiao_session=",
      "sanbiao_session=x",
      `${cookie}x`,
      "sanbiao_session=%00",
      "sanbiao_session=😀",
    ]) {
      expect((await me(bad)).statusCode, bad).toBe(401);
    }
  });
});

describe("a page of another site", () => {
  test.each([
    [{ "sec-fetch-site": "cross-site" }, 403],
    [{ "sec-fetch-site": "same-site" }, 403],
    [{ origin: "https://evil.example" }, 403],
    [{ origin: "null" }, 403],
    [{ "sec-fetch-site": "same-origin", origin: "http://localhost:5173" }, 200],
    [{ origin: "http://localhost:80", host: "localhost:80" }, 403],
    [{ origin: "http://sanbiao.test:8080", host: "sanbiao.test:8080" }, 200],
  ])("with %o gets %i for a change", async (headers, status) => {
    const reply = await signIn("clerk", PASSWORD, "10.1.0.9", headers);
    // A URL drops the default port, so that an origin that spells it is not taken for ours.
    expect(reply.statusCode).toBe(status);
  });
});

describe("roles", () => {
  const pay = (cookie: string) =>
    app.inject({
      method: "POST",
      url: `/api/v1/accounts/${estate.flat}/payments`,
      headers: { cookie, "idempotency-key": "role-test-1" },
      payload: { amount: { amount: "1.00", currency: "CNY" }, channel: "cash" },
    });

  test("let a reader look and not pay", async () => {
    const reply = await pay(await cookieOf(app, "reader"));
    expect(reply.statusCode).toBe(403);
    expect(reply.json()).toMatchObject({
      code: "auth.forbidden",
      detail: "This needs the role clerk; yours is reader.",
    });
  });

  test("let nobody in who is not signed in", async () => {
    expect((await pay("")).statusCode).toBe(401);
  });

  test("keep a reversal from readers", async () => {
    const reply = await app.inject({
      method: "POST",
      url: "/api/v1/payments/1/reversal",
      headers: { cookie: await cookieOf(app, "reader") },
      payload: { reason: "typed twice" },
    });
    expect(reply.statusCode).toBe(403);
  });
});

describe("demo users", () => {
  test("are made once, shown in demo mode, and cannot sign in outside it", async () => {
    const users = await ensureDemoUsers(estate.db);
    expect(await ensureDemoUsers(estate.db)).toEqual(users);
    expect(users.map((user) => user.login)).toContain("estate");
    // `clerk` is a real user here: it is neither shown nor changed.
    expect(users.map((user) => user.login)).not.toContain("clerk");
    const [first] = users;
    if (first === undefined) throw new Error("no demo user");

    expect((await app.inject({ url: "/api/v1/demo" })).json()).toEqual({ demo: false, users: [] });
    expect((await signIn(first.login, first.password, "10.1.0.20")).json()).toMatchObject({ code: "auth.wrong" });

    const demo = await appOver(estate, { demo: { users } });
    try {
      expect((await demo.app.inject({ url: "/api/v1/demo" })).json()).toEqual({ demo: true, users });
      const cookie = await cookieOf(demo.app, first.login, first.password);
      expect((await me(cookie, demo.app)).statusCode).toBe(200);
      // The same session is worth nothing once the service runs for real.
      expect((await me(cookie)).statusCode).toBe(401);
    } finally {
      await demo.close();
    }
  });
});
