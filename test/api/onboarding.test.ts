import type { Pool } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { App } from "../../api/routes/route.ts";
import { hashDevicePassword } from "../../broker/password.ts";
import { type Collectors, startCollectors } from "../../collectors/main.ts";
import { MINUTE_MS } from "../../domain/instant.ts";
import { noTelemetry } from "../../domain/telemetry.ts";
import { ownerPool } from "../support/database.ts";
import { PASSWORD as DEVICE_PASSWORD, publish, signedIn, type WireClient } from "../support/mqtt.ts";
import { appOver, cookieOf, type Estate, NOW, silent, tinyEstate } from "./support.ts";

let estate: Estate;
let owner: Pool;
let collectors: Collectors;
let device: WireClient;
let app: App;
let close: () => Promise<void>;
const cookies: Record<string, string> = {};
beforeAll(async () => {
  estate = await tinyEstate();
  owner = ownerPool(estate.ownerUrl);
  const hash = await hashDevicePassword(DEVICE_PASSWORD);
  await owner.query(
    "insert into mqtt_client (operator_id, username, password_hash, publish_filters, profile_ids) values ($1, 'gw', $2, '{#}', '{sanbiao-json}')",
    [estate.one, hash],
  );
  collectors = await startCollectors({
    db: estate.db,
    clock: { now: () => NOW },
    telemetry: noTelemetry,
    log: silent,
    host: "127.0.0.1",
    mqtt: { kind: "embedded", port: 0 },
    onCommitted: () => {},
  });
  const { takePayment, reversePayment } = await import("../../billing/payment.ts");
  ({ app, close } = await appOver(estate, {
    services: { takePayment, reversePayment, onRegister: (operatorId) => collectors.onRegister(operatorId) },
  }));
  device = await signedIn(collectors.mqttPort ?? 0, "gw");
  for (const login of ["boss", "clerk", "reader", "other"]) cookies[login] = await cookieOf(app, login);
});
afterAll(async () => {
  device.socket.destroy();
  await close();
  await collectors.stop();
  await owner.end();
  await estate.drop();
});

let id = 0;
async function say(key: string, minutesAgo: number, m3: string, register = "volume_m3"): Promise<void> {
  const t = new Date(NOW - minutesAgo * MINUTE_MS).toISOString();
  publish(device, `sanbiao/v1/${key}/readings`, JSON.stringify({ t, [register]: m3 }), ++id);
  expect(await device.next("puback", id)).not.toBeNull();
}
const get = async (url: string, login = "clerk") => {
  const reply = await app.inject({ url: `/api/v1${url}`, headers: { cookie: cookies[login] ?? "" } });
  return { status: reply.statusCode, body: reply.json() };
};
const post = async (url: string, payload: object, { key = `key-${++id}-00`, login = "clerk" } = {}) => {
  const headers = { cookie: cookies[login] ?? "", "idempotency-key": key };
  const reply = await app.inject({ method: "POST", url: `/api/v1${url}`, headers, payload });
  return { status: reply.statusCode, body: reply.json() };
};
const found = async (key: string, state = "waiting") => {
  const { body } = await get(`/found-devices?state=${state}&search=${key}`);
  return body.items.find((one: { deviceKey: string }) => one.deviceKey === key);
};
async function point(room: string, utility = "water"): Promise<string> {
  const { rows } = await owner.query<{ id: bigint }>(
    "insert into usage_point (operator_id, utility, building, room) values ($1, $2, '9', $3) returning id",
    [estate.one, utility, room],
  );
  return String(rows[0]?.id);
}
const accept = (usagePointId: string, more: object = {}) => ({
  serial: `S-${usagePointId}`,
  utility: "water",
  profileId: "sanbiao-json",
  usagePointId,
  installedAt: new Date(NOW - 120 * MINUTE_MS).toISOString(),
  ratio: "1",
  capacityPerHour: "5",
  ...more,
});

