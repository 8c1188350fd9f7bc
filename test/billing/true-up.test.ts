import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RegisterName } from "../../domain/register.ts";
import { verify } from "../../ledger/verify/verify.ts";
import type { SmallTown } from "../support/town.ts";
import { iso, Lives, on } from "./lives.ts";

/** Bills of these months are run ten days after each ended; all homes live in one town, so that a month is one run. */
const MONTHS = ["2025-10", "2025-11", "2025-12", "2026-01", "2026-02"] as const;
type Month = (typeof MONTHS)[number];

/** A reading comes in before the bill run of `before`. */
type Late = { readonly at: string; readonly value: number; readonly before: Month; readonly register?: RegisterName };

type Life = {
  readonly readings: readonly Late[];
  readonly tariff?: string;
  readonly exchange?: { readonly at: string; readonly final: number; readonly initial: number };
};

/** 2 kWh a day: an average estimates 1122 at the end of November, 1184 at the end of December, 1246 at the end of January. */
const KNOWN: readonly Late[] = [
  { at: "2025-10-01", value: 1000, before: "2025-10" },
  { at: "2025-10-16", value: 1030, before: "2025-10" },
  { at: "2025-11-01", value: 1062, before: "2025-10" },
];
const late = (before: Month, values: Record<string, number>): Late[] =>
  Object.entries(values).map(([at, value]) => ({ at, value, before }));
const end = (value: number): Late[] => late("2026-02", { "2026-03-01": value });

/** What each life's true-ups say, in order of time, and the units that were billed in the end. */
const CASES: Record<string, Life & { readonly trueUps: readonly string[]; readonly billed: string }> = {
  "the estimate was too low": {
    readings: [
      ...late("2025-12", { "2025-12-20": 1209, "2026-01-01": 1245 }),
      ...late("2026-01", { "2026-02-01": 1300 }),
      ...end(1350),
    ],
    trueUps: ["1122 → 1152 (30)"],
    billed: "350",
  },
  "the estimate was right, and the reading of that very instant came late": {
    readings: [
      ...late("2025-12", { "2025-12-01": 1122, "2026-01-01": 1184 }),
      ...late("2026-01", { "2026-02-01": 1246 }),
      ...end(1300),
    ],
    trueUps: ["1122 → 1122 (0)"],
    billed: "300",
  },
  "the estimate was too high, but less than what was read since": {
    readings: [...late("2025-12", { "2026-01-01": 1123 }), ...late("2026-01", { "2026-02-01": 1140 }), ...end(1160)],
    trueUps: ["1122 → 1092 (-30)"],
    billed: "160",
  },
  "the estimate was above what was read since": {
    readings: [
      ...late("2025-12", { "2025-12-20": 1111, "2026-01-01": 1120 }),
      ...late("2026-01", { "2026-02-01": 1130 }),
      ...end(1140),
    ],
    trueUps: ["1122 → 1092 (-30)"],
    billed: "140",
  },
  "two estimates were far too high, over a new year": {
    readings: [...late("2026-01", { "2026-02-01": 1085 }), ...end(1100)],
    trueUps: ["1122 → 1069.5 (-52.5)", "1184 → 1077.25 (-106.75)"],
    billed: "100",
  },
  "two estimates were too low, over a new year and two steps of the ladder": {
    readings: [...late("2026-01", { "2026-02-01": 1430 }), ...end(1500)],
    trueUps: ["1122 → 1182 (60)", "1184 → 1306 (122)"],
    billed: "500",
  },
  "three estimates, before anything was read": {
    readings: end(1182),
    trueUps: ["1122 → 1092 (-30)", "1184 → 1123 (-61)", "1246 → 1154 (-92)"],
    billed: "182",
  },
  "a reading between two estimates came in time for the second": {
    readings: [...late("2025-12", { "2025-12-16": 1089 }), ...late("2026-01", { "2026-02-01": 1105 }), ...end(1120)],
    trueUps: ["1122 → 1080 (-42)", "1107.736842 → 1094.446808 (-13.290034)"],
    billed: "120",
  },
  "a reading before the estimated end came late and was higher than the estimate": {
    readings: [
      ...late("2025-12", { "2025-11-21": 1142 }),
      ...late("2026-01", { "2026-01-31": 1213, "2026-02-01": 1214 }),
      ...end(1260),
    ],
    trueUps: ["1122 → 1152 (30)", "1256.156862 → 1183 (-73.156862)"],
    billed: "260",
  },
  "the meter was exchanged after the estimate": {
    readings: [...late("2025-12", { "2026-01-01": 27 }), ...late("2026-01", { "2026-02-01": 60 }), ...end(80)],
    exchange: { at: "2025-12-11", final: 1102, initial: 7 },
    trueUps: ["1122 → 1092 (-30)"],
    billed: "175",
  },
  "a meter with registers for hours": {
    tariff: "by-hours",
    readings: [...late("2025-12", { "2026-01-01": 1123 }), ...late("2026-01", { "2026-02-01": 1154 }), ...end(1182)],
    trueUps: ["561 → 546 (-15)", "561 → 546 (-15)"],
    billed: "182",
  },
};

