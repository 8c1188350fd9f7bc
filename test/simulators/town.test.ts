import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { profileOf } from "../../catalog/meters/catalogue.ts";
import { DAY_MS, HOUR_MS, type Instant, instant, instantOfIso, MINUTE_MS } from "../../domain/instant.ts";
import { townClock } from "../../simulators/town/clock.ts";
import { msInWindow, ratePerHour, usedSince } from "../../simulators/town/load.ts";
import { drawn, flowMicro, LOSS_SHARE, shownMicro, type TownMeter } from "../../simulators/town/meter.ts";
import { SHAPES } from "../../simulators/town/shapes.ts";
import { TownState } from "../../simulators/town/state.ts";
import { buildTown } from "../../simulators/town/town.ts";

const at = (text: string): Instant => instantOfIso(text) ?? instant(Number.NaN);
const FROM = at("2026-01-01T00:00:00+08:00");
const anInstant = fc.integer({ min: FROM - 300 * DAY_MS, max: FROM + 700 * DAY_MS }).map((ms) => ms as Instant);
const SEED = 7;
const town = buildTown({ seed: SEED });
const fresh = (): TownState => new TownState(SEED);
const of = (pick: (meter: TownMeter) => boolean): TownMeter => {
  const meter = town.meters.find(pick);
  if (meter === undefined) throw new Error("no such meter");
  return meter;
};
const flat = of((m) => m.building === "1" && m.room === "301" && m.utility === "electricity");

describe("the town's plan", () => {
  test("holds 48 flats with three meters each, six gateways, masters, and twenty homes of a station", () => {
    const count = (pick: (meter: TownMeter) => boolean): number => town.meters.filter(pick).length;
    expect(count((m) => m.site === "estate" && m.role === "customer")).toBe(48 * 3);
    expect(count((m) => m.site === "estate" && m.role === "master")).toBe(3 * 2);
    expect(count((m) => m.site === "station" && m.role === "customer")).toBe(20);
    expect(town.buses.filter((bus) => bus.site === "estate")).toHaveLength(6);
    expect(new Set(town.buses.map((bus) => bus.kind))).toEqual(new Set(["tcp", "rtu_over_tcp"]));
    expect(count((m) => m.mqtt.dialect === "sanbiao" && m.modbus === null)).toBe(4);
  });

  test("every serial, bus address and device key is given once, and every profile exists", () => {
    const unique = (keys: (string | null)[]): void => {
      const given = keys.filter((key) => key !== null);
      expect(new Set(given).size).toBe(given.length);
    };
    unique(town.meters.map((m) => m.serial));
    unique(town.meters.map((m) => (m.modbus === null ? null : `${m.modbus.bus}/${m.modbus.unitId}`)));
    unique(town.meters.map((m) => `${m.mqtt.client}/${m.mqtt.deviceKey}`));
    for (const meter of town.meters) expect(profileOf(meter.profileId).utilities).toContain(meter.utility);
    for (const meter of town.meters.filter((m) => m.hasRelay))
      expect(profileOf(meter.profileId)).toHaveProperty("control");
  });

  test("is the same for the same seed and another for another", () => {
    expect(buildTown({ seed: SEED })).toEqual(town);
    expect(buildTown({ seed: SEED + 1 })).not.toEqual(town);
  });

  test.each([0, 1, 15, 17, 200])("may have %i flats and no station", (flats) => {
    const small = buildTown({ seed: 1, flats, homes: 0 });
    expect(small.meters.filter((m) => m.role === "customer" && m.utility === "water")).toHaveLength(flats);
  });

  test("shapes average one over a year of weeks", () => {
    for (const { days } of Object.values(SHAPES)) {
      const mean = days.reduce((sum, [weekday, weekend]) => sum + (weekday * 5 + weekend * 2) / 7, 0) / 12;
      expect(mean).toBeCloseTo(1, 2);
    }
  });
});

