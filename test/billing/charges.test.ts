import type { Pool } from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type AssignedCharge, chargeLinesOf } from "../../billing/charges/lines.ts";
import { type BillRunDeps, runBills } from "../../billing/run.ts";
import { CodedError } from "../../domain/errors.ts";
import { type Instant, instantOfIso } from "../../domain/instant.ts";
import { day, periodOfDays } from "../../domain/period.ts";
import type { Tariff } from "../../domain/tariff.ts";
import { noTelemetry } from "../../domain/telemetry.ts";
import { noteTerms } from "../../ledger/billing-terms.ts";
import { noteAssignment, noteCharge, noteChargePrice } from "../../ledger/charges.ts";
import { noteFloorArea } from "../../ledger/topology.ts";
import { verify } from "../../ledger/verify/verify.ts";
import { type FreshDatabase, freshDatabase, ownerPool } from "../support/database.ts";
import { SmallTown } from "../support/town.ts";

const fee = {
  code: "property",
  title: { zh: "物业费", en: "Property fee" },
  basis: "area",
  income: "revenue_property",
} as const;
const lot = {
  code: "parking",
  title: { zh: "停车费", en: "Parking" },
  basis: "lot",
  income: "revenue_parking",
} as const;

describe("lines of a charge", () => {
  const of = (over: Partial<AssignedCharge> = {}): AssignedCharge => ({
    charge: fee,
    prices: [{ from: day("2026-01-01"), price: "2.50", taxRate: "0.06" }],
    quantities: [{ from: day("2026-01-01"), quantity: "1" }],
    areas: [{ from: day("2026-01-01"), size: 8850n }],
    ...over,
  });
  const lines = (one: AssignedCharge, from: string, to: string) =>
    chargeLinesOf(1n, [one], { from: day(from), to: day(to) }, "CNY").map((line) => [
      line.key,
      line.quantity,
      line.amount.minor,
      line.included.minor,
    ]);

  test("a whole month is area times price, with the tax inside", () => {
    expect(lines(of(), "2026-10-01", "2026-11-01")).toEqual([["property/2026-10-01", "88.50", 22125n, 1252n]]);
  });
  test("two months are two lines, each of its own days", () => {
    expect(lines(of(), "2026-10-15", "2026-12-01")).toEqual([
      ["property/2026-10-15", "88.50", 12133n, 687n], // 17 of 31 days
      ["property/2026-11-01", "88.50", 22125n, 1252n],
    ]);
  });
  test.each([
    ["a new price", { prices: [...of().prices, { from: day("2026-10-11"), price: "3", taxRate: "0.06" }] }],
    ["another area", { areas: [...of().areas, { from: day("2026-10-11"), size: 10620n }] }],
    ["another share", { quantities: [...of().quantities, { from: day("2026-10-11"), quantity: "1.2" }] }],
  ])("%s within the month cuts it", (_, over) => {
    const cut = lines(of(over), "2026-10-01", "2026-11-01");
    // 10 days at 221.25, 21 days at 265.50 a month
    expect(cut.map(([key, , amount]) => [key, amount])).toEqual([
      ["property/2026-10-01", 7137n],
      ["property/2026-10-11", 17985n],
    ]);
  });
  test("what ends is charged to its last day, and what has not begun not at all", () => {
    const ended = of({ quantities: [...of().quantities, { from: day("2026-10-11"), quantity: "0" }] });
    expect(lines(ended, "2026-10-01", "2026-11-01").map(([, , amount]) => amount)).toEqual([7137n]);
    expect(lines(of({ quantities: [{ from: day("2026-11-01"), quantity: "1" }] }), "2026-10-01", "2026-11-01")).toEqual(
      [],
    );
  });
  test.each([
    ["a price", { prices: [{ from: day("2026-10-02"), price: "1", taxRate: "0" }] }],
    ["the floor area", { areas: [] }],
  ])("without %s nothing is guessed", (what, over) => {
    expect(() => lines(of(over), "2026-10-01", "2026-11-01")).toThrow(CodedError);
    expect(() => lines(of(over), "2026-10-01", "2026-11-01")).toThrow(what);
  });
});

const at = (text: string): Instant => instantOfIso(text) ?? (0 as Instant);
const zone = "Asia/Shanghai";
const september = periodOfDays(day("2026-09-01"), day("2026-10-01"), zone);
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
const noted = { at: at("2026-09-01T00:00:00Z"), by: null };

beforeAll(async () => {
  fresh = await freshDatabase();
  owner = ownerPool(fresh.ownerUrl);
  const clock = { now: () => at("2026-10-01T04:00:00Z") };
  deps = {
    db: fresh.db,
    clock,
    tariffs: (id) => (id === "power" ? [power] : null),
    dials: () => null,
    telemetry: noTelemetry,
  };
});
let towns = 0;
beforeEach(async () => {
  towns += 1;
  town = await SmallTown.found(owner, `town-${towns}`);
  account = await town.account("1");
  const { meter } = await town.supply({ account, tariff: "power", from: "2026-09-01", serial: `e${towns}` });
  await town.readings(meter, "energy_import_kwh", [
    ["2026-09-01T00:00:00+08:00", 1000],
    ["2026-10-01T00:00:00+08:00", 1060],
  ]);
});
afterAll(async () => {
  await owner.end();
  await fresh.drop();
});

