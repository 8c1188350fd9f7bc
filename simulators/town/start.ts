import { createHmac } from "node:crypto";
import type { Logger } from "pino";
import { modbusProfileOf } from "../../catalog/meters/catalogue.ts";
import { DAY_MS, HOUR_MS, type Instant, instant, MINUTE_MS } from "../../domain/instant.ts";
import { type Episode, FaultBook } from "../faults/book.ts";
import type { ChosenFault } from "../faults/choice.ts";
import { wirePlan } from "../faults/wire.ts";
import type { Fault } from "../modbus/fault.ts";
import { type ModbusServer, type ModbusServerOptions, startModbusServer } from "../modbus/server.ts";
import type { ModbusUnit } from "../modbus/unit.ts";
import { type BacklogProgress, uploadBacklog } from "./backlog.ts";
import type { TownClock } from "./clock.ts";
import { Devices, type DevicesOptions } from "./devices.ts";
import { unitOf } from "./image.ts";
import { shownMicro, type TownMeter } from "./meter.ts";
import { Relays } from "./relays.ts";
import { TownState } from "./state.ts";
import { buildTown, type Town, type TownBus, type TownOptions } from "./town.ts";

export type StartTownOptions = TownOptions & {
  readonly clock: TownClock;
  readonly host: string;
  /** First port of the gateways; 0 or absent = the ports of the last start when they are free, else any free ones. */
  readonly portBase?: number;
  /** What the town remembers between starts; absent = nothing. */
  readonly stateFile?: string;
  /** Makes the devices' MQTT passwords; keep it beside the state file. */
  readonly secret: string;
  readonly log: Logger;
  /** What goes wrong by itself, from `since` on (absent = the start's UTC midnight); absent = nothing. */
  readonly faults?: { readonly chosen: readonly ChosenFault[]; readonly seed: number; readonly since?: Instant };
  /** How often live devices speak, in place of the usual, and who is told of what the broker acknowledged. */
  readonly devices?: Pick<DevicesOptions, "everyMs" | "onAcknowledged" | "secretsOf">;
};

export type RunningBus = TownBus & { readonly host: string; readonly port: number };

export type RunningTown = {
  readonly town: Town;
  readonly state: TownState;
  readonly clock: TownClock;
  readonly buses: readonly RunningBus[];
  readonly passwordOf: (username: string) => string;
  /** The devices connect to the broker and speak; a second call while live does nothing. */
  goLive(mqttUrl: string): void;
  /** Uploads what the devices kept: two months at the first start, else what was missed since the last. */
  uploadBacklog(options: {
    readonly mqttUrl: string;
    readonly from?: Instant;
    readonly to?: Instant;
    readonly onProgress?: (progress: BacklogProgress) => void;
    readonly signal?: AbortSignal;
  }): Promise<number>;
  /** Messages that live devices hold because the broker did not take them yet, or a fault keeps them back. */
  pending(): number;
  /** For a clock that is moved by hand: what is due leaves now. Resolves when the broker acknowledged it. */
  step(): Promise<void>;
  /** What the dial of a meter truly shows, millionths: a meter with a fault tells something else. */
  shown(serial: string, at?: Instant): bigint;
  meter(serial: string): TownMeter;
  /** A customer presses the button of a meter that was permitted to close. */
  press(serial: string): void;
  /** Somebody leaves a heater on. */
  heat(serial: string, heater: { from: Instant; to: Instant; watts: number }): void;
  readonly faults: TownFaults;
  stop(): Promise<void>;
};

/** What may go wrong, on purpose. */
export type TownFaults = {
  /** A Modbus meter answers so, the next `times` times. */
  modbus(serial: string, fault: Fault, times?: number): void;
  clear(): void;
  /** An MQTT device falls silent, or speaks again. */
  mute(serial: string, silent?: boolean): void;
  /** All links of the town are cut once; gateways listen on, devices connect again. */
  dropLinks(): void;
  /** What goes wrong by itself in `[from, to)`, on which meter: the truth to judge by. */
  between(from: Instant, to: Instant): readonly Episode[];
};

const HISTORY_MS = 62 * 24 * HOUR_MS;

/** `passwordOf` for a secret: the plan writes the hashes, the town uses the passwords. */
export const townPasswords =
  (secret: string) =>
  (username: string): string =>
    createHmac("sha256", secret).update(username).digest("base64url").slice(0, 24);

