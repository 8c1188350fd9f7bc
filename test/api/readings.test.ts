import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { App } from "../../api/routes/route.ts";
import type { AnswerJson, ManualReadingsJson, RouteJson, RoutesJson } from "../../api/schemas/reading-route.ts";
import { type Instant, instant, isoOf, MINUTE_MS, SECOND_MS } from "../../domain/instant.ts";
import { verify } from "../../ledger/verify/verify.ts";
import { ownerPool } from "../support/database.ts";
import { appOver, cookieOf, type Estate, NOW, tinyEstate } from "./support.ts";

let estate: Estate;
let app: App;
let close: () => Promise<void>;
let now: Instant = NOW;
let cookies: { boss: string; clerk: string; reader: string; other: string };
let meters: { electricity: string; water: string; gas: string };
beforeAll(async () => {
  estate = await tinyEstate();
  ({ app, close } = await appOver(estate, { clock: { now: () => now } }));
  const [boss, clerk, reader, other] = await Promise.all(
    ["boss", "clerk", "reader", "other"].map((login) => cookieOf(app, login)),
  );
  cookies = { boss, clerk, reader, other } as typeof cookies;
  const { items } = (await get("/meters")).json() as { items: { id: string; utility: string }[] };
  const of = (utility: string) => items.find((meter) => meter.utility === utility)?.id ?? "";
  meters = { electricity: of("electricity"), water: of("water"), gas: of("gas") };
});
afterAll(async () => {
  await close();
  await estate.drop();
});

const get = (path: string, cookie = cookies.clerk) => app.inject({ url: `/api/v1${path}`, headers: { cookie } });

type Entry = Record<string, unknown> & { id?: string };
const entryOf = (more: Entry) => ({ id: randomUUID(), measuredAt: isoOf(now), ...more });

async function send(
  entries: readonly Entry[],
  {
    login = "reader" as keyof typeof cookies,
    phoneNow = now,
    reader = login as string,
    routeId = null as string | null,
  } = {},
) {
  const reply = await app.inject({
    method: "POST",
    url: "/api/v1/readings/manual",
    headers: { cookie: cookies[login] },
    payload: { reader, phoneNow: isoOf(phoneNow), routeId, entries },
  });
  return { status: reply.statusCode, body: reply.json() as ManualReadingsJson & { code?: string } };
}
const sendOne = async (entry: Entry, how = {}): Promise<AnswerJson> => {
  const { body, status } = await send([entryOf(entry)], how);
  expect(status).toBe(200);
  return body.answers[0] as AnswerJson;
};

const bookOf = async (meterId: string, at?: Instant) => {
  const { rows } = await estate.db.as(estate.one, (trx) =>
    trx
      .selectFrom("reading")
      .select(["measured_at", "value"])
      .where("meter_id", "=", BigInt(meterId))
      .where("source", "=", 3)
      .orderBy("measured_at")
      .execute()
      .then((rows) => ({ rows })),
  );
  return rows.filter((row) => at === undefined || row.measured_at === at).map((row) => row.value);
};

