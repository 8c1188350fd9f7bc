import type { Pool } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readAccounts } from "../../billing/chunk.ts";
import { runBills } from "../../billing/run.ts";
import { settle, type Settlement } from "../../billing/settlement.ts";
import { DAY_MS, HOUR_MS, type Instant, instant, instantOfIso, isoOf, MINUTE_MS } from "../../domain/instant.ts";
import { day, type Period, periodOfDays } from "../../domain/period.ts";
import { decimalText, type Micro } from "../../domain/quantity.ts";
import { appliedRatio, atRatio, RATIO_ONE, ratioOf } from "../../domain/ratio.ts";
import type { Tariff } from "../../domain/tariff.ts";
import { noTelemetry } from "../../domain/telemetry.ts";
import { changeRatio } from "../../ledger/meter-care.ts";
import type { LifeOutcome } from "../../ledger/meter-event.ts";
import { exchangeMeter, installMeter, removeMeter } from "../../ledger/meter-life.ts";
import { verify } from "../../ledger/verify/verify.ts";
import { readRatios } from "../../ledger/ratios.ts";
import { type FreshDatabase, freshDatabase, ownerPool } from "../support/database.ts";
import { SmallTown } from "../support/town.ts";

const zone = "Asia/Shanghai";
const OCTOBER = periodOfDays(day("2026-10-01"), day("2026-11-01"), zone);
const title = { zh: "测试", en: "test" };
const flat: Tariff = {
  id: "flat",
  version: "1",
  utility: "electricity",
  unit: "kWh",
  currency: "CNY",
  effectiveFrom: day("2025-01-01"),
  zone,
  source: ["invented for the test"],
  title,
  charges: [{ kind: "energy", form: "flat", id: "energy", title, price: "1" }],
};
const books = { tariffs: () => [flat], dials: () => 1_000_000_000_000n, zone };

const at = (text: string): Instant => {
  const [date, time = "00:00"] = text.split(" ");
  return instantOfIso(`2026-${date}T${time}:00+08:00`) ?? (0 as Instant);
};
const micro = (units: number): Micro => BigInt(Math.round(units * 1e6));

let fresh: FreshDatabase;
let owner: Pool;
let town: SmallTown;
let accounts = 0;

beforeAll(async () => {
  fresh = await freshDatabase();
  owner = ownerPool(fresh.ownerUrl);
  town = await SmallTown.found(owner, "life");
});
afterAll(async () => {
  await owner.end();
  await fresh.drop();
});

/** A dial that began at `start` and turns by 200 millionths a minute, whatever its ratio. */
const START = at("08-20");
const PER_MINUTE = 200n;
const dialAt = (instant: Instant, start = 1_000_000_000n): Micro =>
  start + (BigInt(instant - START) / BigInt(MINUTE_MS)) * PER_MINUTE;
const main = (dial: Micro): Map<"energy_import_kwh", Micro> => new Map([["energy_import_kwh", dial]]);

type Deeds = readonly { readonly now: Instant; readonly what: (flat: Flat) => Promise<unknown> }[];

/** One flat with a meter behind a transformer of 40, read in a rhythm while people do things to it. */
class Flat {
  meter = 0n;
  account = 0n;
  point = 0n;
  now: Instant = START;
  dial = (instant: Instant): Micro => dialAt(instant);
  #key = 0;

  static async open(): Promise<Flat> {
    const flat = new Flat();
    const number = `L-${++accounts}`;
    flat.account = await town.account(number);
    const supply = { account: flat.account, tariff: "flat", from: "2026-08-20", serial: number, capacity: "1000" };
    const { meter, point } = await town.supply(supply);
    await owner.query("update installation set ratio = 40 where meter_id = $1", [meter]);
    await owner.query(
      `insert into meter_ratio (operator_id, meter_id, from_at, ratio, applies_to_received_from, reason, recorded_at)
      select operator_id, meter_id, installed_at, 40, installed_at, 'set up', installed_at from installation where meter_id = $1`,
      [meter],
    );
    return Object.assign(flat, { meter, point });
  }

