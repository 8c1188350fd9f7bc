import type { Pool } from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type BillRunDeps, runBills } from "../../billing/run.ts";
import { bestOptions } from "../../billing/what-if/best.ts";
import { type Replacement, throughout, versionsNamed } from "../../billing/what-if/replacement.ts";
import { type WhatIfAsk, whatIf } from "../../billing/what-if/run.ts";
import { type AccountChange, binsOf, type LeftOut, summaryOf } from "../../billing/what-if/summary.ts";
import { instantOfIso } from "../../domain/instant.ts";
import { day, periodOfDays } from "../../domain/period.ts";
import type { Tariff } from "../../domain/tariff.ts";
import { noTelemetry } from "../../domain/telemetry.ts";
import { type FreshDatabase, freshDatabase, ownerPool } from "../support/database.ts";
import { SmallTown } from "../support/town.ts";

const zone = "Asia/Shanghai";
const now = instantOfIso("2026-11-02T00:00:00Z") ?? expect.fail("no instant");
const september = periodOfDays(day("2026-09-01"), day("2026-10-01"), zone);
const october = periodOfDays(day("2026-10-01"), day("2026-11-01"), zone);
const both = { from: september.from, to: october.to };

const title = { zh: "测试", en: "test" };
const base = { version: "1", currency: "CNY", effectiveFrom: day("2025-01-01"), zone, source: ["invented"] } as const;
const ladder = (first: string, second: string): Tariff => ({
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
        { upTo: "100", price: first },
        { upTo: null, price: second },
      ],
    },
    { kind: "tax", id: "vat", title, rate: "0.13", mode: "inclusive" },
  ],
});
const power = ladder("1", "2");
/** Dearer for who uses little, cheaper for who uses much. */
const draft: Tariff = { ...ladder("1.203", "1.507"), version: "2", effectiveFrom: day("2027-01-01") };
const flat: Tariff = {
  ...base,
  id: "flat",
  utility: "electricity",
  unit: "kWh",
  title,
  charges: [{ kind: "energy", form: "flat", id: "energy", title, price: "1.1" }],
};
const water: Tariff = {
  ...base,
  id: "water",
  utility: "water",
  unit: "m3",
  title,
  charges: [{ kind: "energy", form: "flat", id: "volume", title, price: "3.333" }],
};
const published: Record<string, readonly Tariff[]> = { power: [power], flat: [flat], water: [water] };

let fresh: FreshDatabase;
let owner: Pool;
let town: SmallTown;
let deps: BillRunDeps;
const tariffs = (id: string) => published[id] ?? null;

beforeAll(async () => {
  fresh = await freshDatabase();
  owner = ownerPool(fresh.ownerUrl);
  deps = { db: fresh.db, clock: { now: () => now }, tariffs, dials: () => null, telemetry: noTelemetry };
});
beforeEach(async () => {
  town = await SmallTown.found(owner, `town-${Math.trunc(performance.now() * 1000)}`);
});
afterAll(async () => {
  await owner.end();
  await fresh.drop();
});

/** Electricity and water; so many kWh in each of the two months. */
async function home(number: string, kwh: readonly [number, number], tariff = "power"): Promise<bigint> {
  const account = await town.account(number);
  const from = "2026-09-01";
  const { meter } = await town.supply({ account, tariff, from, serial: `e${number}` });
  const pipe = await town.supply({ account, utility: "water", tariff: "water", from, serial: `w${number}` });
  const ends = ["2026-09-01", "2026-10-01", "2026-11-01"].map((d) => `${d}T00:00:00+08:00`);
  const counted = [1000, 1000 + kwh[0], 1000 + kwh[0] + kwh[1]];
  await town.readings(
    meter,
    "energy_import_kwh",
    ends.map((end, i) => [end, counted[i] ?? 0]),
  );
  await town.readings(
    pipe.meter,
    "volume_m3",
    ends.map((end, i) => [end, 7 * i]),
  );
  return account;
}

const asking = (replacements: readonly Replacement[], more: Partial<WhatIfAsk> = {}): WhatIfAsk => ({
  scope: {},
  period: both,
  replacements,
  ...more,
});

async function tried(ask: WhatIfAsk) {
  const changes: AccountChange[] = [];
  const leftOut: LeftOut[] = [];
  for await (const part of whatIf(deps, town.operatorId, ask)) {
    changes.push(...part.changes);
    leftOut.push(...part.leftOut);
  }
  return { changes, leftOut, summary: summaryOf(changes, leftOut) };
}

