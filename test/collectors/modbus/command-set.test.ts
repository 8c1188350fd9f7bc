import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { modbusProfileOf } from "../../../catalog/meters/catalogue.ts";
import { type ModbusCollector, startModbusCollector } from "../../../collectors/modbus/collector.ts";
import { MINUTE_MS } from "../../../domain/instant.ts";
import { FaultBook } from "../../../simulators/faults/book.ts";
import { chosen } from "../../../simulators/faults/choice.ts";
import type { FaultName } from "../../../simulators/faults/catalogue.ts";
import { wirePlan } from "../../../simulators/faults/wire.ts";
import { type ModbusServer, startModbusServer } from "../../../simulators/modbus/server.ts";
import { wallClock } from "../../../simulators/town/clock.ts";
import { unitOf } from "../../../simulators/town/image.ts";
import { flowMicro, type TownMeter } from "../../../simulators/town/meter.ts";
import { Relays } from "../../../simulators/town/relays.ts";
import { TownState } from "../../../simulators/town/state.ts";
import { buildTown } from "../../../simulators/town/town.ts";
import { until } from "../../support/mqtt.ts";
import { Book, worldOf } from "./meter.ts";

/** A relay with the whole command set, a valve that can trickle, an Acrel and a Xintai, as the town simulates them. */
const PROFILES = ["sanbiao-relay-demo", "sanbiao-valve-demo", "acrel-ddsy1352", "kaifeng-xintai-ultrasonic"] as const;
const [RELAY, VALVE, ACREL, XINTAI] = [1n, 2n, 3n, 4n];
const clock = wallClock();
const home = buildTown({ seed: 3, flats: 0, homes: 1 }).meters[0] as TownMeter;
const METERS = PROFILES.map(
  (profileId, i): TownMeter => ({
    ...home,
    serial: `20260000000${i + 1}`,
    profileId,
    utility: modbusProfileOf(profileId).utilities[0] ?? "electricity",
    modbus: { bus: "line", unitId: i + 1 },
  }),
);

type Line = {
  readonly server: ModbusServer;
  readonly collector: ModbusCollector;
  readonly state: TownState;
  readonly relays: Relays;
  stop(): Promise<void>;
};

async function line(faults: readonly FaultName[] = []): Promise<Line> {
  const since = clock.now() as number;
  const all = { every: 24, minutes: 1440, meters: 100 };
  const from = (Math.floor(since / MINUTE_MS) * MINUTE_MS) as ReturnType<typeof clock.now>;
  const book = new FaultBook({ seed: 2, since: from, faults: faults.map((name) => chosen(name, all)) });
  const state = new TownState(3, null, () => {}, book);
  const relays = new Relays(state, clock, () => {}, { relayMs: 20, valveMs: 120, pressMs: null });
  const units = new Map(
    METERS.map((meter, i) => [
      i + 1,
      unitOf({
        meter,
        profile: modbusProfileOf(meter.profileId),
        state,
        clock,
        onOrder: (order) => relays.order(meter, order),
      }),
    ]),
  );
  const faultPlan = wirePlan(book, new Map(METERS.map((meter, i) => [i + 1, meter])), clock);
  const server = await startModbusServer({
    kind: "rtu_over_tcp",
    host: "127.0.0.1",
    port: 0,
    units,
    ...(faultPlan === null ? {} : { faultPlan }),
  });
  const collector = startModbusCollector({
    ...worldOf(
      [
        {
          id: "line",
          operatorId: 1n,
          link: { kind: "rtu_over_tcp", host: "127.0.0.1", port: server.port, timeoutMs: 100 },
          units: METERS.map((meter, i) => ({
            meterId: BigInt(i + 1),
            unitId: i + 1,
            profile: modbusProfileOf(meter.profileId),
          })),
          intervals: {},
          controlDeadlineMs: 1_500,
        },
      ],
      new Book(),
    ),
  });
  return {
    server,
    collector,
    state,
    relays,
    async stop() {
      await collector.stop();
      relays.settle();
      await server.stop();
    },
  };
}

const serialOf = (id: bigint): string => METERS[Number(id) - 1]?.serial ?? "";

