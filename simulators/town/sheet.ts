import { DAY_MS, instant, isoIn } from "../../domain/instant.ts";
import { BILLED_UNIT, type Unit, type Utility } from "../../domain/unit.ts";
import type { ChosenFault } from "../faults/choice.ts";
import { commandTopic, publishFilters } from "./payload.ts";
import type { RunningTown } from "./start.ts";

/** All that one must know to read a running town. */
export type TownSheet = {
  readonly seed: number;
  readonly now: string;
  readonly speed: number;
  readonly buses: readonly {
    readonly name: string;
    readonly kind: "tcp" | "rtu_over_tcp";
    readonly host: string;
    readonly port: number;
    readonly unitIds: readonly number[];
  }[];
  readonly clients: readonly {
    readonly username: string;
    readonly password: string;
    readonly publish: readonly string[];
    readonly subscribe: readonly string[];
  }[];
  readonly meters: readonly {
    readonly serial: string;
    readonly utility: Utility;
    readonly profileId: string;
    readonly building: string;
    readonly room: string;
    readonly role: "customer" | "master";
    /** `gateway-1-1/3` or `mqtt:water-1/52010301`. */
    readonly address: string;
    /** What the dial shows now, millionths. */
    readonly shown: bigint;
    readonly unit: Unit;
  }[];
  /** What goes wrong on purpose: the truth that whoever reads this town can be judged by. */
  readonly faults: {
    readonly seed: number;
    readonly since: string;
    readonly chosen: readonly ChosenFault[];
    /** Under way now or beginning within a day, in order. */
    readonly next: readonly {
      readonly fault: string;
      readonly serial: string;
      readonly from: string;
      readonly to: string;
    }[];
  };
};

const ZONE = "Asia/Shanghai";

export function townSheet(running: RunningTown): TownSheet {
  const { town, clock, buses, passwordOf } = running;
  const now = clock.now();
  return {
    seed: town.seed,
    now: isoIn(now, ZONE),
    speed: clock.speed,
    buses: buses.map(({ name, kind, host, port }) => ({
      name,
      kind,
      host,
      port,
      unitIds: town.meters.flatMap((meter) => (meter.modbus?.bus === name ? [meter.modbus.unitId] : [])),
    })),
    clients: town.clients.map(({ username }) => {
      const meters = town.meters.filter((meter) => meter.mqtt.client === username);
      return {
        username,
        password: passwordOf(username),
        publish: publishFilters(username, meters),
        subscribe: meters.flatMap((meter) => commandTopic(meter) ?? []),
      };
    }),
    meters: town.meters.map((meter) => ({
      serial: meter.serial,
      utility: meter.utility,
      profileId: meter.profileId,
      building: meter.building,
      room: meter.room,
      role: meter.role,
      address:
        meter.modbus === null
          ? `mqtt:${meter.mqtt.client}/${meter.mqtt.deviceKey}`
          : `${meter.modbus.bus}/${meter.modbus.unitId}`,
      shown: running.shown(meter.serial, now),
      unit: BILLED_UNIT[meter.utility],
    })),
    faults: faultsOf(running),
  };
}

function faultsOf({ state, faults, clock }: RunningTown): TownSheet["faults"] {
  const now = clock.now();
  const text = (at: number): string => isoIn(instant(at), ZONE);
  const next = faults.between(now, instant(now + DAY_MS));
  return {
    seed: state.faults.seed,
    since: text(state.faults.since),
    chosen: state.faults.faults,
    next: next.map(({ fault, serial, from, to }) => ({ fault, serial, from: text(from), to: text(to) })),
  };
}
