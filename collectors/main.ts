import type { Logger } from "pino";
import { PROFILES } from "../catalog/meters/catalogue.ts";
import type { Buses, BusHealth } from "../domain/bus.ts";
import { type Clock, SECOND_MS } from "../domain/instant.ts";
import { POLL_SECONDS, type PollGroup } from "../domain/profile.ts";
import type { MeterId, OperatorId, Reading } from "../domain/reading.ts";
import type { ControlAction } from "../domain/supply.ts";
import { type CommandOrigin, type CommandOutcome, forbidden } from "../domain/supply-command.ts";
import type { Telemetry } from "../domain/telemetry.ts";
import { type ReadingsBatcher, readingsBatcher } from "../ledger/batcher.ts";
import { clockBook } from "../ledger/clock-checks.ts";
import type { DeviceCommands } from "../ledger/device-commands.ts";
import { openGaps } from "../ledger/gaps.ts";
import { refusalsBook } from "../ledger/refusals.ts";
import { diskOverflow } from "../ledger/spool/overflow.ts";
import { openSpool, type Waiting } from "../ledger/spool/spool.ts";
import type { Database } from "../schema/database.ts";
import type { Ask } from "./decode/dialect.ts";
import { type BusEntry, type ClientEntry, type Directory, openDirectory } from "./directory.ts";
import { modbusIntake } from "./intake.ts";
import { type BusConfig, type ModbusCollector, startModbusCollector } from "./modbus/collector.ts";
import type { LinkConfig } from "./modbus/link.ts";
import type { ControlOutcome, Wish, WishDetail } from "./modbus/order.ts";
import { Scans } from "./scans.ts";
import { mqttIngest } from "./mqtt/ingest.ts";
import { type MqttWire, type MqttWireSettings, openMqttWire } from "./mqtt/main.ts";
import { mqttTray } from "./mqtt/tray.ts";
import { replays } from "./replay.ts";
import { recalls } from "./recalls.ts";
import { silenceWatch } from "./silence.ts";
import { startTurns } from "./turns.ts";

/** The shell of this room: opens every wire, and is the one place that knows which wire a meter hangs on. */
export type CollectorsSettings = {
  readonly db: Database;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly log: Logger;
  readonly host: string;
  readonly mqtt: MqttWireSettings["mqtt"];
  /** After each commit, only what is new in the book. */
  readonly onCommitted: (readings: readonly Reading[]) => void;
  /** Keys and numbers of meters that are told in the signed envelope; absent: none has a key. */
  readonly deviceCommands?: DeviceCommands;
  readonly commandTimes?: NonNullable<MqttWireSettings["commandTimes"]>;
  /** Where readings wait on disk while the database is away; absent: in memory, and at last in the devices. */
  readonly spoolFolder?: string;
};

/** What became of an intent; only a state reading proves it. */
export type SendOutcome = "sent" | "refused" | "unreachable";

export type CommandOrder = WishDetail & {
  readonly wish: Wish;
  readonly origin: CommandOrigin;
};

export type Collectors = {
  /** Where devices connect. */
  readonly mqttUrl: string;
  readonly mqttPort: number | null;
  readonly directory: Directory;
  readonly batcher: ReadingsBatcher;
  /** An intent of the outbox; a program gives it. */
  send(operatorId: OperatorId, meterId: MeterId, action: ControlAction, detail?: WishDetail): Promise<SendOutcome>;
  /** Any command, or an intent, with all that the wire says of it. */
  command(operatorId: OperatorId, meterId: MeterId, order: CommandOrder): Promise<CommandOutcome>;
  readonly buses: Buses;
  /** What waits on disk. */
  waiting(): Waiting;
  /**
   * Meters were registered: they are heard and polled from now on. Resolves when what they said while they waited in the tray is in the
   * book, with how many readings that were.
   */
  onRegister(operatorId: OperatorId): Promise<number>;
  /** Takes nothing new, commits what was taken, closes the wires. */
  stop(): Promise<void>;
};

const NOTHING_WAITS: Waiting = { rows: 0, bytes: 0, oldestAt: null };
/** With turns of 15 s the directory is never older than a minute: `APPLIES_AFTER_MS` of ledger/ratios.ts counts on it. */
const DIRECTORY_AGE_MS = 40 * SECOND_MS;
/** Given at a stop to what was read and is not committed yet. */
const COMMIT_GRACE_MS = 5 * SECOND_MS;

