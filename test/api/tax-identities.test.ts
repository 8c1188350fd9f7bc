import { afterAll, beforeAll, expect, test } from "vitest";
import type { App } from "../../api/routes/route.ts";
import { appOver, cookieOf, type Estate, type Login, tinyEstate } from "./support.ts";

let estate: Estate;
let app: App;
let close: () => Promise<void>;
const cookies = new Map<Login, string>();
beforeAll(async () => {
  estate = await tinyEstate();
  ({ app, close } = await appOver(estate));
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
  const isJson = String(reply.headers["content-type"]).includes("json");
  return { status: reply.statusCode, body: isJson ? reply.json() : reply.body };
};
const rest = { address: "", city: "", postCode: "", phone: "", bankName: "", bankAccount: "" };
const company = { ...rest, name: "示例物业", taxId: "91350100M000100Y43", country: "CN" };
const from = (fromDay: string, identity: object | null) => ({ fromDay, identity });

test("the operator's tax identity is a manager's word, an account's a clerk's; a wrong number is refused", async () => {
  expect((await ask("reader", "GET", "/tax-identity")).body).toEqual({ current: null, items: [] });
  expect((await ask("clerk", "POST", "/tax-identity", from("2026-01-01", company))).status).toBe(403);
  const slip = { ...company, taxId: "91350100M000100Y34" };
  expect(await ask("boss", "POST", "/tax-identity", from("2026-01-01", slip))).toMatchObject({
    status: 422,
    body: { code: "tax.invalid", detail: expect.stringContaining("check digit") },
  });
  for (const wrong of [
    { ...company, name: " " },
    { ...company, country: "China" },
  ])
    expect((await ask("boss", "POST", "/tax-identity", from("2026-01-01", wrong))).status).toBe(400);
  expect((await ask("boss", "POST", "/tax-identity", from("2026-02-30", company))).status).toBe(400);
  // Two clicks are one word.
  const typed = { ...company, taxId: "91350100 m000100y43" };
  const clicks = await Promise.all([0, 1].map(() => ask("boss", "POST", "/tax-identity", from("2026-01-01", typed))));
  expect(clicks.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 201]);
  await ask("boss", "POST", "/tax-identity", from("2026-07-01", { ...company, name: "new name" }));
  expect((await ask("reader", "GET", "/tax-identity")).body).toMatchObject({
    current: company,
    items: [
      { fromDay: "2026-07-01", identity: { name: "new name" }, notedBy: "User boss", isLast: true },
      { fromDay: "2026-01-01", identity: company },
    ],
  });
  expect((await ask("other", "GET", "/tax-identity")).body.items).toEqual([]);
  const path = `/accounts/${estate.flat}/tax-identity`;
  expect((await ask("reader", "POST", path, from("2026-01-01", company))).status).toBe(403);
  expect((await ask("other", "POST", path, from("2026-01-01", company))).status).toBe(404);
  expect((await ask("other", "GET", path)).status).toBe(404);
  const german = { ...company, country: "DE", taxId: "DE12345678" };
  expect((await ask("clerk", "POST", path, from("2026-01-01", german))).body.code).toBe("tax.invalid");
  expect((await ask("clerk", "POST", path, from("2026-01-01", { ...company, name: "店" }))).status).toBe(201);
});

test("the bill's e-invoice takes both from the books, and from then on none where it is withdrawn", async () => {
  const json = async () => (await ask("clerk", "GET", `/bills/${estate.bill}/invoice.json`)).body.发票基本信息;
  expect(await json()).toMatchObject({ 销售方纳税人识别号: company.taxId, 购买方名称: "店" });
  const typed = await ask("clerk", "GET", `/bills/${estate.bill}/invoice.json?taxId=91330200MA28XXXX07`);
  expect(typed.body.发票基本信息.销售方纳税人识别号).toBe("91330200MA28XXXX07");
  await ask("clerk", "POST", `/accounts/${estate.flat}/tax-identity`, from("2026-01-02", null));
  expect(await json()).toMatchObject({ 购买方纳税人识别号: null });
  const { current, items } = (await ask("reader", "GET", `/accounts/${estate.flat}/tax-identity`)).body;
  expect([current, items.map((one: { identity: object | null }) => one.identity !== null)]).toEqual([
    null,
    [false, true],
  ]);
});
