import { sql } from "kysely";
import type { Pool } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { takePayment, takePaymentIn } from "../../billing/payment.ts";
import { readSupplies } from "../../billing/prepaid/facts.ts";
import { type Instant, instantOfIso } from "../../domain/instant.ts";
import { money } from "../../domain/money.ts";
import { holdSupplies, queueControl } from "../../ledger/controls.ts";
import { verify } from "../../ledger/verify/verify.ts";
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

const paymentOf = (accountId: bigint, key: string, minor: bigint) =>
  ({ operatorId: town.operatorId, accountId, amount: cny(minor), channel: "cash", key, at }) as const;
const pay = (account: bigint, key: string, minor = 5000n) => takePayment(fresh.db, paymentOf(account, key, minor));

async function prepaid(state: string, desired: string, reported: string): Promise<bigint> {
  const account = await town.account(`p${++n}`, "prepaid");
  const { meter } = await town.supply({ account, tariff: "none", from: "2026-01-01" });
  await owner.query(
    "insert into supply (operator_id, account_id, meter_id, policy_id, state, desired, reported) values ($1, $2, $3, 'p', $4, $5, $6)",
    [town.operatorId, account, meter, state, desired, reported],
  );
  return account;
}
const controls = (account: bigint) => controlsOf(owner, account);
const supply = (account: bigint) => supplyOf(owner, account);

