import { afterAll, beforeAll, expect, test } from "vitest";
import type { App } from "../../api/routes/route.ts";
import { instant, MINUTE_MS } from "../../domain/instant.ts";
import { signatureOf, timestampOf } from "../../domain/signature.ts";
import { noTelemetry } from "../../domain/telemetry.ts";
import { queueNotice } from "../../ledger/notices.ts";
import { noticeDispatcher } from "../../notices/dispatch.ts";
import { appOver, cookieOf, type Estate, type Login, NOW, tinyEstate } from "./support.ts";

let estate: Estate;
let app: App;
let close: () => Promise<void>;
let woken = 0;
const SECRET = "0123456789abcdef0123456789abcdef";
const cookies = new Map<Login, string>();
beforeAll(async () => {
  estate = await tinyEstate();
  const { takePayment, reversePayment } = await import("../../billing/payment.ts");
  const notices = { channels: ["webhook"], secret: SECRET, wake: () => void (woken += 1) } as const;
  ({ app, close } = await appOver(estate, { services: { takePayment, reversePayment, notices } }));
  for (const login of ["boss", "clerk", "reader", "other"] as const) cookies.set(login, await cookieOf(app, login));
});
afterAll(async () => {
  await close();
  await estate.drop();
});

const ask = async (login: Login, method: "GET" | "POST", path: string, payload?: object) => {
  const reply = await app.inject({
    method,
    url: `/api/v1${path}`,
    headers: { cookie: cookies.get(login) ?? "" },
    ...(payload === undefined ? {} : { payload }),
  });
  return { status: reply.statusCode, body: reply.json() };
};
const warn = (key: string) =>
  estate.db.as(estate.one, (trx) =>
    queueNotice(trx, {
      accountId: estate.flat,
      kind: "supply_warning_1",
      key,
      data: { available: "3.00", readAt: "2026-06-16T09:00:00+08:00" },
      now: NOW,
    }),
  );
/** A bridge that takes everything over and has not reported yet. */
const send = () =>
  noticeDispatcher({
    db: estate.db,
    clock: { now: () => NOW },
    wall: { now: () => NOW },
    telemetry: noTelemetry,
    carriers: new Map([["webhook", { send: async () => ({ kind: "accepted", detail: "202" }), close: () => {} }]]),
  }).turn();
const report = async (body: object, changed: { at?: number; secret?: string; body?: string } = {}) => {
  const text = JSON.stringify(body);
  const timestamp = timestampOf(instant(NOW + (changed.at ?? 0)));
  const reply = await app.inject({
    method: "POST",
    url: "/api/v1/notices/callbacks",
    headers: {
      "content-type": "application/json",
      "sanbiao-timestamp": timestamp,
      "sanbiao-signature": signatureOf(changed.secret ?? SECRET, timestamp, text),
    },
    payload: changed.body ?? text,
  });
  return { status: reply.statusCode, body: reply.json() };
};
const phone = { channel: "webhook", address: "13800138000", language: "zh", verified: true, consent: "contract" };

test("a clerk notes where an account is reached, and the same again adds nothing", async () => {
  const path = `/accounts/${estate.flat}/contacts`;
  expect((await ask("reader", "POST", path, phone)).status).toBe(403);
  expect((await ask("clerk", "POST", path, phone)).status).toBe(201);
  expect((await ask("clerk", "POST", path, phone)).body).toEqual({ outcome: "already" });
  expect((await ask("clerk", "POST", path, { channel: "email", address: "a@example.org\nBcc: b@c.d" })).status).toBe(
    400,
  );
  expect((await ask("clerk", "GET", path)).body.items).toMatchObject([
    { ...phone, fromDay: "2026-06-16", bills: false },
  ]);
  expect((await ask("reader", "GET", path)).status).toBe(403);
  expect((await ask("other", "GET", path)).status).toBe(404);
  expect((await ask("other", "POST", path, phone)).status).toBe(404);
});