describe("use", () => {
  test("never goes back, whatever the meter and however near the instants", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...town.meters),
        anInstant,
        fc.oneof(fc.integer({ min: 0, max: 3 * HOUR_MS }), fc.integer({ min: 0, max: 3 })),
        (meter, a, step) => {
          const state = fresh();
          expect(drawn(meter, state, (a + step) as Instant)).toBeGreaterThanOrEqual(drawn(meter, state, a));
        },
      ),
      { seed: 20260101, numRuns: 3000 },
    );
  });

  test("is the sum of its minutes over a day and stays a whole number", () => {
    for (const load of town.meters.slice(0, 30).flatMap((m) => m.loads)) {
      let sum = 0;
      for (let t = FROM as number; t < FROM + DAY_MS; t += MINUTE_MS) {
        const step = usedSince(load, (t + MINUTE_MS) as Instant) - usedSince(load, t as Instant);
        expect(step).toBeGreaterThanOrEqual(0);
        sum += step;
      }
      expect(sum).toBe(usedSince(load, (FROM + DAY_MS) as Instant) - usedSince(load, FROM));
      expect(Number.isInteger(sum)).toBe(true);
    }
  });

  test("asked in any order is the same: history and live agree", () => {
    const times = Array.from({ length: 200 }, (_, i) => (FROM + i * 37 * MINUTE_MS) as Instant);
    const forwards = times.map((t) => shownMicro(flat, fresh(), t));
    const again = buildTown({ seed: SEED }).meters.find((m) => m.serial === flat.serial) ?? flat;
    const backwards = times.toReversed().map((t) => shownMicro(again, fresh(), t));
    expect(backwards.toReversed()).toEqual(forwards);
  });

  test("over a year comes to the home's mean", () => {
    for (const load of town.meters.flatMap((m) => m.loads).filter((l) => l.window === undefined)) {
      const year = usedSince(load, (FROM + 365 * DAY_MS) as Instant) - usedSince(load, FROM);
      expect(year / 365 / load.perDay).toBeGreaterThan(0.97);
      expect(year / 365 / load.perDay).toBeLessThan(1.03);
    }
  });

  test("of both rates is the whole, and the peak rate stands still at night", () => {
    const state = fresh();
    const night = at("2026-03-01T23:00:00+08:00");
    const later = (night + 5 * HOUR_MS) as Instant;
    expect(drawn(flat, state, later, "peak")).toBe(drawn(flat, state, night, "peak"));
    expect(drawn(flat, state, later, "valley")).toBeGreaterThan(drawn(flat, state, night, "valley"));
    expect(drawn(flat, state, later, "peak") + drawn(flat, state, later, "valley")).toBe(drawn(flat, state, later));
  });

  test("the power shown is the slope of the register", () => {
    const load = flat.loads[0];
    if (load === undefined) throw new Error("no load");
    const noon = at("2026-03-01T12:00:00+08:00");
    const used = usedSince(load, (noon + MINUTE_MS) as Instant) - usedSince(load, noon);
    expect(ratePerHour(load, (noon + 17_000) as Instant)).toBe(used * 60);
  });

  test("a master meter counts what is below it, the loss and the common use", () => {
    for (const master of town.meters.filter((m) => m.role === "master")) {
      for (const t of [FROM, (FROM + 100 * DAY_MS + 12_345) as Instant]) {
        const state = fresh();
        const below = master.subMeters.reduce((sum, sub) => sum + drawn(sub, state, t), 0);
        const common = master.loads.reduce((sum, load) => sum + usedSince(load, t), 0);
        expect(drawn(master, state, t)).toBe(below + Math.floor(below * LOSS_SHARE) + common);
        expect(master.subMeters.length).toBeGreaterThan(0);
      }
    }
  });

  test("milliseconds of peak hours are counted over days", () => {
    const midnight = FROM;
    expect(msInWindow("peak", midnight, (midnight + 2 * DAY_MS) as Instant)).toBe(28 * HOUR_MS);
    expect(msInWindow("valley", midnight, (midnight + 9 * HOUR_MS) as Instant)).toBe(8 * HOUR_MS);
    expect(msInWindow("peak", (midnight + 9 * HOUR_MS) as Instant, (midnight + 9 * HOUR_MS + 5) as Instant)).toBe(5);
  });
});