describe("a payment to a home where nothing is owed an answer", () => {
  const row = async (account: bigint) =>
    (
      await owner.query(
        "select s.*, s.ctid, (select count(*)::int from supply_event e where e.account_id = s.account_id) as events from supply s where s.account_id = $1",
        [account],
      )
    ).rows[0];
  const known = async (account: bigint) =>
    fresh.db.as(town.operatorId, async (trx) => (await readSupplies(trx, [account], at))[0]?.last_credit_at);

  test("changes nothing of its supply, and its time is known all the same", async () => {
    const account = await prepaid("normal", "connected", "connected");
    const before = await row(account);
    expect(await known(account)).toBeNull();
    await pay(account, `q${account}`);
    expect(await row(account)).toEqual(before);
    expect(await known(account)).toBe(at);
  });

  test.each([
    ["was warned for the second time", "warned_2_at = now()"],
    ["is held back from a cut", "held = 'notice_running'"],
  ])("is not one that %s: that is cleared, and told", async (_title, set) => {
    const account = await prepaid("warned_2", "connected", "connected");
    await owner.query(`update supply set ${set} where account_id = $1`, [account]);
    await pay(account, `q${account}`);
    expect(await row(account)).toMatchObject({ held: "", warned_2_at: null, state: "warned_2", events: 1 });
    expect(await known(account)).toBe(at);
  });

  test("does not wait for who looks at its supply, once it was seen to be quiet", async () => {
    const account = await prepaid("normal", "connected", "connected");
    await pay(account, `q${account}`);
    const looking = await owner.connect();
    await looking.query("begin");
    await looking.query("select 1 from supply where account_id = $1 for update", [account]);
    expect(await pay(account, `r${account}`)).toMatchObject({ kind: "posted", balance: cny(10_000n) });
    await looking.query("rollback");
    looking.release();
  });

  test("passes by where there is no supply, until there is one", async () => {
    const account = await town.account(`p${++n}`, "prepaid");
    const { meter } = await town.supply({ account, tariff: "none", from: "2026-01-01" });
    await pay(account, `q${account}`);
    expect(await isWatched(account)).toBe(false);
    await owner.query(
      "insert into supply (operator_id, account_id, meter_id, policy_id, state, desired, reported) values ($1, $2, $3, 'p', 'cut', 'disconnected', 'disconnected')",
      [town.operatorId, account, meter],
    );
    expect((await pay(account, `r${account}`)).reconnect).toBeDefined();
  });

  test.each([
    ["a stage", "update supply set state = 'cut_due' where account_id = $1", "warned_2"],
    ["a wish", "update supply set desired = 'disconnected' where account_id = $1", "reconnect_due"],
    ["a relay seen open", "update supply set reported = 'disconnected' where account_id = $1", "reconnect_due"],
    ["a second warning", "update supply set state = 'warned_2', warned_2_at = now() where account_id = $1", "warned_2"],
    ["a guard", "update supply set held = 'protected' where account_id = $1", "normal"],
    [
      "an order alone",
      `insert into control (operator_id, meter_id, account_id, action, reason, created_at, not_before, expires_at)
         select operator_id, meter_id, account_id, 'disconnect', '{}', now(), now(), now() + interval '1 hour' from supply where account_id = $1`,
      "normal",
    ],
  ])("looks again after %s, and passes by when it is quiet again", async (_title, change, state) => {
    const account = await prepaid("normal", "connected", "connected");
    await pay(account, `q${account}`);
    expect(await isWatched(account)).toBe(false);
    await owner.query(change, [account]);
    expect(await isWatched(account)).toBe(true);
    await pay(account, `r${account}`);
    expect(await row(account)).toMatchObject({
      state,
      desired: "connected",
      held: "",
      warned_2_at: null,
      events: state === "reconnect_due" ? 2 : 1,
    });
    expect((await controls(account)).filter((one) => one.action === "disconnect" && one.state !== "cancelled")).toEqual(
      [],
    );
    await pay(account, `s${account}`);
    expect(await isWatched(account)).toBe(state === "reconnect_due");
  });

  test.each([
    ["first", 0],
    ["second", 1],
  ])("takes back a cut that is being decided while it comes as the %s", async (_title, before) => {
    const account = await prepaid("normal", "connected", "connected");
    for (let i = 0; i < before; i++) await pay(account, `before${account}`);
    const deciding = Promise.withResolvers<void>();
    const held = Promise.withResolvers<void>();
    const decision = fresh.db.as(town.operatorId, async (trx) => {
      await holdSupplies(trx, [account]);
      held.resolve();
      await deciding.promise;
      const { meter_id: meterId } = await trx
        .selectFrom("supply")
        .select("meter_id")
        .where("account_id", "=", account)
        .executeTakeFirstOrThrow();
      await queueControl(trx, { meterId, accountId: account, action: "disconnect", reason: {}, now: at });
      await trx
        .updateTable("supply")
        .set({ state: "cut_due", desired: "disconnected" })
        .where("account_id", "=", account)
        .execute();
    });
    await held.promise;
    const paid = pay(account, `q${account}`);
    await untilWaiting();
    deciding.resolve();
    await decision;
    expect((await paid).withdrawn).toHaveLength(1);
    expect(await controls(account)).toEqual([{ action: "disconnect", state: "cancelled" }]);
    expect(await supply(account)).toEqual({ state: "warned_2", desired: "connected" });
  });

  test.each([
    ["first", 0],
    ["second", 1],
  ])("lets nobody decide until it is booked, as the %s", async (_title, before) => {
    const account = await prepaid("normal", "connected", "connected");
    for (let i = 0; i < before; i++) await pay(account, `before${account}`);
    const decide = () =>
      fresh.db.as(town.operatorId, async (trx) => {
        await sql`set local lock_timeout = '20ms'`.execute(trx);
        await holdSupplies(trx, [account]);
      });
    await fresh.db.as(town.operatorId, async (trx) => {
      await takePaymentIn(trx, paymentOf(account, `q${account}`, 1n));
      await expect(decide()).rejects.toMatchObject({ code: "55P03" });
    });
    await decide();
  });

  test("and decisions about all homes at once never wait for each other in a circle", { repeats: 8 }, async () => {
    const homes: bigint[] = [];
    for (let i = 0; i < 4; i++) homes.push(await prepaid("warned_2", "connected", "connected"));
    const decide = (accounts: bigint[], held: string) =>
      fresh.db.as(town.operatorId, async (trx) => {
        await holdSupplies(trx, accounts);
        await trx.updateTable("supply").set({ held }).where("account_id", "in", accounts).execute();
      });
    await Promise.all(
      Array.from({ length: 60 }, (_, i) =>
        i % 3 === 0
          ? decide(i % 2 === 0 ? homes : homes.toReversed(), i % 4 === 0 ? "" : "protected")
          : pay(homes[i % 4] as bigint, `circle${homes[0]}-${i}`, 1n),
      ),
    );
    for (const [i, home] of homes.entries())
      expect((await pay(home, `circle${homes[0]}-${i}-end`, 1n)).balance).toEqual(cny(11n));
  });
});

const isWatched = async (account: bigint) =>
  (
    await owner.query<{ is_watched: boolean }>("select is_watched from customer_balance where account_id = $1", [
      account,
    ])
  ).rows[0]?.is_watched;

/** Until a session of this database waits for another one's row. */
async function untilWaiting(): Promise<void> {
  for (;;) {
    const { rows } = await owner.query(
      "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
    );
    if (rows.length > 0) return;
  }
}

test("no balance lets payments pass by a supply that they would change, after all of this", async () => {
  const named = (await verify(owner)).filter(({ name }) => name === "supply-watched");
  expect(named).toMatchObject([{ ok: true }]);
});