export async function startCollectors(settings: CollectorsSettings): Promise<Collectors> {
  const { db, clock, telemetry, log } = settings;
  const directory = await openDirectory(db, clock);
  const refusals = refusalsBook({ db, telemetry, log });
  const gaps = await openGaps(db);
  const clockChecks = clockBook(db);
  let mqtt: MqttWire | null = null;
  const watch = silenceWatch({ db, directory, gaps, clock });
  const onCommitted = (readings: readonly Reading[]): void => {
    watch.committed(readings);
    mqtt?.heard(readings);
    settings.onCommitted(readings);
  };
  const { spoolFolder } = settings;
  const overflow =
    spoolFolder === undefined
      ? null
      : diskOverflow({
          spool: await openSpool({ folder: spoolFolder, log }),
          db,
          refusals,
          clock,
          telemetry,
          log,
          onCommitted,
        });
  const batcher = readingsBatcher({ db, telemetry, log, ...(overflow === null ? {} : { overflow }) });
  const ask = (client: ClientEntry, asks: readonly Ask[]) => {
    for (const { topic, payload } of asks)
      mqtt
        ?.say(client, topic, payload)
        .catch((err: unknown) => log.warn({ err, topic }, "a device could not be asked"));
  };
  const tray = mqttTray({
    db,
    directory,
    profiles: PROFILES,
    telemetry,
    log,
    onAccepted: (operatorId) => void replay.runAll([operatorId]),
  });
  const ingest = mqttIngest({
    directory,
    profiles: PROFILES,
    batcher,
    refusals,
    clock,
    log,
    onCommitted,
    onAsks: ask,
    onAnswers: (client, answers) => mqtt?.answered(client, answers),
    tray,
  });
  const replay = replays({ db, directory, ingest, clock, log });
  const ratiosOf = (meterId: MeterId) => directory.meter(meterId)?.ratios ?? [];
  const wire = (mqtt = await openMqttWire(settings, directory, ingest, refusals));
  const modbus = startModbusCollector({
    buses: [],
    clock,
    random: Math.random,
    telemetry,
    log,
    clocks: {
      zoneOf: ({ operatorId }) => directory.zone(operatorId) ?? "UTC",
      onCheck: (check) => {
        telemetry.count("sanbiao_clock_checks_total", { outcome: check.outcome });
        clockChecks
          .keep(check)
          .catch((err: unknown) => log.warn({ err }, "a look at a meter's clock could not be written"));
      },
    },
    sink: modbusIntake({ batcher, refusals, gaps, clock, log, onCommitted, ratiosOf }),
  });
  const line = lineUp(modbus, settings);
  for (const bus of directory.buses()) await line.settle(bus);
  void replay.runAll(directory.operators());
  const turns = startTurns([{ name: "meters that fell silent", turn: () => watch.turn() }], log);
  const recalling = recalls({
    db,
    directory,
    profiles: PROFILES,
    clock,
    log,
    async ask(operatorId, meterId, stretch) {
      const meter = directory.meter(meterId);
      if (meter === undefined || meter.operatorId !== operatorId) return false;
      if (meter.busId === null) return wire.recall(meter, stretch);
      return (await modbus.recall(meterId, stretch, directory.zone(operatorId) ?? "UTC")) === "answered";
    },
  });
  const recallTurns = startTurns([{ name: "gaps that are over", turn: () => recalling.turn() }], log);
  // A round of its own: what others recorded must be known here within a minute, whatever else is under way.
  const looks = startTurns(
    [{ name: "meters and ratios", turn: () => directory.refreshIfOlder(DIRECTORY_AGE_MS) }],
    log,
  );
  const scans = new Scans({
    db,
    clock,
    log,
    profiles: [...PROFILES.values()].filter((profile) => profile.kind === "modbus"),
    ask: (bus, request) => modbus.errand(wireIdOf(bus), "scan", request),
  });
  const command = async (
    operatorId: OperatorId,
    meterId: MeterId,
    { wish, origin, ...detail }: CommandOrder,
  ): Promise<CommandOutcome> => {
    const meter = directory.meter(meterId);
    if (meter === undefined || meter.operatorId !== operatorId)
      return { kind: "refused", reason: "unknown_meter", detail: `no meter ${meterId} of this operator` };
    const against = forbidden(wish, meter.utility, origin);
    const outcome: CommandOutcome =
      against !== null
        ? { kind: "refused", reason: "forbidden", detail: against }
        : meter.busId === null
          ? await wire.command(meter, wish, detail)
          : outcomeOnBus(await modbus.control(meterId, wish, detail));
    if (outcome.kind !== "accepted")
      log.warn({ meterId: String(meterId), wish, ...outcome }, "a command was not carried out");
    return outcome;
  };
  return {
    mqttUrl: wire.url,
    mqttPort: wire.port,
    directory,
    batcher,
    buses: busesOf(directory, modbus, scans),
    waiting: () => overflow?.waiting() ?? NOTHING_WAITS,
    async onRegister(operatorId) {
      const replayed = await replay.run(operatorId);
      for (const bus of directory.buses()) if (bus.operatorId === operatorId) await line.settle(bus);
      return [...replayed.values()].reduce((sum, { readings }) => sum + readings, 0);
    },
    async send(operatorId, meterId, action, detail = {}) {
      const outcome = await command(operatorId, meterId, { ...detail, wish: action, origin: "engine" });
      return outcome.kind === "accepted" ? "sent" : outcome.kind;
    },
    command,
    async stop() {
      await within(COMMIT_GRACE_MS, Promise.all([turns.stop(), looks.stop(), recallTurns.stop()]));
      // What was read waits for its commit. While the database is away that does not come: the books give up first.
      const wiresClosed = Promise.all([modbus.stop(), wire.stop(), scans.stop()]);
      const graceMs = (await within(COMMIT_GRACE_MS, wiresClosed)) ? COMMIT_GRACE_MS : 0;
      const booked = batcher.stop(graceMs).then(() => overflow?.stop());
      await Promise.all([booked, refusals.stop(graceMs), tray.stop(graceMs)]);
      await wiresClosed;
    },
  };
}

