import { afterEach, describe, expect, test } from "vitest";
import { type BusConfig, type ModbusCollector, startModbusCollector } from "../../../collectors/modbus/collector.ts";
import type { UnitHealth } from "../../../domain/bus.ts";
import type { MetricName, Telemetry } from "../../../domain/telemetry.ts";
import type { Request } from "../../../simulators/modbus/frame.ts";
import type { Fault } from "../../../simulators/modbus/fault.ts";
import { type ModbusServer, startModbusServer } from "../../../simulators/modbus/server.ts";
import { until } from "./gateway.ts";
import { Book, RELAY_METER, RelayMeter, worldOf } from "./meter.ts";

type Rig = {
  readonly server: ModbusServer;
  readonly meters: ReadonlyMap<number, RelayMeter>;
  readonly collector: ModbusCollector;
  readonly book: Book;
  readonly asked: Request[];
  readonly told: { name: MetricName; labels: Record<string, string>; value: number }[];
  /** Health of unit 2, the one that goes wrong. */
  readonly second: () => UnitHealth;
};
const open: Rig[] = [];
afterEach(async () => {
  for (const { collector, server } of open.splice(0)) {
    await collector.stop();
    await server.stop();
  }
});

async function rig(kind: "tcp" | "rtu_over_tcp", more: Partial<BusConfig> = {}): Promise<Rig> {
  const meters = new Map([1, 2, 3].map((id) => [id, new RelayMeter(1000 * id)] as const));
  const asked: Request[] = [];
  const told: Rig["told"] = [];
  const server = await startModbusServer({
    kind,
    host: "127.0.0.1",
    port: 0,
    units: meters,
    faultPlan: (request) => (asked.push(request), null),
  });
  const telemetry: Telemetry = {
    count: (name, labels, value = 1) => void told.push({ name, labels, value }),
    gauge: (name, labels, value) => void told.push({ name, labels, value }),
    observe: () => {},
  };
  const book = new Book();
  const bus: BusConfig = {
    id: "b1",
    operatorId: 1n,
    link: { kind, host: "127.0.0.1", port: server.port, timeoutMs: 60 },
    units: [...meters.keys()].map((unitId) => ({ meterId: BigInt(unitId), unitId, profile: RELAY_METER })),
    intervals: { billing: 200, state: 200, power: 200 },
    slaveBackoff: { minMs: 20, maxMs: 400 },
    linkBackoff: { minMs: 5, maxMs: 50 },
    controlDeadlineMs: 4000,
    ...more,
  };
  const collector = startModbusCollector({ ...worldOf([bus], book), telemetry });
  const second = (): UnitHealth => {
    const unit = collector.health()[0]?.units[1];
    if (unit === undefined) throw new Error("the bus has no second unit");
    return unit;
  };
  const made = { server, meters, collector, book, asked, told, second };
  open.push(made);
  return made;
}

/** Unit 2 answers so, for good, until the breaker has opened. */
async function broken({ server, second }: Rig, fault: Fault): Promise<void> {
  server.faults.set(2, fault);
  await until("its breaker opens", () => second().breaker === "open");
}

describe.each(["tcp", "rtu_over_tcp"] as const)("over %s", (kind) => {
  test("a slave that went silent is asked for nothing but one billing register", async () => {
    const town = await rig(kind);
    await until("it is read", () => town.book.count(2n) > 0);
    await broken(town, { kind: "silence" });
    expect(town.second()).toMatchObject({ opened: { cause: "timeout" }, lastRefusal: { reason: "timeout" } });
    // The faults of a unit come before the plan, so what unit 2 is asked is seen only once it answers again.
    const failures = town.second().failures;
    await until("it has been probed", () => town.second().failures > failures);
    const before = town.asked.length;
    town.server.faults.clear();
    await until("it is asked again", () => town.asked.slice(before).some(({ unitId }) => unitId === 2));
    const probe = town.asked.slice(before).find(({ unitId }) => unitId === 2);
    expect(probe).toMatchObject({ address: 0, count: 2, functionCode: 3 });
  });

  test("back again it is polled in full after one probe, beside its schedule, and then trusted", async () => {
    const town = await rig(kind, { intervals: { billing: 3_600_000, state: 3_600_000, power: 3_600_000 } });
    for (const register of ["energy_import_kwh", "relay_state", "power_w"] as const)
      await until(`${register} is read once`, () => town.book.count(2n, register) === 1);
    town.server.faults.set(2, { kind: "silence" }, 3);
    // Nothing is due for an hour: an order opens the breaker, and its read-backs do not end it.
    const order = town.collector.control(2n, "disconnect");
    await until("its breaker opens", () => town.second().breaker === "open");
    await until("it is trusted again", () => town.second().breaker === "closed");
    for (const register of ["energy_import_kwh", "power_w"] as const)
      await until(`${register} is read again`, () => town.book.count(2n, register) === 2);
    expect((await order).kind).toBe("confirmed");
    expect(town.book.gaps).toEqual([]);
  });

  test("an order goes out to a slave whose breaker is open, at once, and its failures do not lengthen the pauses", async () => {
    const town = await rig(kind, { slaveBackoff: { minMs: 20_000, maxMs: 60_000 }, intervals: { billing: 50 } });
    town.server.faults.set(2, { kind: "silence" });
    // The third failure in a row comes from an order: pauses of 20 s keep polls away.
    const first = town.collector.control(2n, "disconnect");
    await until("its breaker opens", () => town.second().breaker === "open");
    const failures = town.second().failures;
    town.server.faults.clear();
    const second = town.collector.control(2n, "connect");
    expect(await first).toMatchObject({ kind: "confirmed", state: "disconnected" });
    expect(await second).toMatchObject({ kind: "confirmed", state: "connected" });
    expect(failures).toBe(3);
    expect(town.meters.get(2)?.writes).toContain(1);
  });

  test("each change is told: half open on trial, closed after a whole turn", async () => {
    const town = await rig(kind);
    await broken(town, { kind: "silence" });
    town.server.faults.clear();
    await until("it is trusted again", () => town.second().breaker === "closed");
    const changes = town.told.filter(({ name }) => name === "sanbiao_modbus_breaker_changes_total");
    expect(changes.map(({ labels }) => labels["to"])).toEqual(["open", "half_open", "closed"]);
    const gauges = town.told.filter(({ name }) => name === "sanbiao_modbus_units");
    expect(gauges.slice(0, 3).map(({ labels, value }) => [labels["state"], value])).toEqual([
      ["closed", 3],
      ["open", 0],
      ["half_open", 0],
    ]);
    expect(gauges.slice(3, 6).map(({ labels, value }) => [labels["state"], value])).toEqual([
      ["closed", 2],
      ["open", 1],
      ["half_open", 0],
    ]);
    expect(town.second()).toMatchObject({ breaker: "closed", opened: null, failures: 0 });
    expect(town.collector.health()[0]?.transactions).toMatchObject({
      timeout: expect.any(Number),
      ok: expect.any(Number),
    });
  });

  test("a slave that answers garbage is asked alone: its neighbours lose nothing to its probes", async () => {
    const town = await rig(kind, { intervals: { billing: 5000 } });
    await broken(town, { kind: "garbage_length", length: 0xffff });
    const probes = town.second().failures;
    town.book.gaps.length = 0;
    await until("it is probed three times more", () => town.second().failures >= probes + 3);
    const lost = town.collector.health()[0]?.units.filter(({ unitId, failures }) => unitId !== 2 && failures > 0);
    expect(lost).toEqual([]);
    expect(town.book.gaps.filter(({ meter }) => meter.unitId !== 2)).toEqual([]);
  });
});