describe("a reading by hand", () => {
  test("is in the book before its answer, once however often it is sent", async () => {
    // 50 + 239 × 0.01 m³ five minutes ago, 0.24 m³ a day.
    const entry = entryOf({ meterId: meters.water, value: "52.41", note: "" });
    const answers = await Promise.all([send([entry]), send([entry]), send([entry, entry])]);
    const outcomes = answers.flatMap(({ body }) => body.answers.map((answer) => answer.outcome));
    expect(outcomes.toSorted()).toEqual(["accepted", "already", "already", "already"]);
    expect(await bookOf(meters.water, now)).toEqual([52_410_000n]);
    const again = await sendOne({ ...entry, value: "52.42" });
    expect(again).toMatchObject({ outcome: "different", entry: { value: "52.41" } });
    expect(await bookOf(meters.water, now)).toEqual([52_410_000n]);
  });

  test("outside what is expected asks for a confirmation and a note, and keeps both", async () => {
    now = instant(NOW + 60 * MINUTE_MS);
    const entry = entryOf({ meterId: meters.electricity, value: "9999" });
    const first = await sendOne(entry);
    expect(first).toMatchObject({ outcome: "outside", entry: null, expected: { basis: "recent_use", low: "1059.75" } });
    expect(await sendOne({ ...entry, confirmed: true, note: "  " })).toMatchObject({ outcome: "outside" });
    expect(await bookOf(meters.electricity)).toEqual([]);
    const confirmed = await sendOne({ ...entry, confirmed: true, note: "seal broken" });
    expect(confirmed).toMatchObject({
      outcome: "accepted",
      entry: { outside: true, note: "seal broken", value: "9999" },
    });
    expect(await bookOf(meters.electricity)).toEqual([9_999_000_000n]);
  });

  test("that is refused holds up no other of its batch", async () => {
    now = instant(NOW + 120 * MINUTE_MS);
    const { body } = await send([
      entryOf({ meterId: meters.water, value: "5 2" }),
      entryOf({ meterId: "4711", value: "1" }),
      entryOf({ meterId: String(estate.foreignMeter), value: "1" }),
      entryOf({ meterId: meters.water, value: "1", skip: "no_access" }),
      entryOf({ meterId: meters.water, skip: "no_mood" }),
      entryOf({ meterId: meters.water, value: "1", register: "energy_import_kwh" }),
      entryOf({ meterId: meters.water, value: "1", register: "flow_m3_per_h" }),
      entryOf({ meterId: meters.water, value: "1", photo: "00".repeat(32) }),
      entryOf({ meterId: meters.water, value: "1", measuredAt: "yesterday" }),
      entryOf({ meterId: meters.water, value: "1", measuredAt: isoOf(instant(now + MINUTE_MS)) }),
      entryOf({ meterId: meters.water, value: "1", measuredAt: "2026-01-05T00:00:00Z" }),
      { ...entryOf({ meterId: meters.water, value: "1" }), id: "no" },
      entryOf({ meterId: meters.water, value: "52.43" }),
    ]);
    expect(body.answers.map((answer) => answer.reason ?? answer.outcome)).toEqual([
      "bad_value",
      "unknown_meter",
      "unknown_meter",
      "bad_value",
      "bad_skip",
      "bad_register",
      "bad_register",
      "unknown_photo",
      "bad_time",
      "future",
      "too_old",
      "bad_id",
      "accepted",
    ]);
  });

  test("of two readers at one dial is kept of both: the later is a conflict that both are told", async () => {
    now = instant(NOW + 180 * MINUTE_MS);
    const first = await sendOne({ meterId: meters.water, value: "52.5" });
    expect(first.outcome).toBe("accepted");
    const readAt = now;
    now = instant(now + 2 * MINUTE_MS);
    const second = await sendOne({ meterId: meters.water, value: "52.6" }, { login: "clerk" });
    expect(second).toMatchObject({
      outcome: "conflict",
      booked: { value: "52.5", by: "User reader" },
      entry: { outcome: "conflict", value: "52.6", by: "User clerk" },
    });
    expect(await bookOf(meters.water, readAt)).toEqual([52_500_000n]);
    const { conflicts } = (await get(`/meters/${meters.water}`)).json() as { conflicts: unknown[] };
    expect(conflicts).toHaveLength(1);
    // The same look again, by a third, is no conflict.
    expect(await sendOne({ meterId: meters.water, value: "52.5" }, { login: "boss" })).toMatchObject({
      outcome: "accepted",
    });
  });

  test.each([
    ["as it is, a few seconds off", 10 * SECOND_MS, 10 * SECOND_MS, false],
    ["corrected, some minutes off", 4 * MINUTE_MS, 0, false],
    ["corrected and told, far off", -60 * MINUTE_MS, 0, true],
  ])("takes the phone's clock %s", async (_title, behind, kept, wrong) => {
    now = instant(now + 60 * MINUTE_MS);
    const phoneNow = instant(now - behind);
    const { body } = await send(
      [{ ...entryOf({ meterId: meters.gas, skip: "no_access" }), measuredAt: isoOf(phoneNow) }],
      { phoneNow },
    );
    expect(body).toMatchObject({ clockOffsetSeconds: behind / SECOND_MS, clockWrong: wrong });
    expect(instant(Date.parse(body.answers[0]?.entry?.measuredAt ?? ""))).toBe(now - kept);
    expect(body.answers[0]?.entry).toMatchObject({ outcome: "skipped", skip: "no_access", clockWrong: wrong });
  });

  test("is not sent under another's name, nor by nobody", async () => {
    const { status, body } = await send([entryOf({ meterId: meters.water, value: "53" })], { reader: "boss" });
    expect([status, body.code]).toEqual([409, "reading.other-reader"]);
    const nobody = await app.inject({ method: "POST", url: "/api/v1/readings/manual", payload: {} });
    expect(nobody.statusCode).toBe(401);
  });

  test("behind a current transformer is typed as the dial shows it and booked as what was used", async () => {
    const owner = ownerPool(estate.ownerUrl);
    const { rows } = await owner.query<{ id: bigint }>(
      `with m as (insert into meter (operator_id, serial, utility, profile_id) values ($1, 'CT-40', 'electricity', 'by-hand-electricity-5-1') returning id),
            u as (insert into usage_point (operator_id, utility, building, room) values ($1, 'electricity', 'CT', '') returning id)
       insert into installation (operator_id, meter_id, usage_point_id, installed_at, ratio, capacity_per_hour)
         select $1, m.id, u.id, '2026-01-01T00:00:00+08', 40, 400 from m, u returning meter_id as id`,
      [estate.one],
    );
    await owner.end();
    const meterId = String(rows[0]?.id);
    expect(await sendOne({ meterId, value: "100.5" })).toMatchObject({
      outcome: "accepted",
      expected: { basis: "dial", high: "100000" },
    });
    expect(await bookOf(meterId)).toEqual([4_020_000_000n]);
    now = instant(now + 120 * MINUTE_MS);
    // Ten units an hour at the dial, and one for rounding.
    const expected = { basis: "capacity", low: "100.5", high: "121.5", from: { value: "100.5" } };
    expect(await sendOne({ meterId, value: "4100" })).toMatchObject({ outcome: "outside", expected });
    expect(await sendOne({ meterId, value: "121.5" })).toMatchObject({ outcome: "accepted" });
    expect(await bookOf(meterId)).toEqual([4_020_000_000n, 4_860_000_000n]);
  });

  test("leaves books that verify", async () => {
    const owner = ownerPool(estate.ownerUrl);
    const checks = await verify(owner);
    await owner.end();
    expect(checks.find((check) => check.name === "hand-readings")).toMatchObject({ ok: true, broken: 0 });
    expect(checks.find((check) => check.name === "hand-readings")?.counted).toBeGreaterThanOrEqual(5);
    // One conflict is ours; the other, whose reading was never booked, is the estate's own and invented.
    expect(checks.find((check) => check.name === "conflicts-booked")).toMatchObject({ counted: 2, broken: 1 });
  });
});