/** Lives of which nobody knows: readings at any hour with any growth, coming in as late as they like, in order. */
const seed = Math.trunc(Math.random() * 2 ** 31);
const strays = fc.sample(
  fc.array(
    fc.record({
      hour: fc.integer({ min: 1, max: 24 * 119 }),
      growth: fc.integer({ min: 0, max: 900 }),
      delay: fc.integer({ min: 0, max: 3 }),
    }),
    { maxLength: 7 },
  ),
  { seed, numRuns: 25 },
);
const RANDOM: Life[] = strays.map((rows) => {
  let [value, arrived] = [10_620, 1];
  const ordered = [...rows].sort((a, b) => a.hour - b.hour).filter((row, i, all) => row.hour !== all[i - 1]?.hour);
  const readings = ordered.map(({ hour, growth, delay }): Late => {
    value += growth;
    const at = on("2025-11-01") + hour * 3_600_000;
    const text = new Date(at + 8 * 3_600_000).toISOString().slice(0, 16).replace("T", " ");
    const own = MONTHS.indexOf(text.slice(0, 7) as Month);
    arrived = Math.min(MONTHS.length - 1, Math.max(arrived, own + delay));
    return { at: text, value: value / 10, before: MONTHS[arrived] as Month };
  });
  return { readings: [...readings, ...end((value + 50) / 10)] };
});

type Home = {
  readonly life: Life;
  readonly account: bigint;
  readonly meter: bigint;
  readonly point: bigint;
  readonly next: bigint | null;
};

const moment = (at: string): string => iso(on(at));
const isOfHours = ({ tariff }: Life) => tariff === "by-hours";

async function moveIn(town: SmallTown, life: Life, number: string): Promise<Home> {
  const account = await town.account(number);
  const { meter, point } = await town.supply({
    account,
    tariff: life.tariff ?? "ladder",
    from: "2025-10-01",
    serial: number,
    capacity: "1000",
  });
  const next = life.exchange === undefined ? null : await town.meter(`${number}b`);
  return { life, account, meter, point, next };
}

/** The old meter's final and the new one's initial value are noted when it happens. */
async function exchange(town: SmallTown, { life, meter, point, next }: Home): Promise<void> {
  if (life.exchange === undefined || next === null) return;
  const { at, final, initial } = life.exchange;
  await town.owner.query("update installation set removed_at = $2 where operator_id = $1 and meter_id = $3", [
    town.operatorId,
    moment(at),
    meter,
  ]);
  await town.install(next, point, moment(at), "1000");
  await town.readings(next, "energy_import_kwh", [[moment(at), initial]], 6);
  await town.readings(meter, "energy_import_kwh", [[moment(at), final]], 6);
}

/** Writes the readings that come in before a month's run; without a month all of them. */
async function arrive(town: SmallTown, home: Home, month?: Month): Promise<void> {
  const { life, meter, next } = home;
  if (month === undefined || month === life.exchange?.at.slice(0, 7)) await exchange(town, home);
  const after = life.exchange === undefined ? Number.POSITIVE_INFINITY : on(life.exchange.at);
  for (const { at, value, before } of [...KNOWN, ...life.readings]) {
    if (month !== undefined && before !== month) continue;
    const to = on(at) > after && next !== null ? next : meter;
    await town.readings(to, "energy_import_kwh", [[moment(at), value]]);
    if (!isOfHours(life)) continue;
    for (const register of ["energy_import_peak_kwh", "energy_import_valley_kwh"] as const)
      await town.readings(to, register, [[moment(at), value / 2]]);
  }
}

