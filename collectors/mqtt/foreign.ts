import { connect, type IClientOptions, type MqttClient } from "mqtt";
import type { Logger } from "pino";
import { CodedError } from "../../domain/errors.ts";
import type { DialectProfile, MqttProfile } from "../../domain/profile.ts";
import type { Telemetry } from "../../domain/telemetry.ts";
import { covers, topicRule } from "../../domain/topic.ts";
import { topicFilterOf } from "../decode/topic.ts";
import type { ClientEntry, Directory } from "../directory.ts";
import type { IncomingMessage, MqttIngest, Verdict } from "./ingest.ts";
import { intake } from "./intake.ts";
import { type BrokerAbilities, probeBroker } from "./probe.ts";

export type ForeignSettings = {
  /** `mqtt://user:password@host:1883` or `mqtts://…`. */
  readonly url: string;
  readonly directory: Directory;
  readonly profiles: ReadonlyMap<string, { readonly kind: string }>;
  readonly ingest: MqttIngest;
  readonly telemetry: Telemetry;
  readonly log: Logger;
  /** Connections that share the subscriptions. Fewer later strand what the broker keeps for the others. */
  readonly connections?: number;
  /** Stable over restarts, and another for each process: the broker keeps the session, and what arrives meanwhile, under it. */
  readonly clientId?: string;
  readonly group?: string;
  /** Messages of one connection whose commit may be awaited at once; the broker's own window may be smaller. */
  readonly windowMax?: number;
  readonly options?: IClientOptions;
};

export type ForeignBroker = BrokerAbilities & {
  readonly connections: number;
  /** Filters that the broker granted, without `$share/…/`. */
  readonly filters: readonly string[];
  /** Filters that it refused: their devices are not heard. */
  readonly refused: readonly string[];
  /** `handed_over`: the broker has it. What the device did is read back from its state. */
  publishCommand(command: { topic: string; payload: string | Uint8Array }): Promise<"handed_over" | "not_connected">;
  /** After a change of the directory. */
  resubscribe(): Promise<void>;
  stop(graceMs?: number): Promise<void>;
};

const CONNECTIONS = 4;
const WINDOW_MAX = 1_000;
const FILTERS_MAX = 100; // beyond it the profiles' own patterns are subscribed, and unknown topics sorted out here
const SESSION_SECONDS = 7 * 24 * 3600;
const COMMAND_TIMEOUT_MS = 10_000;
const START_MS = 15_000;

/**
 * Reads from a broker that is not ours: Mosquitto, EMQX, RabbitMQ. Sessions last, so that what arrives while we are away comes
 * later; a message is acknowledged after its commit. Where the broker has shared subscriptions several connections share the
 * load; where it has not, one connection subscribes plainly (about a fifth of the throughput) and the log says so.
 */
