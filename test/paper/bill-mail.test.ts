import { afterAll, beforeAll, expect, test } from "vitest";
import type { App } from "../../api/routes/route.ts";
import { day } from "../../domain/period.ts";
import { noTelemetry } from "../../domain/telemetry.ts";
import { noteContact } from "../../ledger/contact-points.ts";
import { noticesOf } from "../../ledger/notices.ts";
import { noticeDispatcher } from "../../notices/dispatch.ts";
import { carriersOf } from "../../notices/main.ts";
import { mailBills, paperOfNotice } from "../../paper/bill-mail.ts";
import { appOver, cookieOf, type Estate, NOW, tinyEstate } from "../api/support.ts";
import { openRelay, type Relay } from "../notices/post.ts";

let estate: Estate;
let relay: Relay;
let app: App;
let close: () => Promise<void>;
beforeAll(async () => {
  [estate, relay] = await Promise.all([tinyEstate(), openRelay()]);
  ({ app, close } = await appOver(estate));
});
afterAll(async () => {
  await close();
  await relay.close();
  await estate.drop();
});

const mail = (dryRun = false) =>
  estate.db.as(estate.one, (trx) => mailBills(trx, estate.one, [estate.bill], { now: NOW, dryRun }));
const wants = (address: string, bills: boolean) =>
  estate.db.as(estate.one, (trx) =>
    noteContact(
      trx,
      estate.flat,
      {
        channel: "email",
        address,
        language: "zh",
        from: day("2026-01-01"),
        active: true,
        verified: true,
        bills,
        consent: "asked",
      },
      { at: NOW, by: null },
    ),
  );

test("a bill goes by mail once, with its paper, to the addresses that want bills and to no other", async () => {
  expect(await mail()).toEqual({ queued: 0, already: 0, withoutAddress: 1 });
  await wants("no-bills@example.org", false);
  expect(await mail()).toEqual({ queued: 0, already: 0, withoutAddress: 1 });
  await wants("wang@example.org", true);
  expect(await mail(true), "only counted").toEqual({ queued: 1, already: 0, withoutAddress: 0 });
  const both = await Promise.all([mail(), mail()]); // two clerks at once
  expect(both.map(({ queued }) => queued).toSorted((a, b) => a - b)).toEqual([0, 1]);
  expect(await mail()).toEqual({ queued: 0, already: 1, withoutAddress: 0 });

  const clock = { now: () => NOW };
  const carriers = carriersOf({ smtp: { url: relay.url, from: "office@example.org" }, demo: false, wall: clock });
  const attachmentsOf = (operatorId: bigint, delivery: Parameters<typeof paperOfNotice>[2]) =>
    paperOfNotice(estate.db, operatorId, delivery);
  const dispatcher = noticeDispatcher({
    db: estate.db,
    clock,
    wall: clock,
    telemetry: noTelemetry,
    carriers,
    attachmentsOf,
  });
  while ((await dispatcher.turn()) > 0);
  for (const carrier of carriers.values()) carrier.close();
  expect(relay.mails.map(({ to }) => to)).toEqual([["wang@example.org"]]);
  const raw = relay.mails[0]?.raw ?? "";
  expect(raw).toContain("bill-2026-05-A-101.pdf");
  const [, pdf = ""] = /filename=[^\r\n]*\.pdf[\s\S]*?\r\n\r\n([A-Za-z0-9+/=\r\n]+?)\r\n--/.exec(raw) ?? [];
  expect(Buffer.from(pdf, "base64").subarray(0, 5).toString()).toBe("%PDF-");
  const [notice] = await estate.db.as(estate.one, (trx) => noticesOf(trx, estate.flat));
  expect(notice).toMatchObject({ kind: "bill_issued", servedAt: NOW });
});

test("a clerk sends a month, part by part, and is told before how many would go", async () => {
  const cookie = await cookieOf(app, "clerk");
  const post = async (payload: object, month = "2026-05") =>
    app.inject({ method: "POST", url: `/api/v1/bill-cycles/${month}/mail`, headers: { cookie }, payload });
  const first = (await post({ dryRun: true })).json<Record<string, unknown>>();
  expect(first).toMatchObject({ already: 1, after: null });
  expect(await post({}).then((reply) => reply.json<object>())).toMatchObject(first);
  const last = { after: String(estate.bill) };
  expect((await post(last)).json()).toMatchObject({ queued: 0, already: 0, after: null });
  expect((await post({}, "2019-01")).statusCode).toBe(404);
});

test("a clerk sends it from the bill; whoever only looks may not, and a strange bill is not found", async () => {
  const post = async (login: string, id: bigint) =>
    app.inject({ method: "POST", url: `/api/v1/bills/${id}/mail`, headers: { cookie: await cookieOf(app, login) } });
  expect((await post("clerk", estate.bill)).json()).toEqual({ queued: 0, already: 1, withoutAddress: 0 });
  expect((await post("reader", estate.bill)).statusCode).toBe(403);
  expect((await post("clerk", 999_999n)).statusCode).toBe(404);
});
