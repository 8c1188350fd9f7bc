import { afterEach, describe, expect, test } from "vitest";
import { modbusProfileOf } from "../../../catalog/meters/catalogue.ts";
import { driftMs, stepFor, timeOfWords, wordsOfTime } from "../../../collectors/modbus/clock.ts";
import { type BusConfig, type ModbusCollector, startModbusCollector } from "../../../collectors/modbus/collector.ts";
import type { ClockCheck } from "../../../domain/clock-check.ts";
import { type Clock, type Instant, instant } from "../../../domain/instant.ts";
import type { ClockFormat, ModbusClock } from "../../../domain/profile.ts";
import { SlaveClock, withClock } from "../../../simulators/modbus/clock.ts";
import { type ModbusServer, startModbusServer } from "../../../simulators/modbus/server.ts";
import { until } from "./gateway.ts";
import { Book, profileWith, registerAt, RelayMeter, worldOf } from "./meter.ts";

const ZONE = "Asia/Shanghai";
const at = (text: string): Instant => instant(Date.parse(`2026-06-16T${text}+08:00`));
const S = 1000;
const MIN = 60 * S;
const clockMap = (format: ClockFormat, more: Partial<ModbusClock> = {}): ModbusClock => ({
  table: "holding",
  address: 500,
  format,
  zone: "local",
  writable: true,
  ...more,
});

test.each<[ClockFormat, ModbusClock["zone"], number[]]>([
  ["ymdhms_words", "local", [2026, 6, 16, 10, 5, 9]],
  ["ymdhms_words", "utc", [2026, 6, 16, 2, 5, 9]],
  ["ymdhms_bytes", "local", [0x1a06, 0x100a, 0x0509]],
  ["ymdhms_bcd", "local", [0x2606, 0x1610, 0x0509]],
  ["unix_s", "utc", [0x6a30, 0xaf55]],
])("%s in %s time is written and read as %j", (format, zone, words) => {
  const map = clockMap(format, { zone });
  expect(wordsOfTime(map, at("10:05:09"), ZONE)).toEqual(words);
  expect(timeOfWords(map, words, ZONE)).toBe(at("10:05:09"));
});

test.each<[ClockFormat, number[]]>([
  ["ymdhms_words", [2026, 2, 30, 10, 5, 9]],
  ["ymdhms_words", [2026, 6, 16, 24, 0, 0]],
  ["ymdhms_words", [2026, 6, 16]],
  ["ymdhms_bytes", [0xffff, 0xffff, 0xffff]],
  ["ymdhms_bcd", [0x2606, 0x161a, 0x0509]],
  ["ymdhms_bcd", [0, 0, 0]],
])("%s words %j are no time", (format, words) => {
  expect(timeOfWords(clockMap(format), words, ZONE)).toBeNull();
});

test("drift is taken in the middle of the transaction and of the second that is shown", () => {
  expect(driftMs(at("10:00:05"), at("10:00:00"), instant(at("10:00:00") + 1000))).toBe(5 * S);
  expect(driftMs(at("09:59:55"), at("10:00:00"), at("10:00:00"))).toBe(-4500);
});

test.each<[number, string, ReturnType<typeof stepFor>, string]>([
  [9 * S, "10:05:00", "leave", "small"],
  [-9 * S, "10:05:00", "leave", "small, behind"],
  [42 * S, "10:05:00", "set", "in the middle of a quarter hour"],
  [-42 * S, "10:05:00", "set", "the same, behind"],
  [11 * MIN, "10:03:00", "hold", "too far"],
  [-11 * MIN, "10:12:00", "hold", "too far, behind"],
  [42 * S, "10:00:30", "wait", "a quarter hour has just begun"],
  [42 * S, "10:14:30", "wait", "it is about to end"],
  [5 * MIN, "10:11:00", "wait", "the meter is in the next one already"],
  [-5 * MIN, "10:03:00", "wait", "the meter is still in the last one"],
  [42 * S, "23:50:00", "wait", "near midnight"],
  [-42 * S, "00:07:00", "wait", "midnight was a moment ago"],
  [5 * MIN, "23:42:00", "wait", "the meter itself is near midnight"],
  [42 * S, "00:20:00", "set", "midnight is far enough"],
])("off by %i ms at %s: %s (%s)", (drift, now, step) => {
  expect(stepFor(drift, at(now), ZONE)).toBe(step);
});

type Rig = { collector: ModbusCollector; server: ModbusServer; checks: ClockCheck[]; slave: SlaveClock };
const open: Rig[] = [];
afterEach(async () => {
  for (const { collector, server } of open.splice(0)) {
    await collector.stop();
    await server.stop();
  }
});

