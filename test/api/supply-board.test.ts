import { afterAll, beforeAll, expect, test } from "vitest";
import type { App } from "../../api/routes/route.ts";
import { checkCertificates } from "../../billing/prepaid/check-certificate.ts";
import { canonicalText } from "../../billing/explain/canonical.ts";
import { addCertificate, nextInChain } from "../../ledger/certificates.ts";
import { queueControl } from "../../ledger/controls.ts";
import { openWorkOrder } from "../../ledger/work-orders.ts";
import { appOver, cookieOf, type Estate, type Login, NOW, tinyEstate } from "./support.ts";

let estate: Estate;
let app: App;
let close: () => Promise<void>;
const cookies = new Map<Login, string>();
let control: bigint;
beforeAll(async () => {
  estate = await tinyEstate();
  ({ app, close } = await appOver(estate));
  for (const login of ["boss", "clerk", "reader", "other"] as const) cookies.set(login, await cookieOf(app, login));
  // The supply that is cut: its order ended without proof, with a certificate, and one that gives it back waits.
  control = await estate.db.as(estate.one, async (trx) => {
    const of = { meterId: estate.relayMeter, accountId: estate.flat, reason: { available: "-85.00" }, now: NOW };
    const id = await queueControl(trx, { ...of, action: "disconnect" });
    for (let attempt = 1; attempt <= 2; attempt++) {
      const end = await nextInChain(trx);
      const body = canonicalText({
        format: "sanbiao-cut-certificate/1",
        kind: "order",
        number: String(end.number),
        previous: end.previous,
        guards: [{ guard: "paused", passes: true }],
        balance: { ledger: "-80.00", unbilled: "5.00", available: "-85.00", cutBelow: "0" },
      });
      await addCertificate(trx, end, { attempt, controlId: id, accountId: estate.flat, now: NOW, body });
    }
    await trx
      .updateTable("control")
      .set({ state: "unknown", closed_at: new Date(NOW).toISOString() })
      .where("id", "=", id)
      .execute();
    await openWorkOrder(trx, {
      controlId: id,
      meterId: of.meterId,
      accountId: of.accountId,
      why: "no proof",
      now: NOW,
    });
    await queueControl(trx, { ...of, action: "connect" });
    return id;
  });
});
afterAll(async () => {
  await close();
  await estate.drop();
});

const ask = async (login: Login, method: "GET" | "POST", path: string, payload?: object) => {
  const headers = { cookie: cookies.get(login) ?? "" };
  const given = payload === undefined ? {} : { payload };
  const reply = await app.inject({ method, url: `/api/v1/supply/${path}`, headers, ...given });
  return { status: reply.statusCode, body: reply.json(), headers: reply.headers };
};

test("the board shows each meter, what waits to leave, who must be looked at, and what stands in the way", async () => {
  await app.inject({
    method: "POST",
    url: "/api/v1/supply-holds",
    headers: { cookie: cookies.get("boss") ?? "" },
    payload: { kind: "pause", reason: "typhoon warning" },
  });
  const { status, body } = await ask("reader", "GET", "board");
  expect(status).toBe(200);
  expect(body).toMatchObject({
    total: 1,
    states: [{ state: "cut", count: 1 }],
    pause: { reason: "typhoon warning", by: "User boss" },
    holds: [{ kind: "pause", count: 1 }],
    cap: { sentLastHour: 0 },
    queue: [{ action: "connect", state: "queued", accountNumber: "A-101" }],
    unknowns: [
      { accountNumber: "A-101", building: "1", room: "101", serial: "E-101", why: "no proof", closedAt: null },
    ],
    meters: [{ accountNumber: "A-101", state: "cut", reported: "disconnected", available: { amount: "-85.00" } }],
  });
  expect((await ask("reader", "GET", "board?building=9")).body.meters).toEqual([]);
  expect((await ask("other", "GET", "board")).body).toMatchObject({ total: 0, pause: null, queue: [], unknowns: [] });
  expect((await ask("reader", "GET", "tonight?hours=6")).body.counts).toMatchObject({ off: 1, cut: 0 });
  expect((await ask("reader", "GET", "tonight?hours=0")).status).toBe(400);
});

test("a certificate is shown with its place in the chain, and its file holds by itself", async () => {
  const list = await ask("reader", "GET", `certificates?accountId=${estate.flat}`);
  expect(list.body).toMatchObject({
    total: 2,
    items: [
      { number: "2", attempt: 2, controlId: String(control), accountNumber: "A-101" },
      { number: "1", attempt: 1 },
    ],
  });
  const [second, first] = list.body.items as { hash: string }[];
  expect((await ask("reader", "GET", "certificates/1")).body).toMatchObject({
    hash: first?.hash,
    document: { balance: { available: "-85.00" } },
    proof: { ok: true, wrong: [], previous: null, next: { number: "2" }, head: { number: "2", hash: second?.hash } },
  });
  const file = await ask("reader", "GET", "certificates/1/file?to=2");
  expect(file.headers["content-disposition"]).toContain('"certificate-1-2.json"');
  expect(checkCertificates(JSON.stringify(file.body))).toMatchObject({ ok: true, certificates: 2, head: second?.hash });
  expect((await ask("other", "GET", "certificates/1")).status).toBe(404);
  expect((await ask("reader", "GET", "certificates/3/file")).status).toBe(404);
});

test("a clerk closes a work order once, with what was found", async () => {
  const [order] = (await ask("clerk", "GET", "work-orders")).body.items as { id: string }[];
  const closure = `work-orders/${order?.id}/closure`;
  expect((await ask("reader", "POST", closure, { note: "relay open" })).status).toBe(403);
  expect((await ask("other", "POST", closure, { note: "relay open" })).status).toBe(404);
  expect((await ask("clerk", "POST", closure, { note: " " })).status).toBe(400);
  expect((await ask("clerk", "POST", closure, { note: "relay open" })).body).toEqual({ outcome: "done" });
  expect((await ask("clerk", "POST", closure, { note: "again" })).body).toEqual({ outcome: "closed" });
  expect((await ask("clerk", "GET", "work-orders")).body.items).toEqual([]);
  expect((await ask("clerk", "GET", `work-orders?state=all&accountId=${estate.flat}`)).body.items).toMatchObject([
    { closedBy: "User clerk", note: "relay open", proofAt: null },
  ]);
});
