import { afterAll, beforeAll, expect, test } from "vitest";
import type { App } from "../../api/routes/route.ts";
import { ownerPool } from "../support/database.ts";
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

test("a clerk closes an account as it was shown, with the reading of the move-out, and books the refund", async () => {
  const owner = ownerPool(estate.ownerUrl);
  await owner.query("select ensure_reading_months('2026-05-31T16:00Z', '2026-06-30T16:00Z')");
  const { rows } = await owner.query<{ id: bigint; meter: bigint }>(
    `with home as (insert into account (operator_id, number, name, payment_mode, opened_on)
                   values ($1, 'A-103', '赵六', 'postpaid', '2026-06-01') returning id),
          point as (insert into usage_point (operator_id, utility, building, room) values ($1, 'electricity', '1', '103') returning id),
          meter as (insert into meter (operator_id, serial, utility, profile_id) values ($1, 'E-103', 'electricity', 'demo') returning id),
          hung as (insert into installation (operator_id, meter_id, usage_point_id, installed_at, capacity_per_hour)
                   select $1, meter.id, point.id, '2026-06-01T00:00:00+08', 20 from meter, point),
          taken as (insert into agreement (operator_id, account_id, usage_point_id, tariff_id, from_day)
                    select $1, home.id, point.id, 'zhejiang.electricity.residential', '2026-06-01' from home, point),
          read as (insert into reading (operator_id, meter_id, register, measured_at, received_at, value, source)
                   select $1, meter.id, 1, at, at, value, 1 from meter,
                          (values ('2026-06-01T00:00+08'::timestamptz, 0), ('2026-06-10T00:00+08', 90000000)) as r (at, value))
     select home.id, meter.id as meter from home, meter`,
    [estate.one],
  );
  await owner.end();
  const { id, meter } = rows[0] ?? { id: 0n, meter: 0n };
  const url = `/accounts/${id}/final-bill`;
  const asked = { onDay: "2026-06-16" };
  expect((await ask("reader", "POST", `${url}/preview`, asked)).status).toBe(403);
  expect((await ask("other", "POST", `${url}/preview`, asked)).status).toBe(404);
  expect((await ask("clerk", "POST", `${url}/preview`, asked)).body).toMatchObject({ digest: null, lines: [] });
  const read = (value: string) => ({ ...asked, readings: [{ meterId: String(meter), value }] });
  expect(await ask("clerk", "POST", `${url}/preview`, read("9000"))).toMatchObject({
    status: 422,
    body: { code: "closing.refused", detail: expect.stringContaining("expected is") },
  });
  const foreign = { ...asked, readings: [{ meterId: String(estate.relayMeter), value: "150", confirmed: true }] };
  expect((await ask("clerk", "POST", `${url}/preview`, foreign)).body.detail).toContain("does not measure");
  const { body: shown } = await ask("clerk", "POST", `${url}/preview`, read("150"));
  expect(shown).toMatchObject({ boundary: [{ value: "150", basis: "reading" }], total: { amount: "80.70" } });
  expect(shown.setOff).toMatchObject({ rule: "off", consent: null, possible: { supply: { amount: "0.00" } } });
  const setOffConsent = { by: "Zhao", on: "2026-06-16", reference: "protocol 3" };
  expect((await ask("clerk", "POST", `${url}/preview`, { ...read("150"), setOffConsent })).body.code).toBe(
    "closing.refused",
  );
  const deposit = { kind: "take", amount: { amount: "200.00", currency: "CNY" }, channel: "cash" };
  const money = (path: string, key: string, payload: object) =>
    app.inject({
      method: "POST",
      url: `/api/v1/accounts/${id}/${path}`,
      payload,
      headers: { cookie: cookies.get("clerk") ?? "", "idempotency-key": key },
    });
  await money("deposits", "deposit-9", deposit);
  const issue = (digest: string) => ask("clerk", "POST", url, { ...read("150"), digest });
  expect((await issue(shown.digest)).body.code).toBe("closing.changed");
  const { digest } = (await ask("clerk", "POST", `${url}/preview`, read("150"))).body;
  const [first, second] = await Promise.all([issue(digest), issue(digest)]);
  expect(new Set([first?.status, second?.status])).toEqual(new Set([200, 201]));
  const { closing } = (await ask("reader", "GET", `/accounts/${id}`)).body;
  expect(closing).toMatchObject({ onDay: "2026-06-16", refundDue: { total: { amount: "119.30" } } });
  expect((await ask("reader", "GET", `/bills/${closing.bill.id}`)).body).toMatchObject({
    isFinal: true,
    deposit: { taken: { amount: "200.00" }, applied: { amount: "80.70" }, held: { amount: "119.30" } },
    final: { paid: { supply: { amount: "80.70" } }, stillOwed: { amount: "0.00" }, refundDue: { amount: "119.30" } },
  });
  const listed = async (login: Login, query = "") => (await ask(login, "GET", `/deposits${query}`)).body;
  expect((await listed("reader", "?refundDue=true")).items).toMatchObject([
    { accountId: String(id), closedOn: "2026-06-16", held: { amount: "119.30" }, refundDue: closing.refundDue.total },
  ]);
  expect((await listed("other")).items).toEqual([]);
  expect(await listed("reader", "?page=9")).toMatchObject({ items: [], refundDue: closing.refundDue.total });
  const refund = { amount: closing.refundDue.total, channel: "bank" };
  const given = await Promise.all(["refund-1", "refund-1", "refund-2"].map((key) => money("refund", key, refund)));
  expect(given.map(({ statusCode }) => statusCode).filter((status) => status === 201)).toHaveLength(1);
  expect((await ask("reader", "GET", `/accounts/${id}/deposits`)).body).toMatchObject({
    held: { amount: "0.00" },
    items: [{ kind: "refund" }, { kind: "apply" }, { kind: "take", by: "User clerk" }],
  });
  expect(await listed("reader", "?refundDue=true")).toMatchObject({ total: 0, items: [], held: { amount: "0.00" } });
});