async function rig(
  now: string,
  off: number,
  more: { kind?: "tcp" | "rtu_over_tcp"; map?: ModbusClock } = {},
): Promise<Rig> {
  const { kind = "tcp", map = clockMap("ymdhms_bcd") } = more;
  const base = at(now) - performance.now();
  const clock: Clock = { now: () => instant(Math.floor(base + performance.now())) };
  const slave = new SlaveClock(() => clock.now());
  slave.jump(off);
  const units = new Map([[1, withClock(new RelayMeter(1000), map, slave, 8 * 3_600_000)]]);
  const server = await startModbusServer({ kind, host: "127.0.0.1", port: 0, units });
  const checks: ClockCheck[] = [];
  const bus: BusConfig = {
    id: "b1",
    operatorId: 1n,
    link: { kind, host: "127.0.0.1", port: server.port, timeoutMs: 200 },
    units: [{ meterId: 1n, unitId: 1, profile: profileWith([registerAt("energy_import_kwh", 0)], { clock: map }) }],
    intervals: { billing: 1000 },
  };
  const clocks = { zoneOf: () => ZONE, onCheck: (check: ClockCheck) => void checks.push(check), everyMs: 500 };
  const collector = startModbusCollector({ ...worldOf([bus], new Book()), clock, clocks });
  const made = { collector, server, checks, slave };
  open.push(made);
  return made;
}
const firstOf = async ({ checks }: Rig): Promise<ClockCheck> => {
  await until("its clock is looked at", () => checks.length > 0);
  const [first] = checks;
  if (first === undefined) throw new Error("no check");
  return first;
};

describe.each(["tcp", "rtu_over_tcp"] as const)("over %s", (kind) => {
  test("a clock that is 42 s ahead is measured, set, and read back as proof", async () => {
    const made = await rig("10:05:00", 42 * S, { kind });
    const check = await firstOf(made);
    expect(check).toMatchObject({ operatorId: 1n, meterId: 1n, outcome: "corrected" });
    expect(Math.abs((check.beforeMs ?? 0) - 42 * S)).toBeLessThan(2 * S);
    expect(Math.abs(check.driftMs)).toBeLessThan(2 * S);
    expect(made.slave.set).toBe(1);
    expect(made.collector.health()[0]?.units[0]?.clock).toEqual(check);
    await until("it is looked at again", () => made.checks.length > 1);
    expect(made.checks[1]?.outcome).toBe("measured");
    expect(made.slave.set).toBe(1);
  });

  test("one that was set and does not show it is unproved, and its drift stays what it is", async () => {
    const made = await rig("10:05:00", -42 * S, { kind });
    made.slave.stuck = true;
    const check = await firstOf(made);
    expect(check.outcome).toBe("unproved");
    expect(Math.abs(check.driftMs + 42 * S)).toBeLessThan(2 * S);
  });
});

test.each<[string, string, number, ModbusClock, ClockCheck["outcome"]]>([
  ["half an hour off: a person looks first", "10:05:00", 30 * MIN, clockMap("unix_s"), "held"],
  ["near midnight nothing is set", "23:52:00", 42 * S, clockMap("unix_s"), "measured"],
  ["a quarter hour is not stepped over", "10:12:00", 5 * MIN, clockMap("ymdhms_words"), "measured"],
  [
    "a clock that cannot be set is only measured",
    "10:05:00",
    42 * S,
    { table: "holding", address: 500, format: "ymdhms_bytes", zone: "utc" },
    "measured",
  ],
])("%s", async (_, now, off, map, outcome) => {
  const made = await rig(now, off, { map });
  const check = await firstOf(made);
  expect(check).toMatchObject({ outcome, beforeMs: null });
  expect(Math.abs(check.driftMs - off)).toBeLessThan(2 * S);
  expect(made.slave.set).toBe(0);
});

test("the catalogue says of one invented meter how its clock is kept, and its clock is kept so", async () => {
  const { clock } = modbusProfileOf("sanbiao-clock-demo");
  if (clock === undefined) throw new Error("it has no clock");
  const made = await rig("10:05:00", -42 * S, { map: clock });
  expect(await firstOf(made)).toMatchObject({ outcome: "corrected" });
});

test("a clock that runs away is seen to run", () => {
  let real = 0;
  const slave = new SlaveClock(() => real);
  slave.ppm = 500;
  real = 86_400_000;
  expect(slave.now() - real).toBe(43_200);
});
