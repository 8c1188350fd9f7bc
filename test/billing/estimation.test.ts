import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { estimationPolicyOf } from "../../catalog/estimation/catalogue.ts";
import { runBills } from "../../billing/run.ts";
import { DAY_MS, type Instant, instant, instantOfIso, MINUTE_MS } from "../../domain/instant.ts";
import { type GivenEstimate, giveEstimate } from "../../ledger/given-estimates.ts";
import { day } from "../../domain/period.ts";
import type { SmallTown } from "../support/town.ts";
import { iso, Lives, monthNamed, on } from "./lives.ts";
import { Station } from "./prepaid/station.ts";

let lives: Lives;
let town: SmallTown;
beforeAll(async () => {
  lives = await Lives.open();
});
beforeEach(async () => {
  town = await lives.town();
});
afterAll(() => lives.close());

/** A home with these values of its register, by day. */
async function home(values: Record<string, number>, from = "2026-01-01") {
  const account = await town.account("1");
  const supply = await town.supply({ account, tariff: "ladder", from });
  await reads(supply.meter, values);
  return { account, ...supply };
}
const reads = (meter: bigint, values: Record<string, number>) =>
  town.readings(
    meter,
    "energy_import_kwh",
    Object.entries(values).map(([at, value]) => [iso(on(at)), value] as const),
  );
const bill = (month: string) => lives.run(town, month, estimationPolicyOf);
const steady = { "2026-01-01": 0, "2026-01-16": 30 };
const rowsOf = async (text: string) => (await lives.owner.query(text, [town.operatorId])).rows as Record<string, any>[];

describe("a bill without a reading at its end", () => {
  test("ends at an estimate that says its method and what it rests on, in the book and in the bill", async () => {
    await home(steady);
    expect(await bill("2026-01")).toMatchObject({ refused: [], issued: [{}] });
    const [entry] = await rowsOf("select * from reading_edit where operator_id = $1");
    const basis = { last: "30", per_day: "2", policy: "electricity-postpaid 1", method_version: "1" };
    expect(entry).toMatchObject({
      origin: "estimate",
      kind: "value",
      value: 62_000_000n,
      method: "recent_average",
      basis,
    });
    const [used] = await rowsOf("select basis, quantity, registers from billed_usage where operator_id = $1");
    expect(used).toMatchObject({
      basis: "estimated",
      quantity: 62_000_000n,
      registers: [{ end: "62", estimate: { method: "recent_average", basis } }],
    });
    await bill("2026-01");
    expect(await rowsOf("select 1 from reading_edit where operator_id = $1")).toHaveLength(1);
  });

  test("waits while the meter was silent for less than the policy says", async () => {
    await home({ "2026-01-01": 0, "2026-01-31": 60 });
    lives.now = instant(monthNamed("2026-01").to + 3 * DAY_MS);
    const deps = { ...lives.deps, estimation: estimationPolicyOf };
    const early = await runBills(deps, town.operatorId, monthNamed("2026-01"));
    expect(early.refused[0]?.detail).toMatch(/no_reading_after.*silent for less than 5 days/);
    expect((await bill("2026-01")).issued).toHaveLength(1);
  });

  test("is held for a person after two estimates in a row, and free again when a reading came", async () => {
    const { meter } = await home(steady);
    expect((await bill("2026-01")).issued).toHaveLength(1);
    expect((await bill("2026-02")).issued).toHaveLength(1);
    expect((await bill("2026-03")).refused[0]?.detail).toMatch(/prolonged estimation: 2 bills in a row/);
    await reads(meter, { "2026-03-15": 140 });
    expect((await bill("2026-03")).issued).toHaveLength(1);
  });

  test("is never the last one of an agreement", async () => {
    await home(steady);
    await lives.owner.query("update agreement set to_day = '2026-02-01' where operator_id = $1", [town.operatorId]);
    expect((await bill("2026-01")).refused[0]?.detail).toMatch(/its last bill needs a reading/);
  });

  test("waits when no method can tell, and each says what it lacks", async () => {
    await home({ "2026-01-01": 0, "2026-01-03": 4 });
    const [refused] = (await bill("2026-01")).refused;
    expect(refused?.detail).toMatch(
      /linear: no reading after, last_year: .*, like_day: .*, recent_average: less than 14/,
    );
    expect(await rowsOf("select 1 from reading_edit where operator_id = $1")).toEqual([]);
  });

  test("takes the median of its neighbours when it has no history of its own", async () => {
    for (let i = 0; i < 5; i++) {
      const account = await town.account(`n${i}`);
      const { meter } = await town.supply({ account, tariff: "ladder", from: "2026-01-01" });
      await reads(meter, { "2026-01-01": 0, "2026-02-01": 31 * (i + 1), "2026-03-01": 400 });
    }
    await bill("2026-01");
    const { account } = await home({ "2026-02-01": 7, "2026-02-03": 8 }, "2026-02-01");
    await bill("2026-02");
    expect(await lives.trueUps(town, account)).toEqual(["86 class_profile open"]); // 8 + 26 × 3
  });
});

