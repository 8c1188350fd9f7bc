import type { Pool } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { App } from "../../api/routes/route.ts";
import { verify } from "../../ledger/verify/verify.ts";
import { ownerPool } from "../support/database.ts";
import { appOver, cookieOf, type Estate, type Login, tinyEstate } from "./support.ts";

let estate: Estate;
let app: App;
let owner: Pool;
let close: () => Promise<void>;
const cookies = new Map<Login, string>();
/** An electricity and a water point of 1/103, dials at 100 on 1 June; nobody reads after 10 June. */
let power = { point: "", meter: "" };
let water = { point: "", meter: "" };
beforeAll(async () => {
  estate = await tinyEstate();
  owner = ownerPool(estate.ownerUrl);
  await owner.query("select ensure_reading_months('2026-05-31T16:00Z', '2026-06-30T16:00Z')");
  const { takePayment, reversePayment } = await import("../../billing/payment.ts");
  ({ app, close } = await appOver(estate, { services: { takePayment, reversePayment } }));
  for (const login of ["boss", "clerk", "reader", "other"] as const) cookies.set(login, await cookieOf(app, login));
  power = await hang("electricity", "E-103");
  water = await hang("water", "W-103");
});
afterAll(async () => {
  await close();
  await owner.end();
  await estate.drop();
});

async function hang(utility: string, serial: string) {
  const { rows } = await owner.query<{ point: bigint; meter: bigint }>(
    `with point as (insert into usage_point (operator_id, utility, building, room) values ($1, $2, '1', '103') returning id),
          meter as (insert into meter (operator_id, serial, utility, profile_id) values ($1, $3, $2, 'demo') returning id),
          hung as (insert into installation (operator_id, meter_id, usage_point_id, installed_at, capacity_per_hour)
                   select $1, meter.id, point.id, '2026-06-01T00:00:00+08', 20 from meter, point),
          read as (insert into reading (operator_id, meter_id, register, measured_at, received_at, value, source)
                   select $1, meter.id, case $2 when 'water' then (select register from reading where meter_id = $4 limit 1) else 1 end, at, at, value, 1
                     from meter, (values ('2026-06-01T00:00+08'::timestamptz, 100000000), ('2026-06-10T00:00+08', 190000000)) as r (at, value))
     select point.id as point, meter.id as meter from point, meter`,
    [estate.one, utility, serial, await waterMeter()],
  );
  return { point: String(rows[0]?.point), meter: String(rows[0]?.meter) };
}
const waterMeter = async () =>
  (await owner.query<{ id: bigint }>("select id from meter where serial = 'W-101'")).rows[0]?.id;

const ask = async (login: Login, method: "GET" | "POST", path: string, payload?: object, key = "move-in-1") => {
  const headers = { cookie: cookies.get(login) ?? "", ...(method === "POST" ? { "idempotency-key": key } : {}) };
  const url = `/api/v1${path}`;
  const reply = await app.inject({ method, url, headers, ...(payload === undefined ? {} : { payload }) });
  return { status: reply.statusCode, body: reply.json() };
};
const tariffId = "zhejiang.electricity.residential";
const customer = (number: string, more: object = {}) => ({ number, name: "王芳", phone: "13800000002", ...more });
const first = {
  fromDay: "2026-06-01",
  customer: customer("A-103"),
  points: [{ usagePointId: "", tariffId }],
  facts: { persons: 5, areaM2: "89.50", lowIncome: true },
  depositAsked: { amount: "500.00", currency: "CNY" },
};
const reasons = async (body: object) =>
  (await ask("clerk", "POST", "/move-ins/preview", body)).body.refused.map((one: { reason: string }) => one.reason);
const count = async (table: string) =>
  (await owner.query<{ n: number }>(`select count(*)::int as n from ${table}`)).rows[0]?.n;

test("the first customer of a point moves in once per key, with what is known of the household", async () => {
  const asked = { ...first, points: [{ usagePointId: power.point, tariffId }] };
  const vacant = async (login: Login, query = "") =>
    (await ask(login, "GET", `/vacant-points${query}`)).body.items.map((one: { pointId: string }) => one.pointId);
  expect(await vacant("reader", "?search=103")).toEqual([power.point, water.point]);
  expect(await vacant("reader", "?search=103%20E-103")).toEqual([power.point]);
  expect(await vacant("other")).toEqual([]);
  expect((await ask("reader", "POST", "/move-ins", asked)).status).toBe(403);
  expect((await ask("other", "POST", "/move-ins/preview", asked)).body.refused).toMatchObject([
    { reason: "no_such_point" },
  ]);
  const before = [await count("account"), await count("agreement")];
  const shown = (await ask("clerk", "POST", "/move-ins/preview", asked)).body;
  expect(shown).toMatchObject({ refused: [], points: [{ start: { value: "100", basis: "reading" }, last: null }] });
  expect([await count("account"), await count("agreement")]).toEqual(before);
  const clerks = await Promise.all([ask("clerk", "POST", "/move-ins", asked), ask("boss", "POST", "/move-ins", asked)]);
  expect(clerks.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 201]);
  expect((await ask("clerk", "POST", "/move-ins", { ...asked, fromDay: "2026-06-02" })).body.code).toBe(
    "request.conflict",
  );
  const { accountId } = clerks[0]?.body ?? {};
  expect((await ask("reader", "GET", `/accounts/${accountId}`)).body).toMatchObject({
    number: "A-103",
    openedOn: "2026-06-01",
    household: [{ fromDay: "2026-06-01", persons: 5 }],
    agreements: [{ fromDay: "2026-06-01", tariffId }],
    moveIn: { fromDay: "2026-06-01", depositAsked: { amount: "500.00" } },
  });
  expect(await vacant("reader", "?search=103")).toEqual([water.point]);
});