describe("a relay", () => {
  const folder = mkdtempSync(join(tmpdir(), "town-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const cutAt = (FROM + 3 * DAY_MS + 777) as Instant;
  const backAt = (cutAt + 7 * HOUR_MS) as Instant;

  test("that is open stops the register, also after a restart, and use goes on when it closes", () => {
    const file = join(folder, "town.json");
    const first = new TownState(SEED, file);
    first.cut(flat.serial, cutAt);
    first.cut(flat.serial, (cutAt + 5) as Instant); // an order delivered twice
    const stopped = shownMicro(flat, first, cutAt);
    expect(shownMicro(flat, first, backAt)).toBe(stopped);
    expect(flowMicro(flat, first, (cutAt + 1) as Instant)).toBe(0);

    const second = new TownState(SEED, file);
    expect(second.isOff(flat.serial)).toBe(true);
    expect(shownMicro(flat, second, backAt)).toBe(stopped);
    second.restore(flat.serial, backAt);
    second.restore(flat.serial, (backAt + 5) as Instant);
    const third = new TownState(SEED, file);
    expect(third.offOf(flat.serial)).toEqual([{ from: cutAt, to: backAt }]);
    expect(drawn(flat, third, (backAt + DAY_MS) as Instant)).toBeGreaterThan(drawn(flat, third, backAt));
    expect(drawn(flat, third, backAt)).toBe(drawn(flat, fresh(), cutAt));
  });

  test("that is open is not used in the building's master meter either", () => {
    const master = of((m) => m.role === "master" && m.subMeters.some((sub) => sub.serial === flat.serial));
    const state = fresh();
    state.cut(flat.serial, cutAt);
    const missing = drawn(flat, fresh(), backAt) - drawn(flat, fresh(), cutAt);
    const less = drawn(master, fresh(), backAt) - drawn(master, state, backAt);
    expect(Math.abs(less - missing * (1 + LOSS_SHARE))).toBeLessThanOrEqual(2);
  });

  test("a heater adds its watts while it is on and while there is supply", () => {
    const state = fresh();
    const heater = { from: cutAt, to: (cutAt + 2 * HOUR_MS) as Instant, watts: 3000 };
    state.heat(flat.serial, heater);
    state.heat(flat.serial, heater);
    const more = (t: Instant): number => drawn(flat, state, t) - drawn(flat, fresh(), t);
    expect(more(cutAt)).toBe(0);
    expect(Math.abs(more((cutAt + HOUR_MS) as Instant) - 3e6)).toBeLessThanOrEqual(2);
    expect(Math.abs(more((cutAt + 9 * HOUR_MS) as Instant) - 6e6)).toBeLessThanOrEqual(2);
    state.cut(flat.serial, (cutAt + HOUR_MS) as Instant);
    expect(shownMicro(flat, state, (cutAt + 9 * HOUR_MS) as Instant)).toBe(
      shownMicro(flat, state, (cutAt + HOUR_MS) as Instant),
    );
  });

  test("opens even when the state file cannot be written, and that is told", () => {
    const told: unknown[] = [];
    const state = new TownState(SEED, join(folder, "no", "such", "folder.json"), (error) => told.push(error));
    state.cut(flat.serial, cutAt);
    expect(state.isOff(flat.serial)).toBe(true);
    expect(told).toHaveLength(1);
  });

  test("a state file that is broken or of another seed is not taken over", () => {
    const file = join(folder, "other.json");
    new TownState(1, file).cut("x", cutAt);
    expect(new TownState(2, file).isOff("x")).toBe(false);
    writeFileSync(file, '{"seed":1,"off"');
    expect(new TownState(1, file).isOff("x")).toBe(false);
  });
});

test("town time runs faster than the wall by its speed", () => {
  let wall = 1000;
  const clock = townClock({ anchorReal: instant(1000), anchorTown: FROM, speed: 60, real: () => wall });
  expect(clock.now()).toBe(FROM);
  wall += 1000;
  expect(clock.now()).toBe(FROM + MINUTE_MS);
  expect(clock.realMs(HOUR_MS)).toBe(MINUTE_MS);
  expect(() => townClock({ anchorReal: FROM, anchorTown: FROM, speed: 0, real: () => 0 })).toThrow(RangeError);
});
