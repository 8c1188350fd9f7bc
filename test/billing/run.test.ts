import type { Pool } from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { runBills } from "../../billing/run.ts";
import { wake } from "../../billing/schedule.ts";
import type { BillRunDeps } from "../../billing/run.ts";
import { type Instant, instantOfIso } from "../../domain/instant.ts";
import { day, periodOfDays } from "../../domain/period.ts";
import type { Tariff } from "../../domain/tariff.ts";
import { noTelemetry } from "../../domain/telemetry.ts";
import { type FreshDatabase, freshDatabase, ownerPool } from "../support/database.ts";
import { writeDecisions } from "../../ledger/decisions.ts";
import { writeEdits } from "../../ledger/edits.ts";
import { postEntry } from "../../ledger/journal.ts";
import { verify } from "../../ledger/verify/verify.ts";
import { SmallTown } from "../support/town.ts";

const at = (text: string): Instant => instantOfIso(text) ?? (0 as Instant);
const zone = "Asia/Shanghai";
const september = periodOfDays(day("2026-09-01"), day("2026-10-01"), zone);
const october = periodOfDays(day("2026-10-01"), day("2026-11-01"), zone);

const base = {
  version: "1",
  currency: "CNY",
  effectiveFrom: day("2025-01-01"),
  zone,
  source: ["invented for the test"],
} as const;
const title = { zh: "测试", en: "test" };
const power: Tariff = {
  ...base,
  id: "power",
  utility: "electricity",
  unit: "kWh",
  title,
  charges: [
    {
      kind: "energy",
      form: "graduated",
      id: "energy",
      title,
      ladder: { basis: "year" },
      tiers: [
        { upTo: "100", price: "1" },
        { upTo: null, price: "2" },
      ],
    },
    { kind: "tax", id: "vat", title, rate: "0.13", mode: "inclusive" },
  ],
};
const water: Tariff = {
  ...base,
  id: "water",
  utility: "water",
  unit: "m3",
  title,
  charges: [
    { kind: "energy", form: "flat", id: "volume", title, price: "3" },
    { kind: "volume", id: "sewage", title, price: "0.5" },
  ],
};
const tariffs = (id: string) => ({ power: [power], water: [water] })[id] ?? null;

let fresh: FreshDatabase;
let owner: Pool;
let town: SmallTown;
let deps: BillRunDeps;
let now = at("2026-11-02T00:00:00Z");

beforeAll(async () => {
  fresh = await freshDatabase();
  owner = ownerPool(fresh.ownerUrl);
  deps = { db: fresh.db, clock: { now: () => now }, tariffs, dials: () => null, telemetry: noTelemetry };
});
beforeEach(async () => {
  now = at("2026-11-02T00:00:00Z");
  town = await SmallTown.found(owner, `town-${Math.trunc(performance.now() * 1000)}`);
});
afterAll(async () => {
  await owner.end();
  await fresh.drop();
});

/** An account with electricity and water that uses 60 kWh and 10 m3 a month. */
async function household(number: string): Promise<{ account: bigint; meter: bigint; point: bigint }> {
  const account = await town.account(number);
  const { meter, point } = await town.supply({ account, tariff: "power", from: "2026-09-01", serial: `e${number}` });
  const second = await town.supply({
    account,
    utility: "water",
    tariff: "water",
    from: "2026-09-01",
    serial: `w${number}`,
  });
  const ends = ["2026-09-01", "2026-10-01", "2026-11-01"].map((d) => `${d}T00:00:00+08:00`);
  await town.readings(
    meter,
    "energy_import_kwh",
    ends.map((end, i) => [end, 1000 + 60 * i]),
  );
  // the water meter is not read at midnight: its ends are interpolated
  await town.readings(second.meter, "volume_m3", [
    ["2026-09-01T00:00:00+08:00", 0],
    ["2026-09-30T12:00:00+08:00", 9],
    ["2026-10-01T12:00:00+08:00", 11],
    ["2026-11-01T06:00:00+08:00", 21],
  ]);
  return { account, meter, point };
}

const bills = async () =>
  (
    await owner.query<{ id: bigint; number: string; account_id: bigint; total_minor: bigint; period_from: Instant }>(
      "select * from bill where operator_id = $1 order by number",
      [town.operatorId],
    )
  ).rows;
const owedOf = async (account: bigint) =>
  (
    await owner.query<{ owed_minor: bigint }>(
      "select owed_minor from customer_balance where account_id = $1 and operator_id = $2",
      [account, town.operatorId],
    )
  ).rows[0]?.owed_minor;