  deed = () => ({ key: `${this.account}/${++this.#key}`, reason: "test", by: null, now: this.now });

  /** `dials` seen: "seen" reads the dial at the change, "unseen" leaves it to the neighbours. */
  async ratio(when: string, ratio: string, dials: "seen" | "unseen" = "unseen"): Promise<LifeOutcome> {
    const change = { meterId: this.meter, at: at(when), ratio: ratioOf(ratio) ?? 0n };
    const seen = dials === "seen" ? main(this.dial(change.at)) : new Map();
    const outcome = await fresh.db.as(town.operatorId, (trx) =>
      changeRatio(trx, this.deed(), { ...change, dials: seen }),
    );
    expect(outcome).toMatchObject({ kind: "done" });
    return outcome;
  }

  async exchange(when: string, ratio: string | null, newStart: Micro): Promise<LifeOutcome> {
    const next = await town.meter(`${this.account}-next-${this.#key}`);
    const change = at(when);
    const before = this.dial;
    const after = (instant: Instant): Micro => newStart + before(instant) - before(change);
    const outcome = await fresh.db.as(town.operatorId, (trx) =>
      exchangeMeter(trx, this.deed(), {
        meterId: this.meter,
        newMeterId: next,
        at: change,
        final: main(before(change)),
        initial: main(newStart),
        ...(ratio === null ? {} : { ratio: ratioOf(ratio) ?? 0n }),
      }),
    );
    expect(outcome).toMatchObject({ kind: "done" });
    this.meter = next;
    this.dial = after;
    return outcome;
  }

  /** Reads every `every_ms` from START to November and does the deeds on the way, all in the order of our clock. */
  async live(every_ms: number, deeds: Deeds, offset_ms = 0): Promise<void> {
    let next = START + offset_ms;
    const until = async (end: Instant) => {
      const rows = (await fresh.db.as(town.operatorId, (trx) => readRatios(trx, [this.meter]))).get(this.meter) ?? [];
      const points: [string, number][] = [];
      for (; next < end; next += every_ms) {
        const measured = instant(next);
        const carried = appliedRatio(rows, { at: measured, receivedAt: measured, source: "modbus" });
        points.push([isoOf(measured), Number(atRatio(this.dial(measured), RATIO_ONE, carried)) / 1e6]);
      }
      if (points.length > 0) await insert(this.meter, points);
    };
    for (const { now, what } of deeds) {
      await until(instant(now + 1));
      this.now = now;
      await what(this);
    }
    await until(at("11-03"));
    this.now = at("11-03");
  }

  async bill(period: Period = OCTOBER): Promise<Settlement> {
    return fresh.db.as(town.operatorId, async (trx) => {
      const [input] = await readAccounts(trx, [this.account], period, books);
      const [first] = input?.settlements ?? [];
      if (first === undefined) throw new Error("nothing to settle");
      return settle(first);
    });
  }
}

async function insert(meter: bigint, points: readonly [string, number][]): Promise<void> {
  await owner.query("select ensure_reading_months($1, $2)", [points[0]?.[0], points.at(-1)?.[0]]);
  await owner.query(
    `insert into reading (operator_id, meter_id, register, measured_at, received_at, value, source)
     select $1, $2, 1, at, at, round(v * 1000000), 1 from unnest($3::timestamptz[], $4::numeric[]) as u (at, v)`,
    [town.operatorId, meter, points.map(([p]) => p), points.map(([, v]) => v)],
  );
}

/** What a person with pencil and paper finds: dial from one instant to the next times the ratio that hung there. */
const byHand = (...parts: [from: string, to: string, ratio: number][]): string =>
  decimalText(parts.reduce((sum, [from, to, ratio]) => sum + (dialAt(at(to)) - dialAt(at(from))) * BigInt(ratio), 0n));

