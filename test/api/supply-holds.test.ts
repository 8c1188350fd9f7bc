import { afterAll, beforeAll, expect, test } from "vitest";
import type { App } from "../../api/routes/route.ts";
import { readSupplies } from "../../billing/prepaid/facts.ts";
import { appOver, cookieOf, type Estate, type Login, NOW, tinyEstate } from "./support.ts";

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
  const headers = { cookie: cookies.get(login) ?? "" };
  const reply = await app.inject({
    method,
    url: `/api/v1${path}`,
    headers,
    ...(payload === undefined ? {} : { payload }),
  });
  return { status: reply.statusCode, body: reply.json() };
};
/** What the engine sees of the flat now. */
const seen = async () =>
  (await estate.db.as(estate.one, (trx) => readSupplies(trx, [estate.flat], NOW))).map((row) => ({
    holds: row.holds.toSorted(),
    lowC: row.low_c,
  }))[0];
const flat = () => ({ accountId: String(estate.flat) });

test("a manager alone pauses all cuts, the same again adds nothing, and the end of it is said once", async () => {
  const pause = { kind: "pause", reason: "typhoon warning" };
  expect((await ask("clerk", "POST", "/supply-holds", pause)).status).toBe(403);
  const put = await ask("boss", "POST", "/supply-holds", pause);
  expect(put).toMatchObject({ status: 201, body: { outcome: "noted" } });
  expect(await ask("boss", "POST", "/supply-holds", pause)).toEqual({
    status: 200,
    body: { outcome: "already", id: put.body.id },
  });
  expect((await seen())?.holds).toEqual(["pause"]);
  const end = `/supply-holds/${put.body.id}/end`;
  expect((await ask("clerk", "POST", end)).status).toBe(403);
  expect((await ask("other", "POST", end)).status).toBe(404);
  expect((await ask("boss", "POST", end)).body).toEqual({ outcome: "ended" });
  expect((await ask("boss", "POST", end)).body).toEqual({ outcome: "already" });
  expect((await seen())?.holds).toEqual([]);
});

test("disputes and stop windows hold the account from their beginning to their end", async () => {
  const dispute = { kind: "dispute", ...flat(), reason: "says that the meter runs fast" };
  const later = { from: "2026-06-20T00:00:00+08:00", until: "2026-09-01T00:00:00+08:00" };
  const stop = { kind: "stop_window", ...flat(), ...later, reason: "away for the summer" };
  expect((await ask("reader", "POST", "/supply-holds", dispute)).status).toBe(403);
  const { body } = await ask("clerk", "POST", "/supply-holds", dispute);
  expect((await ask("clerk", "POST", "/supply-holds", stop)).status).toBe(201);
  expect((await seen())?.holds).toEqual(["dispute"]);
  expect((await ask("reader", "GET", `/supply-holds?accountId=${estate.flat}`)).body.items).toMatchObject([
    { kind: "stop_window", from: later.from, until: later.until, inForce: false },
    { kind: "dispute", until: null, inForce: true, endedAt: null },
  ]);
  expect((await ask("clerk", "POST", `/supply-holds/${body.id}/end`)).status).toBe(200);
  expect((await seen())?.holds).toEqual([]);
  expect((await ask("other", "GET", "/supply-holds?state=all")).body.items).toEqual([]);
});

test("protection needs evidence, an end and a manager who is another person before it is in force", async () => {
  const until = "2026-12-31T00:00:00+08:00";
  const protection = { kind: "protection", ...flat(), until, reason: "oxygen at home", evidence: "hospital letter 17" };
  expect((await ask("boss", "POST", "/supply-holds", { ...protection, evidence: "" })).status).toBe(400);
  expect((await ask("boss", "POST", "/supply-holds", { ...protection, until: null })).status).toBe(400);
  const own = await ask("boss", "POST", "/supply-holds", { ...protection, reason: "my own word" });
  const refused = await ask("boss", "POST", `/supply-holds/${own.body.id}/approval`);
  expect(refused).toMatchObject({ status: 409, body: { code: "prepaid.second-person" } });
  const { body } = await ask("clerk", "POST", "/supply-holds", protection);
  const approval = `/supply-holds/${body.id}/approval`;
  expect((await seen())?.holds).toEqual([]);
  expect((await ask("clerk", "POST", approval)).status).toBe(403);
  expect((await ask("boss", "POST", approval)).body).toEqual({ outcome: "approved" });
  expect((await ask("boss", "POST", approval)).body).toEqual({ outcome: "already" });
  expect((await seen())?.holds).toEqual(["protection"]);
});

test("the last word about a day's temperature counts, and the same again adds nothing", async () => {
  const day = { day: "2026-06-16", kind: "forecast", lowC: 24.5, highC: 36, source: "weather service" };
  expect((await ask("reader", "POST", "/day-temperatures", day)).status).toBe(403);
  expect((await ask("clerk", "POST", "/day-temperatures", day)).status).toBe(201);
  expect((await ask("clerk", "POST", "/day-temperatures", day)).body).toEqual({ outcome: "already" });
  expect((await ask("clerk", "POST", "/day-temperatures", { ...day, lowC: 23 })).status).toBe(201);
  expect((await seen())?.lowC).toBe("23.0");
  expect((await ask("reader", "GET", "/day-temperatures?from=2026-06-01")).body.items).toEqual([{ ...day, lowC: 23 }]);
});

test.each([
  ["an account of another operator", 404, () => ({ kind: "dispute", accountId: String(estate.foreignAccount) })],
  ["a dispute of nobody", 400, () => ({ kind: "dispute" })],
  ["an end before the beginning", 400, () => ({ kind: "dispute", ...flat(), until: "2026-06-01T00:00:00+08:00" })],
  ["an hour without offset", 400, () => ({ kind: "dispute", ...flat(), until: "2026-12-01T00:00:00" })],
])("a hold of %s is refused", async (_, status, of) => {
  expect((await ask("boss", "POST", "/supply-holds", { ...of(), reason: "because" })).status).toBe(status);
});

test.each([
  ["a day that is none", { day: "2026-02-30", lowC: 1, highC: 2 }],
  ["a night hotter than its day", { day: "2026-06-17", lowC: 30, highC: 20 }],
])("the temperature of %s is refused", async (_, said) => {
  const body = { kind: "measured", source: "station", ...said };
  expect((await ask("clerk", "POST", "/day-temperatures", body)).status).toBe(400);
});