/** What a bus says, as every wire says it. A write whose answer was lost may have been carried out: its state will tell. */
function outcomeOnBus(outcome: ControlOutcome): CommandOutcome {
  switch (outcome.kind) {
    case "confirmed":
    case "accepted":
      return { kind: "accepted", by: "device" };
    case "unconfirmed":
      return { kind: "accepted", by: "wire" };
    case "refused": {
      const { reason, detail } = outcome;
      if (reason === "timeout" || reason === "link_down") return { kind: "unreachable", detail };
      const known = reason === "not_supported" || reason === "unknown_meter" || reason === "forbidden";
      return { kind: "refused", reason: known ? reason : "device", detail: known ? detail : `${reason}: ${detail}` };
    }
  }
}

/** Whether the work was done in time. */
async function within(ms: number, work: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  return Promise.race([work.then(() => true), late]).finally(() => clearTimeout(timer));
}

/** Which buses are polled, and by which units: a bus whose units changed is taken down and up again, the others are left alone. */
function lineUp(modbus: ModbusCollector, settings: CollectorsSettings) {
  const polled = new Map<bigint, string>();
  return {
    async settle(bus: BusEntry): Promise<void> {
      const configs = bus.enabled ? busConfig(bus, settings) : [];
      const units = configs.flatMap((config) =>
        config.units.map((unit) => `${unit.unitId}/${unit.meterId}/${unit.profile.id}`),
      );
      const now = units.join(" ");
      if (polled.get(bus.id) === now) return;
      polled.set(bus.id, now);
      for (const config of configs) {
        await modbus.removeBus(config.id);
        modbus.addBus(config);
      }
    },
  };
}

/** A bus row as the collector takes it. A meter whose profile is not a Modbus one is left out and said. */
function busConfig(bus: BusEntry, { log }: CollectorsSettings): BusConfig[] {
  const units = [...bus.meters.values()].flatMap((meter) => {
    const profile = PROFILES.get(meter.profileId);
    if (profile?.kind !== "modbus" || meter.unitId === null) {
      log.error(
        { bus: bus.name, meter: meter.serial, profile: meter.profileId },
        "not a Modbus profile: this meter is not polled",
      );
      return [];
    }
    return [
      {
        meterId: meter.id,
        unitId: meter.unitId,
        profile,
      },
    ];
  });
  const intervals = Object.fromEntries(
    Object.entries(POLL_SECONDS).map(([group, usual]) => {
      const stated: unknown = bus.pollSeconds[group as PollGroup];
      return [group, (typeof stated === "number" && stated >= 0 ? stated : usual) * SECOND_MS];
    }),
  );
  return [{ id: wireIdOf(bus), operatorId: bus.operatorId, link: linkOf(bus), units, intervals }];
}

/** Two operators may give a bus the same name. */
const wireIdOf = (bus: BusEntry): string => `${bus.name}#${bus.id}`;

function busesOf(directory: Directory, modbus: ModbusCollector, scans: Scans): Buses {
  const healthOf = (bus: BusEntry): BusHealth | null => modbus.health().find(({ id }) => id === wireIdOf(bus)) ?? null;
  return {
    list: (operatorId) =>
      [...directory.buses()]
        .filter((bus) => bus.operatorId === operatorId)
        .map((bus) => ({ bus, health: healthOf(bus), scan: scans.lastOf(bus.id) ?? null })),
    scan(operatorId, busId) {
      const bus = directory.bus(busId);
      return bus?.operatorId === operatorId && healthOf(bus) !== null ? scans.start(bus) : undefined;
    },
    scanOf: (operatorId, scanId) => scans.get(operatorId, scanId),
  };
}

const linkOf = (bus: BusEntry): LinkConfig => ({ kind: bus.kind, ...bus.address }) as LinkConfig;
