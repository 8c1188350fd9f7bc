import { afterAll, beforeAll, expect, test } from "vitest";
import { verify } from "../../ledger/verify/verify.ts";
import { type LateReading, Lives } from "./lives.ts";

let lives: Lives;
beforeAll(async () => {
  lives = await Lives.open();
});
afterAll(() => lives.close());

const MONTHS = ["2026-01", "2026-02", "2026-03", "2026-04"];
const KNOWN: LateReading[] = [
  // 2 kWh a day: every estimate by average comes to 2 a day
  { at: "2026-01-01", value: 1000, before: "2026-01" },
  { at: "2026-01-16", value: 1030, before: "2026-01" },
  { at: "2026-02-01", value: 1062, before: "2026-01" },
];

/** Lives through the months with the readings as they come in, and once more with all of them known from the beginning. */
async function live(readings: readonly LateReading[], months: readonly string[] = MONTHS) {
  const [town, twins] = [await lives.town(), await lives.town()];
  const [account, twin] = [await town.account("1"), await twins.account("1")];
  const home = await town.supply({ account, tariff: "ladder", from: "2026-01-01" });
  const double = await twins.supply({ account: twin, tariff: "ladder", from: "2026-01-01" });
  const rowsOf = (some: readonly LateReading[]) =>
    some.map(
      ({ at, value }) => [`${at.replace(" ", "T")}${at.includes(" ") ? "" : "T00:00"}:00+08:00`, value] as const,
    );
  await twins.readings(double.meter, "energy_import_kwh", rowsOf(readings));
  const bills: string[][] = [];
  for (const month of months) {
    await town.readings(home.meter, "energy_import_kwh", rowsOf(readings.filter(({ before }) => before === month)));
    expect((await lives.run(town, month)).refused).toEqual([]);
    expect((await lives.run(twins, month, null)).refused).toEqual([]);
    bills.push((await lives.lastBill(town, account)).filter((line) => line.includes("energy")));
  }
  return {
    bills,
    trueUps: await lives.trueUps(town, account),
    charged: await lives.charged(town, account),
    twin: await lives.charged(twins, twin),
    billed: await lives.billed(town, account),
  };
}

test.each<[string, LateReading[], { last: string[]; trueUps: string[]; billed: string }]>([
  [
    "an estimate that was right",
    [{ at: "2026-04-01", value: 1180, before: "2026-03" }],
    { last: ["energy 2 - 62 12400"], trueUps: ["1118 → 1118 (0)"], billed: "180" },
  ],
])("%s", async (_, late, expected) => {
  const told = await live([...KNOWN, ...late], MONTHS.slice(0, 3));
  expect({ last: told.bills.at(-1), trueUps: told.trueUps, billed: told.billed }).toEqual(expected);
  expect(told.charged).toEqual(told.twin);
});

test("the books of all these lives hold every invariant", async () => {
  const checks = await verify(lives.owner);
  expect(checks.filter((check) => !check.ok)).toEqual([]);
});
