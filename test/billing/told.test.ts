import type { Transaction } from "kysely";
import type { Pool } from "pg";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type Payment, reversePayment, takePayment } from "../../billing/payment.ts";
import { tellPayments } from "../../billing/told/payments.ts";
import { DAY_MS, instant, type Instant, instantOfIso, isoOf } from "../../domain/instant.ts";
import { money } from "../../domain/money.ts";
import type { ContactChannel } from "../../domain/notice.ts";
import { day } from "../../domain/period.ts";
import type { PrepaidPolicy } from "../../domain/policy.ts";
import { demoFlat } from "../../catalog/policies/demo-flat.ts";
import { noteContact } from "../../ledger/contact-points.ts";
import { noteNoticePolicy, DEFAULT_NOTICE_POLICY } from "../../ledger/notice-policy.ts";
import { noticesOf } from "../../ledger/notices.ts";
import { openDatabase } from "../../schema/database.ts";
import type { Tables } from "../../schema/tables.ts";
import { type FreshDatabase, freshDatabase, ownerPool } from "../support/database.ts";
import { SmallTown } from "../support/town.ts";

let fresh: FreshDatabase;
let owner: Pool;
let town: SmallTown;
let now: Instant;
let channels: PrepaidPolicy["channels"];
const NOON = instantOfIso("2026-11-28T12:00:00+08:00") as Instant;

beforeAll(async () => {
  fresh = await freshDatabase();
  owner = ownerPool(fresh.ownerUrl);
});
afterAll(async () => {
  await owner.end();
  await fresh.drop();
});
let towns = 0;
beforeEach(async () => {
  [now, channels] = [NOON, undefined];
  town = await SmallTown.found(owner, `town-${++towns}`);
});

const as = <T>(work: (trx: Transaction<Tables>) => Promise<T>): Promise<T> => fresh.db.as(town.operatorId, work);
/** One look of a process. */
const look = (db = fresh.db): Promise<number> =>
  tellPayments({
    db,
    clock: { now: () => now },
    policies: (id) => (id === "p" ? [{ ...demoFlat, id, ...(channels === undefined ? {} : { channels }) }] : []),
  });
let homes = 0;
async function home(mode: "prepaid" | "postpaid" = "postpaid", ways: readonly ContactChannel[] = ["inbox"]) {
  const account = await town.account(`h${++homes}`, mode);
  const said = {
    language: "zh",
    from: day("2026-01-01"),
    active: true,
    verified: true,
    bills: true,
    consent: "",
  } as const;
  for (const channel of ways) {
    const address = channel === "email" ? `h${homes}@example.org` : `h${homes}`;
    await as((trx) => noteContact(trx, account, { channel, address, ...said }, { at: now, by: null }));
  }
  if (mode === "prepaid") {
    const { meter } = await town.supply({ account, tariff: "none", from: "2026-01-01" });
    await town.prepaid(account, meter, "p");
    await owner.query("update supply set unbilled_minor = 420 where account_id = $1", [account]);
  }
  return account;
}
let keys = 0;
const pay = (accountId: bigint, minor: bigint, more: Partial<Payment> = {}) =>
  takePayment(fresh.db, {
    operatorId: town.operatorId,
    accountId,
    amount: money("CNY", minor),
    channel: "cash",
    key: `k${++keys}`,
    at: now,
    ...more,
  });
const told = async (account: bigint) =>
  (await as((trx) => noticesOf(trx, account))).map(({ kind, data, deliveries }) => ({
    kind,
    data,
    by: deliveries.map(({ channel, state }) => `${channel} ${state}`),
  }));

test("a payment by any channel and its taking back are told once each, however many processes look", async () => {
  const account = await home("prepaid", ["email", "inbox"]);
  const { journalId } = await pay(account, 5000n, { channel: "wallet" });
  const other = openDatabase(fresh.url);
  try {
    await Promise.all([look(), look(other), look()]);
    await reversePayment(fresh.db, { operatorId: town.operatorId, journalId, reason: "double", at: now });
    await Promise.all([look(), look(other)]);
    await look(other);
  } finally {
    await other.close();
  }
  const paidAt = "2026-11-28T12:00:00+08:00";
  const by = ["email queued", "inbox queued"];
  expect(await told(account)).toEqual([
    { kind: "payment_reversed", data: { amount: "50.00", paidAt, available: "-4.20" }, by },
    { kind: "payment_received", data: { amount: "50.00", paidAt, available: "45.80" }, by },
  ]);
});