describe("on a healthy line", () => {
  let on: Line;
  beforeAll(async () => {
    on = await line();
  });
  afterAll(() => on.stop());
  const control = (id: bigint, wish: Parameters<ModbusCollector["control"]>[1], detail = {}) =>
    on.collector.control(id, wish, detail);

  test("a relay knows the whole set of DL/T 645: protected it refuses to trip, permitted it waits for the press", async () => {
    expect(await control(RELAY, "trip")).toMatchObject({ kind: "confirmed", state: "disconnected" });
    // Its customer presses: the intent to connect only permits it.
    expect(await control(RELAY, "connect")).toEqual({ kind: "accepted", state: "disconnected" });
    await until("the relay may close", () => on.state.isPermitted(serialOf(RELAY)));
    expect(on.state.isOff(serialOf(RELAY))).toBe(true);
    on.relays.press(METERS[0] as TownMeter);
    await until("the press closes it", () => !on.state.isOff(serialOf(RELAY)));
    expect(await control(RELAY, "protect_on")).toMatchObject({ kind: "accepted" });
    expect(await control(RELAY, "disconnect")).toMatchObject({ kind: "refused", reason: "exception_reply" });
    expect(await control(RELAY, "protect_off")).toMatchObject({ kind: "accepted" });
    expect(await control(RELAY, "alarm_on")).toMatchObject({ kind: "accepted", state: "connected" });
    expect(on.state.isAlarmed(serialOf(RELAY))).toBe(true);
    expect(await control(RELAY, "alarm_off")).toMatchObject({ kind: "accepted" });
    expect(await control(RELAY, "trip")).toMatchObject({ kind: "confirmed" });
    expect(await control(RELAY, "direct_close")).toMatchObject({ kind: "confirmed", state: "connected" });
  });

  test("a valve moves slowly, closes to a trickle by policy, and a percentage that is none is refused", async () => {
    expect(await control(VALVE, "disconnect", { cut: "trickle" })).toMatchObject({
      kind: "confirmed",
      state: "limited",
    });
    expect(await control(VALVE, "disconnect")).toMatchObject({ kind: "confirmed", state: "disconnected" });
    expect(await control(VALVE, "valve_trickle", { percent: 12 })).toMatchObject({ state: "limited" });
    expect(await control(VALVE, "valve_trickle", { percent: 120 })).toMatchObject({ reason: "not_supported" });
    expect(await control(VALVE, "connect")).toMatchObject({ kind: "confirmed", state: "connected" });
  });

  test("a register relay and a closing valve know their two commands and no other", async () => {
    expect(await control(ACREL, "trip")).toMatchObject({ kind: "confirmed" });
    expect(await control(ACREL, "connect")).toMatchObject({ kind: "confirmed", state: "connected" });
    expect(await control(XINTAI, "disconnect", { cut: "trickle" })).toMatchObject({ state: "disconnected" });
    expect(await control(XINTAI, "valve_open")).toMatchObject({ kind: "confirmed", state: "connected" });
    for (const wish of ["close_permitted", "alarm_on", "protect_on"] as const)
      expect(await control(ACREL, wish)).toMatchObject({ kind: "refused", reason: "not_supported" });
    expect(await control(XINTAI, "valve_trickle")).toMatchObject({ kind: "refused", reason: "not_supported" });
  });
});

test("the answer to a write is lost: it is read back and proves itself, and is not written again", async () => {
  const on = await line(["ack-lost"]);
  expect(await on.collector.control(ACREL, "trip")).toMatchObject({ kind: "confirmed", state: "disconnected" });
  // What no position proves stays unknown.
  expect(await on.collector.control(RELAY, "protect_on")).toMatchObject({ kind: "unconfirmed" });
  expect(on.state.isProtected(serialOf(RELAY))).toBe(true);
  await on.stop();
});

test("a welded relay says open while current flows, and one that lies is never taken for done", async () => {
  const welded = await line(["relay-welded"]);
  expect(await welded.collector.control(RELAY, "trip")).toMatchObject({ kind: "confirmed", state: "disconnected" });
  expect(flowMicro(METERS[0] as TownMeter, welded.state, clock.now())).toBeGreaterThan(0);
  expect(await welded.collector.control(RELAY, "direct_close")).toMatchObject({ state: "connected" });
  await welded.stop();
  const lying = await line(["relay-lies"]);
  lying.state.cut(serialOf(RELAY), clock.now()); // it stands open already, and says the contrary
  expect(await lying.collector.control(RELAY, "trip")).toMatchObject({ kind: "unconfirmed", state: "connected" });
  expect(lying.state.isOff(serialOf(RELAY))).toBe(true);
  await lying.stop();
});