const PNG = Buffer.from(
  "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c626001000000ffff03000006000557bfabd40000000049454e44ae426082",
  "hex",
);

describe("a photo", () => {
  const post = (payload: Buffer, type: string, cookie = cookies.reader) =>
    app.inject({ method: "POST", url: "/api/v1/photos", headers: { cookie, "content-type": type }, payload });

  test("is kept by its content and shown to its operator only", async () => {
    const kept = await post(PNG, "image/png");
    expect([kept.statusCode, kept.json().outcome]).toEqual([201, "kept"]);
    const again = await post(PNG, "image/png", cookies.clerk);
    expect([again.statusCode, again.json()]).toEqual([200, { ...kept.json(), outcome: "already" }]);
    const { photo } = kept.json() as { photo: string };
    const shown = await get(`/photos/${photo}`);
    expect(shown.headers["content-type"]).toBe("image/png");
    expect(shown.rawPayload.equals(PNG)).toBe(true);
    expect((await get(`/photos/${photo}`, cookies.other)).statusCode).toBe(404);
    const answer = await sendOne({ meterId: meters.gas, value: "7", photo });
    expect(answer).toMatchObject({ outcome: "accepted", entry: { photo } });
  });

  test.each([
    ["of another kind than its bytes", PNG, "image/jpeg", 415, "photo.unreadable"],
    ["that is a script", Buffer.from("<svg onload=alert(1)>"), "image/png", 415, "photo.unreadable"],
    ["that claims to be SVG", Buffer.from("<svg/>"), "image/svg+xml", 415, "request.unsupported-media"],
    ["of more than a megabyte", Buffer.concat([PNG, Buffer.alloc(1_048_576)]), "image/png", 413, "request.too-large"],
    ["of nothing", Buffer.alloc(0), "image/png", 415, "photo.unreadable"],
  ])("%s is refused", async (_title, bytes, type, status, code) => {
    const reply = await post(bytes, type);
    expect([reply.statusCode, reply.json().code]).toEqual([status, code]);
  });
});