describe("a value that a person gives", () => {
  const key = () => `key-${Math.trunc(performance.now() * 1000)}`;
  const give = (meterId: bigint, value: number, more: Partial<GivenEstimate> = {}) =>
    lives.fresh.db.as(town.operatorId, (trx) =>
      giveEstimate(trx, {
        meterId,
        register: "energy_import_kwh",
        at: on("2026-02-01"),
        value: BigInt(value * 1_000_000),
        given: { method: "agreed", by: "Wang", on: day("2026-02-03"), reference: "letter 7" },
        reason: "the door was locked",
        key: key(),
        madeBy: 1n,
        now: on("2026-02-04"),
        ...more,
      }),
    );

  test("ends the bill, names the consent, and is trued up like any estimate", async () => {
    const { account, meter } = await home(steady);
    const once = key();
    expect(await give(meter, 50, { key: once })).toMatchObject({ kind: "written" });
    expect(await give(meter, 50, { key: once })).toMatchObject({ kind: "already" });
    expect(await give(meter, 51, { key: once })).toMatchObject({ kind: "different" });
    await lives.run(town, "2026-01", null);
    await reads(meter, { "2026-03-01": 88 });
    await lives.run(town, "2026-02", null);
    expect(await lives.trueUps(town, account)).toEqual(["50 → 51.090909 (1.090909)"]);
    expect(await lives.billed(town, account)).toBe("88");
    const [used] = await rowsOf("select registers from billed_usage where operator_id = $1 order by bill_id limit 1");
    expect(used?.registers[0].estimate).toEqual({
      method: "agreed",
      basis: { agreed_by: "Wang", agreed_on: "2026-02-03", reference: "letter 7" },
    });
  });

  test("is refused where it cannot be", async () => {
    const { meter } = await home({ ...steady, "2026-02-10": 90 });
    const detail = async (value: number, more: Partial<GivenEstimate> = {}) => {
      const done = await give(meter, value, { now: on("2026-02-12"), ...more });
      return done.kind === "refused" ? done.detail : done.kind;
    };
    expect(await detail(29)).toMatch(/below the 30/);
    expect(await detail(91)).toMatch(/above the 90/);
    expect(await detail(30, { at: on("2026-01-16") })).toMatch(/was read at this instant/);
    expect(await detail(60, { at: on("2026-03-01") })).toMatch(/future/);
    expect(await detail(9000, { at: on("2026-02-11") })).toMatch(/can have flowed/);
    expect(await detail(60, { at: on("2025-02-01") })).toMatch(/hung at no usage point/);
  });

  test("is refused in a time that is billed to a reading", async () => {
    const { meter } = await home({ ...steady, "2026-02-01": 60 });
    await lives.run(town, "2026-01", null);
    const billed = await give(meter, 45, { now: on("2026-02-12"), at: on("2026-01-24") });
    expect(billed).toMatchObject({
      kind: "refused",
      detail: expect.stringMatching(/this time is billed: 2026-000001/),
    });
  });
});

test("no cut rests on an estimated bill, and the balance knows at once what a reading will give back", async () => {
  const station = await Station.open();
  try {
    await station.begin();
    const flat = await station.moveIn("1", 80);
    station.later(19 * DAY_MS);
    await flat.uses(60);
    station.now = instantOfIso("2026-12-11T10:00:00+08:00") as Instant;
    const deps = { ...station.deps, estimation: estimationPolicyOf };
    expect((await runBills(deps, station.town.operatorId, monthNamed("2026-11"))).issued).toHaveLength(1);
    const look = async () => {
      await station.engine.sweep();
      await station.engine.idle();
      return flat.supply();
    };
    await look();
    station.later(11 * MINUTE_MS);
    const broke = await look();
    expect(broke.available_minor).toBeLessThan(0n); // 80.00 less 92.70 kWh and 3.00
    expect(broke.held).not.toBe("");
    expect(await flat.orders()).toEqual([]);
    await flat.uses(61);
    const better = await look();
    expect(better.unbilled_minor).toBeLessThan(0n);
    expect(better.available_minor).toBeGreaterThan(1000n);
    expect(await flat.orders()).toEqual([]);
  } finally {
    await station.close();
  }
});
