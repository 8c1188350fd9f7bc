import { afterAll, beforeAll, expect, test } from "vitest";
import { accountBillOf } from "../../billing/account-bill.ts";
import { basisOf, basisOfText, inputsOf, keptText } from "../../billing/explain/basis.ts";
import { explainLines } from "../../billing/explain/explain-lines.ts";
import { basisOfBill } from "../../billing/explain/read-bundle.ts";
import { canonicalText, sha256Of } from "../../billing/explain/canonical.ts";
import { readKept } from "../../billing/explain/kept.ts";
import { readBasis } from "../../ledger/bill-basis.ts";
import type { SmallTown } from "../support/town.ts";
import { iso, Lives, on } from "./lives.ts";

let lives: Lives;
let town: SmallTown;
let account: bigint;
let meter: bigint;

beforeAll(async () => {
  lives = await Lives.open();
  town = await lives.town();
  account = await town.account("1", "postpaid", "2025-10-01");
  ({ meter } = await town.supply({ account, tariff: "ladder", from: "2025-10-01" }));
  await town.readings(meter, "energy_import_kwh", [
    [iso(on("2025-10-01")), 1000],
    [iso(on("2025-10-16")), 1030],
    [iso(on("2025-11-01")), 1162],
  ]);
  for (const month of ["2025-10", "2025-11"]) await lives.run(town, month);
  await town.readings(meter, "energy_import_kwh", [[iso(on("2026-01-01")), 1300]]);
  await lives.run(town, "2025-12");
});
afterAll(() => lives.close());

test("what a bill rests on comes back from the book and gives the same bill and the same text", async () => {
  await lives.fresh.db.as(town.operatorId, async (trx) => {
    const bills = await trx.selectFrom("bill").selectAll().orderBy("id").execute();
    expect(bills.length).toBe(3);
    for (const row of bills) {
      const basis = await readBasis(trx, row.id);
      if (basis === null) throw new Error("no basis");
      expect(sha256Of(basis.document)).toBe(basis.sha256);
      const kept = await readKept(trx, row.id);
      if (kept === null) throw new Error("no basis");
      const inputs = inputsOf(kept.basis, kept.tariffs);
      expect(keptText(basisOf(inputs))).toBe(basis.document);
      // As bills were kept that held the operator's terms themselves.
      const former = canonicalText({ ...kept.basis, format: 1 });
      expect(keptText(basisOfText(former, null))).toBe(former);
      expect(keptText(basisOf(inputsOf(basisOfText(former, null), kept.tariffs)))).toBe(basis.document);
      const again = accountBillOf(inputs.input, inputs.period, inputs.issuedOn, inputs.operator);
      expect(again).toMatchObject({ kind: "billed", bill: { total: { minor: row.total_minor } } });
    }
  });
});

test("a line opens to its arithmetic, its ladder, its readings, and what it corrects", async () => {
  const explained = await lives.fresh.db.as(town.operatorId, async (trx) => {
    const bills = await trx.selectFrom("bill").select("id").orderBy("id").execute();
    const all = [];
    for (const { id } of bills) all.push(explainLines((await basisOfBill(trx, id, lives.deps)).inputs));
    return all;
  });
  const tier = (n: number, bill: number) => explained[bill]?.find(({ key }) => key.includes(`/t${n}/`));
  expect(tier(2, 0)).toMatchObject({
    arithmetic: { quantity: "62", price: "2", exact: "124", rounding: "half_away", amount: "124.00", of: [] },
    tariff: { id: "ladder", version: "1", charge: { id: "energy" } },
    proration: { days: 31, billDays: 31, cutBy: [] },
    ladder: { thresholds: ["100", "200"], usedBefore: "0", usedAfter: "162", persons: null },
    registers: [{ start: "1000", end: "1162", sources: { modbus: 3 }, verdicts: [] }],
    corrects: null,
  });
  const tax = explained[0]?.find(({ key }) => key.includes("/vat/"));
  expect(tax?.arithmetic.of.map(({ amount }) => amount)).toEqual(["100.00", "124.00", "5.00", "1.62"]);
  expect(tax?.arithmetic).toMatchObject({ price: "0.13", amount: "26.53" });
  expect(explained[1]?.some(({ registers }) => registers.some(({ estimate }) => estimate !== undefined))).toBe(true);
  const corrected = explained[2]?.filter(({ corrects }) => corrects !== null) ?? [];
  expect(corrected.length).toBeGreaterThan(0);
  for (const { key, corrects, arithmetic } of corrected) {
    expect(corrects?.number).toMatch(/^\d{4}-\d{6}$/);
    // Tax inside the prices is told beside an amount of nothing.
    if (!key.includes("/vat/")) expect(arithmetic.amount).toBe(corrects?.shouldBe);
  }
});
