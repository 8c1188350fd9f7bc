import { afterAll, beforeAll, expect, test } from "vitest";
import type { App } from "../../api/routes/route.ts";
import { DAY_MS, instant } from "../../domain/instant.ts";
import { whyNotPlanned } from "../../billing/closing/plan.ts";
import { day } from "../../domain/period.ts";
import { ownerPool } from "../support/database.ts";
import { appOver, cookieOf, type Estate, type Login, NOW, tinyEstate } from "./support.ts";

let estate: Estate;
let app: App;
let close: () => Promise<void>;
let now = NOW;
const cookies = new Map<Login, string>();
beforeAll(async () => {
  estate = await tinyEstate();
  ({ app, close } = await appOver(estate, { clock: { now: () => now } }));
  await signIn();
});
/** Again where a day or more has passed: sessions end. */
async function signIn() {
  for (const login of ["boss", "clerk", "reader", "other"] as const) cookies.set(login, await cookieOf(app, login));
}
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
  return { status: reply.statusCode, body: reply.json() };
};
const said = { onDay: "2026-06-20", contact: "13800000009", forwardingAddress: "海曙区 1 号", note: "" };

test("a move-out is noted ahead, changed by who saw the last word, withdrawn with a reason; all of it stays", async () => {
  const path = `/accounts/${estate.flat}/planned-move-out`;
  expect((await ask("reader", "GET", path)).body).toEqual({ current: null, isDue: false, last: null, words: [] });
  expect((await ask("reader", "POST", path, said)).status).toBe(403);
  expect((await ask("other", "POST", path, said)).status).toBe(404);
  expect((await ask("other", "GET", path)).status).toBe(404);
  expect((await ask("clerk", "POST", `${path}/withdrawal`, { reason: "never said" })).body.code).toBe(
    "closing.refused",
  );
  for (const onDay of ["2026-06-16", "2026-02-30", "2029-01-01"])
    expect((await ask("clerk", "POST", path, { ...said, onDay })).status).toBeGreaterThanOrEqual(400);
  // Two clerks at once, or one who clicks twice: one word.
  const twice = await Promise.all([ask("clerk", "POST", path, said), ask("boss", "POST", path, said)]);
  expect(twice.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 201]);
  const { last } = (await ask("reader", "GET", path)).body;
  const later = { ...said, onDay: "2026-06-25" };
  expect((await ask("boss", "POST", path, later)).body.code).toBe("closing.changed");
  expect((await ask("boss", "POST", path, { ...later, after: last })).status).toBe(201);
  expect((await ask("clerk", "POST", path, { ...said, onDay: "2026-06-26", after: last })).body.code).toBe(
    "closing.changed",
  );
  const seen = (await ask("reader", "GET", path)).body;
  expect(seen).toMatchObject({ current: { onDay: "2026-06-25", notedBy: "User boss" }, isDue: false });
  const withdrawal = { reason: "stays after all", after: seen.last };
  expect((await ask("clerk", "POST", `${path}/withdrawal`, withdrawal)).status).toBe(201);
  expect((await ask("clerk", "POST", `${path}/withdrawal`, withdrawal)).status).toBe(200);
  const { current, words } = (await ask("reader", "GET", path)).body;
  expect(current).toBeNull();
  expect(words.map((one: { onDay: string; note: string }) => [one.onDay, one.note])).toEqual([
    [null, "stays after all"],
    ["2026-06-25", ""],
    ["2026-06-20", ""],
  ]);
  const owner = ownerPool(estate.ownerUrl);
  await expect(owner.query("update planned_move_out set note = 'x'")).rejects.toThrow();
  await owner.end();
});

test("on its day a planned move-out is due for a clerk, and nothing is billed or ended by it", async () => {
  const path = `/accounts/${estate.flat}/planned-move-out`;
  const { last } = (await ask("reader", "GET", path)).body;
  expect((await ask("clerk", "POST", path, { ...said, after: last })).status).toBe(201);
  const listed = async (login: Login, state: string) =>
    (await ask(login, "GET", `/planned-move-outs?state=${state}`)).body;
  const due = async () => (await ask("reader", "GET", "/overview")).body.moveOutsDue;
  expect(await listed("reader", "due")).toMatchObject({ items: [], due: 0 });
  expect(await listed("reader", "coming")).toMatchObject({ items: [{ number: "A-101", isDue: false }], total: 1 });
  expect(await due()).toBe(0);
  const before = (await ask("reader", "GET", `/accounts/${estate.flat}`)).body;
  now = instant(NOW + 4 * DAY_MS);
  await signIn();
  const row = { accountId: String(estate.flat), building: "1", room: "101", onDay: "2026-06-20", isDue: true };
  expect(await listed("reader", "due")).toMatchObject({ items: [{ ...row, contact: "13800000009" }], due: 1 });
  expect(await listed("reader", "coming")).toMatchObject({ items: [], due: 1 });
  expect(await listed("other", "all")).toMatchObject({ items: [], due: 0 });
  expect(await due()).toBe(1);
  const after = (await ask("reader", "GET", `/accounts/${estate.flat}`)).body;
  expect([after.closedOn, after.balance, after.agreements]).toEqual([null, before.balance, before.agreements]);
  expect((await ask("reader", "GET", path)).body.isDue).toBe(true);
  // Once the account is closed nobody waits for it any more; where papers go is still known.
  const owner = ownerPool(estate.ownerUrl);
  await owner.query("update account set closed_on = '2026-06-20' where id = $1", [estate.flat]);
  await owner.end();
  expect(await listed("reader", "all")).toMatchObject({ items: [], due: 0 });
  expect((await ask("reader", "GET", path)).body.current.forwardingAddress).toBe("海曙区 1 号");
});

test("which days can be planned", () => {
  const of = (onDay: string, lastBegins: string | null = "2026-01-01", ends: string | null = null) =>
    whyNotPlanned(day(onDay), day("2026-02-27"), {
      lastBegins: lastBegins === null ? null : day(lastBegins),
      ends: ends === null ? null : day(ends),
    });
  expect(of("2026-02-28")).toBeNull();
  expect(of("2028-02-27")).toBeNull();
  expect(of("2028-02-29")).toContain("two years");
  expect(of("2026-02-27")).toContain("here already");
  expect(of("2026-03-01", null)).toContain("no agreement");
  expect(of("2026-03-01", "2026-03-01")).toContain("begins on 2026-03-01");
  expect(of("2026-03-02", "2026-01-01", "2026-03-01")).toContain("end on 2026-03-01");
});
