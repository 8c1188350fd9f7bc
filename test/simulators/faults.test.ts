import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { decodeWords } from "../../collectors/decode/words.ts";
import { planOf } from "../../collectors/modbus/plan.ts";
import { modbusProfileOf } from "../../catalog/meters/catalogue.ts";
import { DAY_MS, HOUR_MS, type Instant, instant, instantOfIso, MINUTE_MS, SECOND_MS } from "../../domain/instant.ts";
import { decimalText } from "../../domain/quantity.ts";
import { FaultBook } from "../../simulators/faults/book.ts";
import { FAULT_NAMES, type FaultName, faultRow } from "../../simulators/faults/catalogue.ts";
import { choiceOf, chosen } from "../../simulators/faults/choice.ts";
import { deliveriesOf } from "../../simulators/faults/uplink.ts";
import { wirePlan } from "../../simulators/faults/wire.ts";
import { unitOf } from "../../simulators/town/image.ts";
import { drawn, shownMicro, type TownMeter } from "../../simulators/town/meter.ts";
import { messageOf } from "../../simulators/town/payload.ts";
import { Relays } from "../../simulators/town/relays.ts";
import { TownState } from "../../simulators/town/state.ts";
import { dialEnd, toldMicro, toldTime } from "../../simulators/town/told.ts";
import { buildTown } from "../../simulators/town/town.ts";

const SINCE = instant(Date.UTC(2026, 2, 1));
const SEED = 4711;
const town = buildTown({ seed: 3, flats: 16, homes: 6 });
const polled = meterOf((m) => m.modbus !== null && m.hasRelay);
const water = meterOf((m) => m.utility === "water" && m.role === "customer");
const gas = meterOf((m) => m.utility === "gas");

function meterOf(fits: (meter: TownMeter) => boolean): TownMeter {
  const meter = town.meters.find(fits);
  if (meter === undefined) throw new Error("no such meter");
  return meter;
}

const bookOf = (name: FaultName, params: Record<string, number> = {}, seed = SEED): FaultBook =>
  new FaultBook({ seed, faults: [chosen(name, params)], since: SINCE });
const stateOf = (faults: FaultBook): TownState => new TownState(3, null, () => {}, faults);
const after = (at: Instant, ms: number): Instant => (at + ms) as Instant;
const firstOf = (book: FaultBook, name: FaultName, meter: TownMeter) => {
  const first = book.first(name, meter);
  if (first === null) throw new Error(`${name} does not hit ${meter.serial}`);
  return first;
};

