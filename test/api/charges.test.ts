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
const parking = { code: "parking", titleZh: "停车费", titleEn: "Parking", basis: "lot", income: "revenue_parking" };

test("a manager declares a charge and its price, a clerk says who bears it, and the same again adds nothing", async () => {
  expect((await ask("clerk", "POST", "/charges", parking)).status).toBe(403);
  expect((await ask("boss", "POST", "/charges", parking)).status).toBe(201);
  expect((await ask("boss", "POST", "/charges", parking)).body).toEqual({ outcome: "already" });
  expect((await ask("boss", "POST", "/charges", { ...parking, basis: "home" })).status).toBe(409);
  const price = { fromDay: "2026-01-01", price: "150.00", taxRate: "0.09", source: "owners' decision" };
  expect((await ask("boss", "POST", "/charges/parking/prices", price)).status).toBe(201);
  expect((await ask("boss", "POST", "/charges/nothing/prices", price)).status).toBe(404);
  const said = { code: "parking", fromDay: "2026-06-01", quantity: "2" };
  expect((await ask("reader", "POST", `/accounts/${estate.flat}/charges`, said)).status).toBe(403);
  expect((await ask("clerk", "POST", `/accounts/${estate.flat}/charges`, said)).status).toBe(201);
  expect((await ask("clerk", "POST", `/accounts/${estate.flat}/charges`, said)).status).toBe(200);
  expect((await ask("reader", "GET", `/accounts/${estate.flat}/charges`)).body.items).toEqual([
    { code: "parking", fromDay: "2026-06-01", quantity: "2.00" },
  ]);
  expect((await ask("reader", "GET", "/charges")).body.items).toMatchObject([
    { code: "parking", prices: [{ fromDay: "2026-01-01", price: "150.0000", taxRate: "0.0900" }] },
  ]);
});

test.each([
  ["a code with capitals", "/charges", { ...parking, code: "P 1" }],
  ["a price below zero", "/charges/parking/prices", { fromDay: "2026-01-01", price: "-1", source: "x" }],
  ["a tax of everything", "/charges/parking/prices", { fromDay: "2026-01-01", price: "1", taxRate: "1", source: "x" }],
  ["a day that is none", "/charges/parking/prices", { fromDay: "2026-02-30", price: "1", source: "x" }],
  ["a calendar that nobody made", "/billing-terms", { fromDay: "2026-07-01", dueWorkingDays: 5, calendarId: "mars" }],
  ["half a working day", "/billing-terms", { fromDay: "2026-07-01", dueWorkingDays: 2.5 }],
])("%s is refused", async (_, path, body) => {
  expect((await ask("boss", "POST", path, body)).status).toBe(400);
});

test("contracted kW and low income are said from a day on, a further word takes the place, and others see none of it", async () => {
  const facts = `/accounts/${estate.flat}/facts`;
  const kw = { kind: "contracted_kw", fromDay: "2026-03-01", kw: "80.5" };
  expect((await ask("reader", "POST", facts, kw)).status).toBe(403);
  expect((await ask("clerk", "POST", facts, { ...kw, kw: "80" })).status).toBe(201);
  expect((await ask("clerk", "POST", facts, kw)).status).toBe(201);
  expect((await ask("clerk", "POST", facts, kw)).body).toEqual({ outcome: "already" });
  const low = { kind: "low_income", fromDay: "2026-04-01", lowIncome: true };
  expect((await ask("clerk", "POST", facts, low)).status).toBe(201);
  expect((await ask("reader", "GET", `/accounts/${estate.flat}`)).body.facts).toEqual([low, kw]);
  for (const bad of [
    { ...kw, kw: "-1" },
    { ...kw, fromDay: "2026-02-30" },
    { kind: "persons", fromDay: "2026-03-01" },
  ])
    expect((await ask("clerk", "POST", facts, bad)).status).toBe(400);
  expect((await ask("other", "POST", facts, kw)).status).toBe(404);
});

