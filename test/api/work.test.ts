import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { prometheus } from "../../api/metrics.ts";
import type { App } from "../../api/routes/route.ts";
import { reversePayment, takePayment } from "../../billing/payment.ts";
import { HOUR_MS, instant, type Instant, isoIn, MINUTE_MS } from "../../domain/instant.ts";
import type { VerdictResult } from "../../domain/verdict.ts";
import { judgeAgain } from "../../ledger/verdicts.ts";
import { appOver, cookieOf, type Estate, type Login, NOW, tinyEstate, USERS } from "./support.ts";

let estate: Estate;
let app: App;
let close: () => Promise<void>;
const cookies: Partial<Record<Login, string>> = {};
const judged: bigint[] = [];

/** The estate's meter was read at these instants. */
const read = (hoursAgo: number): Instant => instant(NOW - 5 * MINUTE_MS - hoursAgo * HOUR_MS);
const register = "energy_import_kwh" as const;

beforeAll(async () => {
  estate = await tinyEstate();
  const services = { takePayment, reversePayment, onJudged: (id: bigint) => void judged.push(id) };
  ({ app, close } = await appOver(estate, { services, metrics: prometheus({ processMetrics: false }) }));
  for (const user of USERS) cookies[user] = await cookieOf(app, user);
  const verdict = (rule: string, result: VerdictResult, from: number, to: number) => ({
    rule,
    version: 1,
    result,
    meterId: estate.relayMeter,
    register,
    period: { from: read(from), to: read(to) },
    inputs: { from: "1050", to: "5" },
    threshold: { dial_max: "100000" },
  });
  await estate.db.as(estate.one, (trx) =>
    judgeAgain(
      trx,
      [],
      [
        verdict("vee.spike", "suspect", 30, 29),
        verdict("difference.backwards", "backwards", 20, 19),
        verdict("difference.implausible_jump", "implausible_jump", 10, 9),
        verdict("difference.normal", "normal", 240, 1),
      ],
      { rules: ["vee", "difference"], touches: "ends", at: NOW },
    ),
  );
});
afterAll(async () => {
  await close();
  await estate.drop();
});

const get = async (path: string, user: Login = "clerk") =>
  (await app.inject({ url: `/api/v1${path}`, headers: { cookie: cookies[user] ?? "" } })).json();
const post = (path: string, key: string, payload: object, user: Login = "clerk") =>
  app.inject({
    method: "POST",
    url: `/api/v1${path}`,
    headers: { cookie: cookies[user] ?? "", "idempotency-key": key },
    payload,
  });
type Item = { meterId: string; register: string; from: string; to: string; rule: string };
const named = ({ meterId, register: name, from, to, rule }: Item): Item => ({
  meterId,
  register: name,
  from,
  to,
  rule,
});
const itemOf = async (rule: string): Promise<Item> => {
  const found = (await get("/exceptions")).items.find((item: Item) => item.rule === rule);
  if (found === undefined) throw new Error(`no open item of ${rule}`);
  return named(found);
};
const decide = (decision: string, items: readonly Item[], key: string, user: Login = "clerk") =>
  post("/exceptions/decisions", key, { decision, items, reason: "looked at it" }, user);
const at = (hoursAgo: number) => isoIn(read(hoursAgo), "Asia/Shanghai");

describe("the work list", () => {
  test("shows what holds a bill first, with what the book says at both ends, and nothing that is normal", async () => {
    const list = await get("/exceptions");
    expect(list.items.map((item: Item) => item.rule)).toEqual([
      "difference.backwards",
      "difference.implausible_jump",
      "vee.spike",
    ]);
    expect(list.items[0]).toMatchObject({
      holdsBill: true,
      serial: "E-101",
      building: "1",
      room: "101",
      account: { number: "A-101" },
      state: "open",
      start: { value: "1054.75", unit: "kWh" },
      end: { value: "1055", unit: "kWh" },
    });
    expect(list.rules).toContainEqual({ rule: "vee.spike", open: 1, holdsBill: false });
    expect((await get("/exceptions?holds=bill")).total).toBe(2);
    expect((await get("/exceptions?search=nobody")).items).toEqual([]);
  });

  test("of another operator is empty", async () => {
    expect((await get("/exceptions", "other")).items).toEqual([]);
  });
});