describe("the choice of faults", () => {
  test("names are unique, described in both languages, and keep their places in the hash", () => {
    expect(new Set(FAULT_NAMES.map((name) => faultRow(name).code)).size).toBe(FAULT_NAMES.length);
    for (const name of FAULT_NAMES) {
      const { title, does, every, minutes } = faultRow(name);
      expect(
        [title.zh, title.en, does].every((text) => text.length > 1),
        name,
      ).toBe(true);
      expect(minutes, name).toBeLessThanOrEqual(every * 60);
    }
  });

  test("all, none, and names with their own numbers", () => {
    expect(choiceOf("none")).toEqual({ kind: "chosen", faults: [] });
    const all = choiceOf("all:every=500,jump:by=7");
    if (all.kind !== "chosen") throw new Error(all.detail);
    expect(all.faults.map(({ name }) => name)).toEqual(FAULT_NAMES);
    expect(all.faults.find(({ name }) => name === "jump")?.params).toMatchObject({ every: 240, by: 7 });
    expect(all.faults.find(({ name }) => name === "crc-error")?.params).toMatchObject({ every: 500, answers: 3 });
  });

  test.each([
    ["stuck-regster", /stuck-register/],
    ["crc", /did you mean crc-error/],
    ["jump:size=3", /jump has no "size"; it has every, minutes, meters, by/],
    ["jump:by", /is not a number's name/],
    ["jump:by=-3", /is not a number's name/],
    ["jump:every=0", /above 0/],
    ["no-reply:every=1:minutes=90", /do not fit/],
    ["crc-error:meters=101", /percentage/],
  ])("%j is refused with a word of help", (text, help) => {
    const choice = choiceOf(text);
    expect(choice.kind === "wrong" && choice.detail).toMatch(help);
  });
});

describe("when a fault is there", () => {
  test("follows from seed, name, meter and time: in any order, again, and by halves the same", () => {
    const faults = FAULT_NAMES.map((name) => chosen(name));
    const [one, two] = [0, 0].map(() => new FaultBook({ seed: SEED, faults, since: SINCE }));
    const days = Array.from({ length: 30 }, (_, d) => ({
      from: after(SINCE, d * DAY_MS),
      to: after(SINCE, (d + 1) * DAY_MS),
    }));
    const whole = one?.between(town.meters, { from: SINCE, to: after(SINCE, 30 * DAY_MS) }) ?? [];
    const key = (e: { fault: string; serial: string; from: number }) => `${e.fault} ${e.serial} ${e.from}`;
    const parts = days.toReversed().flatMap((day) => two?.between(town.meters, day) ?? []);
    expect(new Set(parts.map(key))).toEqual(new Set(whole.map(key)));
    expect(new Set(whole.map(({ fault }) => fault))).toEqual(new Set(FAULT_NAMES));
    for (const { fault, serial, from, to } of whole.slice(0, 500)) {
      const meter = meterOf((m) => m.serial === serial);
      if (to > from) expect(two?.at(fault, meter, from)?.from, key({ fault, serial, from })).toBe(from);
      expect(two?.at(fault, meter, to), key({ fault, serial, from })).toBeNull();
      expect(from).toBeGreaterThanOrEqual(SINCE);
    }
  });

  test("another seed is another truth, a fault that is added moves no other, and part of the meters is part of them", () => {
    const hits = (book: FaultBook) => book.between(town.meters, { from: SINCE, to: after(SINCE, 20 * DAY_MS) });
    expect(hits(bookOf("jump"))).not.toEqual(hits(bookOf("jump", {}, SEED + 1)));
    const both = new FaultBook({ seed: SEED, faults: [chosen("stuck-register"), chosen("jump")], since: SINCE });
    expect(hits(both).filter(({ fault }) => fault === "jump")).toEqual(hits(bookOf("jump")));
    const some = new Set(hits(bookOf("jump", { meters: 30 })).map(({ serial }) => serial)).size;
    expect(some).toBeGreaterThan(0);
    expect(some).toBeLessThan(town.meters.length * 0.6);
  });

  test("a wire's faults hit polled meters, a relay's those with a relay, a device's those that speak by themselves", () => {
    const hits = (name: FaultName) => bookOf(name).between(town.meters, { from: SINCE, to: after(SINCE, 30 * DAY_MS) });
    const of = (serial: string) => meterOf((m) => m.serial === serial);
    expect(hits("crc-error").every(({ serial }) => of(serial).modbus !== null)).toBe(true);
    expect(hits("clock-jump").every(({ serial }) => of(serial).modbus === null)).toBe(true);
    expect(hits("relay-stuck").every(({ serial }) => of(serial).hasRelay)).toBe(true);
    expect(
      new Set(
        hits("gateway-restart")
          .filter((e) => of(e.serial).mqtt.client === "water-1")
          .map((e) => e.from),
      ).size,
    ).toBe(30);
  });
});

describe("what a meter tells", () => {
  const cases: [string, TownMeter][] = [
    ["polled electricity", polled],
    ["water by radio", water],
    ["gas by LoRaWAN", gas],
  ];
  test.each(cases)("nothing but its dial without faults, and the same before they begin: %s", (_, meter) => {
    const state = stateOf(bookOf("jump"));
    for (const at of [after(SINCE, -DAY_MS), SINCE])
      expect(toldMicro(meter, state, at)).toBe(shownMicro(meter, state, at));
    expect(toldMicro(meter, new TownState(3), after(SINCE, 90 * DAY_MS))).toBe(
      shownMicro(meter, new TownState(3), after(SINCE, 90 * DAY_MS)),
    );
  });

  test.each(cases)("the same value while stuck, then the true one: %s", (_, meter) => {
    const book = bookOf("stuck-register", { minutes: 1440, every: 240 });
    const state = stateOf(book);
    const { from, to } = firstOf(book, "stuck-register", meter);
    expect(toldMicro(meter, state, after(from, 20 * HOUR_MS))).toBe(shownMicro(meter, state, from));
    expect(toldMicro(meter, state, to)).toBe(shownMicro(meter, state, to));
    expect(shownMicro(meter, state, to)).toBeGreaterThan(shownMicro(meter, state, from));
  });

  test.each(cases)("more by a jump, for ever: %s", (_, meter) => {
    const book = bookOf("jump", { by: 70, every: 48 });
    const state = stateOf(book);
    const { from } = firstOf(book, "jump", meter);
    const more = (at: Instant) => Number(toldMicro(meter, state, at)) - Number(shownMicro(meter, state, at));
    expect(more(after(from, -1))).toBe(0);
    expect(more(from)).toBe(70e6);
    expect(more(after(SINCE, 10 * 48 * HOUR_MS))).toBe(700e6);
  });

  test.each(cases)("backwards while the wires are reversed, and forwards again from there: %s", (_, meter) => {
    const book = bookOf("reversed-wiring");
    const state = stateOf(book);
    const { from, to } = firstOf(book, "reversed-wiring", meter);
    const told = (at: Instant) => Number(toldMicro(meter, state, at));
    const used = drawn(meter, state, to) - drawn(meter, state, from);
    expect(told(from) - told(to)).toBeGreaterThan(used - 2 * meter.stepMicro);
    expect(told(from) - told(to)).toBeLessThan(used + 2 * meter.stepMicro);
    expect(told(after(to, DAY_MS))).toBeGreaterThan(told(to));
  });

  test.each(cases)("from its dial's end to zero, once, at its instant: %s", (_, meter) => {
    const book = bookOf("rollover");
    const state = stateOf(book);
    const end = dialEnd(meter) ?? 0;
    const { from } = firstOf(book, "rollover", meter);
    expect(Number(toldMicro(meter, state, after(from, -DAY_MS)))).toBeGreaterThan(end - 50e6);
    expect(Number(toldMicro(meter, state, after(from, DAY_MS)))).toBeLessThan(50e6);
    expect(Number(toldMicro(meter, state, after(from, 365 * DAY_MS)))).toBeLessThan(end / 10);
  });

  test.each(cases)("zero for a moment, and for another no value at all: %s", (_, meter) => {
    const zero = bookOf("transient-zero");
    expect(toldMicro(meter, stateOf(zero), firstOf(zero, "transient-zero", meter).from)).toBe(0n);
    const none = bookOf("sentinel-value");
    expect(toldMicro(meter, stateOf(none), firstOf(none, "sentinel-value", meter).from)).toBe("sentinel");
  });

  test("the same on a bus, where no value is all ones and refused", () => {
    const book = new FaultBook({ seed: SEED, faults: [chosen("sentinel-value"), chosen("jump")], since: SINCE });
    const state = stateOf(book);
    const profile = modbusProfileOf(polled.profileId);
    const [block] = planOf(profile, "billing").blocks;
    if (block === undefined) throw new Error("no billing registers");
    const read = (at: Instant) => {
      const unit = unitOf({ meter: polled, profile, state, clock: { now: () => at }, onOrder: () => {} });
      const words = unit.read(block.table, block.address, block.count);
      if (typeof words === "number") throw new Error(`exception ${words}`);
      const decoded = decodeWords(profile, [{ ...block, words }]);
      if (decoded.kind === "refused") throw new Error(decoded.detail);
      return decoded.messages[0];
    };
    const bad = read(firstOf(book, "sentinel-value", polled).from);
    expect(bad?.samples.filter(({ value }) => value > 0n)).toEqual([]);
    expect(new Set(bad?.refusals.map(({ reason }) => reason))).toEqual(new Set(["all_ones"]));
    const at = firstOf(book, "jump", polled).from;
    expect(read(at)?.samples.find(({ register }) => register === "energy_import_kwh")?.value).toBe(
      toldMicro(polled, state, at),
    );
  });

  test("the same by MQTT, and the device's own time beside it", () => {
    const book = new FaultBook({
      seed: SEED,
      faults: [chosen("clock-jump", { hours: 5 }), chosen("jump")],
      since: SINCE,
    });
    const state = stateOf(book);
    const { from, to } = firstOf(book, "clock-jump", water);
    const said = JSON.parse(messageOf(water, state, from).payload) as { timestamp: string; total_m3: number };
    expect(said.total_m3).toBe(Number(decimalText(toldMicro(water, state, from) as bigint)));
    const off = Math.abs((instantOfIso(said.timestamp) ?? 0) - from);
    expect(off).toBeGreaterThanOrEqual(5 * HOUR_MS);
    expect(off).toBeLessThan(6 * HOUR_MS);
    expect(toldTime(water, state, to)).toBe(to);
  });

  test("a clock that drifts runs away by so much a day and is set right", () => {
    const book = bookOf("clock-drift", { seconds: 60 });
    const { from, to } = firstOf(book, "clock-drift", gas);
    const off = (at: Instant) => Math.abs(toldTime(gas, stateOf(book), at) - at);
    expect(off(from)).toBe(0);
    expect(off(after(from, 2 * DAY_MS))).toBe(120 * SECOND_MS);
    expect(off(to)).toBe(0);
  });
});

describe("when a message arrives", () => {
  const minutes = (from: Instant, n: number) => Array.from({ length: n }, (_, i) => after(from, i * MINUTE_MS));

  test("twice, when uplinks are doubled", () => {
    const book = bookOf("duplicate-uplink");
    const { from } = firstOf(book, "duplicate-uplink", water);
    expect(deliveriesOf(book, water, from)).toEqual([from, after(from, 30 * SECOND_MS)]);
    expect(deliveriesOf(book, water, after(from, -1))).toEqual([after(from, -1)]);
  });

  test("in another order, when they overtake each other", () => {
    const book = bookOf("reordered-uplink");
    const { from } = firstOf(book, "reordered-uplink", water);
    const arrivals = minutes(from, 60).map((at) => deliveriesOf(book, water, at)[0] ?? 0);
    expect(arrivals.every((arrival, i) => arrival >= (minutes(from, 60)[i] ?? 0))).toBe(true);
    expect(arrivals).not.toEqual(arrivals.toSorted((a, b) => a - b));
  });

  test("all at the stretch's end, when the device was away", () => {
    const book = bookOf("delayed-uplink");
    const { from, to } = firstOf(book, "delayed-uplink", water);
    for (const at of minutes(from, 30)) expect(deliveriesOf(book, water, at)).toEqual([to]);
  });

  test("once more, when a gateway starts again and sends what it kept", () => {
    const book = bookOf("gateway-restart");
    const { from } = firstOf(book, "gateway-restart", water);
    expect(deliveriesOf(book, water, after(from, -HOUR_MS))).toEqual([after(from, -HOUR_MS), from]);
    expect(deliveriesOf(book, water, after(from, -7 * HOUR_MS))).toEqual([after(from, -7 * HOUR_MS)]);
  });
});

test("of a stretch on the wire the first answers are hit, the neighbours none", () => {
  const book = bookOf("crc-error", { answers: 2 });
  const { from } = firstOf(book, "crc-error", polled);
  let now = from;
  const plan = wirePlan(book, new Map([[7, polled]]), { now: () => now });
  const ask = (unitId: number) =>
    plan?.({ transactionId: 1, unitId, functionCode: 3, address: 0, count: 2, words: new Uint16Array(0) }, 0)?.kind;
  expect([ask(7), ask(8), ask(7), ask(7)]).toEqual(["crc_error", undefined, "crc_error", undefined]);
  now = after(from, 2 * HOUR_MS);
  expect(wirePlan(bookOf("jump"), new Map(), { now: () => now })).toBeNull();
});

describe("a relay that is ordered", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function withRelay(name: FaultName) {
    const book = bookOf(name, { minutes: 600 });
    const state = stateOf(book);
    let now = firstOf(book, name, polled).from;
    const moved: string[] = [];
    const relays = new Relays(
      state,
      { speed: 1, now: () => now, realMs: (ms) => ms },
      (m) => void moved.push(m.serial),
    );
    const pass = (ms: number): void => {
      now = after(now, ms);
      vi.advanceTimersByTime(Math.min(ms, MINUTE_MS));
    };
    const told = () =>
      (JSON.parse(messageOf({ ...polled, modbus: null }, state, now).payload) as { relay_state: string }).relay_state;
    return { state, relays, moved, pass, told };
  }

  test("acknowledges and does not move", () => {
    const { state, relays, pass, told } = withRelay("relay-stuck");
    const done = vi.fn<() => void>();
    relays.order(polled, "trip", done);
    expect(done).toHaveBeenCalledOnce();
    pass(MINUTE_MS);
    relays.settle();
    expect([state.isOff(polled.serial), told()]).toEqual([false, "connected"]);
  });

  test("sticks half way, and stands when its stretch is over", () => {
    const { state, relays, moved, pass, told } = withRelay("valve-half");
    relays.order(polled, "trip");
    pass(MINUTE_MS);
    expect([state.isOff(polled.serial), told(), moved]).toEqual([false, "moving", [polled.serial]]);
    pass(11 * HOUR_MS);
    expect([state.isOff(polled.serial), told()]).toEqual([true, "disconnected"]);
  });

  test("moves at once and tells it late", () => {
    const { state, relays, pass, told } = withRelay("state-late");
    relays.order(polled, "trip");
    pass(SECOND_MS);
    expect([state.isOff(polled.serial), told()]).toEqual([true, "connected"]);
    pass(100 * SECOND_MS);
    expect(told()).toBe("disconnected");
  });
});