export async function startForeign(settings: ForeignSettings): Promise<ForeignBroker> {
  const { url, log, telemetry, ingest } = settings;
  const abilities = await probeBroker(url, settings.options);
  const n = abilities.shared ? (settings.connections ?? CONNECTIONS) : 1;
  if (!abilities.shared)
    log.warn(
      { broker: new URL(url).host },
      "this broker has no shared subscriptions: one plain connection reads everything",
    );
  const group = settings.group ?? "sanbiao";
  const base = settings.clientId ?? "sanbiao";
  const prefix = abilities.shared ? `$share/${group}/` : "";
  const sourceOf = sources(settings.directory);
  const filters = new Set<string>();
  const refused = new Set<string>();
  let closing = false;
  let pending = 0;

  const take = (message: IncomingMessage, settled: (verdict: Verdict) => void): void => {
    if (closing) return; // not acknowledged: it comes again
    pending++;
    const source = sourceOf(message.topic);
    const answer = (verdict: Verdict) => {
      pending--;
      telemetry.count("sanbiao_mqtt_messages_total", { outcome: verdict });
      settled(verdict);
    };
    if (source !== undefined) ingest.take(source, message, answer);
    else void ingest.refuseUnknown(message).then(() => answer("refused"));
  };

  const subscribe = async (client: MqttClient, isFirst: boolean): Promise<void> => {
    const ordered = orderedFilters(settings);
    const isOrdered = (filter: string) => ordered.some((one) => covers(filter, one));
    // A dialect with a memory needs its messages in order and those that stand retained: one plain subscription.
    const prefixOf = (filter: string) => (isOrdered(filter) ? "" : prefix);
    const all = filtersOf(settings);
    const wanted = all.filter((filter) => isFirst || !isOrdered(filter));
    const gone = [...filters].filter((filter) => !all.includes(filter));
    if (gone.length > 0) await client.unsubscribeAsync(gone.map((filter) => prefixOf(filter) + filter));
    for (const filter of wanted) {
      const isGranted = await client.subscribeAsync(prefixOf(filter) + filter, { qos: 1 }).then(
        (grants) => grants.every((g) => g.qos < 128),
        () => false,
      );
      if (!isGranted && client.connected)
        log.error({ filter: prefixOf(filter) + filter }, "the broker refused a subscription");
      (isGranted ? filters : refused).add(filter);
      (isGranted ? refused : filters).delete(filter);
    }
    for (const filter of gone) filters.delete(filter);
  };

  const clients = await Promise.all(
    Array.from({ length: n }, async (_, i) => {
      const client = connect(url, {
        ...settings.options,
        clientId: abilities.shared ? `${base}-${i + 1}` : `${base}-plain`,
        protocolVersion: abilities.protocolVersion,
        clean: false,
        resubscribe: false,
        reconnectPeriod: 1_000,
        ...(abilities.protocolVersion === 5
          ? { properties: { sessionExpiryInterval: SESSION_SECONDS, receiveMaximum: settings.windowMax ?? WINDOW_MAX } }
          : {}),
      });
      intake(client, take, settings.windowMax ?? WINDOW_MAX);
      client.on("error", (error) => log.warn({ err: error }, "foreign broker"));
      client.on("close", () => closing || log.warn({ connection: i + 1 }, "the foreign broker closed a connection"));
      const subscribed = new Promise<void>((resolve) => {
        client.on("connect", () => void subscribe(client, i === 0).then(resolve, resolve));
      });
      await within(subscribed, START_MS, `no subscription in ${START_MS} ms`).catch((error: unknown) => {
        client.end(true);
        throw error;
      });
      return client;
    }),
  );

  return {
    ...abilities,
    connections: n,
    get filters() {
      return [...filters];
    },
    get refused() {
      return [...refused];
    },
    async publishCommand({ topic, payload }) {
      const free = clients.find((client) => client.connected);
      if (free === undefined) return "not_connected";
      // A cut that waits somewhere could come after the payment: the broker drops it soon (MQTT 5), we never send it again.
      const expiry = abilities.protocolVersion === 5 ? { properties: { messageExpiryInterval: 30 } } : {};
      const sent = free.publishAsync(topic, Buffer.from(payload), { qos: 1, retain: false, ...expiry });
      const id = free.getLastMessageId();
      try {
        await within(sent, COMMAND_TIMEOUT_MS, "no acknowledgement");
        return "handed_over";
      } catch {
        free.removeOutgoingMessage(id);
        return "not_connected";
      }
    },
    async resubscribe() {
      for (const [i, client] of clients.entries()) if (client.connected) await subscribe(client, i === 0);
    },
    async stop(graceMs = 5_000) {
      closing = true;
      const deadline = performance.now() + graceMs;
      while (pending > 0 && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10));
      await Promise.all(clients.map((client) => client.endAsync(graceMs === 0).catch(() => {})));
    },
  };
}

function within<T>(work: Promise<T>, ms: number, missing: string): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new CodedError("broker.unreachable", `the foreign broker: ${missing}`)), ms);
  return Promise.race([work, promise]).finally(() => clearTimeout(timer));
}

/** What to subscribe to: the clients' own filters while they are few, else the topics that their profiles read. */
export function filtersOf({ directory, profiles }: Pick<ForeignSettings, "directory" | "profiles">): string[] {
  const clients = [...directory.clients()].filter((client) => client.enabled);
  const own = new Set(clients.flatMap((client) => client.publishFilters));
  if (own.size <= FILTERS_MAX) return withoutCovered([...own]);
  const used = new Set(clients.flatMap((client) => client.profileIds));
  const patterns = [...used].flatMap((id) => {
    const profile = profiles.get(id);
    if (profile?.kind === "dialect") return (profile as DialectProfile).filters;
    return profile?.kind === "mqtt" ? (profile as MqttProfile).messages.map((m) => topicFilterOf(m.topic)) : [];
  });
  return withoutCovered([...new Set(patterns)]);
}

/** What clients whose profiles have a memory publish. */
const orderedFilters = ({ directory, profiles }: Pick<ForeignSettings, "directory" | "profiles">): string[] =>
  [...directory.clients()]
    .filter((client) => client.enabled && client.profileIds.some((id) => profiles.get(id)?.kind === "dialect"))
    .flatMap((client) => client.publishFilters);

/** A filter inside another one would bring every message twice. */
const withoutCovered = (filters: readonly string[]): string[] =>
  filters.filter((filter) => !filters.some((other) => other !== filter && covers(other, filter)));

/** Whose topic it is: a foreign broker does not say who published. Remembers the topics that it saw. */
function sources(directory: Directory): (topic: string) => ClientEntry | undefined {
  const rules = new WeakMap<readonly string[], (topic: string) => boolean>();
  const known = new Map<string, string>();
  const owns = (client: ClientEntry, topic: string): boolean => {
    let rule = rules.get(client.publishFilters);
    if (rule === undefined) rules.set(client.publishFilters, (rule = topicRule(client.publishFilters)));
    return client.enabled && rule(topic);
  };
  return (topic) => {
    const before = directory.client(known.get(topic) ?? "");
    if (before !== undefined && owns(before, topic)) return before;
    for (const client of directory.clients())
      if (owns(client, topic)) {
        if (known.size >= TOPICS_MAX) known.clear();
        known.set(topic, client.username);
        return client;
      }
    return undefined;
  };
}
const TOPICS_MAX = 50_000;
