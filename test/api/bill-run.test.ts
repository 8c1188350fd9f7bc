import { afterAll, beforeAll, expect, test } from "vitest";
import type { App } from "../../api/routes/route.ts";
import { appOver, cookieOf, type Estate, type Login, tinyEstate } from "./support.ts";

let estate: Estate;
let app: App;
let close: () => Promise<void>;
const cookies = new Map<Login, string>();
beforeAll(async () => {
  estate = await tinyEstate();
  const { takePayment, reversePayment } = await import("../../billing/payment.ts");
  ({ app, close } = await appOver(estate, { services: { takePayment, reversePayment } }));
  for (const login of ["boss", "clerk", "reader", "other"] as const) cookies.set(login, await cookieOf(app, login));
});
afterAll(async () => {
  await close();
  await estate.drop();
});

const ask = async (login: Login, method: "GET" | "POST", path: string, payload?: object) => {
  const headers = { cookie: cookies.get(login) ?? "" };
  const reply = await app.inject({
    method,
    url: `/api/v1${path}`,
    headers,
    ...(payload === undefined ? {} : { payload }),
  });
  return { status: reply.statusCode, body: reply.json() };
};

test("a clerk holds an account and releases a held bill, a manager makes rules, and a stranger sees nothing", async () => {
  const path = `/accounts/${estate.flat}/holds`;
  const hold = { held: true, reason: "in dispute", untilDay: "2026-09-01" };
  expect((await ask("reader", "POST", path, hold)).status).toBe(403);
  expect((await ask("clerk", "POST", path, hold)).status).toBe(201);
  expect((await ask("clerk", "POST", path, hold)).status).toBe(200);
  expect((await ask("reader", "GET", path)).body.items).toMatchObject([hold]);
  expect((await ask("other", "GET", path)).status).toBe(404);
  const rule = { kind: "high", threshold: 300, reason: "a leak" };
  expect((await ask("clerk", "POST", "/hold-rules", rule)).status).toBe(403);
  expect((await ask("boss", "POST", "/hold-rules", rule)).status).toBe(201);
  expect((await ask("reader", "GET", "/hold-rules")).body.items).toEqual([rule]);
  expect((await ask("reader", "GET", "/bill-exceptions")).status).toBe(200);
  const items = [{ runId: "999", accountId: String(estate.flat) }];
  const decided = await ask("clerk", "POST", "/bill-exceptions/decisions", { decision: "released", items });
  expect(decided.body.outcomes).toEqual([{ ...items[0], outcome: "gone" }]);
  expect((await ask("reader", "POST", "/bill-exceptions/decisions", { decision: "released", items })).status).toBe(403);
});

test("a manager declares a cycle and brings accounts to it, and an account that has a bill for the day stays", async () => {
  const cycle = { code: "two", titleZh: "双月", titleEn: "Two months", months: 2, anchorMonth: 1 };
  expect((await ask("clerk", "POST", "/billing-cycles", cycle)).status).toBe(403);
  expect((await ask("boss", "POST", "/billing-cycles", cycle)).status).toBe(201);
  expect((await ask("boss", "POST", "/billing-cycles", { ...cycle, months: 3 })).status).toBe(409);
  const members = { accountIds: [String(estate.flat)] };
  const join = (fromDay: string) => ask("boss", "POST", "/billing-cycles/two/accounts", { fromDay, members });
  expect((await join("2026-07-02")).status).toBe(400);
  expect((await join("2030-07-01")).body).toEqual({ noted: 1, already: 0, billed: [] });
  expect((await join("2030-07-01")).body).toEqual({ noted: 0, already: 1, billed: [] });
  expect((await join("2020-07-01")).body.noted).toBe(0);
  expect((await ask("reader", "GET", `/accounts/${estate.flat}/billing-cycles`)).body.items).toEqual([
    { code: "two", fromDay: "2030-07-01" },
  ]);
});

test("a clerk takes a deposit once per key, only a manager gives it back", async () => {
  const url = `/accounts/${estate.flat}/deposits`;
  const amount = { amount: "500.00", currency: "CNY" };
  const move = async (login: Login, key: string, payload: object) => {
    const headers = { cookie: cookies.get(login) ?? "", "idempotency-key": key };
    const reply = await app.inject({ method: "POST", url: `/api/v1${url}`, headers, payload });
    return { status: reply.statusCode, body: reply.json() };
  };
  const take = { kind: "take", amount, channel: "cash" };
  expect((await move("reader", "deposit-1", take)).status).toBe(403);
  expect(await move("clerk", "deposit-1", take)).toMatchObject({ status: 201, body: { deposit: amount } });
  expect(await move("clerk", "deposit-1", take)).toMatchObject({ status: 200, body: { outcome: "already" } });
  expect((await move("clerk", "deposit-1", { ...take, channel: "bank" })).status).toBe(409);
  expect((await move("clerk", "deposit-2", { kind: "apply" })).status).toBe(400);
  expect((await move("clerk", "deposit-2", { ...take, kind: "refund" })).status).toBe(403);
  expect(await move("boss", "deposit-2", { ...take, kind: "refund" })).toMatchObject({
    body: { deposit: { amount: "0.00" } },
  });
});