describe("a bill run", () => {
  test("bills two utilities on one bill, posts it, and says what it rests on", async () => {
    const { account, point } = await household("1");
    const result = await runBills(deps, town.operatorId, september);
    expect(result).toMatchObject({ finished: true, refused: [] });
    const [bill] = await bills();
    // 60 kWh x 1 + 10 m3 x (3 + 0.5)
    expect(bill).toMatchObject({ number: "2026-000001", account_id: account, total_minor: 9500n });
    expect(await owedOf(account)).toBe(9500n);
    const postings = await owner.query(
      "select ledger_account, amount_minor from posting where operator_id = $1 order by line",
      [town.operatorId],
    );
    expect(
      Object.fromEntries(
        postings.rows.map((row: { ledger_account: string; amount_minor: bigint }) => [
          row.ledger_account,
          row.amount_minor,
        ]),
      ),
    ).toEqual({
      customer: 9500n,
      revenue_electricity: -5310n, // 60.00 less the 6.90 of tax inside
      tax_payable: -690n,
      revenue_water: -3000n,
      sewage_payable: -500n,
    });
    const used = await owner.query(
      "select quantity, basis, registers from billed_usage where operator_id = $1 and usage_point_id = $2",
      [town.operatorId, point],
    );
    expect(used.rows[0]).toMatchObject({
      quantity: 60_000_000n,
      basis: "actual",
      registers: [{ start: "1000", end: "1060", used: "60" }],
    });
  });

  test("climbs the year's ladder over the months before", async () => {
    const { account } = await household("1");
    await runBills(deps, town.operatorId, september);
    await runBills(deps, town.operatorId, october);
    const lines = await owner.query(
      `select l.charge, l.tier, l.quantity, l.amount_minor from bill_line l join bill b on b.operator_id = l.operator_id and b.id = l.bill_id
        where b.operator_id = $1 and b.account_id = $2 and b.period_from = $3 and l.charge = 'energy' order by l.line`,
      [town.operatorId, account, new Date(october.from)],
    );
    expect(lines.rows).toEqual([
      { charge: "energy", tier: 1, quantity: 40_000_000n, amount_minor: 4000n },
      { charge: "energy", tier: 2, quantity: 20_000_000n, amount_minor: 4000n },
    ]);
  });

  test("done again adds nothing", async () => {
    await household("1");
    await runBills(deps, town.operatorId, september);
    const before = await bills();
    const again = await runBills(deps, town.operatorId, september);
    expect(again).toMatchObject({ issued: [], refused: [], finished: true });
    expect(await bills()).toEqual(before);
  });

  test("bills a stretch that it held once a person has accepted or mended it, and the book stays as it was", async () => {
    const used: [string, number][] = [
      ["2026-09-01T00:00:00+08:00", 50],
      ["2026-09-10T00:00:00+08:00", 5],
      ["2026-10-01T00:00:00+08:00", 25],
    ];
    const homes = [];
    for (const number of ["accepted", "mended"]) {
      const account = await town.account(number);
      const { meter } = await town.supply({ account, tariff: "power", from: "2026-09-01", serial: number });
      await town.readings(meter, "energy_import_kwh", used);
      homes.push({ account, meterId: meter });
    }
    expect((await runBills(deps, town.operatorId, september)).refused).toHaveLength(2);
    const [accepted, mended] = homes;
    if (accepted === undefined || mended === undefined) throw new Error("nobody lives here");
    const register = "energy_import_kwh" as const;
    const [from, to] = [at("2026-09-01T00:00:00+08:00"), at("2026-09-10T00:00:00+08:00")];
    await fresh.db.as(town.operatorId, async (trx) => {
      const said = { register, reason: "looked at the meter", madeAt: now };
      const rule = "difference.backwards";
      await writeDecisions(trx, [{ ...said, meterId: accepted.meterId, from, to, rule, decision: "accept", key: "a" }]);
      const start = { kind: "value", value: 0n, source: "manual" } as const;
      await writeEdits(trx, [{ ...said, meterId: mended.meterId, at: from, origin: "clerk", says: start, key: "b" }]);
    });
    expect(await runBills(deps, town.operatorId, september)).toMatchObject({ refused: [], finished: true });
    const totals = new Map((await bills()).map((bill) => [bill.account_id, bill.total_minor]));
    expect(totals.get(accepted.account)).toBe(2000n); // nothing, then 20
    expect(totals.get(mended.account)).toBe(2500n); // 5 and 20
    const broken = (await verify(owner)).filter(({ ok }) => !ok);
    expect(broken).toEqual([]);
  });

  test("stays proven when a reading of its end comes after it was posted", async () => {
    await household("1");
    await runBills(deps, town.operatorId, september);
    const water = await owner.query<{ id: bigint }>("select id from meter where operator_id = $1 and serial = 'w1'", [
      town.operatorId,
    ]);
    // the end was interpolated at 10; the meter's own word for it comes a day after the bill, and says 9.5
    await owner.query(
      `insert into reading (operator_id, meter_id, register, measured_at, received_at, value, source)
       values ($1, $2, 20, '2026-10-01T00:00:00+08:00', '2026-11-03T00:00:00Z', 9500000, 2)`,
      [town.operatorId, water.rows[0]?.id],
    );
    expect((await verify(owner)).filter(({ ok, name }) => !ok && name === "usage-readings")).toEqual([]);
  });

  test("goes on past an account whose readings are in doubt, and bills it when they have come", async () => {
    const good = await household("1");
    const bad = await town.account("2");
    const { meter } = await town.supply({ account: bad, tariff: "power", from: "2026-09-01" });
    await town.readings(meter, "energy_import_kwh", [
      ["2026-09-01T00:00:00+08:00", 5],
      ["2026-09-20T00:00:00+08:00", 50],
    ]);
    const last = await household("3");
    const result = await runBills(deps, town.operatorId, september, { chunk: 1 });
    expect(result.issued.map((i) => i.accountId)).toEqual([good.account, last.account]);
    expect(result.refused).toMatchObject([{ accountId: bad, reason: "in_doubt" }]);
    expect(result.refused[0]?.detail).toMatch(/no_reading_after/);
    await town.readings(meter, "energy_import_kwh", [["2026-10-01T00:00:00+08:00", 75]]);
    const again = await runBills(deps, town.operatorId, september);
    expect(again.issued.map((i) => i.accountId)).toEqual([bad]);
    const open = await owner.query("select 1 from run_exception where operator_id = $1 and settled_at is null", [
      town.operatorId,
    ]);
    expect(open.rows).toEqual([]);
  });

  test("leaves only the account aside whose rows the database refuses", async () => {
    const a = await household("1");
    const b = await household("2");
    const c = await household("3");
    // an entry that stands under the bill's key already: cannot happen by the front door
    await fresh.db.as(town.operatorId, (trx) =>
      postEntry(trx, {
        operatorId: town.operatorId,
        key: `bill/${b.account}/${september.from}/${september.to}`,
        kind: "adjustment",
        cause: {},
        occurredAt: now,
        postedAt: now,
        postings: [
          { ledgerAccount: "cash", amount: { currency: "CNY", minor: 1n } },
          { ledgerAccount: "bank", amount: { currency: "CNY", minor: -1n } },
        ],
      }),
    );
    const result = await runBills(deps, town.operatorId, september);
    expect(result.issued.map((i) => i.accountId)).toEqual([a.account, c.account]);
    expect(result.refused).toMatchObject([{ accountId: b.account, reason: "failed" }]);
    expect((await bills()).map((bill) => bill.number)).toEqual(["2026-000001", "2026-000002"]);
  });

  test("shared by four workers bills each account once and leaves no gap in the numbers", async () => {
    for (let i = 0; i < 20; i++) await household(`${i}`);
    const shares = await Promise.all(
      Array.from({ length: 4 }, () => runBills(deps, town.operatorId, september, { chunk: 3 })),
    );
    expect(shares.reduce((n, share) => n + share.issued.length, 0)).toBe(20);
    const numbers = (await bills()).map((bill) => bill.number);
    expect(numbers).toEqual(Array.from({ length: 20 }, (_, i) => `2026-${String(i + 1).padStart(6, "0")}`));
  });

  test("killed in the middle and started again ends with the same bills as one left alone", async () => {
    for (let i = 0; i < 9; i++) await household(`${i}`);
    let chunks = 0;
    const first = await runBills(deps, town.operatorId, september, { chunk: 2, stop: () => chunks++ >= 2 });
    expect(first).toMatchObject({ finished: false });
    // Two lanes that lock the same accounts at the same moment may share them: then a chunk has one.
    expect([2, 3, 4]).toContain(first.issued.length);
    const rest = await runBills(deps, town.operatorId, september, { chunk: 2 });
    expect(rest.finished).toBe(true);
    expect((await bills()).map((bill) => bill.total_minor)).toEqual(Array<bigint>(9).fill(9500n));
  });
});

test("months that ended while the service was down are caught up at the next wake, oldest first, once", async () => {
  await household("1");
  now = at("2026-11-01T01:00:00+08:00"); // October is over, its grace is not
  await wake(deps);
  expect((await bills()).map((bill) => bill.period_from)).toEqual([september.from]);
  now = at("2026-11-01T02:00:00+08:00");
  await wake(deps);
  await wake(deps);
  expect((await bills()).map((bill) => bill.period_from)).toEqual([september.from, october.from]);
  const runs = await owner.query(
    "select state, done, refused from due_run where operator_id = $1 order by period_from",
    [town.operatorId],
  );
  expect(runs.rows).toEqual([
    { state: "done", done: 1, refused: 0 },
    { state: "done", done: 1, refused: 0 },
  ]);
});