describe("decisions", () => {
  test("are written for many at once, each with its own outcome, and a second click is the same decision", async () => {
    const items = [await itemOf("vee.spike"), await itemOf("difference.implausible_jump")];
    const unknown = { ...(await itemOf("vee.spike")), rule: "vee.leak" };
    const replies = await Promise.all([
      decide("accept", [...items, unknown], "bulk-accept-1"),
      decide("accept", [...items, unknown], "bulk-accept-1"),
    ]);
    const outcomes = replies.map((reply) => (reply.json().outcomes as { outcome: string }[]).map((o) => o.outcome));
    expect(outcomes.map((one) => one.join(" ")).toSorted((a, b) => a.localeCompare(b))).toEqual([
      "already already refused",
      "written written refused",
    ]);
    expect((await get("/exceptions")).total).toBe(1);
    const [decided] = (await get("/exceptions?state=decided&rule=vee.spike")).items;
    expect(decided.decision).toMatchObject({ decision: "accept", reason: "looked at it", by: "User clerk" });
    expect(judged).toContain(estate.one);
  });

  test("are taken back by a further one", async () => {
    const [decided] = (await get("/exceptions?state=decided&rule=vee.spike")).items;
    expect((await decide("reopen", [named(decided)], "take-it-back")).json().outcomes[0].outcome).toBe("written");
    expect((await get("/exceptions")).total).toBe(2);
  });

  test("of a dial that went round fit a drop alone", async () => {
    const [refused] = (await decide("rollover", [await itemOf("vee.spike")], "rollover-spike")).json().outcomes;
    expect(refused).toMatchObject({ outcome: "refused" });
    expect(refused.detail).toMatch(/drop/);
  });

  test("need a clerk, a key and a reason", async () => {
    const items = [await itemOf("vee.spike")];
    expect((await decide("accept", items, "by-a-reader", "reader")).statusCode).toBe(403);
    expect(
      (await post("/exceptions/decisions", "no-reason", { decision: "accept", items, reason: " " })).statusCode,
    ).toBe(400);
    const keyless = {
      method: "POST",
      url: "/api/v1/exceptions/decisions",
      payload: { decision: "accept", items },
    } as const;
    expect((await app.inject({ ...keyless, headers: { cookie: cookies.clerk ?? "" } })).statusCode).toBe(400);
  });
});

describe("an edit", () => {
  test("leaves a reading out, settles its item and shows beside the raw curve; its undo brings the reading back", async () => {
    const item = await itemOf("difference.backwards");
    const body = { register, at: item.to, says: { kind: "exclude" }, reason: "transient", settles: named(item) };
    const path = `/meters/${estate.relayMeter}/edits`;
    expect((await post(path, "exclude-one", body)).statusCode).toBe(201);
    expect((await post(path, "exclude-one", body)).json().outcome).toBe("already");
    expect((await get("/exceptions?state=decided&rule=difference.backwards")).items[0].decision.decision).toBe(
      "edited",
    );
    const series = await get(`/meters/${estate.relayMeter}/series`);
    expect(series.edits).toEqual([{ at: item.to, value: null, origin: "clerk", method: null }]);
    expect(series.points.map((p: { at: string }) => p.at)).toContain(item.to);
    const [edit] = (await get(path)).items;
    expect(edit).toMatchObject({
      kind: "exclude",
      stands: true,
      by: "User clerk",
      booked: { value: "1055", unit: "kWh" },
    });
    expect((await post(`${path}/${edit.id}/undo`, "undo-one", { reason: "it was right" })).statusCode).toBe(201);
    expect((await post(`${path}/${edit.id}/undo`, "undo-twice", { reason: "it was right" })).statusCode).toBe(409);
    expect((await get(`/meters/${estate.relayMeter}/series`)).edits).toEqual([]);
    expect((await get(path)).items.map((e: { kind: string }) => e.kind)).toEqual(["restore", "exclude"]);
  });

  test.each<[string, object, number]>([
    ["of a reading that is not there", { at: at(2.5), says: { kind: "exclude" } }, 404],
    ["of tomorrow", { at: isoIn(instant(NOW + 24 * HOUR_MS), "UTC"), says: { kind: "value", value: "1" } }, 400],
    ["with a negative value", { at: at(2), says: { kind: "value", value: "-1" } }, 400],
    ["with more places than a register has", { at: at(2), says: { kind: "value", value: "1.1234567" } }, 400],
    [
      "of a register that does not count",
      { register: "relay_state", at: at(2), says: { kind: "value", value: "1" } },
      400,
    ],
    ["at no instant", { at: "yesterday", says: { kind: "value", value: "1" } }, 400],
  ])("%s is refused", async (_, more, status) => {
    const body = { register, reason: "for the test", ...more };
    const reply = await post(`/meters/${estate.relayMeter}/edits`, `refused-${status}-${_.length}`, body);
    expect(reply.statusCode).toBe(status);
  });

  test("of another operator's meter is not found", async () => {
    const body = { register: "volume_m3", at: at(2), says: { kind: "value", value: "1" }, reason: "for the test" };
    expect((await post(`/meters/${estate.foreignMeter}/edits`, "foreign-meter", body)).statusCode).toBe(404);
  });
});
