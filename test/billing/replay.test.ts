import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readBasis } from "../../ledger/bill-basis.ts";
import { type AccountReplay, replayAccounts } from "../../billing/rebill/replay.ts";
import type { Tariff } from "../../domain/tariff.ts";
import { writeEdits } from "../../ledger/edits.ts";
import type { SmallTown } from "../support/town.ts";
import { iso, Lives, on } from "./lives.ts";

let lives: Lives;
let town: SmallTown;
const MONTHS = ["2025-09", "2025-10", "2025-11", "2025-12", "2026-01"] as const;
const FROM = on("2025-09-01");

type Values = Readonly<Record<string, number>>;
/** Over the first tier in October, over the second in December; January begins a new year of the ladder. */
const TRUE: Values = {
  "2025-09-01": 1000,
  "2025-10-01": 1050,
  "2025-11-01": 1135,
  "2025-12-01": 1190,
  "2026-01-01": 1260,
  "2026-02-01": 1300,
};

beforeAll(async () => {
  lives = await Lives.open();
  town = await lives.town();
});
afterAll(() => lives.close());

type Home = { readonly account: bigint; readonly meter: bigint };
let homes = 0;
async function moveIn(values: Values, tariff = "ladder"): Promise<Home> {
  const account = await town.account(`home-${++homes}`, "postpaid", "2025-09-01");
  const { meter } = await town.supply({ account, tariff, from: "2025-09-01" });
  await read(meter, values);
  return { account, meter };
}
const read = (meter: bigint, values: Values) =>
  town.readings(
    meter,
    "energy_import_kwh",
    Object.entries(values).map(([at, value]) => [iso(on(at)), value] as const),
  );

const replay = async ({ account }: Home, books: Partial<Lives["deps"]> = {}, from = FROM): Promise<AccountReplay> => {
  const [own] = await lives.fresh.db.as(town.operatorId, (trx) =>
    replayAccounts(trx, [account], from, { ...lives.deps, ...books }),
  );
  if (own === undefined) throw new Error("no replay");
  return own;
};
const billTotals = async ({ account }: Home): Promise<bigint[]> => {
  const { rows } = await lives.owner.query<{ total_minor: bigint }>(
    "select total_minor from bill where operator_id = $1 and account_id = $2 order by period_from",
    [town.operatorId, account],
  );
  return rows.map((row) => row.total_minor);
};
const correct = (meter: bigint, at: string, value: number) =>
  lives.fresh.db.as(town.operatorId, (trx) =>
    writeEdits(trx, [
      {
        meterId: meter,
        register: "energy_import_kwh",
        at: on(at),
        origin: "clerk",
        says: { kind: "value", value: BigInt(value * 1_000_000), source: "manual" },
        reason: "misread",
        key: `${meter} ${at} ${value}`,
        madeAt: on("2026-02-15"),
      },
    ]),
  );

