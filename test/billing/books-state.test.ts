import { afterAll, beforeAll, expect, test } from "vitest";
import { replayAccounts } from "../../billing/rebill/replay.ts";
import type { BillBundle } from "../../billing/explain/bundle.ts";
import { checkBundle } from "../../billing/explain/check-bundle.ts";
import { readBundle } from "../../billing/explain/read-bundle.ts";
import { whatIf } from "../../billing/what-if/run.ts";
import { HOUR_MS, type Instant, instant } from "../../domain/instant.ts";
import { day, monthOf, type Period } from "../../domain/period.ts";
import type { RegisterName } from "../../domain/register.ts";
import type { Tariff } from "../../domain/tariff.ts";
import { stateAccountFact } from "../../ledger/account-facts.ts";
import { verify } from "../../ledger/verify/verify.ts";
import type { SmallTown } from "../support/town.ts";
import { editValues, offlineChecks, postAll } from "./by-hand.ts";
import { CARRYING } from "./carrying-tariffs.ts";
import { iso, Lives, monthNamed, on, zone } from "./lives.ts";

let lives: Lives;
let town: SmallTown;

beforeAll(async () => {
  lives = await Lives.open();
  town = await lives.town();
  lives.deps = { ...lives.deps, tariffs: (id) => (CARRYING[id] === undefined ? null : [CARRYING[id]]) };
});
afterAll(() => lives.close());

let homes = 0;
async function moveIn(tariff: string): Promise<{ account: bigint; meter: bigint; point: bigint }> {
  const account = await town.account(`sun-${++homes}`, "postpaid", "2025-09-01");
  return { account, ...(await town.supply({ account, tariff, from: "2025-09-01", capacity: "500" })) };
}

const read = (meter: bigint, register: RegisterName, values: Readonly<Record<string, number>>) =>
  town.readings(
    meter,
    register,
    Object.entries(values).map(([at, value]) => [iso(on(at)), value] as const),
  );

async function totals(account: bigint): Promise<string[]> {
  const { rows } = await lives.owner.query<{ total_minor: bigint }>(
    "select total_minor from bill where operator_id = $1 and account_id = $2 order by period_from",
    [town.operatorId, account],
  );
  return rows.map((row) => String(row.total_minor));
}

const exceptions = async (account: bigint): Promise<string[]> => {
  const { rows } = await lives.owner.query<{ detail: string }>(
    "select detail from run_exception where operator_id = $1 and account_id = $2 and settled_at is null order by run_id",
    [town.operatorId, account],
  );
  return rows.map(({ detail }) => detail);
};

test("a home with a roof that buys all and sells all is billed on both registers", async () => {
  const home = await moveIn("buy-sell");
  await read(home.meter, "energy_import_kwh", { "2025-09-01": 0, "2025-10-01": 200 });
  await read(home.meter, "energy_export_kwh", { "2025-09-01": 0, "2025-10-01": 150 });
  await lives.run(town, "2025-09");
  expect(await totals(home.account)).toEqual(["6000"]); // 200 × 0.60 − 150 × 0.40
});

test("net metering carries kWh from bill to bill and pays what is left at the year's end", async () => {
  const home = await moveIn("net-metering");
  await read(home.meter, "energy_import_kwh", {
    "2025-09-01": 0,
    "2025-10-01": 0,
    "2025-11-01": 100,
    "2025-12-01": 200,
    "2026-01-01": 210,
  });
  await read(home.meter, "energy_export_kwh", {
    "2025-09-01": 0,
    "2025-10-01": 0,
    "2025-11-01": 180,
    "2025-12-01": 230,
    "2026-01-01": 250,
  });
  for (const month of ["2025-09", "2025-10", "2025-11", "2025-12"]) await lives.run(town, month);
  // October: 80 kWh over. November: 50 used of it. December: 10 more; 40 kWh × 0.10 paid back.
  expect(await totals(home.account)).toEqual(["0", "0", "0", "-400"]);
});

/** Readings of 100 taken and 60 given back within one hour of each day. */
async function sunnyDays(meter: bigint, month: string, at: { taken: number; given: number }): Promise<void> {
  const period: Period = monthNamed(month);
  const [taken, given]: [[string, number][], [string, number][]] = [[], []];
  const note = (instantOf: Instant): void => {
    taken.push([iso(instantOf), at.taken]);
    given.push([iso(instantOf), at.given]);
  };
  note(period.from);
  const noon = instant(period.from + 12 * HOUR_MS);
  note(noon);
  at.taken += 10;
  at.given += 60;
  note(instant(noon + HOUR_MS));
  at.taken += 20;
  note(instant(noon + 2 * HOUR_MS));
  note(period.to);
  await town.readings(meter, "energy_import_kwh", taken.slice(0, -1));
  await town.readings(meter, "energy_export_kwh", given.slice(0, -1));
}

