import { afterAll, beforeAll, expect, test } from "vitest";
import type { App } from "../../api/routes/route.ts";
import { issuePass, sendCode } from "../../api/resident.ts";
import type { ResidentHomeJson, ResidentNoticesJson } from "../../api/schemas/resident.ts";
import { instant, MINUTE_MS } from "../../domain/instant.ts";
import type { Day } from "../../domain/period.ts";
import { noTelemetry } from "../../domain/telemetry.ts";
import { noteContact } from "../../ledger/contact-points.ts";
import { noticesOf, queueNotice } from "../../ledger/notices.ts";
import { noticeDispatcher } from "../../notices/dispatch.ts";
import { inboxCarrier } from "../../notices/within.ts";
import { appOver, type Estate, NOW, tinyEstate } from "./support.ts";

let estate: Estate;
let app: App;
let close: () => Promise<void>;
beforeAll(async () => {
  estate = await tinyEstate();
  const { takePayment, reversePayment } = await import("../../billing/payment.ts");
  ({ app, close } = await appOver(estate, { services: { takePayment, reversePayment } }));
});
afterAll(async () => {
  await close();
  await estate.drop();
});

const as = <T>(work: Parameters<typeof estate.db.as<T>>[1]): Promise<T> => estate.db.as(estate.one, work);
const enter = (payload: object) => app.inject({ method: "POST", url: "/api/v1/resident/enter", payload });
const cookieOfReply = (reply: Awaited<ReturnType<typeof enter>>): string =>
  reply.cookies.map(({ name, value }) => `${name}=${value}`).join("; ");
const warning = (key: string) =>
  as((trx) =>
    queueNotice(trx, {
      accountId: estate.flat,
      kind: "supply_warning_1",
      key,
      data: { available: "3.00", readAt: "2026-06-16T09:00:00+08:00" },
      now: NOW,
    }),
  );
const servedAt = async (key: string) =>
  (await as((trx) => noticesOf(trx, estate.flat))).find((notice) => notice.key === key)?.servedAt ?? null;

test("who has come in once finds messages on the page; one that he opened was served, one that he did not was not", async () => {
  const pass = await as((trx) => issuePass({ trx, operatorId: estate.one, now: NOW }, estate.flat, 1n));
  await warning("w/before"); // he is reached nowhere: shown, never served
  const cookie = cookieOfReply(await enter({ link: pass.link }));
  await warning("w/after");
  const carriers = new Map([["inbox", inboxCarrier]] as const);
  const clock = { now: () => NOW };
  await noticeDispatcher({ db: estate.db, clock, wall: clock, telemetry: noTelemetry, carriers }).turn();
  const get = async <T>(path: string): Promise<T> =>
    (await app.inject({ method: "GET", url: `/api/v1/resident/${path}`, headers: { cookie } })).json() as T;
  expect((await get<ResidentHomeJson>("home")).unread).toBe(1);
  const { items } = await get<ResidentNoticesJson>("notices?lang=en");
  expect(items.map(({ unread }) => unread)).toEqual([true, false]);
  expect(items[0]?.text).toContain("CNY 3.00");
  const open = (id: string) =>
    app.inject({ method: "POST", url: `/api/v1/resident/notices/${id}/opened`, headers: { cookie } });
  for (const { id } of [...items, ...items]) expect((await open(id)).statusCode).toBe(204);
  expect((await get<ResidentHomeJson>("home")).unread).toBe(0);
  expect(await servedAt("w/after")).toBe(NOW);
  expect(await servedAt("w/before")).toBe(null);
});

test("a code is sent to where the account is reached, opens the page once, and takes no clerk's code away", async () => {
  const ask = (accountNumber: string, at = NOW) => sendCode(estate.db, { operator: "one", accountNumber }, at, at);
  expect(await ask("A-101")).toBe(false); // by the page alone nobody is reached who is not in
  await as((trx) =>
    noteContact(
      trx,
      estate.flat,
      {
        channel: "webhook",
        address: "13800005678",
        language: "zh",
        from: "2026-01-01" as Day,
        active: true,
        verified: true,
        bills: false,
        consent: "",
      },
      { at: NOW, by: null },
    ),
  );
  const clerks = await as((trx) => issuePass({ trx, operatorId: estate.one, now: NOW }, estate.flat, 1n));
  expect([await ask("A-101"), await ask("A-101"), await ask("nobody")]).toEqual([true, false, false]);
  const codeOf = async () =>
    (await as((trx) => noticesOf(trx, estate.flat, { kinds: ["sign_in_code"] })))[0]?.data["code"] ?? "";
  const code = await codeOf();
  const by = (digits: string) => enter({ operator: "one", accountNumber: "A-101", code: digits });
  expect((await by(code === "00000000" ? "11111111" : "00000000")).statusCode).toBe(401);
  const reply = await by(code);
  expect(reply.statusCode).toBe(204);
  expect((await by(code)).statusCode).toBe(401);
  const headers = { cookie: cookieOfReply(reply) };
  const seen = await app.inject({ method: "GET", url: "/api/v1/resident/notices", headers });
  expect(seen.body).not.toContain(code);
  expect((await by(clerks.code)).statusCode).toBe(204);
  for (let i = 1; i <= 4; i++) expect(await ask("A-101", instant(NOW + i * MINUTE_MS))).toBe(true);
  expect(await ask("A-101", instant(NOW + 9 * MINUTE_MS))).toBe(false); // five a day
  const asked = { method: "POST", url: "/api/v1/resident/code" } as const;
  const replies = ["A-101", "nobody"].map((accountNumber) =>
    app.inject({ ...asked, payload: { operator: "one", accountNumber } }),
  );
  expect((await Promise.all(replies)).map(({ statusCode, body }) => [statusCode, body])).toEqual([
    [202, ""],
    [202, ""],
  ]);
});