let lives: Lives;
let town: SmallTown;
/** The same homes of which everything was read in time. */
let twins: SmallTown;
const homes = new Map<Life, { own: Home; twin: Home }>();
const noteOf = new Map<string, string[]>();

beforeAll(async () => {
  lives = await Lives.open();
  [town, twins] = [await lives.town(), await lives.town()];
  for (const [i, life] of [...Object.values(CASES), ...RANDOM].entries()) {
    const [own, twin] = [await moveIn(town, life, `${i}`), await moveIn(twins, life, `${i}`)];
    homes.set(life, { own, twin });
    await arrive(twins, twin);
  }
  for (const month of MONTHS) {
    for (const { own } of homes.values()) await arrive(town, own, month);
    expect((await lives.run(town, month)).refused).toEqual([]);
    expect((await lives.run(twins, month, null)).refused).toEqual([]);
    for (const [title, life] of Object.entries(CASES)) {
      noteOf.set(`${title} ${month}`, await lives.lastBill(town, homes.get(life)?.own.account ?? 0n));
    }
  }
});
afterAll(() => lives.close());

describe.each(Object.entries(CASES))("%s", (_, life) => {
  test("each true-up is closed with its difference, and all that was used is billed", async () => {
    const { own } = homes.get(life) as { own: Home };
    expect(await lives.trueUps(town, own.account)).toEqual(life.trueUps);
    expect(await lives.billed(town, own.account)).toBe(life.billed);
  });

  test("every period comes to the cent, the tier and the hour to what it would have been without an estimate", async () => {
    const { own, twin } = homes.get(life) as { own: Home; twin: Home };
    expect(await lives.charged(town, own.account)).toEqual(await lives.charged(twins, twin.account));
  });
});

test("a credit walks the ladder back from where it was billed, names the estimated bill and shows each tier", () => {
  const title = "the estimate was above what was read since";
  // October 62; November estimated 60: 38 to the first step, 22 above it; read 30 less
  expect(noteOf.get(`${title} 2025-11`)).toEqual(["energy 1 - 38 3800", "energy 2 - 22 4400", "fund - - 60 60"]);
  expect(noteOf.get(`${title} 2025-12`)).toEqual([
    "energy 1 - 8 800",
    "energy 2 - 20 4000",
    "fund - - 28 28",
    "~energy 1 - -8 -800",
    "~fund - - -30 -30",
    "~energy 2 - -22 -4400",
  ]);
});

test(`random lives are billed in the end for exactly what their meters counted, in the right tiers (seed ${seed})`, async () => {
  let estimated = 0;
  for (const life of RANDOM) {
    const { own, twin } = homes.get(life) as { own: Home; twin: Home };
    estimated += (await lives.trueUps(town, own.account)).length;
    expect(await lives.billed(town, own.account)).toBe(`${((life.readings.at(-1)?.value ?? 0) * 10 - 10_000) / 10}`);
    expect(await lives.charged(town, own.account)).toEqual(await lives.charged(twins, twin.account));
  }
  expect(estimated).toBeGreaterThan(0);
});

test("in the end no unit stands as estimated or unbilled in the energy book", async () => {
  const { rows } = await lives.owner.query(
    `select e.usage_point_id, sum(p.quantity) as left from energy_entry e
       join energy_posting p on p.operator_id = e.operator_id and p.entry_id = e.id and p.energy_account in ('unbilled', 'estimated')
      where e.operator_id = $1 group by 1 having sum(p.quantity) <> 0`,
    [town.operatorId],
  );
  expect(rows).toEqual([]);
});

test("the books of all these lives hold every invariant", async () => {
  const checks = await verify(lives.owner);
  expect(checks.filter((check) => !check.ok)).toEqual([]);
  expect(checks.find(({ name }) => name === "true-ups")?.counted).toBeGreaterThan(10);
});
