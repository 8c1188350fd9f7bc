import { createHmac } from "node:crypto";
import type { Logger } from "pino";
import { modbusProfileOf } from "../../catalog/meters/catalogue.ts";
import { HOUR_MS, type Instant, instant, MINUTE_MS } from "../../domain/instant.ts";
import type { Fault } from "../modbus/fault.ts";
import { type ModbusServer, startModbusServer } from "../modbus/server.ts";
import type { ModbusUnit } from "../modbus/unit.ts";
import { type BacklogProgress, uploadBacklog } from "./backlog.ts";
import type { TownClock } from "./clock.ts";
import { Devices } from "./devices.ts";
import { type RelayOrder, unitOf } from "./image.ts";
import { shownMicro, type TownMeter } from "./meter.ts";
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
  /** Messages that live devices hold because the broker did not take them yet. */
  pending(): number;
  /** What the dial of a meter shows, millionths. */
  shown(serial: string, at?: Instant): bigint;
  meter(serial: string): TownMeter;
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
};

/** A relay needs so long, real time, until it stands. */
const RELAY_MS = 800;
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
  const state = new TownState(options.seed, options.stateFile ?? null, (error) =>
    log.error({ err: error }, "the town cannot write down what it must remember"),
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
        onOrder: (m, order, done) => relays.order(m, order, done),
      });
    },
    uploadBacklog({ mqttUrl, from, to = clock.now(), ...rest }) {
      const begin = from ?? state.uploadedTo ?? instant(to - HISTORY_MS);
      return uploadBacklog({ town, state, from: begin, to, mqttUrl, passwordOf, log, ...rest });
    },
    pending: () => devices?.pending ?? 0,
    shown: (serial, at = clock.now()) => shownMicro(meter(serial), state, at),
    heat: (serial, heater) => state.heat(meter(serial).serial, heater),
    faults: faultsOf(gateways, meter, () => devices),
    async stop() {
      clearInterval(keeper);
      relays.settle();
      keepUploaded(devices, state, clock);
      await devices?.stop();
      await Promise.all(gateways.map(({ server }) => server.stop()));
    },
  };
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
      const wanted = options.portBase ? options.portBase + i : state.portOf(bus.name);
      const server = await openGateway(bus, options.host, wanted, !options.portBase, units);
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
  units: ReadonlyMap<number, ModbusUnit>,
): Promise<ModbusServer> {
  try {
    return await startModbusServer({ kind, host, port: port ?? 0, units });
  } catch (error) {
    if (!elsewhere || port === null) throw error;
    return startModbusServer({ kind, host, port: 0, units }); // somebody took last time's port
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

/** Orders to relays take effect a little later; the last order of a meter wins. */
class Relays {
  readonly #moving = new Map<TownMeter, { order: RelayOrder; timer: NodeJS.Timeout; done: (() => void)[] }>();
  readonly #state: TownState;
  readonly #clock: TownClock;
  readonly #moved: (meter: TownMeter) => void;

  constructor(state: TownState, clock: TownClock, moved: (meter: TownMeter) => void) {
    this.#state = state;
    this.#clock = clock;
    this.#moved = moved;
  }

  order(meter: TownMeter, order: RelayOrder, done?: () => void): void {
    const before = this.#moving.get(meter);
    clearTimeout(before?.timer);
    const timer = setTimeout(() => this.#stand(meter), RELAY_MS);
    this.#moving.set(meter, { order, timer, done: [...(before?.done ?? []), ...(done === undefined ? [] : [done])] });
  }

  /** What is under way stands at once: the process ends. */
  settle(): void {
    for (const meter of this.#moving.keys()) this.#stand(meter);
  }

  #stand(meter: TownMeter): void {
    const moving = this.#moving.get(meter);
    if (moving === undefined) return;
    clearTimeout(moving.timer);
    this.#moving.delete(meter);
    if (moving.order === "disconnect") this.#state.cut(meter.serial, this.#clock.now());
    else this.#state.restore(meter.serial, this.#clock.now());
    for (const done of moving.done) done();
    if (moving.done.length === 0) this.#moved(meter);
  }
}

function faultsOf(
  gateways: readonly Gateway[],
  meterOf: (serial: string) => TownMeter,
  devices: () => Devices | null,
): TownFaults {
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
