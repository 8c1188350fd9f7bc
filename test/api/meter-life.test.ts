import { afterAll, beforeAll, expect, test } from "vitest";
import type { App } from "../../api/routes/route.ts";
import { reversePayment, takePayment } from "../../billing/payment.ts";
import { appOver, cookieOf, type Estate, tinyEstate } from "./support.ts";

let estate: Estate;
let app: App;
let close: () => Promise<void>;
const heard: string[] = [];
const cookies: Record<string, string> = {};

beforeAll(async () => {
  estate = await tinyEstate();
  const services = {
    takePayment,
    reversePayment,
    onMeterLife: async (_operator: bigint, meterId: bigint, what: string) => void heard.push(`${what} ${meterId}`),
  };
  ({ app, close } = await appOver(estate, { services }));
  for (const login of ["boss", "clerk", "reader", "other"] as const) cookies[login] = await cookieOf(app, login);
});
afterAll(async () => {
  await close();
  await estate.drop();
});

let keys = 0;
const post = async (url: string, payload: object, login = "clerk", key = `key-${++keys}-000`) => {
  const headers = { cookie: cookies[login] ?? "", "idempotency-key": key };
  const reply = await app.inject({ method: "POST", url: `/api/v1${url}`, payload, headers });
  return { status: reply.statusCode, ...reply.json() };
};
const get = async (url: string, login = "reader") =>
  (await app.inject({ method: "GET", url: `/api/v1${url}`, headers: { cookie: cookies[login] ?? "" } })).json();
const why = { reason: "eight years old" };
const at = "2026-06-16T09:00:00+08:00";

test("a manager registers a meter and the wires are told; a clerk may not", async () => {
  const meter = { serial: "E-NEW", profileId: "eastron-sdm630", ...why };
  expect(await post("/meters", meter)).toMatchObject({ status: 403 });
  const done = await post("/meters", meter, "boss");
  expect(done).toMatchObject({ status: 201, outcome: "done" });
  expect(heard).toEqual([`registered ${done.meterId}`]);
  expect((await get("/spare-meters?utility=electricity")).items).toEqual([
    { id: done.meterId, serial: "E-NEW", profileId: "eastron-sdm630" },
  ]);
});

test("an exchange is rehearsed without a trace, done once, and told with both dials", async () => {
  const [spare] = (await get("/spare-meters?utility=electricity")).items;
  const body = {
    newMeterId: spare.id,
    at,
    final: { energy_import_kwh: "1060" },
    initial: { energy_import_kwh: "5" },
    photo: "sha256:abc",
    ...why,
  };
  const url = `/meters/${estate.relayMeter}/exchanges`;
  const preview = await post(`${url}?preview=true`, body);
  expect(preview).toMatchObject({ status: 200, outcome: "preview", eventId: null });
  expect((await get(`/meters/${estate.relayMeter}/events`)).items).toEqual([]);
  expect(await post(url, body, "reader")).toMatchObject({ status: 403 });
  expect(await post(url, body, "clerk", "once-and-only")).toMatchObject({ status: 201, outcome: "done" });
  expect(await post(url, body, "clerk", "once-and-only")).toMatchObject({ status: 200, outcome: "already" });
  expect(await post(url, { ...body, at: "2026-06-16T09:30:00+08:00" }, "clerk", "once-and-only")).toMatchObject({
    status: 409,
    code: "request.conflict",
  });
  const [event] = (await get(`/meters/${estate.relayMeter}/events`)).items;
  expect(event).toMatchObject({
    kind: "exchanged",
    photo: "sha256:abc",
    recordedBy: "User clerk",
    detail: { newSerial: "E-NEW", final: { energy_import_kwh: "1060" }, initial: { energy_import_kwh: "5" } },
  });
  expect(heard.at(-1)).toBe(`changed ${spare.id}`);
});