test("net billing meets hour by hour and keeps what it owes the home in money", async () => {
  const home = await moveIn("net-billing");
  const at = { taken: 0, given: 0 };
  for (const month of ["2025-09", "2025-10", "2025-11"]) await sunnyDays(home.meter, month, at);
  await lives.run(town, "2025-09");
  await lives.run(town, "2025-10");
  // Each month 50 kWh sold (20.00) and 20 kWh bought (12.00): 8.00 kept.
  expect(await totals(home.account)).toEqual(["0", "0"]);
  const { rows } = await lives.owner.query<{ before: object; after: object }>(
    "select before, after from rating_state where account_id = $1 order by period_from",
    [home.account],
  );
  expect(rows.map(({ after }) => after)).toMatchObject([{ carried: { kept: "800" } }, { carried: { kept: "1600" } }]);
  expect(rows[1]?.before).toEqual(rows[0]?.after);
});

/** An hour of `kw` a day into the month, and kvarh over it. */
async function workshopMonth(
  meter: bigint,
  month: string,
  at: { kwh: number; kvarh: number },
  kw: number,
): Promise<void> {
  const { from } = monthNamed(month);
  const start = instant(from + 9 * HOUR_MS);
  const points: [Instant, number, number][] = [
    [from, at.kwh, at.kvarh],
    [start, at.kwh, at.kvarh],
  ];
  at.kwh += kw;
  at.kvarh += kw * 0.75; // a factor of 0.8
  points.push([instant(start + HOUR_MS), at.kwh, at.kvarh]);
  await town.readings(
    meter,
    "energy_import_kwh",
    points.map(([when, kwh]) => [iso(when), kwh]),
  );
  await town.readings(
    meter,
    "reactive_import_kvarh",
    points.map(([when, , kvarh]) => [iso(when), kvarh]),
  );
}

test("a workshop pays its highest hour, the ratchet, the contract's least, the power factor and the year's minimum", async () => {
  const shop = await moveIn("workshop");
  const at = { kwh: 0, kvarh: 0 };
  for (const [month, kw] of [
    ["2025-09", 100],
    ["2025-10", 10],
    ["2025-11", 10],
  ] as const)
    await workshopMonth(shop.meter, month, at, kw);
  await lives.run(town, "2025-09");
  expect((await exceptions(shop.account)).at(-1)).toMatch(/contractedKw/); // nobody said what is contracted
  await lives.fresh.db.as(town.operatorId, (trx) =>
    stateAccountFact(trx, shop.account, { kind: "contracted_kw", from: day("2025-09-01"), value: 120_000_000n }),
  );
  await lives.run(town, "2025-09");
  await lives.run(town, "2025-10");
  // September: (100 × 0.60 + 100 kW × 40) × (1 + 0.9 ÷ 0.8 − 1) = 4060 × 1.125. October: 10 × 0.60 and 80 kW of the ratchet,
  // 3206 × 1.125; the year to 31 October had two months of 9000 ÷ 12, long passed.
  expect(await totals(shop.account)).toEqual(["456750", "360675"]);
});

test("a meter's own demand register goes before the intervals; one that lies is passed over with a verdict", async () => {
  const { account, meter } = await moveIn("by-demand");
  const at = { kwh: 0, kvarh: 0 };
  await workshopMonth(meter, "2025-09", at, 100);
  await workshopMonth(meter, "2025-10", at, 80);
  await workshopMonth(meter, "2025-11", at, 1);
  const hour = (text: string) => iso(instant(on(text) + HOUR_MS));
  await town.readings(meter, "demand_import_max_kw", [
    [hour("2025-09-01"), 3],
    [hour("2025-09-30"), 110], // a quarter of an hour above the hour's mean
    [hour("2025-10-01"), 2],
    [hour("2025-10-31"), 900], // the fuse carries 500
    [hour("2025-11-01"), 1],
  ]);
  await town.readings(meter, "demand_import_last_kw", [
    [hour("2025-09-30"), 77],
    [hour("2025-10-01"), 112], // what came after the last reading
  ]);
  await lives.run(town, "2025-09");
  await lives.run(town, "2025-10");
  // September: the meter was hung on its first day. 100 × 0.60 + 112 × 40 + 100 × 1. October: 80 × 0.60 + 80 × 40 + 80 × 1.
  expect(await totals(account)).toEqual(["464000", "332800"]);
  const measured = await lives.owner.query(
    "select kind, quantity, registers from billed_measure m join bill b on b.id = m.bill_id where b.account_id = $1",
    [account],
  );
  expect(measured.rows).toMatchObject([
    { kind: "demand", quantity: 112_000_000n, registers: [{ register: "demand_import_last_kw", end: "112" }] },
  ]);
  const verdicts = await lives.owner.query(
    "select inputs from verdict where meter_id = $1 and rule = 'demand.not_used'",
    [meter],
  );
  expect(verdicts.rows).toMatchObject([{ inputs: { why: "over_capacity", shown_kw: "900", limit_kw: "550" } }]);
});

