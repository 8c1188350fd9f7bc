import fc from "fast-check";
import type { Pool } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { dryRun } from "../../billing/dry-run.ts";
import { type BillRunDeps, runBills } from "../../billing/run.ts";
import { ensureDue, wake } from "../../billing/schedule.ts";
import { type Instant, instantOfIso } from "../../domain/instant.ts";
import { addMonths, type Day, day, periodOfDays } from "../../domain/period.ts";
import type { Tariff } from "../../domain/tariff.ts";
import { noTelemetry } from "../../domain/telemetry.ts";
import { accountHolds, decideHeld, noteAccountHold, noteHoldRule } from "../../ledger/bill-holds.ts";
import { type CycleMembers, noteConvention, noteCycle, noteCycleOf } from "../../ledger/billing-cycles.ts";
import { verify } from "../../ledger/verify/verify.ts";
import { type FreshDatabase, freshDatabase, ownerPool } from "../support/database.ts";
import { billFacts } from "../../paper/bill-facts.ts";
import { billSheetOf } from "../../paper/bill-sheet.ts";
import { SmallTown } from "../support/town.ts";

const at = (text: string): Instant => instantOfIso(text) ?? (0 as Instant);
const zone = "Asia/Shanghai";
const title = { zh: "测试", en: "test" };
/** Ten a month for the first 100 kWh, thereafter dearer: thresholds are each calendar month's. */
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
  charges: [
    {
      kind: "energy",
      form: "graduated",
      id: "energy",
      title,
      ladder: { basis: "period", scale: "month" },
      tiers: [
        { upTo: "100", price: "1" },
        { upTo: null, price: "2" },
      ],
    },
  ],
};

let fresh: FreshDatabase;
let owner: Pool;
let deps: BillRunDeps;
let now = at("2026-01-10T04:00:00Z");
const noted = () => ({ at: now, by: 1n });
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

/** A home that uses so many kWh each month from January 2026 on. */
async function home(town: SmallTown, number: string, uses: readonly number[]): Promise<bigint> {
  const account = await town.account(number);
  const { meter } = await town.supply({
    account,
    tariff: "power",
    from: "2026-01-01",
    serial: `${town.operatorId}-${number}`,
  });
  let shown = 1000;
  const points = [0, ...uses].map((used, i): [string, number] => {
    shown += used;
    return [`${addMonths(day("2026-01-01"), i)}T00:00:00+08:00`, shown];
  });
  await town.readings(meter, "energy_import_kwh", points);
  return account;
}
const inTown = <T>(town: SmallTown, work: Parameters<typeof fresh.db.as<T>>[1]) => fresh.db.as(town.operatorId, work);
const cycle = (code: string, months: number, anchorMonth = 1) => ({
  code,
  titleZh: code,
  titleEn: code,
  months,
  anchorMonth,
});
const join = (town: SmallTown, code: string, fromDay: string, members: CycleMembers) =>
  inTown(town, (trx) => noteCycleOf(trx, { code, fromDay: day(fromDay) }, members, noted(), zone));
const bills = async (town: SmallTown) =>
  (
    await owner.query<{ text: string }>(
      `select a.number || ' ' || (b.period_from at time zone 'Asia/Shanghai')::date || ' ' || (b.period_to at time zone 'Asia/Shanghai')::date || ' ' || b.total_minor as text
         from bill b join account a on a.operator_id = b.operator_id and a.id = b.account_id where b.operator_id = $1 order by a.number, b.period_from`,
      [town.operatorId],
    )
  ).rows.map(({ text }) => text);
const month = (from: string, months = 1) => periodOfDays(day(from), addMonths(day(from), months), zone);