describe("a device of the tray", () => {
  test("is shown with its candidates and accepted: a meter at its point, and all that it said is booked", async () => {
    for (const minutes of [30, 20, 10]) await say("w-1", minutes, String(100 - minutes));
    const one = await found("w-1");
    expect(one).toMatchObject({
      wire: "gw",
      times: 3,
      framesKept: 3,
      candidates: [{ profileId: "sanbiao-json", choosable: true, evidence: [{ kind: "client_profile" }] }],
    });
    const at = await point("1");
    const done = await post(`/found-devices/${one.id}/accept`, accept(at, { initial: { volume_m3: "60" } }), {
      key: "accept-w-1",
    });
    expect(done).toMatchObject({ status: 201, body: { outcome: "done", replayedReadings: 3, replayPending: false } });
    const again = await post(`/found-devices/${one.id}/accept`, accept(at, { initial: { volume_m3: "60" } }), {
      key: "accept-w-1",
    });
    expect(again).toMatchObject({
      status: 200,
      body: { outcome: "already", meterId: done.body.meterId, replayedReadings: 3 },
    });
    const { rows } = await owner.query("select value from reading where meter_id = $1 order by measured_at", [
      done.body.meterId,
    ]);
    expect(rows).toEqual([{ value: 70_000_000n }, { value: 80_000_000n }, { value: 90_000_000n }]);
    const meter = await get(`/meters/${done.body.meterId}`);
    expect(meter.body).toMatchObject({ serial: `S-${at}` });
    await say("w-1", 5, "95");
    expect(await found("w-1", "accepted")).toMatchObject({
      meter: { serial: `S-${at}` },
      replayedReadings: 3,
      decision: { decision: "accept", by: "User clerk" },
    });
  });

  test("that two clerks accept at once becomes one meter; the other learns who was first", async () => {
    await say("w-2", 10, "1");
    const one = await found("w-2");
    const [a, b] = [await point("2a"), await point("2b")];
    const both = await Promise.all([
      post(`/found-devices/${one.id}/accept`, accept(a)),
      post(`/found-devices/${one.id}/accept`, accept(b), { login: "boss" }),
    ]);
    expect(both.map(({ status }) => status).toSorted((x, y) => x - y)).toEqual([201, 409]);
    const loser = both.find(({ status }) => status === 409);
    expect(loser?.body).toMatchObject({ code: "tray.decided" });
    expect(loser?.body.detail).toMatch(/accepted since it was decided by User (clerk|boss) at/);
    const { rows } = await owner.query("select count(*) as n from meter where device_key = 'w-2'");
    expect(rows).toEqual([{ n: 1n }]);
  });

  test("at a point with a meter is turned back with the way to an exchange, and exchanged when the old one is named", async () => {
    await say("w-3", 10, "5");
    const one = await found("w-3");
    const at = await point("3");
    const first = await post(
      `/found-devices/${
        (
          await (async () => {
            await say("w-3-old", 60, "7");
            return found("w-3-old");
          })()
        ).id
      }/accept`,
      accept(at, { serial: "OLD-3" }),
    );
    const taken = await post(`/found-devices/${one.id}/accept`, accept(at, { serial: "NEW-3" }));
    expect(taken).toMatchObject({ status: 409, body: { code: "tray.refused" } });
    expect(taken.body.detail).toMatch(/point_taken: .* `replaces`/);
    const { rows: none } = await owner.query("select 1 from meter where serial = 'NEW-3'");
    expect(none).toEqual([]);
    const replaces = { meterId: first.body.meterId, final: { volume_m3: "7.5" } };
    const installedAt = new Date(NOW - 15 * MINUTE_MS).toISOString();
    const done = await post(
      `/found-devices/${one.id}/accept`,
      accept(at, { serial: "NEW-3", installedAt, replaces, initial: { volume_m3: "4.9" } }),
    );
    expect(done.status).toBe(201);
    const { rows } = await owner.query(
      "select serial, removed_at is null as hangs from installation i join meter m on m.id = i.meter_id where usage_point_id = $1 order by installed_at",
      [at],
    );
    expect(rows).toEqual([
      { serial: "OLD-3", hangs: false },
      { serial: "NEW-3", hangs: true },
    ]);
  });

  test("that is ignored is kept out, and taken back", async () => {
    await say("w-4", 10, "1");
    const one = await found("w-4");
    expect(
      (await post(`/found-devices/${one.id}/ignore`, { reason: "a neighbour's" }, { key: "ignore-w-4" })).body,
    ).toEqual({ outcome: "done" });
    expect(
      (await post(`/found-devices/${one.id}/ignore`, { reason: "a neighbour's" }, { key: "ignore-w-4" })).body,
    ).toEqual({ outcome: "already" });
    expect((await post(`/found-devices/${one.id}/ignore`, { reason: "other" }, { key: "ignore-w-4" })).body.code).toBe(
      "request.conflict",
    );
    await say("w-4", 5, "2");
    expect(await found("w-4", "ignored")).toMatchObject({
      times: 2,
      framesKept: 1,
      decision: { reason: "a neighbour's" },
    });
    expect((await post(`/found-devices/${one.id}/accept`, accept(await point("4")))).body.code).toBe("tray.decided");
    expect((await post(`/found-devices/${one.id}/take-back`, {})).body).toEqual({ outcome: "done" });
    expect(await found("w-4")).toMatchObject({ state: "waiting" });
  });

  test("that is in the register without a wire gets its wire", async () => {
    await say("w-5", 10, "1");
    const { rows } = await owner.query<{ id: bigint }>(
      "insert into meter (operator_id, serial, utility, profile_id) values ($1, 'BOUGHT-5', 'water', 'sanbiao-json') returning id",
      [estate.one],
    );
    const done = await post(
      `/found-devices/${(await found("w-5")).id}/accept`,
      accept(await point("5"), { serial: "BOUGHT-5" }),
    );
    expect(done).toMatchObject({ status: 201, body: { meterId: String(rows[0]?.id), replayedReadings: 1 } });
  });

  test("is not accepted with what does not fit, and nothing is written then", async () => {
    await say("w-6", 10, "1");
    const { id: device6 } = await found("w-6");
    const at = await point("6");
    const gas = await point("6g", "gas");
    const wrong: readonly (readonly [object, string, RegExp])[] = [
      [{ profileId: "nobody" }, "profile.unknown", /nobody/],
      [{ profileId: "esphome" }, "tray.refused", /wrong_profile/],
      [{ usagePointId: gas }, "tray.refused", /wrong_utility/],
      [{ usagePointId: "999999" }, "tray.refused", /unknown_point/],
      [{ serial: "E-101" }, "tray.refused", /wrong_utility/],
      [{ installedAt: new Date(NOW + MINUTE_MS).toISOString() }, "tray.refused", /future/],
      [{ installedAt: "2026-06-01" }, "request.invalid", /offset/],
      [{ ratio: "0" }, "request.invalid", /ratio/],
      [{ capacityPerHour: "0" }, "request.invalid", /capacity/],
      [{ serial: "two words" }, "request.invalid", /one word/],
      [{ initial: { energy_import_kwh: "1" } }, "tray.refused", /wrong_register/],
      [{ initial: { nothing: "1" } }, "request.invalid", /no dial/],
    ];
    for (const [change, code, words] of wrong) {
      const { body } = await post(`/found-devices/${device6}/accept`, accept(at, change));
      expect({ change, code: body.code }).toEqual({ change, code });
      expect(body.detail).toMatch(words);
    }
    expect((await owner.query("select 1 from meter where device_key = 'w-6'")).rows).toEqual([]);
    expect(await found("w-6")).toMatchObject({ state: "waiting" });
  });

  test("is looked at by a reader, decided by a clerk, and does not exist for another operator", async () => {
    await say("w-7", 10, "1");
    const one = await found("w-7");
    expect((await get("/found-devices", "reader")).status).toBe(200);
    expect((await post(`/found-devices/${one.id}/ignore`, {}, { login: "reader" })).status).toBe(403);
    expect((await get("/found-devices", "other")).body.items).toEqual([]);
    expect((await post(`/found-devices/${one.id}/ignore`, {}, { login: "other" })).status).toBe(404);
  });
});

