import type { Pool } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { CHANGES_MAX, dryRun } from "../../billing/dry-run.ts";
import { type BillRunDeps, runBills } from "../../billing/run.ts";
import { type Instant, instantOfIso } from "../../domain/instant.ts";
import { day, periodOfDays } from "../../domain/period.ts";
import type { Tariff } from "../../domain/tariff.ts";
import { noTelemetry } from "../../domain/telemetry.ts";
import { noteAssignment, noteCharge, noteChargePrice } from "../../ledger/charges.ts";
import { type FreshDatabase, freshDatabase, ownerPool } from "../support/database.ts";
import { SmallTown } from "../support/town.ts";

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
let now = at("2026-10-01T04:00:00Z");
const HOMES = 11 * CHANGES_MAX; // more than are kept along the way

/** Home n used n kWh in September and 2n in October; one moved in only then, one's meter is silent. */
beforeAll(async () => {
  fresh = await freshDatabase();
  owner = ownerPool(fresh.ownerUrl);
  town = await SmallTown.found(owner);
  const tariffs = (id: string) => (id === "power" ? [power] : null);
  deps = { db: fresh.db, clock: { now: () => now }, tariffs, dials: () => null, telemetry: noTelemetry };
  await owner.query("select ensure_reading_months('2026-08-31T16:00Z', '2026-10-31T16:00Z')");
  for (let n = 1; n <= HOMES; n++) {
    const account = await town.account(`${n}`);
    await town.supply({ account, tariff: "power", from: "2026-09-01", serial: `e${n}` });
  }
  await owner.query(
    `insert into reading (operator_id, meter_id, register, measured_at, received_at, value, source)
     select m.operator_id, m.id, 1, t.at, t.at, substr(m.serial, 2)::int * t.times * 1000000::bigint, 1 from meter m
      cross join (values ('2026-09-01T00:00+08'::timestamptz, 0), ('2026-10-01T00:00+08', 1), ('2026-11-01T00:00+08', 3)) as t (at, times)`,
  );
  await runBills(deps, town.operatorId, september);
  now = at("2026-11-02T00:00:00Z");
  const late = await town.account("late");
  const { meter } = await town.supply({ account: late, tariff: "power", from: "2026-10-01", serial: "late" });
  await town.readings(meter, "energy_import_kwh", [
    ["2026-10-01T00:00:00+08:00", 0],
    ["2026-11-01T00:00:00+08:00", 5],
  ]);
  const silent = await town.account("silent");
  await town.supply({ account: silent, tariff: "power", from: "2026-10-01", serial: "silent" });
  const noted = { at: now, by: null };
  const from = day("2026-10-01");
  await fresh.db.as(town.operatorId, async (trx) => {
    await noteCharge(trx, { code: "fee", title, basis: "home", income: "revenue_property" }, noted);
    await noteChargePrice(trx, "fee", { from, price: "100", taxRate: "0", source: "x" }, noted);
    await noteAssignment(trx, late, { code: "fee", from, quantity: "1" }, noted);
  });
});
afterAll(async () => {
  await owner.end();
  await fresh.drop();
});

const rows = async () =>
  (
    await owner.query(
      `select (select count(*) from bill) as bills, (select last from bill_sequence) as last, (select count(*) from journal) as entries,
              (select count(*) from verdict) as verdicts, (select count(*) from due_run) as runs, (select count(*) from run_exception) as exceptions`,
    )
  ).rows[0] as unknown;

test("a month for show writes nothing, compares each account with its last bill, and is what the run then bills", async () => {
  const before = await rows();
  const seen: number[] = [];
  const shown = await dryRun(deps, town.operatorId, october, (n) => seen.push(n));
  expect(await rows()).toEqual(before);
  expect(seen.at(-1)).toBe(HOMES + 2);

  const kwh = (HOMES * (HOMES + 1)) / 2;
  expect(shown).toMatchObject({ bills: HOMES + 1, first: 1 });
  expect(shown.total.now.minor).toBe(BigInt(2 * kwh + 5 + 100) * 100n);
  expect(shown.total.last.minor).toBe(BigInt(kwh) * 100n);
  expect(shown.property).toMatchObject({ now: { minor: 10000n }, last: { minor: 0n } });
  expect(shown.utilities.get("electricity")).toMatchObject({
    now: { minor: BigInt(2 * kwh + 5) * 100n },
    last: { minor: BigInt(kwh) * 100n },
  });
  expect(shown.changes.map(({ number }) => number)).toEqual(
    Array.from({ length: CHANGES_MAX }, (_, i) => String(HOMES - i)),
  );
  expect(shown.refused).toMatchObject([{ number: "silent", reason: "in_doubt" }]);

  const run = await runBills(deps, town.operatorId, october);
  expect([run.issued.length, run.refused.length]).toEqual([shown.bills, shown.refused.length]);
  const { rows: sums } = await owner.query<{ sum: bigint }>(
    "select ((select sum(total_minor) from bill where run_id = $1) + (select sum(amount_minor) from bill_charge))::bigint as sum",
    [run.runId],
  );
  expect(sums[0]?.sum).toBe(shown.total.now.minor);
  // What is billed is not shown again; who waits still is.
  expect(await dryRun(deps, town.operatorId, october)).toMatchObject({ bills: 0, refused: [{ number: "silent" }] });
});