/** Opens the town's gateways on real sockets. MQTT devices wait for `goLive`. */
export async function startTown(options: StartTownOptions): Promise<RunningTown> {
  const { clock, log } = options;
  const town = buildTown(options);
  const state = new TownState(
    options.seed,
    options.stateFile ?? null,
    (error) => log.error({ err: error }, "the town cannot write down what it must remember"),
    faultBookOf(options),
  );
  const passwordOf = townPasswords(options.secret);
  const bySerial = new Map(town.meters.map((meter) => [meter.serial, meter]));
  const relays = new Relays(state, clock, (meter) => devices?.speak(meter));
  let devices: Devices | null = null;
  const gateways = await openGateways(options, town, state, relays);
  const keeper = setInterval(() => keepUploaded(devices, state, clock), MINUTE_MS);
  keeper.unref();

  const meter = (serial: string): TownMeter => {
    const found = bySerial.get(serial);
    if (found === undefined) throw new RangeError(`no meter of the town is called ${serial}`);
    return found;
  };
  return {
    town,
    state,
    clock,
    passwordOf,
    meter,
    buses: gateways.map(({ bus, server }) => ({ ...bus, host: options.host, port: server.port })),
    goLive(url) {
      devices ??= new Devices({
        town,
        state,
        clock,
        url,
        passwordOf,
        log,
        ...options.devices,
        onOrder: (m, order, done) => relays.order(m, order, done),
      });
    },
    uploadBacklog({ mqttUrl, from, to = clock.now(), ...rest }) {
      const begin = from ?? state.uploadedTo ?? instant(to - HISTORY_MS);
      return uploadBacklog({ town, state, from: begin, to, mqttUrl, passwordOf, log, ...rest });
    },
    pending: () => devices?.pending ?? 0,
    step: async () => devices?.step(),
    shown: (serial, at = clock.now()) => shownMicro(meter(serial), state, at),
    press: (serial) => relays.press(meter(serial)),
    heat: (serial, heater) => state.heat(meter(serial).serial, heater),
    faults: {
      ...faultsOf(gateways, meter, () => devices),
      between: (from, to) => state.faults.between(town.meters, { from, to }),
    },
    async stop() {
      clearInterval(keeper);
      relays.settle();
      keepUploaded(devices, state, clock);
      await devices?.stop();
      await Promise.all(gateways.map(({ server }) => server.stop()));
    },
  };
}

function faultBookOf({ faults, clock }: StartTownOptions): FaultBook {
  const midnight = Math.floor(clock.now() / DAY_MS) * DAY_MS;
  return new FaultBook({
    seed: faults?.seed ?? 0,
    faults: faults?.chosen ?? [],
    since: faults?.since ?? instant(midnight),
  });
}

type Gateway = { readonly bus: TownBus; readonly server: ModbusServer };

async function openGateways(
  options: StartTownOptions,
  town: Town,
  state: TownState,
  relays: Relays,
): Promise<readonly Gateway[]> {
  const gateways: Gateway[] = [];
  try {
    for (const [i, bus] of town.buses.entries()) {
      const units = unitsOf(town, bus, state, options.clock, relays);
      const meters = town.meters.flatMap((m) => (m.modbus?.bus === bus.name ? [[m.modbus.unitId, m] as const] : []));
      const faultPlan = wirePlan(state.faults, new Map(meters), options.clock);
      const wanted = options.portBase ? options.portBase + i : state.portOf(bus.name);
      const served = faultPlan === null ? { units } : { units, faultPlan };
      const server = await openGateway(bus, options.host, wanted, !options.portBase, served);
      state.keepPort(bus.name, server.port);
      gateways.push({ bus, server });
    }
  } catch (error) {
    await Promise.all(gateways.map(({ server }) => server.stop()));
    throw error;
  }
  return gateways;
}

async function openGateway(
  { kind }: TownBus,
  host: string,
  port: number | null,
  elsewhere: boolean,
  served: Pick<ModbusServerOptions, "units" | "faultPlan">,
): Promise<ModbusServer> {
  try {
    return await startModbusServer({ kind, host, port: port ?? 0, ...served });
  } catch (error) {
    if (!elsewhere || port === null) throw error;
    return startModbusServer({ kind, host, port: 0, ...served }); // somebody took last time's port
  }
}

function unitsOf(
  town: Town,
  bus: TownBus,
  state: TownState,
  clock: TownClock,
  relays: Relays,
): Map<number, ModbusUnit> {
  const units = new Map<number, ModbusUnit>();
  for (const meter of town.meters) {
    if (meter.modbus?.bus !== bus.name) continue;
    const profile = modbusProfileOf(meter.profileId);
    units.set(
      meter.modbus.unitId,
      unitOf({ meter, profile, state, clock, onOrder: (order) => relays.order(meter, order) }),
    );
  }
  return units;
}

function faultsOf(
  gateways: readonly Gateway[],
  meterOf: (serial: string) => TownMeter,
  devices: () => Devices | null,
): Omit<TownFaults, "between"> {
  return {
    modbus(serial, fault, times) {
      const { modbus } = meterOf(serial);
      const gateway = gateways.find(({ bus }) => bus.name === modbus?.bus);
      if (modbus === null || gateway === undefined) throw new RangeError(`${serial} is not read over Modbus`);
      gateway.server.faults.set(modbus.unitId, fault, times);
    },
    clear() {
      for (const { server } of gateways) server.faults.clear();
    },
    mute: (serial, silent) => devices()?.mute(meterOf(serial).serial, silent),
    dropLinks() {
      for (const { server } of gateways) server.dropConnections();
      devices()?.dropConnections();
    },
  };
}

/** Once the history is up and nothing waits, the next start need not look further back than now. */
function keepUploaded(devices: Devices | null, state: TownState, clock: TownClock): void {
  if (devices !== null && devices.pending === 0 && devices.connected > 0 && state.uploadedTo !== null)
    state.keepUploaded(clock.now());
}