test("capacity and household said at the counter are billed from their days on, and a word taken back counts no more", async () => {
  const { account, meter } = await moveIn("by-capacity");
  await read(meter, "energy_import_kwh", { "2025-09-01": 0, "2025-10-01": 150 });
  await lives.run(town, "2025-09");
  expect((await exceptions(account)).at(-1)).toMatch(/contractedKva/);
  const said = [
    ["contracted_kva", "2025-09-01", 100_000_000n],
    ["contracted_kva", "2025-09-11", 999_000_000n],
    ["contracted_kva", "2025-09-11", null],
    ["contracted_kva", "2025-09-16", 160_000_000n],
    ["household", "2025-09-01", 5n],
  ] as const;
  await lives.fresh.db.as(town.operatorId, async (trx) => {
    for (const [kind, from, value] of said) await stateAccountFact(trx, account, { kind, from: day(from), value });
  });
  await lives.run(town, "2025-09");
  // 150 kWh reach the second tier only of a small household: 75.00. (100 + 160) ÷ 2 kVA × 10, and the fee of more than 100 kWh.
  expect(await totals(account)).toEqual(["139500"]);
});

test("what was carried is explained, verified offline, balanced in the energy book, and the same in replay and what-if", async () => {
  const { rows } = await lives.owner.query<{ number: string }>("select number from bill where operator_id = $1", [
    town.operatorId,
  ]);
  for (const { number } of rows) {
    const bundle = await lives.fresh.db.as(town.operatorId, (trx) => readBundle(trx, number, lives.deps, lives.now));
    expect(checkBundle(JSON.stringify(bundle)), number).toMatchObject({ kind: "checked", ok: true });
  }
  expect((await verify(lives.owner)).filter(({ ok }) => !ok)).toEqual([]);
  const accounts = (await lives.owner.query<{ id: bigint }>("select id from account order by id")).rows.map(
    ({ id }) => id,
  );
  const replays = await lives.fresh.db.as(town.operatorId, (trx) =>
    replayAccounts(trx, accounts, on("2025-09-01"), lives.deps),
  );
  expect(replays.map(({ differenceMinor }) => differenceMinor)).toEqual(accounts.map(() => 0n));
  for (const { bills } of replays)
    for (const { points } of bills) for (const point of points) expect(point.kind).toBe("compared");
});

test("a wrong reading of an early month re-walks the credit of the later ones", async () => {
  const home = await moveIn("net-metering");
  await read(home.meter, "energy_import_kwh", { "2025-09-01": 0, "2025-10-01": 0, "2025-11-01": 100 });
  await read(home.meter, "energy_export_kwh", { "2025-09-01": 0, "2025-10-01": 100, "2025-11-01": 100 });
  await lives.run(town, "2025-09");
  await lives.run(town, "2025-10");
  expect(await totals(home.account)).toEqual(["0", "0"]);
  await edit(home.meter, "energy_export_kwh", { "2025-10-01": 40, "2025-11-01": 40 });
  const [replay] = await lives.fresh.db.as(town.operatorId, (trx) =>
    replayAccounts(trx, [home.account], on("2025-09-01"), lives.deps),
  );
  // 40 given back in September, not 100: October's 100 are short of 60.
  expect(replay?.bills.map(({ differenceMinor }) => differenceMinor)).toEqual([0n, 3600n]);
});

const edit = (meter: bigint, register: RegisterName, values: Readonly<Record<string, number>>) =>
  editValues(lives, town, meter, register, values);
const correct = (account: bigint) => postAll(lives, town, account);

