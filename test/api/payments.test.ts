import type { Pool } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { prometheus } from "../../api/metrics.ts";
import type { App } from "../../api/routes/route.ts";
import { chinaStation } from "../../catalog/policies/china-station.ts";
import { day } from "../../domain/period.ts";
import { POLICY_VERSIONS } from "../../ledger/policies.ts";
import { ownerPool } from "../support/database.ts";
import { appOver, cookieOf, type Estate, NOW, tinyEstate } from "./support.ts";

let estate: Estate;
let app: App;
let close: () => Promise<void>;
let clerk: string;
let boss: string;
let owner: Pool;
const told: bigint[] = [];
beforeAll(async () => {
  estate = await tinyEstate();
  owner = ownerPool(estate.ownerUrl);
  const { takePayment, reversePayment } = await import("../../billing/payment.ts");
  const services = { takePayment, reversePayment, onPayment: (_: bigint, id: bigint) => void told.push(id) };
  ({ app, close } = await appOver(estate, { services, metrics: prometheus({ processMetrics: false }) }));
  clerk = await cookieOf(app, "clerk");
  boss = await cookieOf(app, "boss");
});
afterAll(async () => {
  await close();
  await owner.end();
  await estate.drop();
});

const pay = (key: string | undefined, amount: unknown, account = estate.flat, more: object = {}) =>
  app.inject({
    method: "POST",
    url: `/api/v1/accounts/${account}/payments`,
    headers: { cookie: clerk, ...(key === undefined ? {} : { "idempotency-key": key }) },
    payload: { amount: { amount, currency: "CNY" }, channel: "cash", ...more },
  });

/** From now on at most this much may stand to the flat's credit. */
async function cap(balanceMax: string): Promise<void> {
  const policy = { ...chinaStation, id: "capped", effectiveFrom: day("2026-06-16"), hoarding: { balanceMax } };
  const by = async (login: string) => ({
    by: (await owner.query<{ id: bigint }>("select id from app_user where login = $1", [login])).rows[0]?.id ?? 0n,
    at: NOW,
  });
  const [one, other] = [await by("clerk"), await by("boss")];
  await estate.db.as(estate.one, async (trx) => {
    const id = (await POLICY_VERSIONS.writeDraft(trx, policy, one)) ?? 0n;
    await POLICY_VERSIONS.step(trx, id, { to: "proposed", reason: "" }, one);
    await POLICY_VERSIONS.step(trx, id, { to: "published" }, other);
  });
  await owner.query("update supply set policy_id = 'capped' where account_id = $1", [estate.flat]);
}
const waiting = async (): Promise<number> =>
  (
    await owner.query(
      "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and usename = current_user",
    )
  ).rowCount ?? 0;

describe("a payment", () => {
  test("that is clicked twice at once is taken once, and gives supply back once", async () => {
    const replies = await Promise.all([pay("double-click", "100.00"), pay("double-click", "100.00")]);
    expect(replies.map((reply) => reply.statusCode).toSorted((a, b) => a - b)).toEqual([200, 201]);
    const bodies = replies.map((reply) => reply.json());
    expect(bodies[0].journalId).toBe(bodies[1].journalId);
    const posted = bodies.find((body) => body.outcome === "posted");
    expect(posted).toMatchObject({
      accountId: String(estate.flat),
      amount: { amount: "100.00", currency: "CNY" },
      balance: { amount: "20.00", currency: "CNY" },
      at: "2026-06-16T10:00:00+08:00",
    });
    const orders = await app.inject({ url: "/api/v1/controls", headers: { cookie: clerk } });
    expect(orders.json().items).toMatchObject([
      { id: posted.controlId, action: "connect", state: "queued", accountNumber: "A-101", serial: "E-101" },
    ]);
    expect(told).toEqual([estate.flat]);
  });

  test("with the key of another payment is refused and takes nothing", async () => {
    const reply = await pay("double-click", "50.00");
    expect(reply.statusCode).toBe(409);
    expect(reply.json()).toMatchObject({ code: "request.conflict" });
    const account = await app.inject({ url: `/api/v1/accounts/${estate.flat}`, headers: { cookie: clerk } });
    expect(account.json().balance.amount).toBe("20.00");
  });

  test("pays the oldest bill and stands on the time line with who took it", async () => {
    const bills = await app.inject({ url: `/api/v1/accounts/${estate.flat}/bills`, headers: { cookie: clerk } });
    expect(bills.json().items).toMatchObject([{ status: "paid", open: { amount: "0.00" } }]);
    const line = await app.inject({
      url: `/api/v1/accounts/${estate.flat}/timeline?kinds=payment`,
      headers: { cookie: clerk },
    });
    expect(line.json().entries).toMatchObject([
      {
        kind: "payment",
        entry: "payment",
        amount: { amount: "100.00" },
        channel: "cash",
        by: "User clerk",
        reversedBy: null,
      },
    ]);
    const overview = await app.inject({ url: "/api/v1/overview", headers: { cookie: clerk } });
    expect(overview.json().moneyIn).toMatchObject({ today: { amount: "100.00" }, todayCount: 1, monthCount: 1 });
  });

  test.each([
    ["no key", undefined, "1.00", {}],
    ["a short key", "short", "1.00", {}],
    ["a key with a space", "key with space", "1.00", {}],
    ["nothing", "key-00000001", "0.00", {}],
    ["less than nothing", "key-00000002", "-5.00", {}],
    ["a third of a cent", "key-00000003", "0.001", {}],
    ["a number that JSON rounds", "key-00000004", 0.1, {}],
    ["a power", "key-00000005", "1e9", {}],
    ["more than any till holds", "key-00000006", "9".repeat(30), {}],
    ["an unknown channel", "key-00000007", "1.00", { channel: "customer" }],
    ["the currency of others", "key-00000008", "1.00", { amount: { amount: "1.00", currency: "EUR" } }],
    ["an unknown currency", "key-00000009", "1.00", { amount: { amount: "1.00", currency: "BTC" } }],
  ])("of %s is not valid", async (_what, key, amount, more) => {
    const reply = await pay(key, amount, estate.flat, more);
    expect(reply.statusCode, reply.body).toBe(400);
    expect(reply.json().code).toBe("request.invalid");
  });

  test("to another operator's account finds no account", async () => {
    const reply = await pay("key-foreign-1", "1.00", estate.foreignAccount);
    expect(reply.statusCode).toBe(404);
  });
});

