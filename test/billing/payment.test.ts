import type { Pool } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Payment, reversePayment, takePayment } from "../../billing/payment.ts";
import { instantOfIso, type Instant } from "../../domain/instant.ts";
import { money } from "../../domain/money.ts";
import { type FreshDatabase, freshDatabase, ownerPool } from "../support/database.ts";
import { controlsOf, supplyOf } from "../support/supply-rows.ts";
import { SmallTown } from "../support/town.ts";

let fresh: FreshDatabase;
let owner: Pool;
let town: SmallTown;
let n = 0;
const at = instantOfIso("2026-11-04T10:00:00+08:00") as Instant;
const cny = (minor: bigint) => money("CNY", minor);

beforeAll(async () => {
  fresh = await freshDatabase();
  owner = ownerPool(fresh.ownerUrl);
  town = await SmallTown.found(owner);
});
afterAll(async () => {
  await owner.end();
  await fresh.drop();
});

const pay = (account: bigint, key: string, minor = 5000n, more: Partial<Payment> = {}) =>
  takePayment(fresh.db, {
    operatorId: town.operatorId,
    accountId: account,
    amount: cny(minor),
    channel: "cash",
    key,
    at,
    ...more,
  });

/** A prepaid account in some state of its supply. */
async function prepaid(state: string, desired: string, reported: string, control?: { action: string; state: string }) {
  const account = await town.account(`p${++n}`, "prepaid");
  const { meter } = await town.supply({ account, tariff: "none", from: "2026-01-01" });
  await owner.query(
    "insert into supply (operator_id, account_id, meter_id, policy_id, state, desired, reported) values ($1, $2, $3, 'p', $4, $5, $6)",
    [town.operatorId, account, meter, state, desired, reported],
  );
  if (control !== undefined) {
    // A cut that left has a certificate; what a payment does to one does not look at it, and only a superuser can leave it out.
    const client = await owner.connect();
    await client.query("begin; set local session_replication_role = replica");
    await client.query(
      `insert into control (operator_id, meter_id, account_id, action, reason, state, created_at, not_before, sent_at, attempts, expires_at)
       values ($1, $2, $3, $4, '{}', $5, $6, $6, $7, $8, $6::timestamptz + interval '1 hour')`,
      [
        town.operatorId,
        meter,
        account,
        control.action,
        control.state,
        new Date(at),
        control.state === "sent" ? new Date(at) : null,
        control.state === "sent" ? 1 : 0,
      ],
    );
    await client.query("commit");
    client.release();
  }
  return account;
}
const controls = (account: bigint) => controlsOf(owner, account);
const supply = (account: bigint) => supplyOf(owner, account);

describe("a payment", () => {
  test("becomes credit and is shown as such", async () => {
    const account = await town.account("a1");
    expect(await pay(account, "r1")).toMatchObject({ kind: "posted", balance: cny(5000n), withdrawn: [] });
  });

  test("pressed twice is taken once", async () => {
    const account = await town.account("a2");
    const [one, two] = await Promise.all([pay(account, "r2"), pay(account, "r2")]);
    expect([one.kind, two.kind].sort()).toEqual(["already", "posted"]);
    expect(one.journalId).toBe(two.journalId);
    expect((await pay(account, "r2")).balance).toEqual(cny(5000n));
  });

  test("with a key that stands for another one is not taken", async () => {
    const account = await town.account("a3");
    await pay(account, "r3");
    expect(await pay(account, "r3", 6000n)).toMatchObject({ kind: "different", balance: cny(5000n) });
    expect((await pay(account, "r3", 5000n, { channel: "wallet" })).kind).toBe("different");
    expect((await pay(await town.account("a3b"), "r3")).kind).toBe("different");
  });

  test("of two clerks at once on one account counts twice when the keys differ", async () => {
    const account = await town.account("a4");
    await Promise.all(Array.from({ length: 12 }, (_, i) => pay(account, `r4-${i}`, 100n)));
    expect((await pay(account, "r4-0", 100n)).balance).toEqual(cny(1200n));
  });

  test.each([
    ["nothing", 0n],
    ["less than nothing", -1n],
  ])("of %s is refused", async (title, minor) => {
    await expect(pay(await town.account(title), title, minor)).rejects.toMatchObject({ code: "request.invalid" });
  });

  test.each(["supply", "property", "split"] as const)(
    "for %s of another operator's account is refused, and leaves nothing",
    async (pays) => {
      const other = await SmallTown.found(owner, `elsewhere-${pays}`);
      const theirs = await other.account("x");
      await expect(pay(theirs, `r5-${pays}`, 1n, { pays })).rejects.toMatchObject({ code: "request.not-found" });
      const { rows } = await owner.query(
        `select 1 from journal where operator_id = $1 and idempotency_key = $2
         union all select 1 from customer_balance where account_id = $3 union all select 1 from subledger_balance where account_id = $3`,
        [town.operatorId, `payment/r5-${pays}`, theirs],
      );
      expect(rows).toEqual([]);
      expect(await pay(await town.account(`a5-${pays}`), `r5-${pays}`)).toMatchObject({ kind: "posted" });
    },
  );

  test.each([
    ["of nothing", 0, "cash", "supply"],
    ["of less than nothing", -5, "cash", "supply"],
    ["of no amount", null, "cash", "supply"],
    ["into a customer's account", 5, "customer", "supply"],
    ["into a deposit", 5, "customer_deposit", "property"],
    ["for what is not known", 5, "cash", "lunch"],
    ["for nothing", 5, "cash", null],
  ])("%s is refused by the door itself", async (title, minor, channel, pays) => {
    const call = fresh.db.pool.query("select * from sanbiao.take_payment($1, $2, $3, $4, $5, 'CNY', $6, now(), null)", [
      town.operatorId,
      await town.account(title),
      `door ${title}`,
      channel,
      pays,
      minor,
    ]);
    await expect(call).rejects.toMatchObject({ code: "23514", constraint: "payment_of_money" });
    const { rows } = await owner.query("select 1 from journal where idempotency_key = $1", [`payment/door ${title}`]);
    expect(rows).toEqual([]);
  });

  test("in another currency is refused", async () => {
    const account = await town.account("a6");
    await expect(pay(account, "r6", 1n, { amount: money("EUR", 1n) })).rejects.toMatchObject({
      code: "request.invalid",
    });
  });

  test("is undone by a further entry, once, and both stay", async () => {
    const account = await town.account("a7");
    const { journalId } = await pay(account, "r7");
    const undo = () =>
      reversePayment(fresh.db, { operatorId: town.operatorId, journalId, reason: "wrong account", at });
    expect(await undo()).toMatchObject({ kind: "posted", balance: cny(0n) });
    expect(await undo()).toMatchObject({ kind: "already", balance: cny(0n) });
    const { rows } = await owner.query(
      "select kind, cause from journal where operator_id = $1 and (id = $2 or cause ->> 'reverses' = $2::text) order by id",
      [town.operatorId, journalId],
    );
    expect(rows).toMatchObject([
      { kind: "payment" },
      { kind: "reversal", cause: { reverses: String(journalId), reason: "wrong account" } },
    ]);
  });
});