/** What the bills of this town say of a utility, per account. */
async function billed(utility: string): Promise<Map<bigint, bigint>> {
  const { rows } = await owner.query<{ account_id: bigint; minor: bigint }>(
    `select b.account_id, sum(l.amount_minor)::int8 as minor from bill b
       join bill_line l on l.operator_id = b.operator_id and l.bill_id = b.id
      where b.operator_id = $1 and l.utility = $2 group by 1`,
    [town.operatorId, utility],
  );
  return new Map(rows.map((row) => [row.account_id, row.minor]));
}
const booked = async (): Promise<unknown> =>
  (
    await owner.query(
      `select (select count(*) from bill) as bills, (select count(*) from posting) as postings, (select count(*) from verdict) as verdicts`,
    )
  ).rows;

describe("what if", () => {
  test("the same tariff changes nothing to the cent, and what it says is what was billed", async () => {
    for (const [i, kwh] of (
      [
        [60, 70.123],
        [10.5, 0],
        [333.333, 1],
      ] as const
    ).entries())
      await home(`${i}`, kwh);
    await runBills(deps, town.operatorId, september);
    await runBills(deps, town.operatorId, october);
    const { changes, summary } = await tried(asking([{ versions: [power] }, { versions: [water] }]));
    expect(summary).toMatchObject({ accounts: 3, leftOut: 0, same: 3, more: 0, less: 0, moreBy: 0n, lessBy: 0n });
    expect(summary.after).toBe(summary.before);
    const [power_, water_] = [await billed("electricity"), await billed("water")];
    for (const { accountId, utilities } of changes) {
      expect(utilities.map((one) => [one.utility, one.before])).toEqual([
        ["electricity", power_.get(accountId)],
        ["water", water_.get(accountId)],
      ]);
    }
  });

  test("a draft says what the bills become once it is published, and writes nothing meanwhile", async () => {
    for (const [i, kwh] of (
      [
        [60, 70.123],
        [10.5, 0],
        [333.333, 1],
      ] as const
    ).entries())
      await home(`${i}`, kwh);
    const before = await booked();
    const { changes, summary } = await tried(asking([{ versions: [throughout(draft)] }]));
    expect(await booked()).toEqual(before);
    published.power = [throughout(draft)];
    try {
      await runBills(deps, town.operatorId, september);
      await runBills(deps, town.operatorId, october);
    } finally {
      published.power = [power];
    }
    const real = await billed("electricity");
    expect(new Map(changes.map((one) => [one.accountId, one.after]))).toEqual(real);
    expect(summary.after).toBe([...real.values()].reduce((sum, one) => sum + one, 0n));
    expect(summary).toMatchObject({ accounts: 3, more: 2, less: 1, same: 0 });
    expect(summary.after - summary.before).toBe(summary.moreBy + summary.lessBy);
    expect(summary.topLess.map(({ number }) => number)).toEqual(["2"]);
    expect(summary.topMore.map(({ number }) => number)).toEqual(["0", "1"]);
  });

  test("only what is asked for is tried: a building, an account, agreements under one tariff", async () => {
    const [first] = [await home("1", [60, 60]), await home("2", [60, 60], "flat")];
    await owner.query("update usage_point set building = '9' where operator_id = $1 and room = $2", [
      town.operatorId,
      String(first),
    ]);
    const numbers = async (more: Partial<WhatIfAsk>, insteadOf?: readonly string[]) =>
      (await tried(asking([{ versions: [flat], ...(insteadOf && { insteadOf }) }], more))).changes.map((c) => c.number);
    expect(await numbers({})).toEqual(["1", "2"]);
    expect(await numbers({ scope: { building: "9" } })).toEqual(["1"]);
    expect(await numbers({ scope: { accountIds: [first] } })).toEqual(["1"]);
    expect(await numbers({}, ["power"])).toEqual(["1"]);
    expect(await numbers({}, ["nobody"])).toEqual([]);
    expect(await numbers({ scope: { building: "none" } })).toEqual([]);
  });

  test("an account without its readings, or under a tariff that nobody published, is named and not guessed", async () => {
    await home("1", [60, 60]);
    const silent = await town.account("2");
    await town.supply({ account: silent, tariff: "power", from: "2026-09-01", serial: "silent" });
    const strange = await town.account("3");
    await town.supply({ account: strange, tariff: "unpublished", from: "2026-09-01", serial: "strange" });
    const { changes, leftOut } = await tried(asking([{ versions: [flat] }]));
    expect(changes.map(({ number }) => number)).toEqual(["1"]);
    expect(leftOut.map(({ number, reason, month }) => [number, reason, month])).toEqual([
      ["2", "in_doubt", "2026-09"],
      ["3", "no_tariff", "2026-09"],
    ]);
  });

  test("a comparison tells how far it is and ends when it is told to", async () => {
    for (let i = 0; i < 120; i++) {
      const account = await town.account(`${i}`);
      await town.supply({ account, tariff: "power", from: "2026-09-01", serial: `e${i}` });
    }
    const steps: [number, number][] = [];
    let stopped = false;
    for await (const { done, of } of whatIf(deps, town.operatorId, asking([{ versions: [flat] }]), () => stopped)) {
      steps.push([done, of]);
      stopped = done >= 100;
    }
    expect(steps).toEqual([
      [0, 120],
      [50, 120],
      [100, 120],
    ]);
  });

  test.each([
    [
      "a month that is not over",
      asking([{ versions: [flat] }], { period: { ...both, to: now + 1 } as never }),
      /not over/,
    ],
    ["a version that begins later", asking([{ versions: [draft] }]), /begins on 2027-01-01/],
    ["another currency", asking([{ versions: [{ ...flat, currency: "EUR" }] }]), /EUR/],
    ["two prices for one agreement", asking([{ versions: [flat] }, { versions: [power], insteadOf: ["x"] }]), /Two/],
    ["nothing to try", asking([]), /Name a tariff/],
  ])("refuses %s before it reads", async (_title, ask, said) => {
    await expect(tried(ask)).rejects.toThrow(said);
  });

  test("a version is named by id@version and then holds over any past period", () => {
    const book = (id: string) => (id === "power" ? [power, draft] : null);
    expect(versionsNamed(book, "power")).toEqual([power, draft]);
    expect(versionsNamed(book, "power@2")).toMatchObject([{ version: "2", effectiveFrom: "1900-01-01" }]);
    expect(() => versionsNamed(book, "power@3")).toThrow(/no version 3; there is 1, 2/);
    expect(() => versionsNamed(book, "gas")).toThrow(/no tariff gas/);
  });
});

