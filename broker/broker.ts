import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { Aedes, type Client } from "aedes";
import type { Logger } from "pino";
import { CodedError } from "../domain/errors.ts";
import type { Clock } from "../domain/instant.ts";
import type { Telemetry } from "../domain/telemetry.ts";
import {
  type BrokerClient,
  type BrokerLimits,
  type CredentialBook,
  LIMITS,
  type OnMessage,
  type Refusals,
} from "./client.ts";
import { type Complain, complaints } from "./complaint.ts";
import { type Gate, gate } from "./gate.ts";
import { limitPacketSize, OversizedPacket } from "./internals.ts";
import { type CommandDelivery, deliver, subscribedQos } from "./session.ts";

export type BrokerSettings<C extends BrokerClient = BrokerClient> = {
  /** 0 takes a free one. */
  readonly port: number;
  readonly host?: string;
  readonly tls?: { readonly port: number; readonly cert: string | Buffer; readonly key: string | Buffer };
  readonly credentials: CredentialBook<C>;
  readonly onMessage: OnMessage<C>;
  readonly refusals: Refusals;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly log: Logger;
  readonly limits?: Partial<BrokerLimits>;
};

export type Command = { readonly username: string; readonly topic: string; readonly payload: string | Uint8Array };

export type Broker = {
  readonly port: number;
  readonly tlsPort: number | null;
  readonly connected: number;
  /** To the connections of a client that listen to the topic now; see `deliver`. */
  publishCommand(command: Command, timeoutMs?: number): Promise<CommandDelivery>;
  /** Ends the connections of a user name: its password or its rights have changed. */
  disconnect(username: string): void;
  /** Takes nothing new, waits for what is being committed (at most `graceMs`), then closes. */
  stop(graceMs?: number): Promise<void>;
};

const COMMAND_TIMEOUT_MS = 10_000;
/** Before the password is checked a client may say no more than its CONNECT. */
const STRANGER_BYTES_MAX = 64 * 1024;

/** The embedded broker: MQTT 3.1 and 3.1.1, consumed in process. What a device publishes ends here and is not forwarded. */
export async function startBroker<C extends BrokerClient>(settings: BrokerSettings<C>): Promise<Broker> {
  const limits = { ...LIMITS, ...settings.limits };
  const complain = complaints(settings);
  const now = () => performance.now();
  const door = gate({ ...settings, limits, complain, now, count: messageCounter(settings.telemetry) });
  const aedes = new Aedes({
    ...door,
    connectTimeout: limits.connectTimeoutMs,
    drainTimeout: limits.drainTimeoutMs,
    queueLimit: 2_000, // packets sent ahead of the CONNACK; the socket is not read meanwhile, so 64 KiB at most
    maxClientsIdLength: 1_000, // the user name is put before it
  });
  await aedes.listen();
  endMessagesHere(aedes);
  watch(aedes, door, complain, settings);
  const accept = (socket: Socket) => {
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 60_000);
    const client = aedes.handle(socket);
    limitPacketSize(client, () => (client.connected ? limits.packetBytesMax : STRANGER_BYTES_MAX));
  };
  const { host = "0.0.0.0", tls } = settings;
  const plain = createServer({ noDelay: true }, accept);
  const secure =
    tls === undefined
      ? null
      : createTlsServer({ cert: tls.cert, key: tls.key, handshakeTimeout: limits.connectTimeoutMs }, accept);
  try {
    await listening(plain, settings.port, host, limits);
    if (secure !== null && tls !== undefined) await listening(secure, tls.port, host, limits);
  } catch (error) {
    // A broker that did not start keeps neither a port nor a timer.
    plain.close();
    await new Promise<void>((resolve) => aedes.close(resolve));
    throw error;
  }

  return {
    port: portOf(plain),
    tlsPort: secure === null ? null : portOf(secure),
    get connected() {
      return aedes.connectedClients;
    },
    async publishCommand({ username, topic, payload }, timeoutMs = COMMAND_TIMEOUT_MS) {
      const listeners = [...(door.sessions.get(username) ?? [])].filter((s) => subscribedQos(s.client, topic) !== null);
      const results = await Promise.all(listeners.map((s) => deliver(s, topic, Buffer.from(payload), timeoutMs)));
      return BEST_FIRST.find((delivery) => results.includes(delivery)) ?? "not_connected";
    },
    disconnect(username) {
      for (const { client } of door.sessions.get(username) ?? []) client.close();
    },
    async stop(graceMs = 5_000) {
      door.close();
      plain.close();
      secure?.close();
      const deadline = now() + graceMs;
      while (door.pending() > 0 && now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10));
      await new Promise<void>((resolve) => aedes.close(resolve));
    },
  };
}