/** Property fee of 100 m2 at 2.50 and a lot at 150 a month. */
async function chargeHome(): Promise<void> {
  const from = day("2026-09-01");
  await fresh.db.as(town.operatorId, async (trx) => {
    await noteCharge(trx, fee, noted);
    await noteCharge(trx, lot, noted);
    await noteChargePrice(trx, fee.code, { from, price: "2.5", taxRate: "0.06", source: "contract" }, noted);
    await noteChargePrice(trx, lot.code, { from, price: "150", taxRate: "0", source: "contract" }, noted);
    await noteFloorArea(trx, { accountId: account, fromDay: from, areaM2: "100" }, noted);
    for (const { code } of [fee, lot]) await noteAssignment(trx, account, { code, from, quantity: "1" }, noted);
  });
}
const rowsOf = async (text: string) => (await owner.query(text, [town.operatorId])).rows as Record<string, unknown>[];
const owed = async () =>
  Object.fromEntries(
    (
      await rowsOf(`select 'customer' as class, owed_minor from customer_balance where operator_id = $1
        union all select ledger_account, owed_minor from subledger_balance where operator_id = $1`)
    ).map((row) => [row.class, row.owed_minor]),
  );

describe("a bill run", () => {
  test("charges what is not supply on the same bill, as a debt of its own", async () => {
    await chargeHome();
    expect(await runBills(deps, town.operatorId, september)).toMatchObject({ refused: [], finished: true });
    expect(await owed()).toEqual({ customer: 6000n, customer_property: 40000n });
    expect(await rowsOf("select total_minor, due_on from bill where operator_id = $1")).toMatchObject([
      // ten working days from Thursday 1 October: the 8th, 9th, 10th, 12th … 20th
      { total_minor: 6000n, due_on: "2026-10-20" },
    ]);
    const postings = await rowsOf("select ledger_account, amount_minor from posting where operator_id = $1");
    expect(Object.fromEntries(postings.map((row) => [row.ledger_account, row.amount_minor]))).toEqual({
      customer: 6000n,
      customer_property: 40000n,
      revenue_electricity: -6000n,
      revenue_property: -23585n,
      tax_payable: -1415n,
      revenue_parking: -15000n,
    });
    expect((await verify(owner)).filter((check) => !check.ok)).toEqual([]);
  });

  test("is due as the operator's terms of that day say, the last word counting", async () => {
    await fresh.db.as(town.operatorId, async (trx) => {
      const terms = { fromDay: day("2026-10-01"), calendarId: "cn" };
      expect(await noteTerms(trx, { ...terms, dueWorkingDays: 20 }, noted)).toBe("noted");
      expect(await noteTerms(trx, { ...terms, dueWorkingDays: 2 }, noted)).toBe("noted");
      expect(await noteTerms(trx, { ...terms, dueWorkingDays: 2 }, noted)).toBe("already");
      await noteTerms(trx, { ...terms, fromDay: day("2026-10-02"), dueWorkingDays: 1 }, noted);
    });
    await runBills(deps, town.operatorId, september);
    expect(await rowsOf("select due_on from bill where operator_id = $1")).toEqual([{ due_on: "2026-10-09" }]);
  });

  test("waits with the whole bill where a charge's price is not known, and bills it once it is", async () => {
    await fresh.db.as(town.operatorId, async (trx) => {
      await noteCharge(trx, lot, noted);
      await noteAssignment(trx, account, { code: lot.code, from: day("2026-09-01"), quantity: "2" }, noted);
    });
    const refused = await runBills(deps, town.operatorId, september);
    expect(refused.refused).toMatchObject([{ accountId: account, reason: "cannot_rate" }]);
    expect(refused.refused[0]?.detail).toContain("a price of parking on 2026-09-01");
    await fresh.db.as(town.operatorId, (trx) =>
      noteChargePrice(trx, lot.code, { from: day("2026-01-01"), price: "80", taxRate: "0", source: "x" }, noted),
    );
    expect((await runBills(deps, town.operatorId, september)).issued).toHaveLength(1);
    expect(await owed()).toEqual({ customer: 6000n, customer_property: 16000n });
  });
});

test("a charge under a code that means something else is refused, and the same again adds nothing", async () => {
  await fresh.db.as(town.operatorId, async (trx) => {
    expect(await noteCharge(trx, lot, noted)).toBe("noted");
    expect(await noteCharge(trx, lot, noted)).toBe("already");
    expect(await noteCharge(trx, { ...lot, basis: "home" }, noted)).toBe("different");
    const price = { from: day("2026-01-01"), price: "80", taxRate: "0", source: "x" };
    expect(await noteChargePrice(trx, "no-such", price, noted)).toBe("no_such_charge");
    expect(await noteChargePrice(trx, lot.code, price, noted)).toBe("noted");
    expect(await noteChargePrice(trx, lot.code, { ...price, price: "80.00" }, noted)).toBe("already");
    const said = { code: lot.code, from: day("2026-01-01"), quantity: "1" };
    expect(await noteAssignment(trx, 999999n, said, noted)).toBe("no_such_account");
    expect(await noteAssignment(trx, account, { ...said, code: "no-such" }, noted)).toBe("no_such_charge");
    expect(await noteAssignment(trx, account, said, noted)).toBe("noted");
    expect(await noteAssignment(trx, account, said, noted)).toBe("already");
  });
});