describe("bills made again by what is known now", () => {
  test("differ from a home that was right from the beginning by nothing, bill by bill, ladder and later months included", async () => {
    const truth = await moveIn(TRUE);
    const untouched = await moveIn(TRUE);
    const misread = await moveIn({ ...TRUE, "2025-11-01": 1175 });
    const high = await moveIn({ ...TRUE, "2025-10-01": 1120 });
    // Nothing stood at the end of November: it was billed on the line between its neighbours.
    const { "2025-12-01": gone, ...between } = TRUE;
    const late = await moveIn({ ...between, "2025-12-02": 1195 });
    const hours = await moveIn(TRUE, "by-hours");
    for (const month of MONTHS) await lives.run(town, month, null);
    const should = await billTotals(truth);
    expect(should).toHaveLength(MONTHS.length);

    for (const home of [truth, untouched, misread, high, late, hours]) {
      expect(await replay(home), "no change, no difference").toMatchObject({ differenceMinor: 0n });
    }
    await correct(misread.meter, "2025-11-01", 1135);
    await correct(high.meter, "2025-10-01", 1050);
    await read(late.meter, { "2025-12-01": gone ?? 0 });
    const lateTruth = await billTotals(truth);
    for (const home of [misread, high]) {
      const billed = await billTotals(home);
      const { bills, differenceMinor } = await replay(home);
      expect(bills.map((bill, i) => (billed[i] ?? 0n) + bill.differenceMinor)).toEqual(should);
      expect(differenceMinor).toBe(sum(should) - sum(billed));
      expect(bills.filter((bill) => bill.differenceMinor !== 0n).length).toBeGreaterThan(1);
    }
    const billed = await billTotals(late);
    const { bills } = await replay(late);
    expect(bills[2]?.differenceMinor).toBe((lateTruth[2] ?? 0n) - (billed[2] ?? 0n));
    expect(sum(billed) + sum(bills.map((one) => one.differenceMinor))).toBe(sum(should));
  });

  test("tell each line: what was billed, what it should be; an unchanged line is not told", async () => {
    const home = { account: await accountOf("home-3"), meter: 0n };
    const october = (await replay(home)).bills[1];
    const [point] = october?.points ?? [];
    if (point?.kind !== "compared") throw new Error("not compared");
    const lines = point.differences.map(({ key, billed, line, quantity, amount }) => [
      key.split("/").slice(1, 3).join(" "),
      billed?.amount ?? null,
      line.amount.minor,
      quantity,
      amount,
    ]);
    // 125 kWh billed: 50 to the first threshold, 75 above; 85 were used: 50 and 35.
    expect(lines).toEqual([
      ["energy t2", 15_000n, 7_000n, -40_000_000n, -8_000n],
      ["fund -", 125n, 85n, -40_000_000n, -40n],
      ["vat -", 0n, 0n, 0n, 0n],
    ]);
  });

  test("see a price that changed, and go no further back than asked", async () => {
    const home = { account: await accountOf("home-1"), meter: 0n };
    const [version] = (lives.deps.tariffs("ladder") ?? []) as [Tariff];
    const dearer: Tariff = {
      ...version,
      charges: version.charges.map((charge) => (charge.id === "fund" ? { ...charge, price: "0.02" } : charge)) as never,
    };
    const tariffs = () => [dearer];
    const all = await replay(home, { tariffs });
    expect(all.bills.map((bill) => bill.differenceMinor)).toEqual([50n, 85n, 55n, 70n, 40n]);
    expect((await replay(home, { tariffs }, on("2026-01-01"))).bills.map((bill) => bill.differenceMinor)).toEqual([
      40n,
    ]);
    const [unpriced] = (await replay(home, { tariffs: () => null })).bills;
    expect(unpriced).toMatchObject({ differenceMinor: 0n, points: [{ kind: "cannot_rate" }] });
  });

  test("leave a bill at an estimate to its true-up while that is open, and agree with it once it is closed", async () => {
    const home = await moveIn({ "2025-09-01": 1000, "2025-09-16": 1025, "2025-10-01": 1050 });
    for (const month of ["2025-09", "2025-10"]) await lives.run(town, month);
    await read(home.meter, { "2025-12-01": 1130 });
    const open = await replay(home);
    expect(open.bills.map(({ points }) => points.map(({ kind }) => kind))).toEqual([["compared"], ["true_up_open"]]);
    expect(open.differenceMinor).toBe(0n);
    await lives.run(town, "2025-11");
    const closed = await replay(home);
    expect(closed.bills.map(({ points }) => points.map(({ kind }) => kind))).toEqual([
      ["compared"],
      ["compared"],
      ["compared"],
    ]);
    expect(
      closed.bills.flatMap(({ points }) => points.flatMap((one) => (one.kind === "compared" ? one.differences : []))),
    ).toEqual([]);
  });

  test("do not guess where a new bill would wait, and change nothing in the books", async () => {
    const home = await moveIn(TRUE);
    for (const month of MONTHS) await lives.run(town, month, null);
    const before = await lives.owner.query(
      "select (select count(*) from bill_line) as l, (select count(*) from journal) as j",
    );
    await correct(home.meter, "2025-11-01", 900);
    const { bills } = await replay(home);
    expect(bills.map(({ points }) => points[0]?.kind)).toEqual([
      "compared",
      "in_doubt",
      "compared",
      "compared",
      "compared",
    ]);
    const after = await lives.owner.query(
      "select (select count(*) from bill_line) as l, (select count(*) from journal) as j",
    );
    expect(after.rows).toEqual(before.rows);
    const kept = await lives.fresh.db.as(town.operatorId, (trx) => readBasis(trx, bills[0]?.billId ?? 0n));
    expect(kept?.sha256).toMatch(/^[0-9a-f]{64}$/);
  });
});

const sum = (all: readonly bigint[]): bigint => all.reduce((total, one) => total + one, 0n);
async function accountOf(number: string): Promise<bigint> {
  const { rows } = await lives.owner.query<{ id: bigint }>(
    "select id from account where operator_id = $1 and number = $2",
    [town.operatorId, number],
  );
  return rows[0]?.id ?? 0n;
}
