import { afterEach, describe, expect, test } from "vitest";
import { type BusConfig, type ModbusCollector, startModbusCollector } from "../../../collectors/modbus/collector.ts";
import { instant } from "../../../domain/instant.ts";
import type { Fault } from "../../../simulators/modbus/fault.ts";
import { type ModbusServer, startModbusServer } from "../../../simulators/modbus/server.ts";
import { until } from "./gateway.ts";
import { Book, profileWith, RELAY_METER, RelayMeter, registerAt, worldOf } from "./meter.ts";

type Estate = { server: ModbusServer; meters: Map<number, RelayMeter>; book: Book; collector: ModbusCollector };
const open: Estate[] = [];
afterEach(async () => {
  await Promise.all(
    open.splice(0).map(async ({ collector, server }) => {
      await collector.stop();
      await server.stop();
    }),
  );
});

type Options = Partial<BusConfig> & {
  kind?: "tcp" | "rtu_over_tcp";
  count?: number;
  timeoutMs?: number;
  handOversMax?: number;
};
async function estate(options: Options = {}): Promise<Estate> {
  const { kind = "tcp", count = 4, timeoutMs = 100, handOversMax, ...bus } = options;
  const meters = new Map(Array.from({ length: count }, (_, i) => [i + 1, new RelayMeter(1000 * (i + 1))] as const));
  const server = await startModbusServer({ kind, host: "127.0.0.1", port: 0, units: meters });
  const book = new Book();
  const config: BusConfig = {
    id: "b1",
    operatorId: 1n,
    link: { kind, host: "127.0.0.1", port: server.port, timeoutMs },
    units: [...meters.keys()].map((unitId) => ({ meterId: BigInt(unitId), unitId, profile: RELAY_METER })),
    intervals: { billing: 0 },
    slaveBackoff: { minMs: 100, maxMs: 400 },
    linkBackoff: { minMs: 5, maxMs: 50 },
    controlDeadlineMs: 3000,
    ...bus,
  };
  const collector = startModbusCollector({
    ...worldOf([config], book),
    ...(handOversMax === undefined ? {} : { handOversMax }),
  });
  const made = { server, meters, book, collector };
  open.push(made);
  return made;
}

describe.each(["tcp", "rtu_over_tcp"] as const)("over %s", (kind) => {
  test("every meter is read, and its values are its own", async () => {
    const { book } = await estate({ kind });
    for (const id of [1n, 2n, 3n, 4n]) await until(`meter ${id} is read`, () => book.count(id) >= 3);
    for (const id of [1n, 2n, 3n, 4n]) expect(book.values(id)).toEqual(new Set([id * 10_000_000n]));
    expect(book.refusals).toEqual([]);
  });

  test("a dead slave is asked ever less often and does not slow its neighbours", async () => {
    const { server, meters, book, collector } = await estate({ kind, slaveBackoff: { minMs: 100, maxMs: 60_000 } });
    server.faults.set(2, { kind: "silence" });
    await until("its breaker opens", () => collector.health()[0]?.units[1]?.breaker === "open");
    const [health] = collector.health();
    expect(health?.units[1]).toMatchObject({ unitId: 2, failures: 3, lastRefusal: { reason: "timeout" } });
    expect(health?.units[1]?.restsMs).toBeGreaterThan(200); // 400 ms, with its jitter
    const asked = meters.get(2)?.reads ?? 0;
    const neighbours = book.count(1n);
    await until("its neighbours go on", () => book.count(1n) > neighbours + 50);
    expect((meters.get(2)?.reads ?? 0) - asked).toBeLessThanOrEqual(1);
    server.faults.clear();
  });

  test.each<Fault>([
    { kind: "close" },
    { kind: "drop_mid_frame" },
    { kind: "garbage_length", length: 0xffff },
    { kind: "wrong_unit_id", unitId: 9 },
  ])("a slave that spoils the connection each time ($kind) is left to rest, and the others are read", async (fault) => {
    const { server, book, collector } = await estate({ kind });
    server.faults.set(3, fault);
    await until("the spoiler rests", () => (collector.health()[0]?.units[2]?.failures ?? 0) >= 2);
    const before = book.count(1n);
    await until("the others are read", () => book.count(1n) > before + 20);
    server.faults.clear();
    await until("the spoiler is heard again", () => book.count(3n) > 0);
    expect(book.values(3n)).toEqual(new Set([30_000_000n]));
  });

  test("an order is written once, read back, and closed by the state alone", async () => {
    const { meters, book, collector } = await estate({ kind });
    expect(await collector.control(2n, "disconnect")).toMatchObject({ kind: "confirmed", state: "disconnected" });
    expect(meters.get(2)?.writes).toEqual([0]);
    expect(book.values(2n, "relay_state")).toEqual(new Set([0n]));
    expect(await collector.control(2n, "connect")).toMatchObject({ kind: "confirmed", state: "connected" });
  });

  test("a lost reply to an order does not double it: it is read back and not written again", async () => {
    const { server, meters, collector } = await estate({ kind, intervals: {} });
    server.faults.set(1, { kind: "silence" }, 1);
    expect(await collector.control(1n, "disconnect")).toMatchObject({ kind: "confirmed" });
    expect(meters.get(1)?.writes).toEqual([0]);
  });
});

