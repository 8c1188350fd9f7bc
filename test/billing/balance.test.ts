import type { Pool } from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { closeBalance, closeDueBalances } from "../../billing/balance/close.ts";
import { type BillRunDeps, runBills } from "../../billing/run.ts";
import { wake } from "../../billing/schedule.ts";
import { type Instant, instantOfIso } from "../../domain/instant.ts";
import { day, type Period, periodOfDays } from "../../domain/period.ts";
import type { Tariff } from "../../domain/tariff.ts";
import { noTelemetry } from "../../domain/telemetry.ts";
import { energyOf, writeOffEnergy } from "../../ledger/balances.ts";
import { noteFloorArea, notePlacement, noteRule, type RuleRow } from "../../ledger/topology.ts";
import { writeEdits } from "../../ledger/edits.ts";
import { ensureRun } from "../../ledger/runs.ts";
import { verify } from "../../ledger/verify/verify.ts";
import { makesLoop } from "../../metering/topology.ts";
import { hang } from "../support/building.ts";
import { type FreshDatabase, freshDatabase, ownerPool } from "../support/database.ts";
import { SmallTown } from "../support/town.ts";

const zone = "Asia/Shanghai";
const september = periodOfDays(day("2026-09-01"), day("2026-10-01"), zone);
const october = periodOfDays(day("2026-10-01"), day("2026-11-01"), zone);
const title = { zh: "测试", en: "test" };
const power: Tariff = {
  id: "power",
  version: "1",
  utility: "electricity",
  unit: "kWh",
  currency: "CNY",
  effectiveFrom: day("2025-01-01"),
  zone,
  title,
  source: ["invented for the test"],
  charges: [{ kind: "energy", form: "flat", id: "energy", title, price: "1" }],
};

let fresh: FreshDatabase;
let owner: Pool;
let town: SmallTown;
let deps: BillRunDeps;
let now: Instant;
let towns = 0;

beforeAll(async () => {
  fresh = await freshDatabase();
  owner = ownerPool(fresh.ownerUrl);
  const tariffs = (id: string) => (id === "power" ? [power] : null);
  deps = { db: fresh.db, clock: { now: () => now }, tariffs, dials: () => null, telemetry: noTelemetry };
});
beforeEach(async () => {
  now = instantOfIso("2026-11-02T00:00:00Z") as Instant;
  town = await SmallTown.found(owner, `town-${++towns}`);
});
afterAll(async () => {
  await owner.end();
  await fresh.drop();
});

const MONTHS = ["2026-09-01", "2026-10-01", "2026-11-01"].map((d) => `${d}T00:00:00+08:00`);
const from = MONTHS[0] ?? "";
const values = (...all: number[]): [string, number][] => all.map((value, i) => [MONTHS[i] ?? "", value]);

async function flat(number: string, ...register: number[]) {
  const account = await town.account(number);
  const supply = await town.supply({ account, tariff: "power", from: "2026-09-01", serial: `e${number}` });
  if (register.length > 0) await town.readings(supply.meter, "energy_import_kwh", values(...register));
  return { account, ...supply };
}
const as = <T>(work: Parameters<typeof fresh.db.as<T>>[1]): Promise<T> => fresh.db.as(town.operatorId, work);
const noted = { at: 0 as Instant, by: null };
const rule = (master: bigint, more: Partial<RuleRow> = {}) =>
  as((trx) =>
    noteRule(
      trx,
      master,
      { fromDay: day("2026-09-01"), key: "equal", lossAllowancePercent: "2", apportioned: ["residue"], ...more },
      noted,
    ),
  );
const close = (masterPointId: bigint, period: Period = september, reason = "") =>
  closeBalance(deps, town.operatorId, { masterPointId, period, reason, by: 1n });
const balances = async () =>
  (await owner.query("select * from building_balance where operator_id = $1 order by id", [town.operatorId])).rows;
const shares = async () =>
  (
    await owner.query<{ account_id: bigint; quantity: bigint; weight: string }>(
      `select s.account_id, s.quantity, s.weight from apportioned_share s join building_balance b on b.operator_id = s.operator_id and b.id = s.balance_id
        where b.operator_id = $1 and b.closing_no = (select max(closing_no) from building_balance n where n.operator_id = b.operator_id
              and n.master_point_id = b.master_point_id and n.period_from = b.period_from) order by s.account_id`,
      [town.operatorId],
    )
  ).rows;
