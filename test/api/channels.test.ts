import type { Pool } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { App } from "../../api/routes/route.ts";
import { ensureChannel } from "../../billing/channels.ts";
import { reversePayment } from "../../billing/payment.ts";
import { type Instant, instant, isoOf, MINUTE_MS } from "../../domain/instant.ts";
import { signatureOf, timestampOf } from "../../domain/signature.ts";
import { verify } from "../../ledger/verify/verify.ts";
import { ownerPool } from "../support/database.ts";
import { appOver, cookieOf, type Estate, NOW, tinyEstate } from "./support.ts";

const SECRET = "a secret that both sides know, 32+";
let estate: Estate;
let app: App;
let close: () => Promise<void>;
let owner: Pool;
let now = NOW;
const told: bigint[] = [];
beforeAll(async () => {
  estate = await tinyEstate();
  owner = ownerPool(estate.ownerUrl);
  const { takePayment } = await import("../../billing/payment.ts");
  const services = { takePayment, reversePayment, onPayment: (_: bigint, account: bigint) => void told.push(account) };
  ({ app, close } = await appOver(estate, { clock: { now: () => now }, wall: { now: () => NOW }, services }));
  const channel = {
    title_zh: "微信",
    title_en: "WeChat Pay",
    kind: "signed",
    ledger_account: "wallet",
    secret: SECRET,
  } as const;
  await ensureChannel(estate.db, estate.one, { ...channel, code: "wechat" }, NOW);
  await ensureChannel(estate.db, estate.one, { ...channel, code: "sandbox", kind: "sandbox" }, NOW);
  await ensureChannel(estate.db, estate.two, { ...channel, code: "wechat", secret: `${SECRET} of another` }, NOW);
});
afterAll(async () => {
  await close();
  await owner.end();
  await estate.drop();
});

/** What a channel puts on a body. */
const signatureHeader = (body: string, secret: string, at: Instant): string =>
  `t=${timestampOf(at)},${signatureOf(secret, timestampOf(at), body)}`;

type Body = Record<string, unknown>;
async function say(
  path: string,
  body: Body,
  change: { secret?: string; at?: number; header?: string; operator?: string } = {},
) {
  const payload = JSON.stringify(body);
  const { secret = SECRET, at = NOW, operator = "one" } = change;
  const header = change.header ?? signatureHeader(payload, secret, instant(at));
  const reply = await app.inject({
    method: "POST",
    url: `/api/v1/channels/${operator}/wechat/${path}`,
    headers: { "content-type": "application/json", "sanbiao-signature": header },
    payload,
  });
  return { status: reply.statusCode, body: reply.json<Body & { code?: string }>() };
}
const yuan = (amount: string) => ({ amount, currency: "CNY" });
const paid = (transactionId: string, more: Body = {}) => ({
  status: "paid",
  transactionId,
  accountNumber: "A-101",
  amount: yuan("50.00"),
  at: isoOf(now),
  ...more,
});
const owed = async (): Promise<bigint> =>
  (
    await owner.query<{ owed_minor: bigint }>("select owed_minor from customer_balance where account_id = $1", [
      estate.flat,
    ])
  ).rows[0]?.owed_minor ?? 0n;

describe("a channel's door", () => {
  test("opens to a signature of this very body, made now, with this channel's secret, and to nothing else", async () => {
    const question = { accountNumber: "A-101" };
    const good = signatureHeader(JSON.stringify(question), SECRET, NOW);
    for (const [change, why] of [
      [{ secret: `${SECRET} of another` }, "another secret"],
      [{ header: signatureHeader(JSON.stringify({ accountNumber: "A-102" }), SECRET, NOW) }, "another body"],
      [{ header: good.replace(/t=\d+/, `t=${NOW / 1000 + 1}`) }, "another time"],
      [{ at: NOW - 6 * MINUTE_MS }, "too old"],
      [{ at: NOW + 6 * MINUTE_MS }, "too new"],
      [{ header: "" }, "none"],
      [{ header: "t=1,v1=zz" }, "garbage"],
      [{ operator: "two" }, "another operator's"],
    ] as const) {
      const refused = await say("owed", question, change);
      expect([refused.status, refused.body.code], why).toEqual([401, "auth.signature"]);
    }
    const answer = await say("owed", question, { at: NOW - 4 * MINUTE_MS });
    expect(answer).toMatchObject({
      status: 200,
      body: { name: "张***********", owed: { supply: yuan("80.00") }, prepaid: true },
    });
    expect((await say("owed", { accountNumber: "nobody" })).body.code).toBe("request.not-found");
    expect((await say("owed", question, { operator: "nobody" })).body.code).toBe("request.not-found");
  });

  test("is described in the document, with its examples", async () => {
    const document = (await app.inject("/openapi.json")).json<{
      paths: Record<string, unknown>;
      components: { schemas: Record<string, { example?: unknown }> };
    }>();
    expect(document.paths["/api/v1/channels/{operator}/{channel}/confirmations"]).toBeDefined();
    expect(JSON.stringify(document)).toContain("4200001998202611281234567890");
  });
});