describe.each([
  ["hourly", HOUR_MS, 0],
  ["daily at eight past three", DAY_MS, 188 * MINUTE_MS],
])("readings %s: a ratio of 40 becomes 60", (_, every, offset) => {
  const cases: [title: string, deeds: Deeds, hand: string][] = [
    [
      "in the middle of the month, entered at once with the dial",
      [{ now: at("10-15 12:17"), what: (f) => f.ratio("10-15 12:17", "60", "seen") }],
      byHand(["10-01", "10-15 12:17", 40], ["10-15 12:17", "11-01", 60]),
    ],
    [
      "in the middle of the month, entered at once without the dial",
      [{ now: at("10-15 12:17"), what: (f) => f.ratio("10-15 12:17", "60") }],
      byHand(["10-01", "10-15 12:17", 40], ["10-15 12:17", "11-01", 60]),
    ],
    [
      "at the instant of a reading, entered ten days late",
      [{ now: at("10-25 09:00"), what: (f) => f.ratio("10-15 12:00", "60") }],
      byHand(["10-01", "10-15 12:00", 40], ["10-15 12:00", "11-01", 60]),
    ],
    [
      "between readings, entered ten days late",
      [{ now: at("10-25 09:31"), what: (f) => f.ratio("10-15 12:17", "60") }],
      byHand(["10-01", "10-15 12:17", 40], ["10-15 12:17", "11-01", 60]),
    ],
    [
      "before the period, entered in it",
      [{ now: at("10-05 10:00"), what: (f) => f.ratio("09-20 10:00", "60") }],
      byHand(["10-01", "11-01", 60]),
    ],
    [
      "from the first day on, because it was set up wrong",
      [{ now: at("10-20 10:00"), what: (f) => f.ratio("08-20", "60") }],
      byHand(["10-01", "11-01", 60]),
    ],
    [
      "and 80 a week later",
      [
        { now: at("10-10 10:30"), what: (f) => f.ratio("10-10 10:10", "60") },
        { now: at("10-17 10:30"), what: (f) => f.ratio("10-17 10:10", "80", "seen") },
      ],
      byHand(["10-01", "10-10 10:10", 40], ["10-10 10:10", "10-17 10:10", 60], ["10-17 10:10", "11-01", 80]),
    ],
    [
      "and 80 ten minutes later, between the same two readings",
      [
        { now: at("10-10 10:30"), what: (f) => f.ratio("10-10 10:10", "60") },
        { now: at("10-10 10:30"), what: (f) => f.ratio("10-10 10:20", "80") },
      ],
      byHand(["10-01", "10-10 10:10", 40], ["10-10 10:10", "10-10 10:20", 60], ["10-10 10:20", "11-01", 80]),
    ],
    [
      "by mistake, and is taken back after a week",
      [
        { now: at("10-10 10:30"), what: (f) => f.ratio("10-10 10:10", "60") },
        { now: at("10-17 10:30"), what: (f) => f.ratio("10-10 10:10", "40") },
      ],
      byHand(["10-01", "11-01", 40]),
    ],
    [
      "two days earlier than was entered first",
      [
        { now: at("10-12 10:30"), what: (f) => f.ratio("10-12 10:10", "60") },
        { now: at("10-20 10:30"), what: (f) => f.ratio("10-10 10:10", "60") },
      ],
      byHand(["10-01", "10-10 10:10", 40], ["10-10 10:10", "11-01", 60]),
    ],
    [
      "and the meter is exchanged in the same month",
      [
        { now: at("10-10 10:30"), what: (f) => f.ratio("10-10 10:10", "60") },
        { now: at("10-20 10:30"), what: (f) => f.exchange("10-20 10:30", null, micro(3)) },
      ],
      byHand(["10-01", "10-10 10:10", 40], ["10-10 10:10", "11-01", 60]),
    ],
    [
      "with the meter, whose own is entered right a week later",
      [
        { now: at("10-10 10:30"), what: (f) => f.exchange("10-10 10:30", "50", micro(3)) },
        { now: at("10-17 10:30"), what: (f) => f.ratio("10-10 10:30", "60") },
      ],
      byHand(["10-01", "10-10 10:30", 40], ["10-10 10:30", "11-01", 60]),
    ],
  ];

  test.each(cases)("%s", async (_title, deeds, hand) => {
    const flat = await Flat.open();
    await flat.live(every, deeds, offset);
    const bill = await flat.bill();
    expect({ total: decimalText(bill.usage.total), doubts: bill.doubts }).toEqual({ total: hand, doubts: [] });
    for (const proof of bill.registers.filter(({ start, end }) => start !== null && end !== null)) {
      expect(micro(Number(proof.end)) - micro(Number(proof.start)), JSON.stringify(proof)).toBe(
        micro(Number(proof.used)),
      );
    }
  });
});