describe("a route", () => {
  const make = (payload: object, key: string = randomUUID(), cookie = cookies.clerk) =>
    app.inject({ method: "POST", url: "/api/v1/routes", headers: { cookie, "idempotency-key": key }, payload });
  const put = (id: string, payload: object) =>
    app.inject({ method: "PUT", url: `/api/v1/routes/${id}`, headers: { cookie: cookies.clerk }, payload });

  test("is made of a building once, walked, changed against the version that was seen, and retired", async () => {
    const key = randomUUID();
    const body = { name: "Building 1", building: "1", every: "day", walker: "reader" };
    const [a, b] = await Promise.all([make(body, key), make(body, key)]);
    expect(new Set([a.statusCode, b.statusCode])).toEqual(new Set([200, 201]));
    expect(a.json().id).toBe(b.json().id);
    expect((await make(body)).json()).toMatchObject({ code: "request.invalid" });
    expect((await make({ ...body, name: "Other" }, key)).json()).toMatchObject({ code: "request.conflict" });
    const { id } = a.json() as { id: string };

    const route = (await get(`/routes/${id}`, cookies.reader)).json() as RouteJson;
    expect(route.items.map((stop) => stop.meter?.utility)).toEqual(["electricity", "water", "gas"]);
    expect(route).toMatchObject({ stops: 3, walker: { login: "reader" }, roundFrom: "2026-06-16T00:00:00+08:00" });
    // What the tests above entered today counts for this round, whoever entered it on whichever route.
    expect(route).toMatchObject({ read: 3, outside: 1, conflicts: 1 });
    expect(route.items[1]).toMatchObject({
      room: "101",
      unit: "m3",
      register: "volume_m3",
      expected: { basis: "recent_use" },
    });
    expect(JSON.stringify(route)).not.toMatch(/CNY|amount|balance/);

    const stops = route.items.toReversed().map(({ usagePointId }) => ({ usagePointId, hint: "left door" }));
    const changed = await put(id, {
      name: "Building 1",
      every: "week",
      version: route.version,
      stops: stops.slice(0, 2),
    });
    expect(changed.json()).toMatchObject({ outcome: "written", version: 2 });
    const after = (await get(`/routes/${id}`)).json() as RouteJson;
    expect(after.items.map((stop) => [stop.meter?.utility, stop.hint])).toEqual([
      ["gas", "left door"],
      ["water", "left door"],
    ]);
    expect((await put(id, { name: "Mine", every: "week", version: 1, stops: [] })).json()).toMatchObject({
      code: "route.changed",
    });

    const gone = await app.inject({
      method: "DELETE",
      url: `/api/v1/routes/${id}`,
      headers: { cookie: cookies.clerk },
    });
    expect(gone.statusCode).toBe(204);
    expect((await get(`/routes/${id}`)).statusCode).toBe(404);
    expect(((await get("/routes")).json() as RoutesJson).items).toEqual([]);
    // A phone that was away when the route was retired loses nothing.
    now = instant(now + 60 * MINUTE_MS);
    const late = await sendOne({ meterId: meters.gas, value: "7.5" }, { routeId: id });
    expect(late.outcome).toBe("accepted");
  });

  test("is not made by a reader, of another's meters, of a meter twice, or of nothing that hangs", async () => {
    expect((await make({ name: "x" }, randomUUID(), cookies.reader)).statusCode).toBe(403);
    const refused = [
      { name: "x", stops: [{ meterId: String(estate.foreignMeter) }] },
      { name: "x", stops: [{ meterId: meters.gas }, { meterId: meters.gas }] },
      { name: "x", stops: [{ hint: "nowhere" }] },
      { name: "x", building: "no such" },
      { name: "x", walker: "other" },
      { name: "  " },
    ];
    for (const body of refused)
      expect((await make(body)).json(), JSON.stringify(body)).toMatchObject({ code: "request.invalid" });
    expect((await get("/routes", cookies.other)).json()).toMatchObject({ items: [] });
  });
});
