import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { App } from "../../api/routes/route.ts";
import { type Day, startOfDay } from "../../domain/period.ts";
import type { Reading } from "../../domain/reading.ts";
import { REGISTERS } from "../../domain/register.ts";
import { appendReadings } from "../../ledger/readings.ts";
import { appOver, cookieOf, type Estate, tinyEstate } from "./support.ts";

let estate: Estate;
let app: App;
let close: () => Promise<void>;
let clerk: string;
let stranger: string;
beforeAll(async () => {
  estate = await tinyEstate();
  ({ app, close } = await appOver(estate));
  clerk = await cookieOf(app, "clerk");
  stranger = await cookieOf(app, "other");
});
afterAll(async () => {
  await close();
  await estate.drop();
});

const get = async (path: string, cookie = clerk) => {
  const reply = await app.inject({ url: `/api/v1${path}`, headers: { cookie } });
  return { status: reply.statusCode, body: reply.json() as any };
};

describe("the overview", () => {
  test("counts meters, use, bills, supplies, refusals and runs as the books have them", async () => {
    const { status, body } = await get("/overview");
    expect(status).toBe(200);
    expect(body.now).toBe("2026-06-16T10:00:00+08:00");
    expect(body.meters).toEqual([
      { utility: "electricity", total: 1, heard: 1, late: 0, silent: 0 },
      { utility: "gas", total: 1, heard: 0, late: 0, silent: 1 },
      { utility: "water", total: 1, heard: 1, late: 0, silent: 0 },
    ]);
    // Hourly readings at :55, 0.25 kWh each: nine whole hours, and the tenth up to its last reading.
    const electricity = body.useToday.find((use: any) => use.utility === "electricity");
    expect(electricity.total).toEqual({ value: "2.479167", unit: "kWh" });
    expect(electricity.series).toHaveLength(10);
    expect(electricity.series[0]).toEqual({
      at: "2026-06-16T00:00:00+08:00",
      quantity: { value: "0.25", unit: "kWh" },
    });
    expect(body.billsLastMonth).toEqual({
      period: "2026-05",
      count: 1,
      total: { amount: "80.00", currency: "CNY" },
      openCount: 1,
      open: { amount: "80.00", currency: "CNY" },
    });
    expect(body.prepaid).toEqual([{ state: "cut", count: 1 }]);
    expect(body.refusedLast24h).toEqual([{ reason: "malformed_json", times: 3 }]);
    expect(body.runs).toMatchObject([{ state: "running", done: 1, refused: 1 }]);
  });

  test("of another operator has nothing of this one", async () => {
    const { body } = await get("/overview", stranger);
    expect(body.meters).toEqual([{ utility: "water", total: 1, heard: 0, late: 0, silent: 1 }]);
    expect(body.billsLastMonth.count).toBe(0);
    expect(body.runs).toEqual([]);
  });
});

describe("meters", () => {
  test("are listed with their place, account, last reading and position", async () => {
    const { body } = await get("/meters?utility=electricity");
    expect(body).toMatchObject({ total: 1, page: 1, buildings: ["1"] });
    expect(body.items).toEqual([
      {
        id: String(estate.relayMeter),
        serial: "E-101",
        profileId: "demo",
        utility: "electricity",
        role: "customer",
        building: "1",
        room: "101",
        account: { id: String(estate.flat), number: "A-101", name: "张三 100%_real" },
        latest: { value: "1059.75", unit: "kWh" },
        heardAt: "2026-06-16T09:55:00+08:00",
        status: "heard",
        relay: "disconnected",
      },
    ]);
  });

  test.each([
    ["status=silent", ["G-101"]],
    ["status=heard", ["E-101", "W-101"]],
    ["search=W-1", ["W-101"]],
    ["search=张三&utility=gas", ["G-101"]],
    ["building=2", []],
    ["page=2", []],
    ["pageSize=1&page=2", ["G-101"]],
  ])("filtered by %s", async (query, serials) => {
    const { body } = await get(`/meters?${encodeURI(query)}`);
    expect(body.items.map((meter: any) => meter.serial)).toEqual(serials);
  });

  test("tell each register, place, gap, verdict and conflict", async () => {
    const { body } = await get(`/meters/${estate.relayMeter}`);
    expect(body.registers).toMatchObject([
      {
        register: "energy_import_kwh",
        kind: "cumulative",
        quantity: { value: "1059.75", unit: "kWh" },
        source: "modbus",
      },
      { register: "relay_state", kind: "state", state: "disconnected", quantity: { value: "0", unit: "state" } },
    ]);
    expect(body.installations).toMatchObject([{ building: "1", room: "101", removedAt: null }]);
    expect(body.gaps).toMatchObject([{ to: null, reason: "timeout" }]);
    expect(body.verdicts).toMatchObject([{ result: "gap", register: "energy_import_kwh" }]);
    expect(body.conflicts).toMatchObject([{ booked: { value: "0.000001" }, offered: { value: "0.000002" } }]);
  });

  test("give a thinned series that ends with the last value", async () => {
    const { body } = await get(`/meters/${estate.relayMeter}/series?points=20`);
    expect(body.points.length).toBeGreaterThan(10);
    expect(body.points.length).toBeLessThanOrEqual(20);
    expect(body.points.at(-1)).toEqual({ at: "2026-06-16T09:55:00+08:00", value: "1059.75" });
    const state = await get(`/meters/${estate.relayMeter}/series?register=relay_state`);
    expect(state.body.points.map((p: any) => p.value)).toEqual(["0", "0", "0"]);
  });
});

