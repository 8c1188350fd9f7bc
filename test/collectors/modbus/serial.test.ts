import { afterEach, beforeEach, expect, test } from "vitest";
import { type BusConfig, startModbusCollector } from "../../../collectors/modbus/collector.ts";
import { Link } from "../../../collectors/modbus/link.ts";
import type { ModbusUnit } from "../../../simulators/modbus/unit.ts";
import { type ModbusServer, startModbusServer } from "../../../simulators/modbus/server.ts";
import { ask, FAULTS, readOf, unitsWithOwnWords, until, verdictOf } from "./gateway.ts";
import { Book, RELAY_METER, RelayMeter, worldOf } from "./meter.ts";
import { openPtyPair, type PtyPair } from "./pty.ts";

let pair: PtyPair;
let server: ModbusServer;
let link: Link | null = null;

const units = new Map<number, ModbusUnit>();
beforeEach(async () => {
  pair = openPtyPair();
  units.clear();
  for (const [id, unit] of unitsWithOwnWords(8)) units.set(id, unit);
  server = await startModbusServer({ kind: "rtu", stream: pair.master, units });
});
afterEach(async () => {
  await link?.close();
  link = null;
  await server.stop();
  pair.close();
});

const opened = async (timeoutMs: number): Promise<Link> => {
  link = new Link({ kind: "rtu", path: pair.path, baudRate: 9600, timeoutMs });
  expect(await link.open()).toBeNull();
  return link;
};

test("on a serial line every slave is read, written and answered with its own words", async () => {
  const line = await opened(2000);
  const asked = Array.from({ length: 24 }, (_, i) => readOf(1 + (i % 8), i * 5, 1 + (i % 40)));
  const verdicts = await Promise.all(asked.map(async (request) => verdictOf(request, await line.request(request))));
  expect(new Set(verdicts)).toEqual(new Set(["right"]));
  expect(
    await line.request({ kind: "write", unitId: 2, write: { functionCode: 16, address: 3, words: [9, 0x0d0a] } }),
  ).toEqual({ kind: "written" });
  expect(await line.request(readOf(2, 3, 2))).toMatchObject({ words: Uint16Array.of(9, 0x0d0a) });
});

const SERIAL_FAULTS = FAULTS.filter(({ fault }) => fault.kind !== "close" && fault.kind !== "drop_mid_frame"); // a line cannot hang up

test.each(SERIAL_FAULTS)("on a serial line a fault $fault.kind gives no wrong value", async ({ fault, rtu }) => {
  const line = await opened(150);
  server.faults.set(1, fault, 1);
  const struck = readOf(1, 10, 4);
  expect(verdictOf(struck, await ask(line, struck))).toBe(rtu);
  // A late reply comes through the same line, port closed and opened in between: it must not pass for the next one.
  const next = [readOf(1, 50, 4), readOf(2, 10, 4), readOf(1, 90, 4)];
  const verdicts: string[] = [];
  for (const request of next) verdicts.push(verdictOf(request, await ask(line, request)));
  expect(verdicts.filter((verdict) => verdict.startsWith("WRONG"))).toEqual([]);
  const again = readOf(1, 20, 4);
  expect(verdictOf(again, await ask(line, again))).toBe("right");
});

test("a serial port that is not there is a refusal", async () => {
  const missing = new Link({ kind: "rtu", path: "/dev/there-is-no-such-port", baudRate: 9600 });
  expect(await missing.open()).toMatchObject({ kind: "refused", reason: "link_down" });
  await missing.close();
});

test("a collector on a serial line polls its meters, lets a dead one rest and carries out an order", async () => {
  const meters = new Map([1, 2, 3].map((id) => [id, new RelayMeter(id * 1000)] as const));
  units.clear();
  for (const [id, unit] of meters) units.set(id, unit);
  server.faults.set(3, { kind: "silence" });
  const bus: BusConfig = {
    id: "line",
    operatorId: 1n,
    link: { kind: "rtu", path: pair.path, baudRate: 9600, timeoutMs: 100 },
    units: [1, 2, 3].map((unitId) => ({ meterId: BigInt(unitId), unitId, profile: RELAY_METER })),
    intervals: { billing: 0 },
  };
  const book = new Book();
  const collector = startModbusCollector(worldOf([bus], book));
  await until(
    "two are read, the dead one is refused",
    () => book.count(1n) > 5 && book.count(2n) > 5 && book.refusals.length > 0,
  );
  expect(await collector.control(2n, "disconnect")).toMatchObject({ kind: "confirmed", state: "disconnected" });
  expect(book.values(1n)).toEqual(new Set([10_000_000n]));
  expect(book.values(2n)).toEqual(new Set([20_000_000n]));
  expect(book.count(3n)).toBe(0);
  expect(book.refusals[0]).toMatchObject({ reason: "timeout", origin: "modbus:line/3" });
  await collector.stop();
});