test("a household said at the counter and taken back stays readable, with who said it", async () => {
  const facts = `/accounts/${estate.flat}/facts`;
  const five = { kind: "household", fromDay: "2026-05-01", persons: 5 };
  const before = (await ask("reader", "GET", `/accounts/${estate.flat}`)).body.household;
  expect((await ask("clerk", "POST", facts, five)).status).toBe(201);
  const counting = (await ask("reader", "GET", `/accounts/${estate.flat}`)).body.household;
  expect(counting).toEqual([{ fromDay: "2026-05-01", persons: 5 }, ...before]);
  const back = { kind: "household", fromDay: "2026-05-01", withdrawn: true };
  expect((await ask("clerk", "POST", facts, back)).body).toEqual({ outcome: "noted" });
  expect((await ask("clerk", "POST", facts, back)).body).toEqual({ outcome: "already" });
  expect((await ask("reader", "GET", `/accounts/${estate.flat}`)).body.household).toEqual(before);
  const { body } = await ask("reader", "GET", facts);
  const of = body.items.filter(
    ({ kind, fromDay }: { kind: string; fromDay: string }) => kind === "household" && fromDay === "2026-05-01",
  );
  expect(of).toMatchObject([
    { fact: null, state: "withdrawn" },
    { fact: five, state: "withdrawn" },
  ]);
  expect(of.map(({ by }: { by: string }) => by)).not.toContain(null);
  for (const bad of [
    { ...five, persons: 0 },
    { ...five, withdrawn: true },
    { ...back, withdrawn: false },
  ])
    expect((await ask("clerk", "POST", facts, bad)).status).toBe(400);
});

test("terms say when bills are due and which years' holidays are known", async () => {
  expect((await ask("boss", "POST", "/billing-terms", { fromDay: "2026-07-01", dueWorkingDays: 5 })).status).toBe(201);
  const { body } = await ask("reader", "GET", "/billing-terms");
  expect(body.items).toMatchObject([
    { dueWorkingDays: 10 },
    { fromDay: "2026-07-01", dueWorkingDays: 5, calendarId: "cn" },
  ]);
  expect(body.calendars[0].years.map((one: { year: number }) => one.year)).toEqual([2025, 2026]);
});

test("another operator sees and changes none of it", async () => {
  expect((await ask("other", "GET", "/charges")).body.items).toEqual([]);
  expect((await ask("other", "GET", `/accounts/${estate.flat}/charges`)).status).toBe(404);
  const said = { code: "parking", fromDay: "2026-06-01", quantity: "0" };
  expect((await ask("other", "POST", `/accounts/${estate.flat}/charges`, said)).status).toBe(404);
});

test("a payment for property is previewed, taken, told apart, and gives nothing to supply", async () => {
  const before = (await ask("reader", "GET", `/accounts/${estate.flat}`)).body;
  const preview = await ask("reader", "GET", `/accounts/${estate.flat}/payment-split?amount=1000.00`);
  // Nothing is owed for property yet: all of it would go to supply.
  expect(preview.body).toMatchObject({ parts: { supply: { amount: "1000.00" }, property: { amount: "0.00" } } });
  const pay = (pays: string) =>
    app.inject({
      method: "POST",
      url: `/api/v1/accounts/${estate.flat}/payments`,
      headers: { cookie: cookies.get("clerk") ?? "", "idempotency-key": "property-1" },
      payload: { amount: { amount: "50.00", currency: "CNY" }, channel: "cash", pays },
    });
  const taken = await pay("property");
  expect(taken.statusCode).toBe(201);
  expect(taken.json()).toMatchObject({
    balance: before.balance,
    propertyBalance: { amount: "50.00" },
    parts: { supply: { amount: "0.00" }, property: { amount: "50.00" } },
    controlId: null,
  });
  expect([
    (await pay("property")).statusCode,
    (await pay("split")).statusCode,
    (await pay("gifts")).statusCode,
  ]).toEqual([200, 409, 400]);
  const after = (await ask("reader", "GET", `/accounts/${estate.flat}`)).body;
  expect([after.balance, after.propertyBalance.amount]).toEqual([before.balance, "50.00"]);
  expect((await ask("other", "GET", `/accounts/${estate.flat}/payment-split?amount=1.00`)).status).toBe(404);
});