test("cycles of one, two and three months are billed side by side, and a change closes the bill before it", async () => {
  const town = await SmallTown.found(owner, "cycles");
  const two = await home(town, "two", [150, 80, 60, 60, 60]);
  const moved = await home(town, "moved", [50, 50, 50, 50, 50]);
  await home(town, "plain", [10, 10, 10, 10, 10]);
  await inTown(town, async (trx) => {
    expect(await noteCycle(trx, cycle("two", 2), noted())).toBe("noted");
    expect(await noteCycle(trx, cycle("two", 2), noted())).toBe("already");
    expect(await noteCycle(trx, cycle("two", 3), noted())).toBe("different");
    await noteCycle(trx, cycle("quarter", 3), noted());
  });
  expect(await join(town, "two", "2026-01-01", { accountIds: [two] })).toEqual({ noted: 1, already: 0, billed: [] });
  await join(town, "quarter", "2026-01-01", { accountIds: [moved] });
  // In the middle of its quarter it goes to the other cycle: January stands alone, so does February, then two months at once.
  await join(town, "two", "2026-02-01", { accountIds: [moved] });
  now = at("2026-05-01T08:00:00Z");
  await ensureDue(deps, town.operatorId);
  await wake(deps);
  expect(await bills(town)).toEqual([
    "moved 2026-01-01 2026-02-01 5000",
    "moved 2026-02-01 2026-03-01 5000",
    "moved 2026-03-01 2026-05-01 10000",
    "plain 2026-01-01 2026-02-01 1000",
    "plain 2026-02-01 2026-03-01 1000",
    "plain 2026-03-01 2026-04-01 1000",
    "plain 2026-04-01 2026-05-01 1000",
    // 230 kWh: twice 100 at 1, the rest at 2, as the tariff says of a bill of two months
    "two 2026-01-01 2026-03-01 26000",
    "two 2026-03-01 2026-05-01 12000",
  ]);
  expect(await join(town, "quarter", "2026-04-01", { accountIds: [two] })).toEqual({
    noted: 0,
    already: 0,
    billed: ["two"],
  });
  expect(await join(town, "two", "2026-05-01", { building: "1" })).toEqual({ noted: 3, already: 0, billed: [] });
  expect(await join(town, "none", "2026-05-01", { building: "1" })).toBe("no_such_cycle");
  expect((await runBills(deps, town.operatorId, month("2026-02-01", 2))).issued).toEqual([]);
  expect((await verify(owner)).filter((check) => !check.ok)).toEqual([]);
});

test("a cycle's bills wait for the day that it declares, unless a person asks for them, and say how their tiers run", async () => {
  const town = await SmallTown.found(owner, "convention");
  const slow = await home(town, "slow", [150, 80, 60, 60]);
  const other = await home(town, "other", [10, 10, 10, 10]);
  await home(town, "plain", [10, 10, 10, 10]);
  await inTown(town, async (trx) => {
    for (const code of ["two", "also-two"]) await noteCycle(trx, cycle(code, 2), noted());
    expect(await noteConvention(trx, "two", { readingDay: 3, issueDay: 5 }, noted())).toBe("noted");
    expect(await noteConvention(trx, "two", { readingDay: 3, issueDay: 5 }, noted())).toBe("already");
    expect(await noteConvention(trx, "none", { readingDay: 3, issueDay: 5 }, noted())).toBe("no_such_cycle");
  });
  await join(town, "two", "2026-01-01", { accountIds: [slow] });
  await join(town, "also-two", "2026-01-01", { accountIds: [other] });
  const woken = async (when: string) => {
    now = at(when);
    await ensureDue(deps, town.operatorId);
    await wake(deps);
    return (await bills(town)).filter((text) => text.includes(" 2026-03-01 ")).map((text) => text.split(" ")[0]);
  };
  expect(await woken("2026-03-04T15:00:00Z")).toEqual(["other", "plain"]);
  expect(await woken("2026-03-04T16:30:00Z")).toEqual(["other", "plain", "slow"]);
  const told = await inTown(town, async (trx) => {
    const own = await trx.selectFrom("bill").select("id").where("account_id", "=", slow).execute();
    return (
      await billFacts(
        trx,
        town.operatorId,
        own.map(({ id }) => id),
      )
    ).map((facts) => billSheetOf(facts).notes[0]?.en);
  });
  expect(told).toEqual(["Tiers run over the whole bill: each ends at its monthly limit times the months."]);
  now = at("2026-05-01T08:00:00Z");
  const asked = await runBills(deps, town.operatorId, month("2026-03-01", 2), { cycle: "two" });
  expect([asked.issued.map(({ accountId }) => accountId), asked.finished]).toEqual([[slow], true]);
  // The other cycle's accounts are not forgotten for that.
  await wake(deps);
  expect((await bills(town)).filter((text) => text.includes(" 2026-05-01 "))).toHaveLength(3);
});