describe("the best option of an account", () => {
  test("is the cheapest over its last twelve months among what the operator supplies", async () => {
    const little = await home("1", [40, 40]);
    const much = await home("2", [300, 300], "flat");
    const of = async (account: bigint) => {
      const { utilities } = await bestOptions(deps, town.operatorId, account);
      return utilities.map(({ utility, options }) => [
        utility,
        options.map(({ tariffId, isCurrent, change }) => [tariffId, isCurrent, change?.after]),
      ]);
    };
    expect(await of(little)).toEqual([
      [
        "electricity",
        [
          ["power", true, 8000n],
          ["flat", false, 8800n],
        ],
      ],
      ["water", [["water", true, 4666n]]],
    ]);
    expect((await of(much))[0]).toEqual([
      "electricity",
      [
        ["flat", true, 66000n],
        ["power", false, 110000n],
      ],
    ]);
    await expect(bestOptions(deps, town.operatorId, 999_999n)).rejects.toThrow(/no agreement/);
  });
});

describe("the spread of changes", () => {
  test("counts each change once, outliers in the open bars, no change apart", () => {
    const changes = [0n, 0n, 1n, 99n, 100n, 101n, -100n, -101n, 9_999n, ...Array<bigint>(90).fill(250n)];
    const bins = binsOf(changes);
    expect(bins.reduce((sum, { accounts }) => sum + accounts, 0)).toBe(changes.length);
    expect(bins.find(({ from, to }) => from === 0n && to === 0n)?.accounts).toBe(2);
    expect(bins.at(-1)).toEqual({ from: 250n, to: null, accounts: 1 });
    expect(bins.find(({ from }) => from === 200n)).toEqual({ from: 200n, to: 250n, accounts: 90 });
    expect(bins.filter(({ accounts, to }) => accounts > 0 && to !== null && to < 0n)).toEqual([
      { from: -150n, to: -100n, accounts: 1 },
      { from: -100n, to: -50n, accounts: 1 },
    ]);
    expect(binsOf([]).every(({ accounts }) => accounts === 0)).toBe(true);
  });
});