describe("what a channel says", () => {
  test("books a payment once per transaction, gives supply back, and tells who waits for it", async () => {
    const before = await owed();
    const first = await say("confirmations", paid("txn-0001"));
    expect(first).toMatchObject({ status: 201, body: { outcome: "booked", late: false, balance: yuan("-30.00") } });
    expect(first.body["controlId"]).not.toBeNull();
    expect(told).toEqual([estate.flat]);
    const again = await Promise.all([say("confirmations", paid("txn-0001")), say("confirmations", paid("txn-0001"))]);
    for (const one of again)
      expect(one).toMatchObject({ status: 200, body: { outcome: "already", journalId: first.body["journalId"] } });
    expect(await owed()).toBe(before - 5000n);
  });

  test("repays emergency credit that is open, and keeps how much with the payment", async () => {
    await owner.query("update supply set policy_id = 'cn-station', unbilled_minor = 4500 where account_id = $1", [
      estate.flat,
    ]);
    await owner.query(
      "insert into emergency_credit (operator_id, account_id, amount_minor, policy, taken_at) values ($1, $2, 2000, 'cn-station/1', $3)",
      [estate.one, estate.flat, isoOf(instant(now - MINUTE_MS))],
    );
    // 30.00 are billed and 45.00 used since: 55.00 below the policy's −20.00, so that all 20.00 are used. A part of the bill is paid.
    const part = await say("confirmations", paid("txn-repays", { amount: yuan("10.00") }));
    // Its other 20.00 leave 45.00 lacking; 40.00 more bring it to −5.00.
    const rest = await say("confirmations", paid("txn-repays-2", { amount: yuan("60.00") }));
    const kept = await owner.query("select detail from supply_event where kind = 'emergency_repaid' order by id");
    expect(kept.rows.map(({ detail }) => detail)).toEqual([
      {
        payment: part.body["journalId"],
        currency: "CNY",
        debt: "10.00",
        emergency: "0.00",
        overdraft: "0.00",
        credit: "0.00",
        left: "20.00",
      },
      {
        payment: rest.body["journalId"],
        currency: "CNY",
        debt: "20.00",
        emergency: "20.00",
        overdraft: "20.00",
        credit: "0.00",
        left: "0.00",
      },
    ]);
    for (const { body } of [part, rest])
      await reversePayment(estate.db, {
        operatorId: estate.one,
        journalId: BigInt(String(body["journalId"])),
        reason: "for the next test",
        at: now,
      });
    await owner.query("delete from emergency_credit");
  });

  test("of a known transaction with another sum is kept and not booked; so are an unknown account and a strange currency", async () => {
    const before = await owed();
    for (const body of [
      paid("txn-0001", { amount: yuan("60.00") }),
      paid("txn-0002", { accountNumber: "nobody" }),
      paid("txn-0003", { amount: { amount: "1.00", currency: "EUR" } }),
      { status: "refunded", transactionId: "txn-9999", at: isoOf(now) },
    ])
      expect(await say("confirmations", body)).toMatchObject({ status: 422, body: { code: "payment.refused" } });
    expect(await owed()).toBe(before);
    const clerk = await cookieOf(app, "clerk");
    const seen = (await app.inject({ url: "/api/v1/payment-channels", headers: { cookie: clerk } })).json<{
      refused: { transactionId: string; reason: string }[];
    }>();
    expect(seen.refused.map(({ transactionId }) => transactionId)).toEqual([
      "txn-9999",
      "txn-0003",
      "txn-0002",
      "txn-0001",
    ]);
    expect(JSON.stringify(seen)).not.toContain(SECRET);
  });

  test("without what it needs is told where, and nothing is kept of it", async () => {
    const bad = await say("confirmations", {
      status: "paid",
      transactionId: "txn-0004",
      accountNumber: "A-101",
      at: "yesterday",
    });
    expect(bad).toMatchObject({ status: 400, body: { code: "request.invalid" } });
    expect(JSON.stringify(bad.body)).toContain("amount");
    expect((await say("confirmations", paid("txn 5"))).status).toBe(400);
  });

  test("that it gave the money back reverses the payment, once", async () => {
    const before = await owed();
    const back = { status: "refunded", transactionId: "txn-0001", at: isoOf(now), reason: "customer asked" };
    expect(await say("confirmations", { ...back, amount: yuan("1.00") })).toMatchObject({ status: 422 });
    expect(await say("confirmations", back)).toMatchObject({ status: 201, body: { outcome: "booked" } });
    expect(await say("confirmations", back)).toMatchObject({ status: 200, body: { outcome: "already" } });
    expect(await owed()).toBe(before + 5000n);
  });
});