describe("accounts", () => {
  test.each(["A-101", "张三", "1380000", "E-101", "1-101", "张三 101", "100%_real", "a-101"])(
    "are found by %s",
    async (search) => {
      const { body } = await get(`/accounts?search=${encodeURIComponent(search)}`);
      expect(body.items.map((row: any) => row.number)).toContain("A-101");
    },
  );

  test("are not found by what only looks like a pattern", async () => {
    expect((await get(`/accounts?search=${encodeURIComponent("A%1")}`)).body.total).toBe(0);
    expect((await get(`/accounts?search=${encodeURIComponent("A_101")}`)).body.total).toBe(0);
  });

  test("tell balance, supply, days left and meters", async () => {
    const { body } = await get(`/accounts/${estate.flat}`);
    expect(body).toMatchObject({
      number: "A-101",
      building: "1",
      room: "101",
      balance: { amount: "-80.00", currency: "CNY" },
      supplyState: "cut",
      prepaid: { state: "cut", desired: "disconnected", reported: "disconnected", daysLeft: 0 },
    });
    expect(body.agreements).toHaveLength(3);
    expect(body.meters.map((meter: any) => meter.serial)).toEqual(["E-101", "G-101", "W-101"]);
  });

  test("give daily use; a day without a reading before is not known, not zero", async () => {
    const { body } = await get(`/accounts/${estate.flat}/usage?from=2026-06-06&to=2026-06-17`);
    const [electricity, gas] = body.utilities;
    expect(electricity).toMatchObject({ utility: "electricity", unit: "kWh" });
    expect(electricity.days.map((d: any) => d.value)).toEqual([null, ...Array(9).fill("6"), "2.5"]);
    expect(gas.days.every((d: any) => d.value === null)).toBe(true);
  });

  test("count a reading at midnight to the day that ends there", async () => {
    const days = ["2026-06-10", "2026-06-11", "2026-06-12", "2026-06-13"];
    const batch = days.map((day, n): Reading => {
      const at = startOfDay(day as Day, "Asia/Shanghai");
      const register = REGISTERS.volume_m3.code;
      const value = 1_000_000n * BigInt(n * n);
      return {
        operatorId: estate.two,
        meterId: estate.foreignMeter,
        register,
        measuredAt: at,
        receivedAt: at,
        value,
        source: "mqtt",
      };
    });
    await appendReadings(estate.db, estate.two, batch);
    const { body } = await get(`/accounts/${estate.foreignAccount}/usage?from=2026-06-09&to=2026-06-14`, stranger);
    expect(body.utilities[0].days).toEqual([
      { day: "2026-06-09", value: null },
      { day: "2026-06-10", value: "1" },
      { day: "2026-06-11", value: "3" },
      { day: "2026-06-12", value: "5" },
      { day: "2026-06-13", value: null },
    ]);
  });

  test("have one time line of everything, in pages that neither repeat nor leave out", async () => {
    const whole = await get(`/accounts/${estate.flat}/timeline?limit=200`);
    const ids: string[] = whole.body.entries.map((entry: any) => entry.id);
    expect(new Set(whole.body.entries.map((entry: any) => entry.kind))).toEqual(
      new Set(["reading", "bill", "supply", "verdict"]),
    );
    expect(whole.body.next).toBeNull();
    const times = whole.body.entries.map((entry: any) => Date.parse(entry.at));
    expect(times).toEqual(times.toSorted((a: number, b: number) => b - a));
    const paged: string[] = [];
    let next: string | null = "";
    while (next !== null) {
      const { body }: { body: any } = await get(
        `/accounts/${estate.flat}/timeline?limit=3${next === "" ? "" : `&before=${next}`}`,
      );
      paged.push(...body.entries.map((entry: any) => entry.id));
      next = body.next;
    }
    expect(paged).toEqual(ids);
    const readings = await get(`/accounts/${estate.flat}/timeline?kinds=reading&limit=2`);
    expect(readings.body.entries).toMatchObject([
      { day: "2026-06-16", serial: "W-101" },
      { day: "2026-06-16", serial: "E-101", closing: { value: "1059.75" }, used: { value: "2.5" } },
    ]);
  });
});