const BEST_FIRST = ["acknowledged", "sent", "timeout"] as const;
const portOf = (server: Server): number => (server.address() as AddressInfo).port;

function listening(server: Server, port: number, host: string, limits: BrokerLimits): Promise<Server> {
  server.maxConnections = limits.connectionsMax;
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) =>
      reject(
        cause.code === "EADDRINUSE"
          ? new CodedError("port.taken", `MQTT cannot listen on ${host}:${port}: the port is taken`, { cause })
          : cause,
      ),
    );
    server.listen(port, host, () => {
      server.removeAllListeners("error");
      server.on("error", () => {}); // a single failed accept; the server goes on
      resolve(server);
    });
  });
}

/** A device's message is not kept as retained, queued or handed to other devices: commands come from `publishCommand` only. */
function endMessagesHere(aedes: Aedes): void {
  type Publish = (packet: unknown, client: unknown, done?: unknown) => void;
  const publish = aedes.publish.bind(aedes) as Publish;
  (aedes as { publish: Publish }).publish = (packet, client, done) => {
    if (typeof client === "object" && client !== null) (done as (error: null) => void)(null);
    else publish(packet, client, done);
  };
}

function watch<C extends BrokerClient>(
  aedes: Aedes,
  door: Gate,
  complain: Complain,
  settings: BrokerSettings<C>,
): void {
  const { telemetry, log, credentials } = settings;
  const gauge = () => telemetry.gauge("sanbiao_mqtt_clients", {}, aedes.connectedClients);
  const trouble = (client: Client, error: Error & { code?: string }) => {
    door.leave(client);
    const username = door.sessionOf(client)?.username;
    const known = username === undefined ? undefined : credentials.client(username);
    const complaint = complaintOf(error);
    if (complaint === null) log.debug({ err: error, username }, "mqtt connection ended");
    else void complain(client, known, complaint).catch(() => {});
  };
  aedes.on("client", gauge);
  aedes.on("clientDisconnect", (client) => {
    door.leave(client);
    gauge();
  });
  aedes.on("clientError", trouble);
  aedes.on("connectionError", trouble);
  aedes.on("ack", (_packet, client) => door.sessionOf(client)?.waiting?.settle("acknowledged"));
  (aedes as NodeJS.EventEmitter).on("error", (error: Error) => log.error({ err: error }, "mqtt broker"));
}

/** What ended a connection, when the client is to blame for it and nobody has written it down yet. */
function complaintOf(error: Error & { code?: string }): Parameters<Complain>[2] | null {
  if (error instanceof OversizedPacket)
    return { reason: "too_large", detail: error.message, address: error.topic, payload: error.head };
  if (error.code !== undefined) return null; // the network: ECONNRESET and the like
  if (/keep alive|connect did not arrive|drain timeout/.test(error.message))
    return { reason: "timeout", detail: error.message, address: "connection" };
  if (/protocol ?id|protocol version|Invalid protocol/i.test(error.message))
    return { reason: "unsupported_protocol", detail: error.message, address: "CONNECT" };
  if (
    /allowed in PUBLISH|too many levels|header flag|packet|topic|QoS|UTF|flag bit|Will|parse|short/i.test(error.message)
  )
    return { reason: "malformed_payload", detail: `not MQTT: ${error.message}`, address: "connection" };
  return null;
}

/** Counts in one step for each turn of the event loop. */
function messageCounter(telemetry: Telemetry): (outcome: string) => void {
  const counts = new Map<string, number>();
  return (outcome) => {
    if (counts.size === 0)
      setImmediate(() => {
        for (const [label, n] of counts) telemetry.count("sanbiao_mqtt_messages_total", { outcome: label }, n);
        counts.clear();
      });
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  };
}