describe("an order", () => {
  const open = (key: string, more: Body = {}) =>
    say("orders", { key, accountNumber: "A-101", amount: yuan("20.00"), ...more });

  test("is opened once per key, and another content under the key is a conflict", async () => {
    const first = await open("order-0001");
    expect(first).toMatchObject({ status: 201, body: { outcome: "opened", state: "open" } });
    expect(await open("order-0001")).toMatchObject({
      status: 200,
      body: { outcome: "already", ref: first.body["ref"] },
    });
    expect(await open("order-0001", { amount: yuan("21.00") })).toMatchObject({ status: 409 });
    expect(await open("order-0002", { amount: yuan("0.00") })).toMatchObject({ status: 400 });
    expect(await open("order-0002", { amount: { amount: "1.00", currency: "USD" } })).toMatchObject({ status: 400 });
  });

  test("that nobody paid in time is expired, and is paid all the same when the money comes late", async () => {
    const { ref } = (await open("order-0003")).body;
    const state = async () => (await say("orders/find", { ref })).body["state"];
    now = instant(NOW + 16 * MINUTE_MS);
    expect(await state()).toBe("expired");
    const late = await say("confirmations", paid("txn-0005", { orderRef: ref, amount: yuan("20.00") }));
    expect(late).toMatchObject({ status: 201, body: { outcome: "booked", late: true } });
    expect(await state()).toBe("paid_late");
    now = NOW;
  });

  test("that failed may still be paid, and one that is paid does not fail any more", async () => {
    const { ref } = (await open("order-0004")).body;
    const failed = { status: "failed", transactionId: "txn-0006", orderRef: ref, at: isoOf(now), reason: "no funds" };
    expect(await say("confirmations", failed)).toMatchObject({ status: 201, body: { outcome: "noted" } });
    expect(await say("confirmations", failed)).toMatchObject({ status: 200, body: { outcome: "already_noted" } });
    expect((await say("orders/find", { ref })).body["state"]).toBe("failed");
    await say("confirmations", paid("txn-0007", { orderRef: ref, amount: yuan("20.00") }));
    expect((await say("orders/find", { ref })).body["state"]).toBe("paid");
    await say("confirmations", { ...failed, transactionId: "txn-0008" });
    expect((await say("orders/find", { ref })).body["state"]).toBe("paid");
  });

  test("paid with another sum than ordered books the sum that the channel has", async () => {
    const before = await owed();
    const { ref } = (await open("order-0005")).body;
    await say("confirmations", paid("txn-0009", { orderRef: ref, amount: yuan("19.00") }));
    expect(await owed()).toBe(before - 1900n);
    expect((await say("orders/find", { ref })).body["paid"]).toEqual(yuan("19.00"));
  });
});

