import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { App } from "../../api/routes/route.ts";
import { hang } from "../support/building.ts";
import { ownerPool } from "../support/database.ts";
import { SmallTown } from "../support/town.ts";
import { appOver, cookieOf, type Estate, tinyEstate, USERS } from "./support.ts";

let estate: Estate;
let app: App;
let close: () => Promise<void>;
let master: { meter: bigint; point: bigint };
let lamp: { meter: bigint; point: bigint };
const cookies = new Map<string, string>();
const MAY = ["2026-05-01T00:00:00+08:00", "2026-06-01T00:00:00+08:00"] as const;

beforeAll(async () => {
  estate = await tinyEstate();
  ({ app, close } = await appOver(estate));
  const owner = ownerPool(estate.ownerUrl);
  const town = Reflect.construct(SmallTown, [owner, estate.one]) as SmallTown;
  const ends = (a: number, b: number): [string, number][] => [
    [MAY[0], a],
    [MAY[1], b],
  ];
  await town.readings(estate.relayMeter, "energy_import_kwh", ends(700, 900));
  master = await hang(town, { serial: "M-1", at: MAY[0], points: ends(0, 250) });
  lamp = await hang(town, { serial: "L-1", role: "customer", at: MAY[0], points: ends(0, 10) });
  await owner.end();
  for (const login of USERS) cookies.set(login, await cookieOf(app, login));
});
afterAll(async () => {
  await close();
  await estate.drop();
});

const ask = async (method: "GET" | "PUT" | "POST", path: string, payload?: object, as = "boss", key = "") => {
  const headers = { cookie: cookies.get(as) ?? "", ...(key === "" ? {} : { "idempotency-key": key }) };
  const url = `/api/v1${path}`;
  const reply = await app.inject(payload === undefined ? { method, url, headers } : { method, url, headers, payload });
  return { status: reply.statusCode, body: reply.json() as any };
};
const rule = { fromDay: "2026-01-01", key: "area", lossAllowancePercent: "2", apportioned: ["common", "residue"] };
const closing = () => ({ masterPointId: String(master.point), period: "2026-05" });

