import type { Pool } from "pg";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { checkBundle } from "../../billing/explain/check-bundle.ts";
import { readBundle } from "../../billing/explain/read-bundle.ts";
import { reversePayment, takePayment } from "../../billing/payment.ts";
import { type BillRunDeps, runBills } from "../../billing/run.ts";
import { type Instant, instantOfIso } from "../../domain/instant.ts";
import { money } from "../../domain/money.ts";
import { day, periodOfDays } from "../../domain/period.ts";
import type { Tariff } from "../../domain/tariff.ts";
import { noTelemetry } from "../../domain/telemetry.ts";
import { noteCustomerClass, noteLateFeeRule, noteWaiver } from "../../ledger/late-fees.ts";
import { statementsOf } from "../../ledger/statement.ts";
import { verify } from "../../ledger/verify/verify.ts";
import { type FreshDatabase, freshDatabase, ownerPool } from "../support/database.ts";
import { SmallTown } from "../support/town.ts";

const rule = {
  fromDay: day("2026-01-01"),
  debtClass: "supply" as const,
  customerClass: "all" as const,
  rate: "0.001",
  crossYearRate: "0.003",
  graceDays: 0,
  minimumMinor: 0n,
  capShare: "1",
};

const at = (text: string): Instant => instantOfIso(text) ?? (0 as Instant);
const zone = "Asia/Shanghai";
const month = (from: string, to: string) => periodOfDays(day(from), day(to), zone);
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
let now: Instant;
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
/** A home that uses 600 kWh at 1 a month; its bill of September was issued on 1 October and is due on 20 October. */
beforeEach(async () => {
  now = at("2026-10-01T04:00:00Z");
  towns += 1;
  town = await SmallTown.found(owner, `town-${towns}`);
  account = await town.account("1");
  const { meter } = await town.supply({ account, tariff: "power", from: "2026-09-01", serial: `e${towns}` });
  await town.readings(meter, "energy_import_kwh", [
    ["2026-09-01T00:00:00+08:00", 1000],
    ["2026-10-01T00:00:00+08:00", 1600],
    ["2026-11-01T00:00:00+08:00", 2200],
    ["2026-12-01T00:00:00+08:00", 2800],
  ]);
  await say((trx) => noteLateFeeRule(trx, { ...rule, source: "test" }, { at: now, by: null }));
  await runBills(deps, town.operatorId, month("2026-09-01", "2026-10-01"));
});
const say = <T>(work: Parameters<typeof fresh.db.as<T>>[1]) => fresh.db.as(town.operatorId, work);
const pay = (minor: bigint) =>
  takePayment(fresh.db, {
    operatorId: town.operatorId,
    accountId: account,
    amount: money("CNY", minor),
    channel: "cash",
    key: `k${towns}-${now}`,
    at: now,
  });
const fees = async () =>
  (
    await owner.query<Record<string, unknown>>(
      "select c.code, c.from_day::text, c.to_day::text, c.quantity, c.amount_minor, o.number from bill_charge c join bill o on o.operator_id = c.operator_id and o.id = c.of_bill_id where c.operator_id = $1 order by c.bill_id, c.line",
      [town.operatorId],
    )
  ).rows;
const dueDays = async () =>
  (
    await owner.query<{ d: string }>("select due_on::text as d from bill where operator_id = $1 order by id", [
      town.operatorId,
    ])
  ).rows.map(({ d }) => d);

test("the next bill charges what was overdue, in a class that cuts nobody, once, and bears no fee itself", async () => {
  expect(await dueDays()).toEqual(["2026-10-20"]);
  now = at("2026-11-02T04:00:00Z");
  await runBills(deps, town.operatorId, month("2026-10-01", "2026-11-01"));
  const october = {
    code: "late_fee",
    from_day: "2026-10-21",
    to_day: "2026-11-02",
    quantity: "600.00",
    amount_minor: 720n,
    number: "2026-000001",
  };
  expect(await fees()).toEqual([october]);
  const statements = await say(async (trx) => {
    const bills = await trx.selectFrom("bill").select("id").orderBy("id").execute();
    return statementsOf(
      trx,
      bills.map(({ id }) => id),
    ).then((read) => read.get(bills.at(-1)?.id ?? 0n));
  });
  expect(statements?.supply.balance).toBe(120000n);
  expect(statements?.property).toEqual({ previous: 0n, paid: 0n, other: 0n, billed: 720n, balance: 720n });
  await pay(60000n);
  now = at("2026-12-02T04:00:00Z");
  await runBills(deps, town.operatorId, month("2026-11-01", "2026-12-01"));
  const second = {
    code: "late_fee",
    from_day: "2026-11-17",
    to_day: "2026-12-02",
    quantity: "600.00",
    amount_minor: 900n,
    number: "2026-000002",
  };
  expect(await fees()).toEqual([october, second]);
  expect((await verify(owner)).filter((check) => !check.ok)).toEqual([]);
});