test("a relay that moves slowly is asked until it has moved; the bus goes on meanwhile", async () => {
  const { meters, book, collector } = await estate();
  const relay = meters.get(1) as RelayMeter;
  relay.movesReads = 3;
  expect(await collector.control(1n, "disconnect")).toMatchObject({ kind: "confirmed", state: "disconnected" });
  expect(book.values(1n, "relay_state")).toEqual(new Set([2n, 0n]));
});

test("a relay that never moves ends unconfirmed, with what it shows", async () => {
  const { meters, collector } = await estate({ controlDeadlineMs: 600 });
  (meters.get(1) as RelayMeter).movesReads = Number.POSITIVE_INFINITY;
  expect(await collector.control(1n, "disconnect")).toMatchObject({ kind: "unconfirmed", state: "moving" });
});

test("the same order given twice at once is one order; a contrary one follows it", async () => {
  const { meters, collector } = await estate();
  const outcomes = await Promise.all([
    collector.control(1n, "disconnect"),
    collector.control(1n, "disconnect"),
    collector.control(1n, "connect"),
    collector.control(1n, "connect"),
  ]);
  expect(outcomes.map((o) => o.kind)).toEqual(["confirmed", "confirmed", "confirmed", "confirmed"]);
  expect(outcomes[0]).toMatchObject({ state: "disconnected" });
  expect(outcomes[3]).toMatchObject({ state: "connected" });
  expect(meters.get(1)?.writes).toEqual([0, 1]);
});

test("an order that cannot be carried out says why", async () => {
  const plain = profileWith([registerAt("energy_import_kwh", 0)]);
  const { server, collector } = await estate({
    units: [
      { meterId: 1n, unitId: 1, profile: RELAY_METER },
      { meterId: 2n, unitId: 2, profile: plain },
    ],
  });
  expect(await collector.control(2n, "disconnect")).toMatchObject({ kind: "refused", reason: "not_supported" });
  expect(await collector.control(99n, "disconnect")).toMatchObject({ kind: "refused", reason: "unknown_meter" });
  server.faults.set(1, { kind: "exception", code: 4 });
  expect(await collector.control(1n, "disconnect")).toMatchObject({ kind: "refused", reason: "exception_reply" });
});

test("an order while the gateway is away is refused at its deadline, for it never left", async () => {
  const { server, collector, book } = await estate({ controlDeadlineMs: 400 });
  await until("it is up", () => book.count(1n) > 0);
  await server.stop();
  await until("it is down", () => collector.health()[0]?.link === "down");
  expect(await collector.control(1n, "disconnect")).toMatchObject({ kind: "refused", reason: "link_down" });
});

test("a poll that fails is a gap with its reason, and no value stands in its place", async () => {
  const { server, book } = await estate({
    intervals: { billing: 300 },
    retriesMax: 0,
    slaveBackoff: { minMs: 1, maxMs: 1 },
  });
  server.faults.set(1, { kind: "crc_error" }); // a gateway answers exception 11 for it
  server.faults.set(2, { kind: "silence" });
  server.faults.set(3, { kind: "all_ones" });
  for (const id of [1n, 2n])
    await until(`gap of ${id}`, () => book.gaps.filter((g) => g.meter.meterId === id).length >= 2);
  await until("all-ones is refused", () => book.refusals.some((r) => r.reason === "all_ones"));
  expect(book.gaps.find((g) => g.meter.meterId === 1n)).toMatchObject({ group: "billing", reason: "exception_reply" });
  expect(book.gaps.find((g) => g.meter.meterId === 2n)).toMatchObject({ reason: "timeout" });
  for (const id of [1n, 2n, 3n]) expect(book.count(id)).toBe(0);
  expect(book.refusals.find((r) => r.reason === "all_ones")).toMatchObject({ operatorId: 1n, origin: "modbus:b1/3" });
  await until("the neighbour is read", () => book.count(4n) > 0);
  const [first, second] = book.gaps.filter((g) => g.meter.meterId === 2n);
  expect(second?.from).toBeGreaterThanOrEqual(first?.until ?? Number.POSITIVE_INFINITY);
});