const energy = (point: bigint) => as(async (trx) => Object.fromEntries(await energyOf(trx, point)));
const broken = async () => (await verify(owner)).filter((check) => !check.ok);

describe("closing a master's month", () => {
  test("publishes loss, residue, shares and remainder, and enters where each unit went", async () => {
    const [a, b] = [await flat("1", 0, 300), await flat("2", 0, 600)];
    const { point } = await hang(town, { serial: "m", at: from, points: values(0, 1000) });
    await rule(point);
    expect(await close(point)).toMatchObject({ kind: "closed", closingNo: 1, provisional: false });
    expect((await balances())[0]).toMatchObject({
      master_quantity: 1_000_000_000n,
      sub_quantity: 900_000_000n,
      loss_quantity: 20_000_000n,
      residue_quantity: 80_000_000n,
      apportioned_quantity: 80_000_000n,
      basis: "actual",
      provisional: false,
    });
    expect((await shares()).map((share) => [share.account_id, share.quantity])).toEqual([
      [a.account, 40_000_000n],
      [b.account, 40_000_000n],
    ]);
    expect(await energy(point)).toEqual({
      metered: "-1000",
      sub_metered: "900",
      common: "0",
      loss: "20",
      residue: "80",
    });
    expect(await broken()).toEqual([]);
  });

  test("again is the same balance; with other figures it needs a reason, supersedes, and the old one stays", async () => {
    const home = await flat("1", 0, 300);
    const { point } = await hang(town, { serial: "m", at: from, points: values(0, 310) });
    await rule(point);
    const first = await close(point);
    expect(await close(point)).toEqual({ ...first, kind: "same" });
    await rule(point, { lossAllowancePercent: "1" });
    expect(await close(point)).toMatchObject({ kind: "needs_reason" });
    expect(await close(point, september, "the allowance was wrong")).toMatchObject({
      kind: "superseded",
      closingNo: 2,
    });
    expect((await balances()).map((row) => [row.closing_no, row.residue_quantity, row.reason])).toEqual([
      [1, 3_800_000n, ""],
      [2, 6_900_000n, "the allowance was wrong"],
    ]);
    expect(await energy(point)).toMatchObject({ metered: "-310", loss: "3.1", residue: "6.9" });
    expect((await shares()).map((share) => share.account_id)).toEqual([home.account]);
    expect(await broken()).toEqual([]);
  });

  test("by four people at once is done once", async () => {
    await flat("1", 0, 300);
    const { point } = await hang(town, { serial: "m", at: from, points: values(0, 310) });
    const outcomes = await Promise.all(Array.from({ length: 4 }, () => close(point)));
    expect(outcomes.map(({ kind }) => kind).sort()).toEqual(["closed", "same", "same", "same"]);
  });

  test("without a sub-meter's reading is provisional and shares nothing; the next due closing makes it whole", async () => {
    await flat("1", 0, 300);
    const late = await flat("2", 0);
    const { point } = await hang(town, { serial: "m", at: from, points: values(0, 1000) });
    await rule(point);
    await wake(deps);
    expect(await balances()).toMatchObject([{ provisional: true, apportioned_quantity: 0n }, { provisional: true }]);
    expect((await balances())[0]?.verdicts).toContainEqual(
      expect.objectContaining({ verdict: "incomplete_part", usagePointId: `${late.point}` }),
    );
    expect(await closeDueBalances(deps, town.operatorId)).toBe(0);
    await town.readings(late.meter, "energy_import_kwh", [[MONTHS[1] ?? "", 650]]);
    expect(await closeDueBalances(deps, town.operatorId)).toBe(1);
    const september2 = (await balances()).find((row) => row.closing_no === 2);
    expect(september2).toMatchObject({ provisional: false, sub_quantity: 950_000_000n, residue_quantity: 30_000_000n });
    expect(await closeDueBalances(deps, town.operatorId)).toBe(0);
    expect(await broken()).toEqual([]);
  });

  test("on an estimate says how much of it is estimated, and is closed again when the reading comes", async () => {
    const { meter } = await flat("1", 0);
    await town.readings(meter, "energy_import_kwh", [[MONTHS[1] ?? "", 280]], 4);
    const { point } = await hang(town, { serial: "m", at: from, points: values(0, 310) });
    await rule(point);
    await close(point);
    expect((await balances())[0]).toMatchObject({
      provisional: false,
      basis: "estimated",
      estimated_quantity: 280_000_000n,
    });
    await as((trx) => ensureRun(trx, september, now));
    expect(await closeDueBalances(deps, town.operatorId)).toBe(0);
    await as((trx) =>
      writeEdits(trx, [
        {
          meterId: meter,
          register: "energy_import_kwh",
          at: september.to,
          origin: "clerk",
          says: { kind: "value", value: 300_000_000n, source: "manual" },
          reason: "read by the caretaker",
          key: `edit-${meter}`,
          madeAt: now,
        },
      ]),
    );
    expect(await closeDueBalances(deps, town.operatorId)).toBe(1);
    expect((await balances())[1]).toMatchObject({ closing_no: 2, estimated_quantity: 0n, sub_quantity: 300_000_000n });
    expect(await closeDueBalances(deps, town.operatorId)).toBe(0);
  });

  test("shares nothing while an account has no floor area, and names it", async () => {
    const [a, b] = [await flat("1", 0, 300), await flat("2", 0, 600)];
    const { point } = await hang(town, { serial: "m", at: from, points: values(0, 1000) });
    await rule(point, { key: "area" });
    const area = (accountId: bigint, areaM2: string) =>
      as((trx) => noteFloorArea(trx, { accountId, fromDay: day("2026-01-01"), areaM2 }, noted));
    await area(a.account, "90");
    await close(point);
    expect((await balances())[0]).toMatchObject({ missing_accounts: [String(b.account)], apportioned_quantity: 0n });
    expect(await shares()).toEqual([]);
    await area(b.account, "70");
    await close(point, september, "the area of 2 is known now");
    expect(await shares()).toEqual([
      { account_id: a.account, quantity: 45_000_000n, weight: "2700.000000" },
      { account_id: b.account, quantity: 35_000_000n, weight: "2100.000000" },
    ]);
  });

  test("counts common use on a meter of its own, a sub-master once, and a point from the day it hangs there", async () => {
    const [a, b] = [await flat("1", 0, 300), await flat("2", 0, 300)];
    const master = await hang(town, { serial: "m", at: from, points: values(0, 700) });
    const sub = await hang(town, { serial: "s", building: "2", at: from, points: values(0, 310) });
    const lamp = await hang(town, { serial: "l", role: "customer", at: from, points: values(0, 30) });
    const put = (
      usagePointId: bigint,
      fromDay: string,
      masterPointId: bigint,
      purpose: "supply" | "common" = "supply",
    ) =>
      as((trx) =>
        notePlacement(trx, { usagePointId, fromDay: day(fromDay), masterPointId, purpose }, noted, makesLoop),
      );
    expect(await put(sub.point, "2026-01-01", master.point)).toBe("noted");
    expect(await put(lamp.point, "2026-01-01", master.point, "common")).toBe("noted");
    // flat 2 moves below the sub-master in the middle of the month: half of its 300 are counted there
    expect(await put(b.point, "2026-09-16", sub.point)).toBe("noted");
    expect(await put(b.point, "2026-09-16", sub.point)).toBe("already");
    expect(await put(master.point, "2026-05-01", sub.point)).toBe("loop");
    expect(await put(a.point, "2026-05-01", a.point)).toBe("no_such_point");
    await rule(master.point, { key: "usage", apportioned: ["common"], lossAllowancePercent: "0" });
    await close(master.point);
    await close(sub.point);
    expect(await balances()).toMatchObject([
      // 300 of flat 1, 150 of flat 2 and the sub-master's 310
      {
        master_quantity: 700_000_000n,
        sub_quantity: 760_000_000n,
        common_quantity: 30_000_000n,
        residue_quantity: -90_000_000n,
      },
      { master_quantity: 310_000_000n, sub_quantity: 150_000_000n, residue_quantity: 160_000_000n },
    ]);
    expect((await shares()).map((share) => [share.account_id, share.quantity])).toEqual([
      [a.account, 15_000_000n],
      [b.account, 15_000_000n],
    ]);
  });
});