describe("a reversal", () => {
  const reverse = (journalId: string, reason: unknown) =>
    app.inject({
      method: "POST",
      url: `/api/v1/payments/${journalId}/reversal`,
      headers: { cookie: boss },
      payload: { reason },
    });

  test("undoes a payment once, and says so when it is asked again", async () => {
    const taken = (await pay("to-be-reversed", "30.00")).json();
    const first = await reverse(taken.journalId, "typed for the wrong flat");
    expect(first.statusCode).toBe(201);
    expect(first.json()).toMatchObject({ outcome: "posted", reverses: taken.journalId, balance: { amount: "20.00" } });
    const second = await reverse(taken.journalId, "typed for the wrong flat");
    expect([second.statusCode, second.json().journalId]).toEqual([200, first.json().journalId]);
    expect((await reverse(taken.journalId, "another reason")).statusCode).toBe(409);
    const line = await app.inject({
      url: `/api/v1/accounts/${estate.flat}/timeline?kinds=payment`,
      headers: { cookie: boss },
    });
    expect(line.json().entries[0]).toMatchObject({
      entry: "reversal",
      amount: { amount: "-30.00" },
      reason: "typed for the wrong flat",
      by: "User boss",
    });
    expect(line.json().entries[1]).toMatchObject({ entry: "payment", reversedBy: first.json().journalId });
  });

  test("needs a payment and a reason", async () => {
    expect((await reverse("999999", "no such payment")).statusCode).toBe(404);
    expect((await reverse("1", "  x ")).statusCode).toBe(400);
    expect((await reverse("-1", "negative")).statusCode).toBe(400);
  });
});

test("of two top-ups at once that one limit has room for one of, one is taken, by whatever they are paid", async () => {
  const { rows } = await owner.query<{ owed: bigint }>(
    "select owed_minor as owed from customer_balance where account_id = $1",
    [estate.flat],
  );
  const credit = -(rows[0]?.owed ?? 0n);
  await cap(String(credit / 100n + 50n)); // room for 50 yuan
  await owner.query(
    "insert into counter_terms (operator_id, shift_required, cheque_counts, noted_at) values ($1, false, 'received', now())",
    [estate.one],
  );
  const cheque = { channel: "cheque", cheque: { number: "000123", bank: "ICBC" } };
  const client = await owner.connect();
  try {
    // Both are past the first look before either is booked.
    await client.query("begin");
    await client.query("select 1 from customer_balance where account_id = $1 for update", [estate.flat]);
    const both = Promise.all([pay("capped-1", "40.00"), pay("capped-2", "40.00", estate.flat, cheque)]);
    await expect.poll(waiting, { timeout: 30_000 }).toBe(2);
    await client.query("commit");
    const replies = await both;
    expect(replies.map((reply) => reply.statusCode).toSorted((a, b) => a - b)).toEqual([201, 422]);
    const refused = replies.find((reply) => reply.statusCode === 422)?.json();
    expect(refused).toMatchObject({ code: "payment.hoarding", detail: expect.stringContaining("10.00") });
    const taken =
      replies[0]?.statusCode === 201 ? pay("capped-1", "40.00") : pay("capped-2", "40.00", estate.flat, cheque);
    expect((await taken).json()).toMatchObject({ outcome: "already" }); // asked again, it is answered
    expect((await pay("capped-3", "10.00")).statusCode).toBe(201);
  } finally {
    client.release();
  }
});