test("a dial that nobody read at the change is called interpolated, in the use and in the verdict", async () => {
  const flat = await Flat.open();
  await flat.live(HOUR_MS, [{ now: at("10-15 12:17"), what: (f) => f.ratio("10-15 12:17", "60") }]);
  const bill = await flat.bill();
  const change = bill.verdicts.find(({ rule }) => rule === "usage.ratio_change");
  expect(change).toMatchObject({
    result: "exchange",
    inputs: { ratio_before: "40", ratio_after: "60", dial: "interpolated" },
  });
  const beside = bill.usage.slices.filter(({ period }) => [period.from, period.to].includes(at("10-15 12:17")));
  expect(beside.map(({ basis }) => basis)).toEqual(["interpolated", "interpolated"]);
});

test("a meter that leaves one flat and comes to another at the same instant is billed by each flat's own dials", async () => {
  const [here, there] = [await Flat.open(), await Flat.open()];
  await here.live(HOUR_MS, []);
  await there.live(HOUR_MS, []);
  const change = at("10-15 12:00");
  const { meter } = here;
  await fresh.db.as(town.operatorId, async (trx) => {
    const gone = await removeMeter(trx, there.deed(), {
      meterId: there.meter,
      at: change,
      final: main(dialAt(change)),
    });
    expect(gone.kind).toBe("done");
    const left = await removeMeter(trx, here.deed(), { meterId: meter, at: change, final: main(dialAt(change)) });
    expect(left.kind).toBe("done");
    // The workshop set the dial to another value between the two.
    const come = { meterId: meter, usagePointId: there.point, at: change, capacityPerHour: "1000" };
    const came = await installMeter(trx, there.deed(), {
      ...come,
      ratio: 20n * RATIO_ONE,
      initial: main(dialAt(change) - 7_000_000n),
    });
    expect(came.kind).toBe("done");
  });
  const [left, came] = [await here.bill(), await there.bill()];
  expect(decimalText(left.usage.total)).toBe(byHand(["10-01", "10-15 12:00", 40]));
  const until = dialAt(at("11-01")) - (dialAt(change) - 7_000_000n);
  expect(came.usage.total).toBe((dialAt(change) - dialAt(at("10-01"))) * 40n + until * 20n);
});

test("a month of exchanges and ratios is billed, a ratio is corrected behind it, the next month is billed, and the books hold", async () => {
  const late = await Flat.open();
  await late.live(HOUR_MS, [{ now: at("10-15 12:17"), what: (f) => f.ratio("10-15 12:17", "60") }]);
  const deps = { db: fresh.db, clock: { now: () => at("11-03") }, telemetry: noTelemetry, ...books };
  const october = await runBills(deps, town.operatorId, OCTOBER);
  // Only the flat whose meter left and was not followed by another waits.
  expect(october.refused.map(({ detail }) => detail)).toEqual([expect.stringMatching(/^no_meter: /)]);
  expect(october.issued.length).toBeGreaterThan(20);
  late.now = at("11-03 10:00");
  expect(await late.ratio("10-20", "80")).toMatchObject({ rebill: [expect.stringMatching(/^2026-/)] });
  const days = periodOfDays(day("2026-11-01"), day("2026-11-02"), zone);
  const november = await runBills(deps, town.operatorId, days);
  expect(november.issued).toHaveLength(october.issued.length);
  expect((await late.bill(days)).usage.total).toBe((dialAt(at("11-02")) - dialAt(at("11-01"))) * 80n);
  expect((await verify(owner)).filter(({ ok }) => !ok)).toEqual([]);
});