test("a carrier's signed report serves a notice, a bounce takes it away, and neither can be replayed or forged", async () => {
  const { id } = await warn("w1");
  await send();
  const list = async () => (await ask("reader", "GET", "/notices?kind=supply_warning_1")).body;
  expect(await list()).toMatchObject({
    total: 1,
    channels: ["webhook"],
    items: [{ servedAt: null, accountNumber: "A-101", deliveries: [{ state: "accepted", address: "138****8000" }] }],
  });
  const { rows } = await estate.db.as(estate.one, async (trx) => ({
    rows: await trx.selectFrom("notice_delivery").select("ref").execute(),
  }));
  const delivered = { id: rows[0]?.ref ?? "", state: "delivered", detail: "to handset" };
  expect((await report(delivered, { secret: `${SECRET}x` })).body).toMatchObject({ code: "notice.signature" });
  expect((await report(delivered, { body: JSON.stringify({ ...delivered, state: "bounced" }) })).status).toBe(401);
  expect((await report(delivered, { at: -6 * MINUTE_MS })).status).toBe(401);
  expect((await report(delivered, { at: 6 * MINUTE_MS })).status).toBe(401);
  expect((await list()).items[0].servedAt).toBeNull();

  expect(await report(delivered)).toMatchObject({ status: 200, body: { outcome: "noted" } });
  expect(await report(delivered)).toMatchObject({ status: 200, body: { outcome: "already" } });
  expect((await list()).items[0].servedAt).toBe("2026-06-16T10:00:00+08:00");
  expect((await ask("reader", "GET", "/notices?state=unserved")).body.total).toBe(0);

  expect((await report({ ...delivered, state: "bounced" })).body).toEqual({ outcome: "noted" });
  expect(await report(delivered)).toMatchObject({ status: 409, body: { code: "notice.out-of-order" } });
  expect((await list()).items[0].servedAt).toBeNull();
  expect((await ask("reader", "GET", "/notices?state=served")).body.total).toBe(0);

  const { body } = await ask("reader", "GET", `/notices/${id}`);
  expect(body.events.map(({ state }: { state: string }) => state)).toEqual([
    "sending",
    "accepted",
    "delivered",
    "failed",
  ]);
  expect(body.events[0].body).toContain("可用余额 3.00 元");
  expect((await ask("other", "GET", `/notices/${id}`)).status).toBe(404);
});

test.each([
  ["a report of nothing", { id: "00000000-0000-4000-8000-000000000000", state: "delivered" }, 404],
  ["an id that is none", { id: "1", state: "delivered" }, 400],
  ["a state that nobody knows", { id: "00000000-0000-4000-8000-000000000000", state: "perhaps" }, 400],
])("%s is refused", async (_, body, status) => {
  expect((await report(body)).status).toBe(status);
});

test("a clerk sends again, or vouches for it by name and may take his word back", async () => {
  const [{ id: first }] = (await ask("reader", "GET", "/notices")).body.items;
  expect((await ask("reader", "POST", `/notices/${first}/retry`)).status).toBe(403);
  expect((await ask("clerk", "POST", `/notices/${first}/retry`)).body).toEqual({ queued: 1 });
  expect(woken).toBe(1);
  await send();
  expect((await ask("clerk", "POST", `/notices/${first}/hand-over`, { evidence: "x" })).status).toBe(400);
  const hand = { evidence: "Registered letter RR1234, signed by the tenant" };
  expect((await ask("clerk", "POST", `/notices/${first}/hand-over`, hand)).status).toBe(201);
  expect((await ask("clerk", "POST", `/notices/${first}/hand-over`, hand)).status).toBe(200);
  const { body } = await ask("reader", "GET", `/notices/${first}`);
  expect(body.notice.servedAt).not.toBeNull();
  expect(body.events.at(-1)).toMatchObject({ state: "delivered", by: "User clerk", detail: hand.evidence });
  const byHand = body.notice.deliveries.find(({ channel }: { channel: string }) => channel === "hand");
  const wrong = { detail: "the letter came back" };
  expect((await ask("other", "POST", `/notice-deliveries/${byHand.id}/bounce`, wrong)).status).toBe(404);
  expect((await ask("clerk", "POST", `/notice-deliveries/${byHand.id}/bounce`, wrong)).body).toEqual({
    outcome: "noted",
  });
  expect((await ask("reader", "GET", `/notices/${first}`)).body.notice.servedAt).toBeNull();
});

test("quiet hours are set by a manager and by nobody else", async () => {
  const policy = { quietFrom: "22:00", quietTo: "07:00", perMinute: 60 };
  expect((await ask("clerk", "POST", "/notice-policy", policy)).status).toBe(403);
  expect((await ask("boss", "POST", "/notice-policy", { ...policy, quietTo: "25:00" })).status).toBe(400);
  expect((await ask("boss", "POST", "/notice-policy", policy)).status).toBe(201);
  expect((await ask("boss", "POST", "/notice-policy", { ...policy, corrections: false })).status).toBe(201);
  expect((await ask("boss", "POST", "/notice-policy", policy)).body).toEqual({ outcome: "already" });
  expect((await ask("reader", "GET", "/notice-policy")).body).toEqual({
    ...policy,
    payments: true,
    corrections: false,
  });
  expect((await ask("other", "GET", "/notice-policy")).body).toMatchObject({ quietFrom: "21:30", quietTo: "08:00" });
});