test("while the gateway is away each interval is a gap, and polling goes on when it is back", async () => {
  const { server, book } = await estate({ intervals: { billing: 150 }, count: 1 });
  await until("it is read", () => book.count(1n) > 0);
  const port = server.port;
  await server.stop();
  await until("two gaps", () => book.gaps.length >= 2);
  expect(book.gaps.at(-1)).toMatchObject({ reason: "link_down", attempts: 0 });
  const read = book.count(1n);
  const again = await startModbusServer({
    kind: "tcp",
    host: "127.0.0.1",
    port,
    units: new Map([[1, new RelayMeter(7)]]),
  });
  await until("it is read again", () => book.count(1n) > read);
  await again.stop();
});

test("a clock that runs sixty times as fast polls sixty times as often, and one that jumps back does not silence a meter", async () => {
  const { server, meters } = await estate({ intervals: {} });
  const book = new Book();
  const began = performance.now();
  let base = 1_750_000_000_000;
  const clock = { now: () => instant(base + Math.floor((performance.now() - began) * 60)) };
  const bus: BusConfig = {
    id: "fast",
    operatorId: 1n,
    link: { kind: "tcp", host: "127.0.0.1", port: server.port },
    units: [{ meterId: 1n, unitId: 1, profile: RELAY_METER }],
    intervals: { billing: 15_000 },
  };
  const collector = startModbusCollector({ ...worldOf([bus], book), clock });
  await until("three slots of a quarter minute", () => book.count(1n) >= 3);
  base -= 86_400_000;
  const before = book.count(1n);
  await until("it is read after the jump", () => book.count(1n) >= before + 2);
  expect(meters.size).toBe(4);
  await collector.stop();
});

test("when the sink is full the bus pauses, and orders pass", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { book, collector } = await estate({ handOversMax: 10, count: 2 });
  book.hold = promise;
  await until("the bus has paused", () => book.count(1n) + book.count(2n) >= 10);
  const held = book.count(1n) + book.count(2n);
  expect(await collector.control(1n, "disconnect")).toMatchObject({ kind: "confirmed" });
  expect(book.count(1n) + book.count(2n)).toBeLessThanOrEqual(held + 2);
  book.hold = undefined;
  resolve();
  await until("it goes on", () => book.count(1n) > held + 10);
});

test("stop in the middle settles orders, leaves no gap behind and asks nothing more", async () => {
  const { server, collector, book } = await estate({ timeoutMs: 60_000 });
  await until("polling", () => book.count(4n) > 0);
  for (const unit of [1, 2, 3, 4]) server.faults.set(unit, { kind: "silence" });
  const [written, waiting] = [collector.control(1n, "disconnect"), collector.control(1n, "connect")];
  await until("everything hangs", () => server.requests() > 0);
  await collector.stop();
  expect((await written).kind).not.toBe("confirmed");
  expect(await waiting).toMatchObject({ kind: "refused", reason: "link_down" });
  expect(await collector.control(1n, "connect")).toMatchObject({ kind: "refused" });
  const asked = server.requests();
  expect(book.gaps).toEqual([]);
  await until("the connections are closed", () => server.connections() === 0);
  expect(server.requests()).toBe(asked);
});

test("a bus has one owner, and a unit id one meter", async () => {
  const { collector } = await estate({ count: 1 });
  const unit = { meterId: 50n, unitId: 5, profile: RELAY_METER };
  const bus: BusConfig = {
    id: "b2",
    operatorId: 1n,
    link: { kind: "tcp", host: "127.0.0.1", port: 9 },
    units: [unit],
    intervals: {},
  };
  expect(() => collector.addBus({ ...bus, id: "b1" })).toThrow("owner already");
  expect(() => collector.addBus({ ...bus, units: [unit, { ...unit, meterId: 51n }] })).toThrow("there twice");
  expect(() => collector.addBus({ ...bus, units: [{ ...unit, unitId: 0 }] })).toThrow("not 1 to 255");
  expect(() => collector.addBus({ ...bus, units: [{ ...unit, meterId: 1n }] })).toThrow("another bus");
  collector.addBus(bus);
  expect(collector.health().map((b) => b.id)).toEqual(["b1", "b2"]);
  await collector.removeBus("b2");
  expect(await collector.control(50n, "connect")).toMatchObject({ reason: "unknown_meter" });
});
