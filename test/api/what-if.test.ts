import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { App } from "../../api/routes/route.ts";
import { ownerPool } from "../support/database.ts";
import { SmallTown } from "../support/town.ts";
import { appOver, cookieOf, type Estate, tinyEstate, USERS } from "./support.ts";

let estate: Estate;
let app: App;
let close: () => Promise<void>;
let home: bigint;
const cookies = new Map<string, string>();
const POWER = "zhejiang.electricity.residential";
const flat = {
  id: "draft.electricity",
  version: "1",
  utility: "electricity",
  unit: "kWh",
  currency: "CNY",
  effectiveFrom: "2030-01-01",
  zone: "Asia/Shanghai",
  title: { zh: "草稿", en: "Draft" },
  source: ["invented"],
  charges: [{ kind: "energy", form: "flat", id: "energy", title: { zh: "电费", en: "Energy" }, price: "1" }],
};

beforeAll(async () => {
  estate = await tinyEstate();
  ({ app, close } = await appOver(estate));
  const owner = ownerPool(estate.ownerUrl);
  const town = Reflect.construct(SmallTown, [owner, estate.one]) as SmallTown;
  for (const [number, kwh] of [
    ["=H-1", 100],
    ["H-2", 200],
  ] as const) {
    const account = await town.account(number);
    home = account;
    const { meter } = await town.supply({ account, tariff: POWER, from: "2026-05-01", serial: `E-${number}` });
    await town.readings(meter, "energy_import_kwh", [
      ["2026-05-01T00:00:00+08:00", 0],
      ["2026-06-01T00:00:00+08:00", kwh],
    ]);
  }
  await owner.end();
  for (const login of USERS) cookies.set(login, await cookieOf(app, login));
});
afterAll(async () => {
  await close();
  await estate.drop();
});

const ask = async (method: "GET" | "POST" | "DELETE", path: string, payload?: object, as = "clerk") => {
  const headers = { cookie: cookies.get(as) ?? "" };
  const url = `/api/v1${path}`;
  const reply = await app.inject(payload === undefined ? { method, url, headers } : { method, url, headers, payload });
  return { status: reply.statusCode, body: reply.json() as any };
};
const may = { from: "2026-05", tariffs: [{ document: flat, insteadOf: [POWER] }] };

/** Asks until the comparison is over. */
async function finished(id: string): Promise<any> {
  for (const deadline = performance.now() + 30_000; performance.now() < deadline; ) {
    const { body } = await ask("GET", `/what-ifs/${id}`);
    if (body.state !== "running") return body;
  }
  return expect.fail("the comparison did not end");
}

describe("what-if", () => {
  test("a draft over a past month: totals, who pays more, account by account, and as CSV", async () => {
    const started = await ask("POST", "/what-ifs", may);
    expect(started).toMatchObject({ status: 202, body: { tariffs: ["draft.electricity@1"], of: 2 } });
    const done = await finished(started.body.id);
    expect(done).toMatchObject({
      state: "done",
      done: 2,
      trouble: "",
      from: "2026-05-01T00:00:00+08:00",
      to: "2026-06-01T00:00:00+08:00",
      summary: {
        accounts: 2,
        leftOut: 0,
        before: { amount: "161.40", currency: "CNY" }, // 300 kWh at 0.538
        after: { amount: "300.00" },
        change: { amount: "138.60" },
        more: 2,
        topMore: [
          { number: "H-2", change: { amount: "92.40" } },
          { number: "=H-1", change: { amount: "46.20" } },
        ],
      },
    });
    const bars = done.summary.bins as { accounts: number }[];
    expect(bars.reduce((sum, { accounts }) => sum + accounts, 0)).toBe(2);
    const { body } = await ask("GET", `/what-ifs/${done.id}/accounts?pageSize=1&page=2`);
    expect(body).toMatchObject({ total: 2, items: [{ number: "=H-1", utilities: [{ quantity: { value: "100" } }] }] });
    expect((await ask("GET", `/what-ifs/${done.id}/accounts?side=less`)).body.total).toBe(0);
    const csv = await app.inject({
      url: `/api/v1/what-ifs/${done.id}/accounts.csv`,
      headers: { cookie: cookies.get("clerk") ?? "" },
    });
    expect(csv.headers["content-type"]).toContain("text/csv");
    expect(csv.body.trimEnd().split("\r\n").slice(1)).toEqual([
      "H-2,H-2,1,".concat(String(home), ",electricity,200,kWh,107.60,200.00,92.40,CNY,0,"),
      expect.stringMatching(/^'=H-1,'=H-1,1,\d+,electricity,100,kWh,53\.80,100\.00,46\.20,CNY,0,$/),
    ]);
  });

  test("what cannot be compared is named", async () => {
    const started = await ask("POST", "/what-ifs", { from: "2026-05", tariffs: [{ document: flat }] });
    const done = await finished(started.body.id);
    expect(done.summary).toMatchObject({ accounts: 2, leftOut: 1 });
    const { body } = await ask("GET", `/what-ifs/${done.id}/left-out`);
    expect(body).toMatchObject({ total: 1, items: [{ number: "A-101", reason: "no_tariff", month: "2026-05" }] });
  });

  test("is a clerk's to start, everybody's to read, and of the own operator only; one that is over stays as it is", async () => {
    expect((await ask("POST", "/what-ifs", may, "reader")).status).toBe(403);
    const { body } = await ask("POST", "/what-ifs", { ...may, accountId: String(home) });
    expect((await finished(body.id)).summary.accounts).toBe(1);
    expect((await ask("GET", `/what-ifs/${body.id}`, undefined, "reader")).status).toBe(200);
    expect((await ask("GET", `/what-ifs/${body.id}`, undefined, "other")).status).toBe(404);
    expect((await ask("DELETE", `/what-ifs/${body.id}`, undefined, "other")).status).toBe(404);
    expect((await ask("DELETE", `/what-ifs/${body.id}`)).body.state).toBe("done");
    const foreign = await ask("POST", "/what-ifs", { ...may, accountId: String(estate.foreignAccount) });
    expect((await finished(foreign.body.id)).summary.accounts).toBe(0);
  });

  test.each([
    ["a month that is not over", { ...may, from: "2026-06" }, 400, "request.invalid"],
    ["months in the wrong order", { ...may, to: "2026-04" }, 400, "request.invalid"],
    ["a tariff that nobody published", { ...may, tariffs: [{ tariff: "x" }] }, 404, "request.not-found"],
    [
      "a draft that is no tariff",
      { ...may, tariffs: [{ document: { ...flat, charges: [{}] } }] },
      422,
      "tariff.invalid",
    ],
    ["a name and a draft at once", { ...may, tariffs: [{ tariff: POWER, document: flat }] }, 400, "request.invalid"],
  ])("refuses %s", async (_title, body, status, code) => {
    expect(await ask("POST", "/what-ifs", body)).toMatchObject({ status, body: { code } });
  });

  test("the best option of an account among what the operator supplies", async () => {
    expect((await ask("GET", `/accounts/${home}/tariff-options`)).body).toMatchObject({
      from: "2025-06-01T00:00:00+08:00",
      to: "2026-06-01T00:00:00+08:00",
      utilities: [
        { utility: "electricity", current: POWER, options: [{ tariffId: POWER, cost: { amount: "107.60" } }] },
      ],
    });
    expect((await ask("GET", `/accounts/${estate.foreignAccount}/tariff-options`)).status).toBe(404);
    const { body } = await ask("GET", "/what-if-tariffs");
    expect(body.items[0]).toMatchObject({ id: POWER, agreements: 2 });
    expect(body.buildings).toContain("1");
  });
});