test("a payment that bounced costs from its reversal on, waived days cost nothing, and the bundle proves it offline", async () => {
  now = at("2026-10-20T04:00:00Z");
  const { journalId } = await pay(60000n);
  now = at("2026-10-26T04:00:00Z");
  await reversePayment(fresh.db, { operatorId: town.operatorId, journalId, reason: "bounced", at: now });
  const waived = { from: day("2026-10-28"), to: day("2026-10-30"), reason: "our meter was at fault" };
  expect(await say((trx) => noteWaiver(trx, account, waived, { at: now, by: null }))).toBe("noted");
  expect(await say((trx) => noteWaiver(trx, account, waived, { at: now, by: null }))).toBe("already");
  now = at("2026-11-02T04:00:00Z");
  await runBills(deps, town.operatorId, month("2026-10-01", "2026-11-01"));
  expect((await fees()).map(({ from_day, to_day, amount_minor }) => [from_day, to_day, amount_minor])).toEqual([
    ["2026-10-26", "2026-10-28", 120n],
    ["2026-10-30", "2026-11-02", 180n],
  ]);
  const bundle = await say((trx) => readBundle(trx, "2026-000002", deps, now));
  const text = JSON.stringify(bundle);
  expect(checkBundle(text)).toMatchObject({ kind: "checked", ok: true });
  expect(checkBundle(text.replaceAll('"1.80"', '"1.81"'))).toMatchObject({ kind: "checked", ok: false });
});

test("a rate for those who are no home holds from its day on for them alone, and what an account is is said from a day on", async () => {
  const dearer = {
    ...rule,
    customerClass: "non_resident",
    fromDay: day("2026-10-25"),
    rate: "0.002",
    source: "test",
  } as const;
  await say((trx) => noteLateFeeRule(trx, dearer, { at: now, by: null }));
  // What was said of the time before does not matter: a bill asks what the account is on the day of its issue.
  for (const [fromDay, as] of [
    ["2026-01-01", "non_resident"],
    ["2026-11-01", "resident"],
    ["2026-11-02", "non_resident"],
  ] as const)
    await say((trx) => noteCustomerClass(trx, account, { fromDay: day(fromDay), class: as }, { at: now, by: null }));
  now = at("2026-11-02T04:00:00Z");
  await runBills(deps, town.operatorId, month("2026-10-01", "2026-11-01"));
  // 600.00 × 0.001 × 4 days, 600.00 × 0.002 × 8 days.
  expect((await fees()).map(({ from_day, amount_minor }) => [from_day, amount_minor])).toEqual([
    ["2026-10-21", 240n],
    ["2026-10-25", 960n],
  ]);
  const text = JSON.stringify(await say((trx) => readBundle(trx, "2026-000002", deps, now)));
  expect(checkBundle(text)).toMatchObject({ kind: "checked", ok: true });
});

test("without a rule nothing is charged, and two clerks who say the same rule have said it once", async () => {
  const other = { ...rule, fromDay: day("2026-02-01"), rate: "0.002", source: "test" };
  const both = await Promise.all([1, 2].map(() => say((trx) => noteLateFeeRule(trx, other, { at: now, by: null }))));
  expect(both.toSorted()).toEqual(["already", "noted"]);
  await say((trx) => noteLateFeeRule(trx, { ...other, rate: "0", crossYearRate: "0" }, { at: now, by: null }));
  now = at("2026-11-02T04:00:00Z");
  await runBills(deps, town.operatorId, month("2026-10-01", "2026-11-01"));
  expect(await fees()).toEqual([]);
});