test("the next bill starts from the credit and the peak that a correction handed on, and the books still agree", async () => {
  const home = await moveIn("net-metering");
  await read(home.meter, "energy_import_kwh", {
    "2025-09-01": 0,
    "2025-10-01": 0,
    "2025-11-01": 100,
    "2025-12-01": 180,
  });
  await read(home.meter, "energy_export_kwh", {
    "2025-09-01": 0,
    "2025-10-01": 200,
    "2025-11-01": 200,
    "2025-12-01": 155,
  });
  const shop = await moveIn("workshop");
  const at = { kwh: 0, kvarh: 0 };
  for (const [month, kw] of [
    ["2025-09", 100],
    ["2025-10", 10],
    ["2025-11", 10],
    ["2025-12", 0],
  ] as const)
    await workshopMonth(shop.meter, month, at, kw);
  await lives.fresh.db.as(town.operatorId, (trx) =>
    stateAccountFact(trx, shop.account, { kind: "contracted_kw", from: day("2025-09-01"), value: 120_000_000n }),
  );
  await lives.run(town, "2025-09");
  await lives.run(town, "2025-10");
  expect(await totals(home.account)).toEqual(["0", "0"]); // 200 given, 100 used of it, 100 left
  await edit(home.meter, "energy_export_kwh", { "2025-10-01": 150, "2025-11-01": 150 });
  // 50 kWh less in credit: no bill that is out costs a cent more, and yet there is something to hand on.
  expect(await correct(home.account)).toMatchObject({ kind: "posted", totalMinor: 0n });
  expect(await correct(home.account)).toEqual({ kind: "nothing" });
  // September's highest hour was 60 kW, not 100: (60 + 60 × 40) × 1.125 less 4567.50; October's ratchet 48 kW: 1926 × 1.125 less 3606.75.
  await edit(shop.meter, "energy_import_kwh", { "2025-09-01 10:00": 60, "2025-09-01 11:00": 100 });
  expect(await correct(shop.account)).toMatchObject({ kind: "posted", totalMinor: -324_000n });
  await lives.run(town, "2025-11");
  // 80 taken and 5 given, 50 in credit: 25 × 0.60. The old credit would have left nothing to pay.
  expect(await totals(home.account)).toEqual(["0", "0", "1500"]);
  expect((await totals(shop.account)).at(-1)).toBe("216675"); // by 48 kW, not by 80
  for (const { account } of [home, shop]) expect(await correct(account)).toEqual({ kind: "nothing" });
  expect((await verify(lives.owner)).filter(({ ok }) => !ok)).toEqual([]);
  const checks = await offlineChecks(lives, town);
  expect(checks.map(({ check }) => check)).toEqual(
    checks.map(() => expect.objectContaining({ ok: true, corrections: 1 })),
  );
  const { file } = checks.find(({ file: text }) => text.includes("C2025-") && text.includes('"demand')) ?? { file: "" };
  // The first figure that a note's inputs do not give is named, and what was changed of them.
  const lineChanged = checkBundle(file.replace('"due":"', '"due":"1'));
  expect(lineChanged).toMatchObject({ ok: false, changed: [{ part: "contents" }] });
  const bundle = JSON.parse(file) as BillBundle;
  const hour = bundle.corrections?.[0]?.rests?.readings
    .flatMap(({ values }) => values)
    .find(([, value]) => value === "60");
  if (hour !== undefined) hour[1] = "61";
  const readingChanged = checkBundle(JSON.stringify(bundle));
  expect(readingChanged).toMatchObject({ ok: false, changed: [{ part: "correction C2025-000002" }] });
  for (const check of [lineChanged, readingChanged])
    expect(check.kind === "checked" && check.differences[0]?.where).toBe("correction C2025-000002 line 1");
});

test("a bill that is missing between two stops the one that would carry on from it", async () => {
  const home = await moveIn("net-metering");
  await read(home.meter, "energy_import_kwh", {
    "2025-09-01": 0,
    "2025-10-01": 0,
    "2025-11-01": 50,
    "2025-12-01": 100,
  });
  await read(home.meter, "energy_export_kwh", {
    "2025-09-01": 0,
    "2025-10-01": 90,
    "2025-11-01": 90,
    "2025-12-01": 90,
  });
  await lives.run(town, "2025-09");
  await lives.run(town, "2025-11");
  expect((await exceptions(home.account)).at(-1)).toMatch(/bill missing/);
  await lives.run(town, "2025-10");
  await lives.run(town, "2025-11");
  expect(await totals(home.account)).toEqual(["0", "0", "600"]); // 90 − 50 left 40 of November's 50
});

test("what-if walks each price with its own credit", async () => {
  const home = await moveIn("net-metering");
  await read(home.meter, "energy_import_kwh", {
    "2025-09-01": 0,
    "2025-10-01": 0,
    "2025-11-01": 100,
    "2025-12-01": 200,
  });
  await read(home.meter, "energy_export_kwh", {
    "2025-09-01": 0,
    "2025-10-01": 100,
    "2025-11-01": 150,
    "2025-12-01": 150,
  });
  lives.now = on("2026-02-01");
  const period = { from: monthOf(on("2025-09-02"), zone).from, to: monthOf(on("2025-11-02"), zone).to };
  const ask = {
    scope: { kind: "account", accountId: home.account } as never,
    period,
    replacements: [{ versions: [CARRYING["buy-sell"] as Tariff], insteadOf: ["net-metering"] }],
  };
  const parts = await Array.fromAsync(whatIf(lives.deps, town.operatorId, ask));
  const [change] = parts.flatMap(({ changes }) => changes).filter(({ accountId }) => accountId === home.account);
  // Net metering: 150 given, 200 taken: 50 × 0.60. Buy all, sell all: 200 × 0.60 − 150 × 0.40.
  expect(change).toMatchObject({ before: 3000n, after: 6000n });
});
