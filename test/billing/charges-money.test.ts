import type { Pool } from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { splitPayment } from "../../billing/charges/split.ts";
import { type Payment, reversePayment, takePayment } from "../../billing/payment.ts";
import { type BillRunDeps, runBills } from "../../billing/run.ts";
import { type Instant, instantOfIso } from "../../domain/instant.ts";
import { money } from "../../domain/money.ts";
import { day, periodOfDays } from "../../domain/period.ts";
import type { Tariff } from "../../domain/tariff.ts";
import { noTelemetry } from "../../domain/telemetry.ts";
import { noteAssignment, noteCharge, noteChargePrice } from "../../ledger/charges.ts";
import { creditUsed, statementsOf } from "../../ledger/statement.ts";
import { verify } from "../../ledger/verify/verify.ts";
import { type FreshDatabase, freshDatabase, ownerPool } from "../support/database.ts";
import { SmallTown } from "../support/town.ts";

const cny = (minor: bigint) => money("CNY", minor);

describe("a shared payment", () => {
  test.each([
    ["covers supply's debt first", 5000n, 6000n, 40000n, 5000n, 0n],
    ["then the others'", 16000n, 6000n, 40000n, 6000n, 10000n],
    ["and the rest is credit for supply", 50000n, 6000n, 40000n, 10000n, 40000n],
    ["takes no part for a class in credit", 1000n, -6000n, 400n, 600n, 400n],
  ])("%s", (_, amount, supply, property, toSupply, toProperty) => {
    const parts = splitPayment(cny(amount), { supply: cny(supply), property: cny(property) }, "split");
    expect([parts.supply.minor, parts.property.minor]).toEqual([toSupply, toProperty]);
  });
});

const at = (text: string): Instant => instantOfIso(text) ?? (0 as Instant);
const zone = "Asia/Shanghai";
const september = periodOfDays(day("2026-09-01"), day("2026-10-01"), zone);
const october = periodOfDays(day("2026-10-01"), day("2026-11-01"), zone);
const title = { zh: "测试", en: "test" };
const power: Tariff = {
  id: "power",
  version: "1",
  currency: "CNY",
  effectiveFrom: day("2025-01-01"),
  zone,
  source: ["invented for the test"],
  utility: "electricity",
  unit: "kWh",
  title,
  charges: [{ kind: "energy", form: "flat", id: "energy", title, price: "1" }],
};

let fresh: FreshDatabase;
let owner: Pool;
let town: SmallTown;
let deps: BillRunDeps;
let account: bigint;
let meter: bigint;
let now = at("2026-10-01T04:00:00Z");
beforeAll(async () => {
  fresh = await freshDatabase();
  owner = ownerPool(fresh.ownerUrl);
  const tariffs = (id: string) => (id === "power" ? [power] : null);
  deps = { db: fresh.db, clock: { now: () => now }, tariffs, dials: () => null, telemetry: noTelemetry };
});
afterAll(async () => {
  await owner.end();
  await fresh.drop();
});

let towns = 0;
/** A home that uses 60 kWh at 1 a month and bears a fee of 400 a month. */
beforeEach(async () => {
  now = at("2026-10-01T04:00:00Z");
  towns += 1;
  town = await SmallTown.found(owner, `town-${towns}`);
  account = await town.account("1", "prepaid");
  ({ meter } = await town.supply({ account, tariff: "power", from: "2026-09-01", serial: `e${towns}` }));
  await town.readings(meter, "energy_import_kwh", [
    ["2026-09-01T00:00:00+08:00", 1000],
    ["2026-10-01T00:00:00+08:00", 1060],
    ["2026-11-01T00:00:00+08:00", 1120],
  ]);
  const noted = { at: now, by: null };
  const from = day("2026-09-01");
  await fresh.db.as(town.operatorId, async (trx) => {
    await noteCharge(trx, { code: "fee", title, basis: "home", income: "revenue_property" }, noted);
    await noteChargePrice(trx, "fee", { from, price: "400", taxRate: "0", source: "x" }, noted);
    await noteAssignment(trx, account, { code: "fee", from, quantity: "1" }, noted);
  });
});

let keys = 0;
const pay = (minor: bigint, more: Partial<Payment> = {}) =>
  takePayment(fresh.db, {
    operatorId: town.operatorId,
    accountId: account,
    amount: cny(minor),
    channel: "cash",
    key: `key-${++keys}`,
    at: now,
    ...more,
  });
const statements = () =>
  fresh.db.as(town.operatorId, async (trx) => {
    const bills = await trx.selectFrom("bill").select("id").orderBy("id").execute();
    const read = await statementsOf(
      trx,
      bills.map(({ id }) => id),
    );
    return bills.map(({ id }) => read.get(id));
  });