describe("a credit of any size", () => {
  test("withdraws a cut that was not sent, and orders nothing else", async () => {
    const account = await prepaid("cut_due", "disconnected", "connected", { action: "disconnect", state: "queued" });
    const paid = await pay(account, `c${account}`, 1n);
    expect(paid.withdrawn).toHaveLength(1);
    expect(paid.reconnect).toBeUndefined();
    expect(await controls(account)).toEqual([{ action: "disconnect", state: "cancelled" }]);
    expect(await supply(account)).toEqual({ state: "warned_2", desired: "connected" });
  });

  test("takes the place of a cut that may be on its way", async () => {
    const account = await prepaid("cut_sent", "disconnected", "connected", { action: "disconnect", state: "sent" });
    expect((await pay(account, `c${account}`)).reconnect).toBeDefined();
    expect(await controls(account)).toEqual([
      { action: "disconnect", state: "cancelled" },
      { action: "connect", state: "queued" },
    ]);
    expect(await supply(account)).toEqual({ state: "reconnect_due", desired: "connected" });
  });

  test.each([
    ["that is cut", "cut", "disconnected", "disconnected"],
    ["whose cut is unknown", "unknown", "disconnected", "connected"],
    ["whose relay is open though nobody ordered it", "normal", "connected", "disconnected"],
  ])("gives supply back to a home %s", async (_title, state, desired, reported) => {
    const account = await prepaid(state, desired, reported);
    expect((await pay(account, `c${account}`)).reconnect).toBeDefined();
    expect(await controls(account)).toEqual([{ action: "connect", state: "queued" }]);
  });

  test("paid twice while supply comes back orders it once", async () => {
    const account = await prepaid("cut", "disconnected", "disconnected");
    const paid = await Promise.all([
      pay(account, `d${account}`),
      pay(account, `e${account}`),
      pay(account, `d${account}`),
    ]);
    expect(new Set(paid.map((p) => p.reconnect).filter((id) => id !== undefined)).size).toBe(1);
    expect(await controls(account)).toEqual([{ action: "connect", state: "queued" }]);
  });

  test("leaves a home with power as it is", async () => {
    const account = await prepaid("normal", "connected", "connected");
    expect((await pay(account, `c${account}`)).reconnect).toBeUndefined();
    expect(await controls(account)).toEqual([]);
  });
});

test("a payment that fails at commit leaves the waiting cut alone: all of it or nothing", async () => {
  const account = await prepaid("cut_due", "disconnected", "connected", { action: "disconnect", state: "queued" });
  await owner.query(`
    create function refuse_4242() returns trigger language plpgsql as $$ begin
      if new.amount_minor = 4242 then raise exception 'disk full'; end if; return null; end $$;
    create constraint trigger refuse_4242 after insert on posting deferrable initially deferred for each row execute function refuse_4242()`);
  await expect(pay(account, `f${account}`, 4242n)).rejects.toThrow("disk full");
  expect(await controls(account)).toEqual([{ action: "disconnect", state: "queued" }]);
  expect(await supply(account)).toEqual({ state: "cut_due", desired: "disconnected" });
  expect((await pay(account, `f${account}`)).kind).toBe("posted");
});