test("a bill without other charges asks for supply only", async () => {
  const { body } = await ask("reader", "GET", `/bills/${estate.bill}`);
  expect(body).toMatchObject({
    charges: [],
    total: { amount: "80.00" },
    classes: { property: { total: { amount: "0.00" } } },
    statement: { supply: { previous: { amount: "0.00" }, billed: { amount: "80.00" }, balance: { amount: "80.00" } } },
  });
});

test("a manager says what overdue debts cost and waives days; a clerk may do neither", async () => {
  const rule = { fromDay: "2026-01-01", debtClass: "supply", rate: "0.001", source: "供电营业规则" };
  const whole = {
    ...rule,
    customerClass: "all",
    crossYearRate: "0.001",
    graceDays: 0,
    minimum: { amount: "0.00", currency: "CNY" },
    capShare: "1",
  };
  expect((await ask("clerk", "POST", "/late-fees", rule)).status).toBe(403);
  expect((await ask("boss", "POST", "/late-fees", rule)).status).toBe(201);
  expect((await ask("boss", "POST", "/late-fees", rule)).body).toEqual({ outcome: "already" });
  expect((await ask("boss", "POST", "/late-fees", { ...rule, rate: "1" })).status).toBe(400);
  expect((await ask("reader", "GET", "/late-fees")).body.items).toEqual([whole]);
  expect((await ask("boss", "POST", "/charges", { ...parking, code: "late_fee" })).status).toBe(400);
  const days = { fromDay: "2026-06-01", toDay: "2026-06-03", reason: "our mistake" };
  const path = `/accounts/${estate.flat}/late-fee-waivers`;
  expect((await ask("clerk", "POST", path, days)).status).toBe(403);
  expect((await ask("boss", "POST", path, days)).status).toBe(201);
  expect((await ask("boss", "POST", path, { ...days, toDay: "2026-06-01" })).status).toBe(400);
  expect((await ask("reader", "GET", path)).body.items).toEqual([days]);
  expect((await ask("other", "GET", path)).status).toBe(404);
  const shop = { fromDay: "2026-06-01", class: "non_resident" };
  const classPath = `/accounts/${estate.flat}/customer-class`;
  expect((await ask("reader", "POST", classPath, shop)).status).toBe(403);
  expect((await ask("clerk", "POST", classPath, shop)).status).toBe(201);
  expect((await ask("reader", "GET", classPath)).body.items).toEqual([shop]);
  expect((await ask("other", "POST", classPath, shop)).status).toBe(404);
});

test("a manager says whether final bills set off, with where it is agreed; who said it and when is kept", async () => {
  const path = "/set-off-terms";
  const terms = { rule: "on_consent", source: "供用水电合同" };
  expect((await ask("reader", "GET", path)).body).toEqual({ rule: "off", items: [] });
  expect((await ask("clerk", "POST", path, terms)).status).toBe(403);
  expect((await ask("boss", "POST", path, { rule: "on_consent", source: " " })).status).toBe(400);
  expect([(await ask("boss", "POST", path, terms)).status, (await ask("boss", "POST", path, terms)).status]).toEqual([
    201, 200,
  ]);
  expect((await ask("reader", "GET", path)).body).toEqual({
    rule: "on_consent",
    items: [{ ...terms, notedAt: "2026-06-16T10:00:00+08:00", notedBy: "User boss" }],
  });
  expect((await ask("other", "GET", path)).body.items).toEqual([]);
});
