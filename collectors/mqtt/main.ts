import type { Logger } from "pino";
import { type Broker, startBroker } from "../../broker/broker.ts";
import { PROFILES } from "../../catalog/meters/catalogue.ts";
import { CodedError } from "../../domain/errors.ts";
import { type Clock, isoOf } from "../../domain/instant.ts";
import type { Period } from "../../domain/period.ts";
import type { Telemetry } from "../../domain/telemetry.ts";
import type { refusalsBook } from "../../ledger/refusals.ts";
import type { ClientEntry, Directory } from "../directory.ts";
import type { mqttIngest } from "./ingest.ts";

/** What a wire said of an order; only a state reading proves it. */
export type SendOutcome = "sent" | "refused" | "unreachable";

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
};

type MeterOnMqtt = {
  readonly mqttClientId: bigint | null;
  readonly profileId: string;
  readonly deviceKey: string | null;
};
/** Where devices connect, and what goes out to them. */
export type MqttWire = {
  readonly url: string;
  readonly port: number | null;
  command(meter: MeterOnMqtt, action: "connect" | "disconnect"): Promise<SendOutcome>;
  /** Asks a device for what it stored; whether the question left. */
  recall(meter: MeterOnMqtt, stretch: Period): Promise<boolean>;
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
  const clientOf = (meter: MeterOnMqtt): ClientEntry | undefined =>
    [...directory.clients()].find((client) => client.id === meter.mqttClientId);
  if (mqtt.kind === "foreign") {
    const { startForeign } = await import("./foreign.ts");
    const foreign = await startForeign({ url: mqtt.url, directory, profiles: PROFILES, ingest, telemetry, log });
    return {
      url: mqtt.url,
      port: null,
      command: async (meter, action) => {
        const order = orderOf(meter, action, clock);
        if (order === null) return "refused";
        return (await foreign.publishCommand(order)) === "handed_over" ? "sent" : "unreachable";
      },
      recall: async (meter, stretch) => {
        const asking = historyRequestOf(meter, stretch, clock);
        return asking !== null && (await foreign.publishCommand(asking)) === "handed_over";
      },
      say: (_client, topic, payload) => foreign.publishCommand({ topic, payload }),
      stop: () => foreign.stop(),
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
  return {
    url: `mqtt://${host === "0.0.0.0" ? "127.0.0.1" : host}:${broker.port}`,
    port: broker.port,
    command: (meter, action) => commandBy(broker, clientOf(meter), orderOf(meter, action, clock)),
    recall: async (meter, stretch) =>
      (await commandBy(broker, clientOf(meter), historyRequestOf(meter, stretch, clock))) === "sent",
    say: ({ username }, topic, payload) => broker.publishCommand({ username, topic, payload }),
    stop: () => broker.stop(),
  };
}

async function commandBy(
  broker: Broker,
  client: ClientEntry | undefined,
  order: { topic: string; payload: string } | null,
): Promise<SendOutcome> {
  if (client === undefined || order === null) return "refused";
  const delivery = await broker.publishCommand({ username: client.username, ...order });
  return delivery === "acknowledged" || delivery === "sent" ? "sent" : "unreachable";
}

/** The profile's own words for an order; `null` for a meter that takes none. */
function orderOf(
  meter: MeterOnMqtt,
  action: "connect" | "disconnect",
  clock: Clock,
): { topic: string; payload: string } | null {
  const profile = PROFILES.get(meter.profileId);
  if (profile === undefined || profile.kind === "modbus" || profile.control === undefined || meter.deviceKey === null)
    return null;
  const fill = (text: string) =>
    text.replaceAll("{device}", meter.deviceKey ?? "").replaceAll("{id}", String(clock.now()));
  return { topic: fill(profile.control.topic), payload: fill(profile.control[action]) };
}

/** The profile's own words for a question about a stretch; `null` for a device that keeps nothing. */
function historyRequestOf(
  meter: MeterOnMqtt,
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