test("the next customer goes on where the last one ended: no overlap, and days between belong to nobody", async () => {
  const out = { onDay: "2026-06-14", readings: [{ meterId: power.meter, value: "210" }] };
  const { rows } = await owner.query<{ id: bigint }>("select id from account where number = 'A-103'");
  const url = `/accounts/${rows[0]?.id}/final-bill`;
  const next = { fromDay: "2026-06-14", customer: customer("A-103-2"), points: [{ usagePointId: power.point }] };
  expect(await reasons(next)).toEqual(["occupied"]);
  const { digest } = (await ask("clerk", "POST", `${url}/preview`, out)).body;
  expect((await ask("clerk", "POST", url, { ...out, digest })).status).toBe(201);
  expect(await reasons({ ...next, fromDay: "2026-06-13" })).toEqual(["too_early"]);
  expect(await reasons({ ...next, fromDay: "2026-06-17" })).toEqual(["future_day"]);
  expect(await reasons({ ...next, fromDay: "2026-06-16" })).toEqual(["start_unknown"]);
  expect(await reasons({ ...next, customer: customer("A-101") })).toEqual(["number_taken"]);
  expect(
    await reasons({ ...next, points: [{ usagePointId: power.point, tariffId: "ningbo.water.residential" }] }),
  ).toEqual(["wrong_tariff"]);
  expect(await reasons({ ...next, points: [{ usagePointId: water.point }] })).toEqual(["unknown_tariff"]);
  const prepaid = customer("A-103-2", { paymentMode: "prepaid" });
  expect(await reasons({ ...next, customer: prepaid })).toEqual(["unknown_policy"]);
  const read = (value: string, more = {}) => ({
    ...next,
    fromDay: "2026-06-16",
    readings: [{ meterId: power.meter, value, ...more }],
  });
  const preview = async (body: object) => (await ask("clerk", "POST", "/move-ins/preview", body)).body;
  expect(await preview(read("209", { confirmed: true }))).toMatchObject({
    code: "move-in.refused",
    detail: expect.stringMatching(/showed 210 at 2026-06-14T00:00:00\+08:00: 209 is less/),
  });
  const foreign = { ...read("230"), readings: [{ meterId: String(estate.relayMeter), value: "999" }] };
  expect((await preview(foreign)).detail).toContain("does not measure for this customer");
  expect(await preview(read("230"))).toMatchObject({
    refused: [],
    points: [
      {
        tariffId,
        start: { value: "230", basis: "reading" },
        before: { value: "210" },
        last: { number: "A-103", endedOn: "2026-06-14" },
        vacantDays: 2,
        usedVacant: "20",
      },
    ],
  });
  // At the same instant nothing need be read: both customers have the value of the move-out.
  const same = { ...next, customer: prepaid, policyId: "cn-estate" };
  expect(await preview(same)).toMatchObject({ refused: [], points: [{ start: { value: "210" }, vacantDays: 0 }] });
  const rivals = await Promise.all([
    ask("clerk", "POST", "/move-ins", same, "move-in-2"),
    ask("boss", "POST", "/move-ins", { ...read("230"), customer: customer("A-103-3") }, "move-in-3"),
  ]);
  expect(rivals.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 422]);
  const refused = rivals.find(({ status }) => status === 422)?.body;
  expect(refused).toMatchObject({ code: "move-in.refused", detail: expect.stringContaining("has not moved out") });
  const proven = (await verify(owner)).filter(({ name }) => name === "closings" || name === "stays-apart");
  expect(proven.map(({ ok, counted }) => [ok, counted > 0])).toEqual([
    [true, true],
    [true, true],
  ]);
});

test("prepaid supply begins with the meter that switches it", async () => {
  const { rows } = await owner.query<{ number: string; to_day: string | null }>(
    "select a.number, s.policy_id, s.meter_id::text as meter from supply s join account a on a.id = s.account_id where a.number like 'A-103%'",
  );
  const agreements = await owner.query(
    `select a.number, g.from_day::text, g.to_day::text from agreement g join account a on a.id = g.account_id
      where g.usage_point_id = $1 order by g.from_day`,
    [power.point],
  );
  const [, second] = agreements.rows;
  expect(agreements.rows[0]).toEqual({ number: "A-103", from_day: "2026-06-01", to_day: "2026-06-14" });
  expect(agreements.rows).toHaveLength(2);
  expect(rows).toEqual(
    second.number === "A-103-2" ? [{ number: "A-103-2", policy_id: "cn-estate", meter: power.meter }] : [],
  );
});