const supplyRow = async () =>
  (
    await owner.query<Record<string, unknown>>(
      "select s.state, s.desired, (select count(*)::int from control c where c.operator_id = s.operator_id and c.state = 'queued') as orders, (select count(*)::int from supply_event e where e.operator_id = s.operator_id) as events from supply s where s.operator_id = $1",
      [town.operatorId],
    )
  ).rows[0];

test("what is paid for property gives no supply back, what is paid for supply does", async () => {
  await owner.query(
    "insert into supply (operator_id, account_id, meter_id, policy_id, state, desired, reported) values ($1, $2, $3, 'p', 'cut', 'disconnected', 'disconnected')",
    [town.operatorId, account, meter],
  );
  const fee = await pay(5000n, { pays: "property" });
  expect(fee).toMatchObject({ kind: "posted", balance: cny(0n), propertyBalance: cny(5000n) });
  expect(fee.reconnect).toBeUndefined();
  expect(await supplyRow()).toEqual({ state: "cut", desired: "disconnected", orders: 0, events: 0 });
  expect((await pay(100n)).reconnect).toBeDefined();
  expect(await supplyRow()).toMatchObject({ desired: "connected", orders: 1 });
});

test("a shared payment is taken once per key, though what is owed has changed meanwhile", async () => {
  await runBills(deps, town.operatorId, september);
  const shared = { key: `shared-${towns}`, pays: "split" } as const;
  const both = await Promise.all([pay(16000n, shared), pay(16000n, shared)]);
  expect(both.map(({ kind }) => kind).toSorted()).toEqual(["already", "posted"]);
  for (const { parts, balance, propertyBalance } of both) {
    expect(parts).toEqual({ supply: cny(6000n), property: cny(10000n) });
    expect([balance, propertyBalance]).toEqual([cny(0n), cny(-30000n)]);
  }
  expect((await pay(16000n, { ...shared, pays: "property" })).kind).toBe("different");
  expect((await pay(15000n, shared)).kind).toBe("different");
  const reversed = await reversePayment(fresh.db, {
    operatorId: town.operatorId,
    journalId: both[0]?.journalId ?? 0n,
    reason: "typed twice",
    at: now,
  });
  expect(reversed).toMatchObject({ balance: cny(-6000n), propertyBalance: cny(-40000n) });
  expect((await verify(owner)).filter((check) => !check.ok)).toEqual([]);
});

test("two shared payments at once pay no debt twice", async () => {
  await runBills(deps, town.operatorId, september);
  await Promise.all([pay(46000n, { pays: "split" }), pay(46000n, { pays: "split" })]);
  const last = await pay(1n, { pays: "property" });
  expect([last.balance, last.propertyBalance]).toEqual([cny(46000n), cny(1n)]);
});

test("the statement of a bill tells each class from the bill before, and stays when more happens", async () => {
  await pay(10000n); // credit for supply before the first bill
  await runBills(deps, town.operatorId, september);
  const first = (await statements())[0];
  expect(first?.supply).toEqual({ previous: 0n, paid: 10000n, other: 0n, billed: 6000n, balance: -4000n });
  expect(first?.property).toEqual({ previous: 0n, paid: 0n, other: 0n, billed: 40000n, balance: 40000n });
  expect(first && [creditUsed(first.supply), creditUsed(first.property)]).toEqual([6000n, 0n]);
  const { journalId } = await pay(25000n, { pays: "property" });
  await pay(500n, { pays: "property" });
  await reversePayment(fresh.db, { operatorId: town.operatorId, journalId, reason: "bounced", at: now });
  now = at("2026-11-02T00:00:00Z");
  await runBills(deps, town.operatorId, october);
  await pay(99n, { pays: "split" });
  const [again, second] = await statements();
  expect(again).toEqual(first);
  expect(second?.supply).toEqual({ previous: -4000n, paid: 0n, other: 0n, billed: 6000n, balance: 2000n });
  expect(second && creditUsed(second.supply)).toBe(4000n);
  expect(second?.property).toEqual({ previous: 40000n, paid: 500n, other: 0n, billed: 40000n, balance: 79500n });
});

test("a bill of nothing has a statement, too", async () => {
  const empty = await town.account("2");
  const other = await town.supply({ account: empty, tariff: "power", from: "2026-09-01", serial: `z${towns}` });
  await town.readings(other.meter, "energy_import_kwh", [
    ["2026-09-01T00:00:00+08:00", 5],
    ["2026-10-01T00:00:00+08:00", 5],
  ]);
  await runBills(deps, town.operatorId, september);
  expect((await statements()).map((one) => one?.supply.balance)).toEqual([6000n, 0n]);
});