test("however an account goes from cycle to cycle, its bills cover every day once", async () => {
  const town = await SmallTown.found(owner, "property");
  const codes = ["m1", "m2", "m3", "m2b", "m3c"];
  await inTown(town, async (trx) => {
    for (const [i, months] of [1, 2, 3, 2, 3].entries())
      await noteCycle(trx, cycle(codes[i] ?? "", months, i < 3 ? 1 : 2), noted());
  });
  const words = fc.array(fc.tuple(fc.constantFrom(...codes), fc.integer({ min: 0, max: 17 })), {
    minLength: 1,
    maxLength: 6,
  });
  let n = 0;
  await fc.assert(
    fc.asyncProperty(words, async (said) => {
      const account = await town.account(`p${++n}`);
      for (const [code, m] of said) await join(town, code, addMonths(day("2026-01-01"), m), { accountIds: [account] });
      const { rows } = await owner.query<{ from_day: Day; to_day: Day }>(
        `select distinct c.from_day, c.to_day from generate_series('2026-01-01'::date, '2027-12-01', interval '1 month') m (d)
          cross join lateral cycle_period($1, $2, m.d::date) c order by 1`,
        [town.operatorId, account],
      );
      for (const [i, { from_day: from }] of rows.entries()) if (i > 0) expect(from).toBe(rows[i - 1]?.to_day);
      expect(rows[0]?.from_day).toBe("2026-01-01");
      for (const { from_day: from, to_day: to } of rows)
        expect([1, 2, 3].some((months) => addMonths(from, months) === to)).toBe(true);
    }),
    { numRuns: 15 },
  );
});

test("a bill that a rule holds waits with its figures, and goes out once when a clerk lets it", async () => {
  now = at("2026-02-01T08:00:00Z");
  const town = await SmallTown.found(owner, "holds");
  const leaky = await home(town, "leaky", [50, 900]);
  const calm = await home(town, "calm", [50, 60]);
  await runBills(deps, town.operatorId, month("2026-01-01"));
  const rule = { kind: "high", threshold: 300n, reason: "a leak, or a mistake" } as const;
  const said = await Promise.all([1, 2].map(() => inTown(town, (trx) => noteHoldRule(trx, rule, noted()))));
  expect(said.toSorted()).toEqual(["already", "noted"]);
  const hand = { held: true, reason: "in dispute", untilDay: day("2026-03-10") };
  expect(await inTown(town, (trx) => noteAccountHold(trx, calm, hand, noted()))).toBe("noted");
  now = at("2026-03-01T08:00:00Z");
  const february = month("2026-02-01");
  const shown = await dryRun(deps, town.operatorId, february);
  expect(shown.held.map(({ number, why }) => [number, why])).toEqual([
    ["leaky", "high 3400 (300)"],
    ["calm", "by_hand: in dispute"],
  ]);
  const run = await runBills(deps, town.operatorId, february);
  expect([run.issued, run.refused.map(({ reason }) => reason)]).toEqual([[], ["held", "held"]]);
  const kept = await owner.query(
    "select supply_minor, last_minor, state from held_bill where operator_id = $1 order by account_id",
    [town.operatorId],
  );
  expect(kept.rows).toEqual([
    { supply_minor: 170000n, last_minor: 5000n, state: "held" },
    { supply_minor: 6000n, last_minor: 5000n, state: "held" },
  ]);
  const entries = await owner.query("select count(*)::int as n from journal where operator_id = $1", [town.operatorId]);
  expect(entries.rows).toEqual([{ n: 2 }]);
  const of = { runId: run.runId, accountId: leaky };
  const release = () => inTown(town, (trx) => decideHeld(trx, of, { state: "released", note: "" }, noted()));
  expect((await Promise.all([release(), release()])).toSorted()).toEqual(["already", "decided"]);
  const both = await Promise.all([
    runBills(deps, town.operatorId, february),
    runBills(deps, town.operatorId, february),
  ]);
  expect(both.flatMap(({ issued }) => issued.map(({ accountId }) => accountId))).toEqual([leaky]);
  expect(
    await inTown(town, (trx) =>
      decideHeld(trx, { ...of, accountId: calm + 99n }, { state: "work", note: "" }, noted()),
    ),
  ).toBe("gone");
  // The hand's hold ends by itself; what nobody released goes out then, and says so.
  now = at("2026-03-10T08:00:00Z");
  expect(await inTown(town, (trx) => accountHolds(trx, [calm], day("2026-03-10")))).toEqual(new Map());
  expect((await runBills(deps, town.operatorId, february)).issued.map(({ accountId }) => accountId)).toEqual([calm]);
  const states = await owner.query<{ state: string }>(
    "select state from held_bill where operator_id = $1 order by account_id",
    [town.operatorId],
  );
  expect(states.rows.map(({ state }) => state)).toEqual(["released", "cleared"]);
  expect((await bills(town)).length).toBe(4);
  expect((await verify(owner)).filter((check) => !check.ok)).toEqual([]);
});