describe("the energy book", () => {
  test("has each billed unit once, also over two months, and a run done again adds nothing", async () => {
    const { point } = await flat("1", 1000, 1060, 1150);
    await runBills(deps, town.operatorId, september);
    await runBills(deps, town.operatorId, october);
    await runBills(deps, town.operatorId, october);
    expect(await energy(point)).toEqual({ metered: "-150", billed: "150" });
    expect(await broken()).toEqual([]);
  });

  test("keeps estimated units apart until a bill rests on readings again", async () => {
    const { point, meter } = await flat("1", 1000);
    await town.readings(meter, "energy_import_kwh", [[MONTHS[1] ?? "", 1080]], 4);
    await runBills(deps, town.operatorId, september);
    expect(await energy(point)).toEqual({ metered: "-80", billed: "0", estimated: "80" });
    await town.readings(meter, "energy_import_kwh", [
      ["2026-10-10T00:00:00+08:00", 1100],
      [MONTHS[2] ?? "", 1170],
    ]);
    await runBills(deps, town.operatorId, october);
    expect(await energy(point)).toMatchObject({ metered: "-170" });
    expect(await energy(point)).toMatchObject({ billed: "150", estimated: "20" });
    expect(await broken()).toEqual([]);
  });

  test("bills the units between two bills when the line they were cut at was long and a late reading moves it", async () => {
    const { point, meter } = await flat("1");
    await town.readings(meter, "energy_import_kwh", [
      [from, 0],
      ["2026-09-21T00:00:00+08:00", 200],
      ["2026-10-11T00:00:00+08:00", 400],
      [MONTHS[2] ?? "", 600],
    ]);
    await runBills(deps, town.operatorId, september); // 300, half way on the line from 200 to 400
    await town.readings(meter, "energy_import_kwh", [["2026-09-26T00:00:00+08:00", 280]]);
    await runBills(deps, town.operatorId, october); // from 320, and 20 more for September
    expect(await energy(point)).toEqual({ metered: "-600", billed: "600", unbilled: "0" });
    expect(await broken()).toEqual([]);
  });

  test("finds the units between two bills when a late reading moves the usual line they were cut at", async () => {
    const { point, meter } = await flat("1");
    await town.readings(meter, "energy_import_kwh", [
      [from, 0],
      ["2026-09-11T00:00:00+08:00", 100],
      ["2026-09-21T00:00:00+08:00", 200],
      ["2026-10-11T00:00:00+08:00", 400],
      [MONTHS[2] ?? "", 600],
    ]);
    await runBills(deps, town.operatorId, september); // 300, half way on the line from 200 to 400
    await town.readings(meter, "energy_import_kwh", [["2026-09-26T00:00:00+08:00", 280]]);
    await runBills(deps, town.operatorId, october); // from 320, on the line from 280 to 400
    expect(await energy(point)).toEqual({ metered: "-600", billed: "580", unbilled: "20" });
    expect(await broken()).toEqual([]);
    const off = {
      usagePointId: point,
      of: "unbilled",
      reason: "twenty units, not worth a bill",
      key: "k1",
      by: 1n,
    } as const;
    const write = (quantity: bigint, key = "k1") => as((trx) => writeOffEnergy(trx, { ...off, quantity, key }));
    expect(await write(21_000_000n)).toBe("beyond");
    expect(await write(20_000_000n)).toBe("posted");
    expect(await write(20_000_000n)).toBe("already");
    expect(await write(9_000_000n)).toBe("different");
    expect(await write(1n, "k2")).toBe("beyond");
    expect(await energy(point)).toEqual({ metered: "-600", billed: "580", unbilled: "0", written_off: "20" });
    expect(await broken()).toEqual([]);
  });

  test("meets a bill that is made after the next one", async () => {
    const { point } = await flat("1", 0, 100, 250);
    await runBills(deps, town.operatorId, october);
    await runBills(deps, town.operatorId, september);
    expect(await energy(point)).toEqual({ metered: "-250", billed: "250" });
    expect(await broken()).toEqual([]);
  });

  test("is filled for bills that are older than it", async () => {
    const { point } = await flat("1", 1000, 1060, 1150);
    await owner.query("alter table billed_usage disable trigger keep_energy");
    await runBills(deps, town.operatorId, september);
    await runBills(deps, town.operatorId, october);
    await owner.query("alter table billed_usage enable trigger keep_energy");
    expect(await energy(point)).toEqual({});
    const months = await owner.query<{ ids: bigint[] }>(
      "select array_agg(id) as ids from bill where operator_id = $1 group by period_from order by period_from",
      [town.operatorId],
    );
    for (const { ids } of months.rows) await owner.query("select post_billed_energy($1, $2)", [town.operatorId, ids]);
    expect(await energy(point)).toEqual({ metered: "-150", billed: "150" });
    expect(await broken()).toEqual([]);
  });
});