describe("bills", () => {
  test("of a month and of an account show what is open", async () => {
    const month = await get("/bills?period=2026-05");
    expect(month.body).toMatchObject({
      total: 1,
      sum: { amount: "80.00" },
      items: [{ status: "open", periodFrom: "2026-05-01", periodTo: "2026-06-01" }],
    });
    expect((await get("/bills?period=2026-04")).body.items).toEqual([]);
    expect((await get("/bills?status=paid")).body.total).toBe(0);
    expect((await get(`/accounts/${estate.flat}/bills`)).body.items).toHaveLength(1);
  });

  test("tell each line and the registers behind it", async () => {
    const { body } = await get(`/bills/${estate.bill}`);
    expect(body.lines).toMatchObject([
      {
        key: "1/energy/t1",
        tier: 1,
        price: "0.5",
        quantity: { value: "160", unit: "kWh" },
        amount: { amount: "80.00" },
      },
    ]);
    expect(body.usage).toMatchObject([{ quantity: { value: "160" }, registers: [{ start: "840", end: "1000" }] }]);
  });

  test("open each line, and say when the bill is older than the keeping of what it rests on", async () => {
    const { status, body } = await get(`/bills/${estate.bill}/explain`);
    expect([status, body.inputsAre]).toEqual([200, "rebuilt"]);
    expect(body.items).toEqual([]); // no tariff of the catalogue prices this flat
    expect((await get("/bills/999999/explain")).status).toBe(404);
    expect((await get(`/bills/${estate.bill}/explain`, stranger)).status).toBe(404);
    const replay = await get(`/accounts/${estate.flat}/replay?from=2026-05`);
    expect(replay.body).toMatchObject({
      posted: false,
      difference: { amount: "0.00" },
      bills: [{ points: [{ kind: "cannot_rate" }] }],
    });
    expect((await get(`/accounts/${estate.flat}/replay`, stranger)).status).toBe(404);
    const bundle = (await get(`/bills/${estate.bill}/bundle`)).body;
    expect(bundle).toMatchObject({ format: "sanbiao.bill/1", inputsAre: "rebuilt", bill: { total: "80.00" } });
  });
});

describe("what a person looks at", () => {
  test("are refused frames, conflicts, runs, orders and the supply board", async () => {
    const { body } = await get("/refused-frames");
    expect(body.items).toMatchObject([
      { reason: "malformed_json", times: 3, payloadText: "{<script>", payloadBytes: 9 },
    ]);
    expect((await get("/refused-frames?reason=timeout")).body.total).toBe(0);
    expect((await get("/conflicts")).body.items).toHaveLength(1);
    expect((await get("/runs")).body.runs).toHaveLength(1);
    expect((await get("/controls")).status).toBe(200);
    expect((await get("/prepaid")).body.items).toMatchObject([
      { accountNumber: "A-101", serial: "E-101", room: "101" },
    ]);
    expect((await get("/prepaid?state=normal")).body.total).toBe(0);
  });
});

describe("another operator", () => {
  test.each([
    () => `/accounts/${estate.flat}`,
    () => `/accounts/${estate.flat}/timeline`,
    () => `/accounts/${estate.flat}/usage`,
    () => `/accounts/${estate.flat}/bills`,
    () => `/bills/${estate.bill}`,
    () => `/meters/${estate.relayMeter}`,
    () => `/meters/${estate.relayMeter}/series`,
  ])("finds nothing at %s", async (path) => {
    const { status, body } = await get(path(), stranger);
    expect(status).toBe(404);
    expect(body.code).toBe("request.not-found");
  });

  test("sees none of our lists", async () => {
    for (const path of ["/accounts?search=A-101", "/refused-frames", "/conflicts", "/controls", "/prepaid", "/bills"]) {
      expect((await get(path, stranger)).body.total, path).toBe(0);
    }
  });
});
