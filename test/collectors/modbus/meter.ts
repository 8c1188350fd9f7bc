import pino from "pino";
import type { BusConfig, ModbusCollectorOptions } from "../../../collectors/modbus/collector.ts";
import type { Gap, PolledMeter, Sink } from "../../../collectors/modbus/sink.ts";
import { instant } from "../../../domain/instant.ts";
import type { ModbusProfile, ModbusRegister } from "../../../domain/profile.ts";
import type { Sample } from "../../../domain/reading.ts";
import type { RefusedFrame } from "../../../domain/refusal.ts";
import type { RegisterName } from "../../../domain/register.ts";
import { noTelemetry } from "../../../domain/telemetry.ts";
import type { ModbusUnit } from "../../../simulators/modbus/unit.ts";

export const registerAt = (
  register: RegisterName,
  address: number,
  more: Partial<ModbusRegister> = {},
): ModbusRegister => ({
  register,
  table: "holding",
  address,
  type: "u32",
  order: "ABCD",
  scale: "0.01",
  group: "billing",
  ...more,
});

export const profileWith = (
  registers: readonly ModbusRegister[],
  more: Partial<ModbusProfile> = {},
): ModbusProfile => ({
  kind: "modbus",
  id: "test-meter",
  maker: "test",
  model: "test",
  utilities: ["electricity"],
  sources: [],
  confidence: "invented for the demo",
  registers,
  samples: [],
  ...more,
});

/** A counter at 0, power at 40, a relay whose state is read at 100 and ordered by coil 7. */
export const RELAY_METER: ModbusProfile = profileWith(
  [
    registerAt("energy_import_kwh", 0),
    registerAt("power_w", 40, { group: "power", scale: "1" }),
    registerAt("relay_state", 100, {
      type: "u16",
      group: "state",
      states: [
        { mask: 3, equals: 0, state: "disconnected" },
        { mask: 3, equals: 1, state: "connected" },
        { mask: 3, equals: 2, state: "moving" },
      ],
    }),
  ],
  {
    control: {
      commands: {
        trip: { functionCode: 5, address: 7, words: [0] },
        direct_close: { functionCode: 5, address: 7, words: [1] },
      },
      readBack: "relay_state",
    },
  },
);

/** A simulated relay meter: the state follows the coil after `movesReads` looks at it; never when that is Infinity. */
export class RelayMeter implements ModbusUnit {
  counter: number;
  state = 1;
  writes: number[] = [];
  reads = 0;
  movesReads = 0;
  #left = 0;
  #target = 1;

  constructor(counter: number) {
    this.counter = counter;
  }

  read(_table: unknown, address: number, count: number): Uint16Array {
    this.reads++;
    if (address === 100 && this.state !== this.#target && this.#left-- <= 0) this.state = this.#target;
    if (address === 100) return Uint16Array.of(this.state);
    return address === 0 ? Uint16Array.of(this.counter >>> 16, this.counter & 0xffff) : new Uint16Array(count);
  }

  write(_table: unknown, _address: number, words: Uint16Array): 0 {
    this.#target = words[0] ?? 0;
    this.writes.push(this.#target);
    this.#left = this.movesReads;
    if (this.#left > 0 && this.state !== this.#target) this.state = 2;
    return 0;
  }
}

export class Book implements Sink {
  readonly samplesOf = new Map<bigint, { sample: Sample; at: number }[]>();
  readonly refusals: RefusedFrame[] = [];
  readonly gaps: Gap[] = [];
  /** Set to hold every hand-over open. */
  hold: Promise<void> | undefined;

  samples(meter: PolledMeter, samples: readonly Sample[], at: number): void | Promise<void> {
    const list = this.samplesOf.get(meter.meterId) ?? [];
    list.push(...samples.map((sample) => ({ sample, at })));
    this.samplesOf.set(meter.meterId, list);
    return this.hold;
  }
  refused(frame: RefusedFrame): void {
    this.refusals.push(frame);
  }
  gap(gap: Gap): void {
    this.gaps.push(gap);
  }
  count(meterId: bigint, register: RegisterName = "energy_import_kwh"): number {
    return this.samplesOf.get(meterId)?.filter((s) => s.sample.register === register).length ?? 0;
  }
  values(meterId: bigint, register: RegisterName = "energy_import_kwh"): Set<bigint> {
    const list = this.samplesOf.get(meterId)?.filter((s) => s.sample.register === register) ?? [];
    return new Set(list.map((s) => s.sample.value));
  }
}

export const worldOf = (buses: readonly BusConfig[], sink: Sink): ModbusCollectorOptions => ({
  buses,
  sink,
  clock: { now: () => instant(Date.now()) },
  random: () => 0.5,
  telemetry: noTelemetry,
  log: pino({ level: "silent" }),
});
