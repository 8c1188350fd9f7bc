import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { App } from "../../api/routes/route.ts";
import { ownerPool } from "../support/database.ts";
import { appOver, cookieOf, type Estate, tinyEstate } from "./support.ts";

let estate: Estate;
let app: App;
let close: () => Promise<void>;
const cookies = new Map<string, string>();
const ids: string[] = [];
beforeAll(async () => {
  estate = await tinyEstate();
  ({ app, close } = await appOver(estate));
  const owner = ownerPool(estate.ownerUrl);
  const hash = await owner.query<{ h: string }>("select password_hash as h from app_user where login = 'clerk'");
  await owner.query(
    "insert into app_user (operator_id, login, name, password_hash, role) values ($1, 'clerk2', 'User clerk2', $2, 'clerk')",
    [estate.one, hash.rows[0]?.h],
  );
  await owner.query("delete from gap");
  for (const [from, to, state] of [
    ["2026-06-14T10:00:00+08:00", "2026-06-14T16:00:00+08:00", "open"],
    ["2026-06-16T08:00:00+08:00", null, "open"],
    ["2026-06-10T08:00:00+08:00", "2026-06-10T09:00:00+08:00", "filled"],
  ] as const) {
    const { rows } = await owner.query<{ id: bigint }>(
      "insert into gap (operator_id, meter_id, from_at, to_at, reason, state, settled_at) values ($1, $2, $3, $4, 'timeout', $5, case when $5 = 'filled' then $4::timestamptz end) returning id",
      [estate.one, estate.relayMeter, from, to, state],
    );
    ids.push(String(rows[0]?.id));
  }
  await owner.end();
  for (const login of ["boss", "clerk", "clerk2", "reader", "other"])
    cookies.set(login, await cookieOf(app, login as "clerk"));
});
afterAll(async () => {
  await close();
  await estate.drop();
});

const get = async (path: string, as = "clerk") => {
  const reply = await app.inject({ url: `/api/v1${path}`, headers: { cookie: cookies.get(as) ?? "" } });
  return { status: reply.statusCode, body: reply.json() as any };
};
const patch = async (id: string | undefined, body: object, as = "clerk") => {
  const headers = { cookie: cookies.get(as) ?? "" };
  const reply = await app.inject({ method: "PATCH", url: `/api/v1/gaps/${id}`, headers, payload: body });
  return { status: reply.statusCode, body: reply.json() as any };
};
const listed = async (query = "", as = "clerk") => (await get(`/gaps${query}`, as)).body.items.map((g: any) => g.id);

describe("gaps", () => {
  test("stand oldest first with place, age and reason; what is settled is asked for", async () => {
    const { body } = await get("/gaps");
    expect(body).toMatchObject({ total: 2, buildings: ["1"] });
    expect(body.items[0]).toEqual({
      id: ids[0],
      meterId: String(estate.relayMeter),
      serial: "E-101",
      utility: "electricity",
      building: "1",
      room: "101",
      register: null,
      from: "2026-06-14T10:00:00+08:00",
      to: "2026-06-14T16:00:00+08:00",
      ageSeconds: 48 * 3600,
      reason: "timeout",
      state: "open",
      stateReason: "",
      owner: null,
      mine: false,
      note: "",
      asked: 0,
      askedAt: null,
      settledAt: null,
    });
    expect(body.items[1]).toMatchObject({ id: ids[1], to: null, ageSeconds: 2 * 3600 });
    expect(await listed("?state=settled")).toEqual([ids[2]]);
    expect(await listed("?state=all")).toEqual([ids[2], ids[0], ids[1]]);
    expect(await listed(`?meterId=${estate.foreignMeter}`)).toEqual([]);
    expect(await listed("?building=2")).toEqual([]);
    expect(await listed("", "other")).toEqual([]);
  });

  test("are taken and released by a clerk, the same again changes nothing, and two clerks cannot hold one", async () => {
    expect((await patch(ids[0], { owner: "me" }, "reader")).status).toBe(403);
    expect((await patch(ids[0], { owner: "me" }, "other")).status).toBe(404);
    for (let n = 0; n < 2; n++)
      expect((await patch(ids[0], { owner: "me", note: "called the flat" })).body).toMatchObject({
        owner: { name: "User clerk" },
        mine: true,
        note: "called the flat",
      });
    expect(await listed("?owner=mine")).toEqual([ids[0]]);
    expect(await listed("?owner=nobody")).toEqual([ids[1]]);
    for (const body of [{ owner: "me" }, { owner: null }, { note: "no, I" }])
      expect((await patch(ids[0], body, "clerk2")).body).toMatchObject({ status: 409, code: "gap.owned" });
    expect((await patch(ids[0], { owner: "me" }, "boss")).body).toMatchObject({ owner: { name: "User boss" } });
    expect((await patch(ids[0], { owner: null }, "boss")).body).toMatchObject({ owner: null, note: "called the flat" });
    const both = await Promise.all(["clerk", "clerk2"].map((as) => patch(ids[1], { owner: "me" }, as)));
    expect(both.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409]);
  });

  test("are given up with a reason once they are over, not while they last, not twice", async () => {
    expect((await patch(ids[1], { givenUp: "the flat is empty" }, "boss")).body.code).toBe("gap.lasting");
    for (let n = 0; n < 2; n++)
      expect((await patch(ids[0], { givenUp: "the flat was empty" })).body).toMatchObject({
        state: "given_up",
        stateReason: "the flat was empty",
        settledAt: "2026-06-16T10:00:00+08:00",
      });
    expect((await patch(ids[0], { givenUp: "something else" })).body.code).toBe("gap.settled");
    expect((await patch(ids[2], { givenUp: "something else" })).body.code).toBe("gap.settled");
    expect((await patch(ids[0], {})).status).toBe(400);
    expect((await patch("4711", { owner: "me" })).status).toBe(404);
  });
});

describe("what was heard of a meter", () => {
  test("is counted live for today, and says what was agreed", async () => {
    const { body } = await get(`/meters/${estate.relayMeter}/heard?from=2026-06-16`);
    expect(body).toEqual({
      meterId: String(estate.relayMeter),
      everySeconds: null,
      days: [
        {
          day: "2026-06-16",
          register: "energy_import_kwh",
          expected: null,
          heard: 10,
          firstAt: "2026-06-16T00:55:00+08:00",
          lastAt: "2026-06-16T09:55:00+08:00",
          largestGapSeconds: 3600,
        },
      ],
    });
    const owner = ownerPool(estate.ownerUrl);
    await owner.query("update meter set report_every_s = 900 where id = $1", [estate.relayMeter]);
    await owner.end();
    const again = await get(`/meters/${estate.relayMeter}/heard`);
    expect(again.body.everySeconds).toBe(900);
    expect(again.body.days.map((d: any) => [d.day, d.expected, d.heard])).toEqual([
      ["2026-06-16", 40, 10],
      ["2026-06-15", 96, 24],
    ]);
  });

  test("is nobody else's business, and a wrong day is said", async () => {
    expect((await get(`/meters/${estate.relayMeter}/heard`, "other")).status).toBe(404);
    expect((await get(`/meters/${estate.relayMeter}/heard?from=2026-02-30`)).body.code).toBe("request.invalid");
    expect((await get(`/meters/${estate.relayMeter}/heard?from=2026-07-01`)).body.code).toBe("request.invalid");
  });
});