describe("balances", () => {
  test("a month that nobody closed shows its masters without figures, to every role, and to the other operator nothing", async () => {
    for (const as of ["boss", "clerk", "reader"]) {
      const { body } = await ask("GET", "/balances", undefined, as);
      expect(body).toMatchObject({
        period: "2026-05",
        items: [
          { masterPointId: String(master.point), utility: "electricity", building: "1", serial: "M-1", balance: null },
        ],
      });
    }
    expect((await ask("GET", "/balances", undefined, "other")).body.items).toEqual([]);
    expect((await ask("GET", "/balances?period=2026-13")).status).toBe(400);
    expect((await ask("GET", "/balances?utility=water")).body.items).toEqual([]);
  });

  test("topology and rule are a manager's, areas a clerk's; the same again is already, a loop and strangers are refused", async () => {
    const put = { fromDay: "2026-01-01", masterPointId: String(master.point), purpose: "common" };
    expect((await ask("PUT", `/usage-points/${lamp.point}/master`, put, "clerk")).status).toBe(403);
    expect((await ask("PUT", `/usage-points/${lamp.point}/master`, put)).body).toEqual({ outcome: "noted" });
    expect((await ask("PUT", `/usage-points/${lamp.point}/master`, put)).body).toEqual({ outcome: "already" });
    expect((await ask("PUT", `/usage-points/${master.point}/master`, put)).status).toBe(400);
    expect((await ask("PUT", `/usage-points/${lamp.point}/master`, put, "other")).status).toBe(404);
    expect((await ask("PUT", `/masters/${master.point}/rule`, rule, "clerk")).status).toBe(403);
    expect((await ask("PUT", `/masters/${master.point}/rule`, rule)).body).toEqual({ outcome: "noted" });
    expect((await ask("PUT", `/masters/${master.point}/rule`, rule)).body).toEqual({ outcome: "already" });
    expect((await ask("PUT", `/masters/${lamp.point}/rule`, rule)).status).toBe(404);
    expect((await ask("PUT", `/masters/${master.point}/rule`, { ...rule, lossAllowancePercent: "101" })).status).toBe(
      400,
    );
    expect((await ask("PUT", `/masters/${master.point}/rule`, { ...rule, fromDay: "2026-02-30" })).status).toBe(400);
    const area = { fromDay: "2026-01-01", areaM2: "88.5" };
    expect((await ask("PUT", `/accounts/${estate.flat}/floor-area`, area, "reader")).status).toBe(403);
    expect((await ask("PUT", `/accounts/${estate.flat}/floor-area`, area, "clerk")).body).toEqual({ outcome: "noted" });
    expect((await ask("PUT", `/accounts/${estate.flat}/floor-area`, area, "clerk")).body).toEqual({
      outcome: "already",
    });
    expect((await ask("PUT", `/accounts/${estate.foreignAccount}/floor-area`, area, "clerk")).status).toBe(404);
  });

  test("a month is closed once, superseded only with a reason, and every closing stays readable", async () => {
    expect((await ask("POST", "/balances", closing(), "clerk")).status).toBe(403);
    expect((await ask("POST", "/balances", { ...closing(), period: "2026-06" })).status).toBe(400);
    expect((await ask("POST", "/balances", closing(), "other")).status).toBe(404);
    const first = await ask("POST", "/balances", closing());
    expect(first).toMatchObject({ status: 201, body: { outcome: "closed", closingNo: 1, provisional: false } });
    expect(await ask("POST", "/balances", closing())).toMatchObject({
      status: 200,
      body: { outcome: "same", closingNo: 1 },
    });
    await ask("PUT", `/masters/${master.point}/rule`, { ...rule, lossAllowancePercent: "4" });
    expect((await ask("POST", "/balances", closing())).status).toBe(409);
    const second = await ask("POST", "/balances", { ...closing(), reason: "the allowance is four percent" });
    expect(second).toMatchObject({ status: 201, body: { outcome: "superseded", closingNo: 2 } });
    const { body } = await ask("GET", `/balances/${second.body.balanceId}`, undefined, "reader");
    expect(body).toMatchObject({
      building: "1",
      master: { value: "250", unit: "kWh" },
      sub: { value: "200" },
      common: { value: "10" },
      loss: { value: "10" },
      lossPercent: "4",
      residue: { value: "30" },
      residuePercent: "12",
      rule: { key: "area", lossAllowancePercent: "4.000", apportioned: ["common", "residue"] },
      apportioned: { value: "40" },
      remainder: { value: "0" },
      parts: [
        {
          purpose: "supply",
          room: "101",
          serial: "E-101",
          accountNumber: "A-101",
          quantity: { value: "200" },
          doubts: [],
        },
        { purpose: "common", serial: "L-1", accountId: null, quantity: { value: "10" } },
      ],
      shares: [{ accountNumber: "A-101", weight: "2743.5", quantity: { value: "40" } }],
      verdicts: [{ verdict: "above_allowance", detail: "30" }],
      reason: "the allowance is four percent",
    });
    expect(body.closings.map((c: any) => [c.closingNo, c.loss.value])).toEqual([
      [2, "10"],
      [1, "5"],
    ]);
    expect(body.history).toHaveLength(1);
    expect((await ask("GET", `/balances/${first.body.balanceId}`)).body).toMatchObject({ loss: { value: "5" } });
    expect((await ask("GET", `/balances/${first.body.balanceId}`, undefined, "other")).status).toBe(404);
  });

  test("units are written off by a manager, once per key, with a reason, and never more than there are", async () => {
    const path = `/usage-points/${master.point}/write-offs`;
    const off = { of: "residue", quantity: "2.5", reason: "a burst pipe in the yard" };
    expect((await ask("POST", path, off, "clerk", "write-off-1")).status).toBe(403);
    expect((await ask("POST", path, off)).status).toBe(400);
    expect((await ask("POST", path, { ...off, reason: "" }, "boss", "write-off-1")).status).toBe(400);
    expect((await ask("POST", path, { ...off, quantity: "31" }, "boss", "write-off-1")).status).toBe(400);
    expect(await ask("POST", path, off, "boss", "write-off-1")).toMatchObject({
      status: 201,
      body: { outcome: "posted" },
    });
    expect(await ask("POST", path, off, "boss", "write-off-1")).toMatchObject({
      status: 200,
      body: { outcome: "already" },
    });
    expect((await ask("POST", path, { ...off, quantity: "3" }, "boss", "write-off-1")).status).toBe(409);
    expect((await ask("POST", path, off, "other", "write-off-1")).status).toBe(400);
    expect((await ask("GET", `/usage-points/${master.point}/energy`, undefined, "reader")).body.accounts).toMatchObject(
      {
        metered: { value: "-250", unit: "kWh" },
        residue: { value: "27.5" },
        written_off: { value: "2.5" },
      },
    );
    expect((await ask("GET", `/usage-points/${master.point}/energy`, undefined, "other")).status).toBe(404);
  });
});