test("usage points are found by place, account and meter", async () => {
  const search = async (text: string) => (await get(`/usage-points?search=${encodeURIComponent(text)}`)).body.items;
  expect(await search("1-101 water")).toEqual([]);
  expect((await search("1-101")).map((one: { utility: string }) => one.utility)).toEqual([
    "electricity",
    "gas",
    "water",
  ]);
  expect(await search("W-101")).toMatchObject([
    { utility: "water", meter: { serial: "W-101" }, account: { number: "A-101" } },
  ]);
  expect((await get("/usage-points?search=W-101", "other")).body.items).toEqual([]);
});

describe("a register that is brought as a file", () => {
  const bring = async (body: Buffer | string, query = "name=register.csv", login = "clerk", type = "text/csv") => {
    const headers = { cookie: cookies[login] ?? "", "content-type": type };
    const reply = await app.inject({
      method: "POST",
      url: `/api/v1/register-imports?${query}`,
      headers,
      payload: body,
    });
    return { status: reply.statusCode, body: reply.json() };
  };

  test("is rehearsed, refused with a file to correct, applied, and found there again", async () => {
    const good = "building,room,utility\n20,1,water\n";
    expect((await bring(good, "name=a.csv&dryRun=true")).body).toMatchObject({
      outcome: "rehearsed",
      counts: { points: { created: 1 } },
    });
    const bad = await bring(`${good}20,2,steam\n`);
    expect(bad.body).toMatchObject({
      outcome: "refused",
      rows: [{ line: 3, errors: [{ column: "utility", code: "not_choice" }] }, { line: 2 }],
    });
    const file = await app.inject({ url: bad.body.refusedFile, headers: { cookie: cookies.clerk ?? "" } });
    expect(file.body).toContain("20,2,steam,");
    const foreign = await app.inject({ url: bad.body.refusedFile, headers: { cookie: cookies.other ?? "" } });
    expect(foreign.statusCode).toBe(404);
    expect((await bring(good)).body).toMatchObject({ outcome: "applied", counts: { points: { created: 1 } } });
    expect((await bring(good)).body).toMatchObject({
      outcome: "applied",
      counts: { points: { created: 0, already: 1 } },
    });
  });

  test("with a meter that waits in the tray books what it said", async () => {
    await say("w-8", 10, "42");
    await bring("building,room,utility\n20,8,water\n");
    const file =
      "serial,utility,profile,client,device_key,building,room,installed_at\nF-8,water,sanbiao-json,gw,w-8,20,8,2026-05-01\n";
    expect((await bring(file)).body).toMatchObject({ outcome: "applied", replayedReadings: 1 });
    expect(await found("w-8", "accepted")).toMatchObject({ meter: { serial: "F-8" } });
  });

  test("is turned away when it is too large, no file, of another type, or brought by a reader", async () => {
    expect((await bring(Buffer.alloc(17 * 1024 * 1024, "a"))).body.code).toBe("request.too-large");
    expect((await bring(Buffer.from([1, 0, 2]), "name=x", "clerk", "application/octet-stream")).body.code).toBe(
      "request.invalid",
    );
    expect((await bring("{}", "name=x", "clerk", "application/json")).body.code).toBe("request.invalid");
    expect((await bring("a", "name=x", "clerk", "image/png")).body.code).toBe("request.unsupported-media");
    expect((await bring("building,utility\n1,water\n", "name=x", "reader")).status).toBe(403);
  });

  test("has templates that anybody signed in may take", async () => {
    for (const name of ["register.xlsx", "points.csv", "meters.csv", "accounts.csv"]) {
      const reply = await app.inject({
        url: `/api/v1/register-templates/${name}`,
        headers: { cookie: cookies.reader ?? "" },
      });
      expect([reply.statusCode, reply.headers["content-disposition"]]).toEqual([200, `attachment; filename="${name}"`]);
    }
  });
});
