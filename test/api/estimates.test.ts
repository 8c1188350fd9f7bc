import { afterAll, beforeAll, expect, test } from "vitest";
import { prometheus } from "../../api/metrics.ts";
import type { App } from "../../api/routes/route.ts";
import { reversePayment, takePayment } from "../../billing/payment.ts";
import { HOUR_MS, instant, type Instant, isoIn, MINUTE_MS } from "../../domain/instant.ts";
import { appOver, cookieOf, type Estate, type Login, NOW, tinyEstate, USERS } from "./support.ts";

let estate: Estate;
let app: App;
let close: () => Promise<void>;
const cookies: Partial<Record<Login, string>> = {};

beforeAll(async () => {
  estate = await tinyEstate();
  const services = { takePayment, reversePayment };
  ({ app, close } = await appOver(estate, { services, metrics: prometheus({ processMetrics: false }) }));
  for (const user of USERS) cookies[user] = await cookieOf(app, user);
});
afterAll(async () => {
  await close();
  await estate.drop();
});

/** Half an hour after a reading and before the next one: the register stands half way between them. */
const between: Instant = instant(NOW - 5 * MINUTE_MS - 30 * MINUTE_MS - HOUR_MS);
const at = isoIn(between, "Asia/Shanghai");
const register = "energy_import_kwh";
const call = (method: "GET" | "POST", path: string, user: Login, payload?: object, key = "estimate-1") =>
  app.inject({
    method,
    url: `/api/v1/meters/${path}`,
    headers: { cookie: cookies[user] ?? "", ...(method === "POST" ? { "idempotency-key": key } : {}) },
    ...(payload === undefined ? {} : { payload }),
  });

test("a preview shows what each method would give, ranked, with what it rests on or lacks", async () => {
  const query = new URLSearchParams({ register, at });
  const answer = await call("GET", `${estate.relayMeter}/estimates/preview?${query.toString()}`, "reader");
  expect(answer.statusCode).toBe(200);
  const shown = answer.json();
  expect(shown).toMatchObject({ meterId: String(estate.relayMeter), register, policy: { id: "prepaid" } });
  const half = (Number(shown.last.value.value) + Number(shown.next.value.value)) / 2;
  expect(shown.estimates[0]).toMatchObject({ rank: 1, method: "linear", value: { value: String(half), unit: "kWh" } });
  expect(shown.estimates[1]).toMatchObject({ rank: 2, method: "last_year", value: null });
  expect(shown.estimates[1].missing).toMatch(/last year/);
  expect(shown.estimates.at(-1)).toMatchObject({ rank: null, method: "class_profile" });
});

test("a clerk sets a value with its reason once; it is listed with the consent and taken back by a further entry", async () => {
  const given = { method: "agreed", by: "Wang", on: "2026-06-15", reference: "letter 7" };
  const query = new URLSearchParams({ register, at });
  const { last } = (await call("GET", `${estate.relayMeter}/estimates/preview?${query.toString()}`, "reader")).json();
  const body = { register, at, value: last.value.value, given, reason: "the door was locked" };
  const path = `${estate.relayMeter}/estimates`;
  expect((await call("POST", path, "reader", body)).statusCode).toBe(403);
  const [first, again] = [await call("POST", path, "clerk", body), await call("POST", path, "clerk", body)];
  expect([first.statusCode, again.statusCode]).toEqual([201, 200]);
  expect(again.json()).toEqual({ outcome: "already", id: first.json().id });
  const { items } = (await call("GET", `${estate.relayMeter}/edits`, "reader")).json();
  const basis = { agreed_by: "Wang", agreed_on: "2026-06-15", reference: "letter 7" };
  expect(items[0]).toMatchObject({ method: "agreed", basis, stands: true });
  const undo = await call(
    "POST",
    `${estate.relayMeter}/edits/${first.json().id}/undo`,
    "clerk",
    { reason: "typed wrong" },
    "undo-0001",
  );
  expect(undo.statusCode).toBe(201);
});

test.each([
  ["below what was read before", { value: "1" }, 409, /below the/],
  ["at an instant without an offset", { at: "2026-06-15T10:00:00" }, 400, /offset/],
  ["of a register that does not count", { register: "relay_state" }, 400, /no counting register/],
  [
    "agreed on no day",
    { given: { method: "agreed", by: "Wang", on: "2026-02-31", reference: "letter" } },
    400,
    /calendar/,
  ],
])("a value %s is refused", async (_, change, status, detail) => {
  const body = { register, at, value: "2000", given: { method: "manual" }, reason: "guess", ...change };
  const answer = await call("POST", `${estate.relayMeter}/estimates`, "clerk", body, "estimate-2");
  expect(answer.statusCode).toBe(status);
  expect(answer.json().detail).toMatch(detail);
});

test("another operator's meter is not found", async () => {
  const query = new URLSearchParams({ register, at });
  expect((await call("GET", `${estate.foreignMeter}/estimates/preview?${query.toString()}`, "boss")).statusCode).toBe(
    404,
  );
});
