import { pino } from "pino";
import { afterEach, expect, test } from "vitest";
import { modbusProfileOf } from "../../catalog/meters/catalogue.ts";
import { type ModbusCollector, startModbusCollector } from "../../collectors/modbus/collector.ts";
import { DAY_MS, type Instant, instant } from "../../domain/instant.ts";
import { noTelemetry } from "../../domain/telemetry.ts";
import type { FaultName } from "../../simulators/faults/catalogue.ts";
import { type ChosenFault, chosen } from "../../simulators/faults/choice.ts";
import type { TownMeter } from "../../simulators/town/meter.ts";
import { type RunningTown, startTown } from "../../simulators/town/start.ts";

/** The town's faulty buses and relays, met by the real collector on real sockets. */
const SINCE = instant(Date.UTC(2026, 2, 1));
/** Two minutes in each half hour: a second of real time holds some of all. */
const often = (name: FaultName, more: Record<string, number> = {}): ChosenFault =>
  chosen(name, { every: 0.5, minutes: 2, ...more });

let town: RunningTown | null = null;
let collector: ModbusCollector | null = null;
afterEach(async () => {
  await collector?.stop();
  await town?.stop();
});

type Heard = { meterId: bigint; value: bigint; at: Instant };

async function lying(faults: readonly ChosenFault[], pollMs: number, flats = 16) {
  const began = performance.now();
  // Town time is a thousand times as fast: the stretches pass while one looks.
  const clock = {
    speed: 1000,
    now: () => instant(Math.floor(SINCE + (performance.now() - began) * 1000)),
    realMs: (ms: number) => ms / 1000,
  };
  const log = pino({ level: "silent" });
  const opened = await startTown({
    seed: 5,
    flats,
    homes: 0,
    clock,
    host: "127.0.0.1",
    secret: "s",
    faults: { chosen: faults, seed: 11, since: SINCE },
    log,
  });
  town = opened;
  const heard: Heard[] = [];
  const refused = new Set<string>();
  const meters = opened.town.meters.filter(({ modbus }) => modbus !== null);
  const idOf = (meter: TownMeter): bigint => BigInt(meters.indexOf(meter));
  collector = startModbusCollector({
    buses: opened.buses.map(({ name, kind, host, port }) => ({
      id: name,
      operatorId: 1n,
      link: { kind, host, port, timeoutMs: 60 },
      units: meters.flatMap((meter) =>
        meter.modbus?.bus === name
          ? [{ meterId: idOf(meter), unitId: meter.modbus.unitId, profile: modbusProfileOf(meter.profileId) }]
          : [],
      ),
      intervals: { billing: pollMs },
      slaveBackoff: { minMs: 5, maxMs: 20 },
      linkBackoff: { minMs: 2, maxMs: 20 },
      controlDeadlineMs: 1_500,
    })),
    clock,
    random: () => 0.5,
    telemetry: noTelemetry,
    log,
    tickMs: 10,
    sink: {
      samples: ({ meterId }, samples, at) => {
        for (const { register, value } of samples)
          if (register === "energy_import_kwh") heard.push({ meterId, value, at });
      },
      refused: ({ reason }) => void refused.add(reason),
      gap: ({ reason }) => void refused.add(reason),
    },
  });
  return { town: opened, meters, heard, refused, idOf, collector };
}

test("whatever happens on the wires, a value that is taken is the meter's own", { timeout: 70_000 }, async () => {
  const wires = ["crc-error", "swapped-reply", "late-reply", "exception-reply", "dropped-link"] as const;
  const {
    town: opened,
    meters,
    heard,
    refused,
  } = await lying(
    wires.map((name) => often(name, name === "late-reply" ? { ms: 75 } : {})),
    0,
  );
  const reasons = ["crc_error", "timeout", "exception_reply"];
  const isAllMet = (): boolean =>
    reasons.every((reason) => refused.has(reason)) &&
    heard.length > 600 &&
    new Set(heard.map(({ meterId }) => meterId)).size === meters.length;
  await expect.poll(isAllMet, { timeout: 55_000 }).toBe(true);
  for (const { meterId, value, at } of heard) {
    const meter = meters[Number(meterId)];
    if (meter === undefined) throw new Error("no such meter");
    // Read within the last minutes of the town's fast time, and no value of another meter lies there.
    expect(value, meter.serial).toBeLessThanOrEqual(opened.shown(meter.serial, at));
    expect(value, meter.serial).toBeGreaterThanOrEqual(opened.shown(meter.serial, (at - DAY_MS / 8) as Instant));
  }
});

test("an order to a relay that acknowledges and does not move is never called done", async () => {
  const stuck = chosen("relay-stuck", { every: 24, minutes: 1440 });
  const { town: opened, meters, idOf, collector: bus } = await lying([stuck], 1e9, 4);
  const meter = meters.find(({ hasRelay }) => hasRelay);
  if (meter === undefined) throw new Error("no relay");
  const outcome = await bus.control(idOf(meter), "disconnect");
  expect(outcome).toMatchObject({ kind: "unconfirmed", state: "connected" });
  expect(opened.state.isOff(meter.serial)).toBe(false);
});