test("what a home owes says nothing of what is available to it, and one that nobody can reach still finds the message", async () => {
  const account = await home("postpaid", []);
  await pay(account, 12345n, { pays: "property" });
  await look();
  expect(await told(account)).toEqual([
    { kind: "payment_received", data: { amount: "123.45", paidAt: "2026-11-28T12:00:00+08:00" }, by: [] },
  ]);
});

test("an entry that commits after others with higher numbers is told all the same", async () => {
  const [slow, quick] = [await home(), await home()];
  const client = await owner.connect();
  try {
    await client.query("begin");
    await client.query("select * from take_payment($1, $2, 'slow', 'bank', 'supply', 'CNY', 100, $3, null)", [
      town.operatorId,
      slow,
      isoOf(now),
    ]);
    await pay(quick, 200n);
    // The cursor goes as far as it may: time passes for the mark that it makes.
    for (let i = 0; i < 4; i++) {
      await look();
      await owner.query("update told_entry set marked_at = marked_at - interval '1 minute'");
    }
    expect([(await told(slow)).length, (await told(quick)).length]).toEqual([0, 1]);
    await client.query("commit");
  } finally {
    client.release();
  }
  // Nothing is settled before the oldest transaction of the whole server has ended, that of another database, too.
  const behind = async (): Promise<bigint | undefined> => {
    await look();
    await owner.query("update told_entry set marked_at = marked_at - interval '1 minute'");
    const { rows } = await owner.query<{ behind: bigint }>(
      `select (select max(id) from journal j where j.operator_id = t.operator_id) - done_id as behind
         from told_entry t where operator_id = $1`,
      [town.operatorId],
    );
    return rows[0]?.behind;
  };
  await expect.poll(behind, { timeout: 60_000 }).toBe(0n); // and then it has nothing to look at again
  expect([(await told(slow)).length, (await told(quick)).length]).toEqual([1, 1]);
  expect(await look()).toBe(0);
});

test("more than a page is told, and what is older than such a message may be is not", async () => {
  const account = await home();
  now = instant(NOON - 8 * DAY_MS);
  await pay(account, 1n);
  now = NOON;
  const many = 205;
  await Promise.all(Array.from({ length: many }, () => pay(account, 100n)));
  expect(await look()).toBe(many);
  expect(await look()).toBe(0);
});

test("an operator or a policy says by which ways payments are told, or that they are not", async () => {
  const [flat, house] = [await home("prepaid", ["email", "inbox"]), await home()];
  channels = { payment: ["inbox"] };
  await pay(flat, 100n);
  await look();
  channels = { payment: [] };
  await pay(flat, 200n);
  await pay(house, 300n);
  await look();
  await as((trx) => noteNoticePolicy(trx, { ...DEFAULT_NOTICE_POLICY, payments: false }, { at: now, by: null }));
  await pay(house, 400n);
  await look();
  expect((await told(flat)).map(({ data, by }) => [data["amount"], by])).toEqual([["1.00", ["inbox queued"]]]);
  expect((await told(house)).map(({ data }) => data["amount"])).toEqual(["3.00"]);
});

test("one operator's trouble keeps no other's customers waiting", async () => {
  const first = town;
  const bad = await home("prepaid");
  await pay(bad, 100n);
  town = await SmallTown.found(owner, `town-${++towns}`);
  const good = await home();
  await pay(good, 200n);
  const broken = (): never => {
    throw new Error("no book of policies");
  };
  await tellPayments({ db: fresh.db, clock: { now: () => now }, policies: broken });
  expect(await told(good)).toHaveLength(1);
  town = first;
  expect(await told(bad)).toHaveLength(0);
  await look();
  expect(await told(bad)).toHaveLength(1);
});