test("what stands against it is said by name, and what is no instant, ratio or register is a bad request", async () => {
  const url = `/meters/${estate.relayMeter}`;
  expect(await post(`${url}/removals`, { at, ...why })).toMatchObject({
    status: 422,
    code: "meter.refused",
    detail: expect.stringMatching(/^not_installed: /),
  });
  for (const bad of [
    { at: "2026-06-16T09:00:00", ratio: "40" },
    { at, ratio: "0" },
    { at, ratio: "-1" },
    { at, ratio: "40", dials: { nonsense: "1" } },
    { at, ratio: "40", dials: { energy_import_kwh: "1e5" } },
  ]) {
    expect(await post(`${url}/ratios`, { ...bad, ...why }), JSON.stringify(bad)).toMatchObject({ status: 400 });
  }
  expect(await post(`${url}/ratios`, { at, ratio: "40" })).toMatchObject({ status: 400 });
  expect(await post(`${url}/ratios`, { at, ratio: "40", ...why }, "other")).toMatchObject({
    status: 422,
    detail: expect.stringMatching(/^unknown_meter: /),
  });
});

test("seals and verifications are on the meter, and one that ends soon is on the list", async () => {
  const { items } = await get("/meters?search=W-101");
  const [water] = items;
  const url = `/meters/${water.id}`;
  expect(await post(`${url}/seals`, { number: "S-1", act: "fixed", at, person: "Li", ...why })).toMatchObject({
    status: 201,
  });
  const verified = { verifiedOn: "2020-07-01", certificate: "JD-77", dueOn: "2026-06-30", ...why };
  expect(await post(`${url}/calibrations`, verified)).toMatchObject({ status: 201 });
  expect(await get(`${url}/events`)).toMatchObject({
    seals: [{ number: "S-1", person: "Li" }],
    calibration: { certificate: "JD-77", dueOn: "2026-06-30", overdue: false },
  });
  expect(await get("/calibrations?dueWithinDays=14")).toMatchObject({
    items: [{ serial: "W-101", dueOn: "2026-06-30", overdue: false }],
    total: 1,
    overdue: 0,
    unrecorded: 2,
  });
  expect((await get("/calibrations?dueWithinDays=13")).items).toEqual([]);
  expect((await get("/calibrations", "other")).items).toEqual([]);
});

test("a new ratio before an issued bill is allowed and names the bill that must be made again", async () => {
  const url = `/meters/${estate.relayMeter}/ratios`;
  const early = { at: "2026-05-15T00:00:00+08:00", ratio: "40", ...why };
  expect(await post(url, early)).toMatchObject({ status: 201, rebill: ["2026-05-A-101"] });
  const [event] = (await get(`/meters/${estate.relayMeter}/events`)).items;
  expect(event).toMatchObject({ kind: "ratio", detail: { from: "1", to: "40", rebill: ["2026-05-A-101"] } });
});

test("a ratio entered late makes the pictures right and leaps nowhere", async () => {
  const [water] = (await get("/meters?search=W-101")).items;
  const late = { at: "2026-06-12T00:00:00+08:00", ratio: "10", ...why };
  expect(await post(`/meters/${water.id}/ratios`, late)).toMatchObject({ status: 201 });
  const { points } = await get(`/meters/${water.id}/series?points=10`);
  expect(points.at(-1).value).toBe("523.9"); // a dial of 52.39 at ten
  const use = await get(`/accounts/${estate.flat}/usage?from=2026-06-08&to=2026-06-16`);
  const days = use.utilities.find(({ utility }: { utility: string }) => utility === "water").days;
  expect(days.map(({ value }: { value: string }) => value)).toEqual([
    "0.24",
    "0.24",
    "0.24",
    "0.24",
    "2.4",
    "2.4",
    "2.4",
    "2.4",
  ]);
  const { useToday } = await get("/overview");
  const today = useToday.find(({ utility }: { utility: string }) => utility === "water");
  expect(Number(today.total.value)).toBeCloseTo(0.99, 1); // since midnight, a tenth of a cubic metre an hour
});
