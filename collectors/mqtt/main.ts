import type { Logger } from "pino";
import { type Broker, startBroker } from "../../broker/broker.ts";
import { PROFILES } from "../../catalog/meters/catalogue.ts";
import { CodedError } from "../../domain/errors.ts";
import { type Clock, isoOf } from "../../domain/instant.ts";
import type { Period } from "../../domain/period.ts";
import type { Telemetry } from "../../domain/telemetry.ts";
import type { DeviceCommands } from "../../ledger/device-commands.ts";
import type { refusalsBook } from "../../ledger/refusals.ts";
import type { Reading } from "../../domain/reading.ts";
import type { CommandOutcome } from "../../domain/supply-command.ts";
import type { CommandAnswer } from "../decode/decoded.ts";
import type { ClientEntry, Directory, MeterEntry } from "../directory.ts";
import type { Wish, WishDetail } from "../modbus/order.ts";
import { type CommandSettings, type CommandTimes, MqttCommands } from "./commands.ts";
import type { mqttIngest } from "./ingest.ts";

export type MqttWireSettings = {
  readonly mqtt:
    | {
        readonly kind: "embedded";
        readonly port: number;
        readonly tls?: { readonly port: number; readonly cert: string | Buffer; readonly key: string | Buffer };
      }
    | { readonly kind: "foreign"; readonly url: string };
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly log: Logger;
  readonly host: string;
  /** Keys and numbers of meters that are told in the signed envelope; absent: none has a key. */
  readonly deviceCommands?: DeviceCommands;
  /** How long a device may take to answer, and when its state is asked for; absent: as commands.ts has it. */
  readonly commandTimes?: CommandTimes;
};

/** Where devices connect, and what goes out to them. */
export type MqttWire = {
  readonly url: string;
  readonly port: number | null;
  command(meter: MeterEntry, wish: Wish, detail?: WishDetail): Promise<CommandOutcome>;
  /** Answers of devices to commands, as ingest reads them. */
  answered(client: ClientEntry, answers: readonly CommandAnswer[]): void;
  /** What was booked: a state that came need not be asked for. */
  heard(readings: readonly Reading[]): void;
  /** Asks a device for what it stored; whether the question left. */
  recall(meter: MeterEntry, stretch: Period): Promise<boolean>;
  /** A request of ours to a device, which may be away: it is asked again at its next message. */
  say(client: ClientEntry, topic: string, payload: Uint8Array): Promise<unknown>;
  stop(): Promise<void>;
};

/** The embedded broker, or a foreign one. */
export async function openMqttWire(
  settings: MqttWireSettings,
  directory: Directory,
  ingest: ReturnType<typeof mqttIngest>,
  refusals: ReturnType<typeof refusalsBook>,
): Promise<MqttWire> {
  const { mqtt, clock, telemetry, log, host } = settings;
  const clientOf = (meter: MeterEntry): ClientEntry | undefined =>
    meter.mqttClientId === null ? undefined : directory.clientById(meter.mqttClientId);
  if (mqtt.kind === "foreign") {
    const { startForeign } = await import("./foreign.ts");
    const foreign = await startForeign({ url: mqtt.url, directory, profiles: PROFILES, ingest, telemetry, log });
    const commands = commandsOver(settings, async (_meter, message) =>
      (await foreign.publishCommand(message)) === "handed_over" ? "sent" : "unreachable",
    );
    return {
      url: mqtt.url,
      port: null,
      ...sidesOf(commands),
      recall: async (meter, stretch) => {
        const asking = historyRequestOf(meter, stretch, clock);
        return asking !== null && (await foreign.publishCommand(asking)) === "handed_over";
      },
      say: (_client, topic, payload) => foreign.publishCommand({ topic, payload }),
      stop: () => (commands.stop(), foreign.stop()),
    };
  }
  const broker = await onFreePort(mqtt.port, (port) =>
    startBroker<ClientEntry>({
      port,
      host,
      ...(mqtt.tls === undefined ? {} : { tls: mqtt.tls }),
      credentials: directory,
      onMessage: (client, message, settled) => ingest.take(client, message, settled),
      refusals,
      clock,
      telemetry,
      log,
    }),
  );
  const commands = commandsOver(settings, (meter, message) => commandBy(broker, clientOf(meter), message));
  return {
    url: `mqtt://${host === "0.0.0.0" ? "127.0.0.1" : host}:${broker.port}`,
    port: broker.port,
    ...sidesOf(commands),
    recall: async (meter, stretch) =>
      (await commandBy(broker, clientOf(meter), historyRequestOf(meter, stretch, clock))) === "sent",
    say: ({ username }, topic, payload) => broker.publishCommand({ username, topic, payload }),
    stop: () => (commands.stop(), broker.stop()),
  };
}

async function commandBy(
  broker: Broker,
  client: ClientEntry | undefined,
  order: { topic: string; payload: string } | null,
): Promise<"sent" | "unreachable"> {
  if (client === undefined || order === null) return "unreachable";
  const delivery = await broker.publishCommand({ username: client.username, ...order });
  return delivery === "acknowledged" || delivery === "sent" ? "sent" : "unreachable";
}

const sidesOf = (commands: MqttCommands): Pick<MqttWire, "command" | "answered" | "heard"> => ({
  command: (meter, wish, detail) => commands.send(meter, wish, detail),
  answered: (client, answers) => commands.answered(client, answers),
  heard: (readings) => commands.heard(readings),
});

function commandsOver(settings: MqttWireSettings, publish: CommandSettings["publish"]): MqttCommands {
  const { clock, telemetry, log, deviceCommands } = settings;
  return new MqttCommands({
    ...(settings.commandTimes === undefined ? {} : { times: settings.commandTimes }),
    publish,
    controlOf: ({ profileId }) => {
      const profile = PROFILES.get(profileId);
      return profile?.kind === "modbus" ? undefined : profile?.control;
    },
    ...(deviceCommands === undefined ? {} : { keys: deviceCommands }),
    clock,
    telemetry,
    log,
  });
}

/** The profile's own words for a question about a stretch; `null` for a device that keeps nothing. */
function historyRequestOf(
  meter: MeterEntry,
  { from, to }: Period,
  clock: Clock,
): { topic: string; payload: string } | null {
  const profile = PROFILES.get(meter.profileId);
  if (profile?.kind !== "mqtt" || profile.history === undefined || meter.deviceKey === null) return null;
  const words = { device: meter.deviceKey, id: String(clock.now()), from: isoOf(from), to: isoOf(to) };
  const fill = (text: string): string =>
    Object.entries(words).reduce((filled, [name, word]) => filled.replaceAll(`{${name}}`, word), text);
  return { topic: fill(profile.history.topic), payload: fill(profile.history.request) };
}

/** The wanted port, or when it is taken one of the next ten; the caller says which it became. */
async function onFreePort<T>(wanted: number, open: (port: number) => Promise<T>): Promise<T> {
  for (let port = wanted; ; port++) {
    try {
      return await open(port);
    } catch (error) {
      const taken = error instanceof CodedError && error.code === "port.taken";
      if (!taken || wanted === 0 || port >= wanted + 10) throw error;
    }
  }
}