describe("a resident", () => {
  const pass = async () => {
    const cookie = await cookieOf(app, "clerk");
    const reply = await app.inject({
      method: "POST",
      url: `/api/v1/accounts/${estate.flat}/resident-pass`,
      headers: { cookie },
    });
    return reply.json<{ path: string; code: string }>();
  };
  let address = 0;
  const enter = (payload: Body) =>
    app.inject({ method: "POST", url: "/api/v1/resident/enter", payload, remoteAddress: `10.1.0.${++address}` });
  const cookieOfEntry = (reply: Awaited<ReturnType<typeof enter>>) =>
    `${reply.cookies[0]?.name}=${reply.cookies[0]?.value}`;

  test("enters once with a link or a code, sees his own account and nothing of the operator's", async () => {
    const { path, code } = await pass();
    const link = path.split("#")[1] ?? "";
    const byCode = { operator: "one", accountNumber: "A-101", code };
    const entered = await enter({ link });
    expect(entered.statusCode).toBe(204);
    for (const used of [{ link }, byCode]) expect((await enter(used)).json<Body>()["code"]).toBe("auth.pass");
    const headers = { cookie: cookieOfEntry(entered) };
    const home = (await app.inject({ url: "/api/v1/resident/home", headers })).json<Body>();
    expect(home).toMatchObject({ accountNumber: "A-101", prepaid: { state: expect.any(String) }, payable: true });
    for (const url of ["/api/v1/accounts", "/api/v1/me", "/api/v1/overview"])
      expect((await app.inject({ url, headers })).statusCode, url).toBe(401);
    expect((await app.inject({ url: "/api/v1/resident/home" })).json<Body>()["code"]).toBe("auth.pass");
    const own = await app.inject({ url: `/api/v1/resident/bills/${estate.bill}/paper.pdf`, headers });
    expect([own.statusCode, own.headers["content-type"]]).toEqual([200, "application/pdf"]);
    expect((await app.inject({ url: "/api/v1/resident/bills/999999/paper.pdf", headers })).statusCode).toBe(404);
    expect(
      (await app.inject({ url: "/api/v1/resident/history", headers })).json<{ items: unknown[] }>().items.length,
    ).toBeGreaterThan(2);
    expect((await app.inject({ method: "POST", url: "/api/v1/resident/leave", headers })).statusCode).toBe(204);
    expect((await app.inject({ url: "/api/v1/resident/home", headers })).statusCode).toBe(401);
  });

  test("cannot guess a code: after five wrong ones the right one opens nothing either", async () => {
    const { code } = await pass();
    const of = (tried: string) => enter({ operator: "one", accountNumber: "A-101", code: tried });
    const wrong = code === "00000000" ? "00000001" : "00000000";
    for (let i = 0; i < 5; i++) expect((await of(wrong)).statusCode).toBe(401);
    expect((await of(code)).statusCode).toBe(401);
    const fresh = await pass();
    expect((await of(fresh.code)).statusCode).toBe(204);
  });

  test("orders once per press, pays in the sandbox, and a second press of the same pays nothing more", async () => {
    const { path } = await pass();
    const headers = { cookie: cookieOfEntry(await enter({ link: path.split("#")[1] ?? "" })) };
    // The sandbox comes first: it is what a newcomer has.
    await owner.query("update payment_channel set disabled_at = now() where code = 'wechat' and operator_id = $1", [
      estate.one,
    ]);
    const buy = () =>
      app.inject({
        method: "POST",
        url: "/api/v1/resident/orders",
        headers,
        payload: { key: "press-0001", amount: "30" },
      });
    const [first, again] = [await buy(), await buy()];
    expect([first.statusCode, again.statusCode]).toEqual([201, 200]);
    const { ref } = first.json<{ order: { ref: string } }>().order;
    const before = await owed();
    const press = (what: string) =>
      app.inject({ method: "POST", url: `/api/v1/sandbox/orders/${ref}/press`, payload: { press: what } });
    expect((await press("pay_twice")).json<{ order: Body }>().order["state"]).toBe("paid");
    await press("pay");
    expect(await owed()).toBe(before - 3000n);
    expect((await press("refund")).json<{ order: Body }>().order["state"]).toBe("refunded");
    expect(await owed()).toBe(before);
    expect((await app.inject("/api/v1/sandbox/orders/AAAAAAAAAAAAAAAAAAAAAAAA")).statusCode).toBe(404);
  });
});

test("the money that came through channels balances", async () => {
  const broken = (await verify(owner)).filter(
    ({ name, ok }) => !ok && /entries|balances|reversals|postings/.test(name),
  );
  expect(broken).toEqual([]);
});
