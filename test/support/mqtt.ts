import { connect, type Socket } from "node:net";
import { generate, type Packet, parser } from "mqtt-packet";
import { pino } from "pino";
import { type Broker, startBroker } from "../../broker/broker.ts";
import type { BrokerLimits } from "../../broker/client.ts";
import { hashDevicePassword } from "../../broker/password.ts";
import { PROFILES } from "../../catalog/meters/catalogue.ts";
import { type Directory, openDirectory } from "../../collectors/directory.ts";
import { mqttIngest, type Taken } from "../../collectors/mqtt/ingest.ts";
import { type Clock, instant } from "../../domain/instant.ts";
import type { OperatorId, Reading } from "../../domain/reading.ts";
import type { Telemetry } from "../../domain/telemetry.ts";
import { type ReadingsBatcher, readingsBatcher } from "../../ledger/batcher.ts";
import { type RefusalsBook, refusalsBook } from "../../ledger/refusals.ts";
import type { Database } from "../../schema/database.ts";
import { type FreshDatabase, ownerPool } from "./database.ts";

export const systemClock: Clock = { now: () => instant(Date.now()) };
export const quiet = pino({ level: "silent" });

/** Counters one can look at. */
export type Counted = Telemetry & { total(name: string, labels?: Record<string, string>): number };
export function countingTelemetry(): Counted {
  const seen: { name: string; labels: Record<string, string>; by: number }[] = [];
  return {
    count: (name, labels, by = 1) => void seen.push({ name, labels, by }),
    gauge: () => {},
    observe: () => {},
    total: (name, labels = {}) =>
      seen
        .filter((s) => s.name === name && Object.entries(labels).every(([k, v]) => s.labels[k] === v))
        .reduce((sum, s) => sum + s.by, 0),
  };
}

export type Device = {
  readonly username: string;
  readonly keys: readonly string[];
  readonly subscribe?: readonly string[];
};
export const PASSWORD = "a long device password";

/** An operator whose devices speak our own envelope, each under its own topics. */
export async function seedDevices(
  fresh: FreshDatabase,
  devices: readonly Device[],
  code = "estate",
): Promise<OperatorId> {
  const owner = ownerPool(fresh.ownerUrl);
  try {
    const { rows } = await owner.query<{ operator_id: bigint }>(
      "insert into sanbiao.operator (code, kind, name_zh, name_en) values ($1, 'estate', '小区', 'Estate') returning operator_id",
      [code],
    );
    const operatorId = rows[0]?.operator_id ?? 0n;
    const hash = await hashDevicePassword(PASSWORD);
    for (const { username, keys, subscribe } of devices) {
      const publish = keys.map((key) => `sanbiao/v1/${key}/#`);
      const listen = subscribe ?? keys.map((key) => `sanbiao/v1/${key}/command`);
      const client = await owner.query<{ id: bigint }>(
        "insert into sanbiao.mqtt_client (operator_id, username, password_hash, publish_filters, subscribe_filters, profile_ids) values ($1, $2, $3, $4, $5, '{sanbiao-json}') returning id",
        [operatorId, username, hash, publish, listen],
      );
      for (const key of keys)
        await owner.query(
          "insert into sanbiao.meter (operator_id, serial, utility, profile_id, mqtt_client_id, device_key) values ($1, $2, 'electricity', 'sanbiao-json', $3, $4)",
          [operatorId, `serial-${key}`, client.rows[0]?.id, key],
        );
    }
    return operatorId;
  } finally {
    await owner.end();
  }
}

export type Stack = {
  readonly broker: Broker;
  readonly batcher: ReadingsBatcher;
  readonly refusals: RefusalsBook;
  readonly directory: Directory;
  readonly telemetry: Counted;
  readonly committed: Reading[];
  readonly taken: Taken[];
  stop(): Promise<void>;
};

/** Broker, ingest, books: the room as a shell wires it. */
export async function startStack(db: Database, limits: Partial<BrokerLimits> = {}): Promise<Stack> {
  const telemetry = countingTelemetry();
  const directory = await openDirectory(db, systemClock);
  const batcher = readingsBatcher({ db, telemetry, log: quiet });
  const refusals = refusalsBook({ db, telemetry, log: quiet });
  const committed: Reading[] = [];
  const taken: Taken[] = [];
  const ingest = mqttIngest({
    directory,
    profiles: PROFILES,
    batcher,
    refusals,
    clock: systemClock,
    log: quiet,
    onCommitted: (readings) => void committed.push(...readings),
    onAsks: (client, asks) => {
      for (const ask of asks) void broker.publishCommand({ username: client.username, ...ask });
    },
  });
  const broker = await startBroker({
    port: 0,
    host: "127.0.0.1",
    credentials: directory,
    onMessage: (client, message, settled) =>
      ingest.take(client, message, (verdict, how) => {
        taken.push(how);
        settled(verdict);
      }),
    refusals,
    clock: systemClock,
    telemetry,
    log: quiet,
    limits,
  });
  return {
    broker,
    batcher,
    refusals,
    directory,
    telemetry,
    committed,
    taken,
    async stop() {
      await broker.stop(1_000);
      await batcher.stop(1_000);
      await refusals.stop(1_000);
    },
  };
}

/** A client that says exactly what it is told, packet by packet. */
export type WireClient = {
  readonly socket: Socket;
  readonly received: Packet[];
  send(packet: Packet): void;
  /** The next packet of a kind that has come or will come; null when the connection ends before. */
  next(cmd: Packet["cmd"], messageId?: number): Promise<Packet | null>;
  readonly closed: Promise<void>;
};

export function wire(port: number, protocolVersion: 3 | 4 | 5 = 4): WireClient {
  const socket = connect(port, "127.0.0.1");
  const received: Packet[] = [];
  const wakes = new Set<() => void>();
  const parse = parser({ protocolVersion });
  let open = true;
  const wakeAll = () => {
    for (const wake of wakes) wake();
  };
  parse.on("packet", (packet: Packet) => {
    received.push(packet);
    wakeAll();
  });
  parse.on("error", () => {});
  socket.on("data", (bytes) => parse.parse(Buffer.from(bytes)));
  socket.on("error", () => {});
  const closed = new Promise<void>((resolve) =>
    socket.on("close", () => {
      open = false;
      resolve();
      wakeAll();
    }),
  );
  return {
    socket,
    received,
    closed,
    send: (packet) => void socket.write(generate(packet, { protocolVersion })),
    next: (cmd, messageId) =>
      new Promise((resolve) => {
        const look = () => {
          const at = received.findIndex(
            (p) => p.cmd === cmd && (messageId === undefined || (p as { messageId?: number }).messageId === messageId),
          );
          if (at < 0 && open) return;
          wakes.delete(look);
          resolve(at < 0 ? null : (received.splice(at, 1)[0] ?? null));
        };
        wakes.add(look);
        look();
      }),
  };
}

/** Connects and signs in with the right password. */
export async function signedIn(port: number, username: string, clientId = username): Promise<WireClient> {
  const client = wire(port);
  client.send({
    cmd: "connect",
    protocolId: "MQTT",
    protocolVersion: 4,
    clean: true,
    clientId,
    keepalive: 0,
    username,
    password: Buffer.from(PASSWORD),
  });
  const connack = await client.next("connack");
  if ((connack as { returnCode?: number } | null)?.returnCode !== 0)
    throw new Error(`not welcome: ${JSON.stringify(connack)}`);
  return client;
}

export const publish = (
  client: WireClient,
  topic: string,
  payload: string | Buffer,
  messageId: number,
  qos: 1 | 2 = 1,
  dup = false,
): void => client.send({ cmd: "publish", topic, payload, qos, messageId, dup, retain: false });

export type RefusedRow = {
  operator_id: bigint | null;
  reason: string;
  detail: string;
  origin: string;
  address: string;
  times: number;
  payload: Buffer;
};
export async function refusedRows(fresh: FreshDatabase): Promise<RefusedRow[]> {
  const owner = ownerPool(fresh.ownerUrl);
  try {
    return (await owner.query<RefusedRow>("select * from sanbiao.refused_frame order by id")).rows;
  } finally {
    await owner.end();
  }
}

export type BookRow = { meter_id: bigint; register: number; measured_at: number; value: bigint };
export async function bookRows(fresh: FreshDatabase): Promise<BookRow[]> {
  const owner = ownerPool(fresh.ownerUrl);
  try {
    return (
      await owner.query<BookRow>("select meter_id, register, measured_at, value from sanbiao.reading order by 1, 2, 3")
    ).rows;
  } finally {
    await owner.end();
  }
}

/** Waits for a condition; the deadline says what was missing. */
export async function until<T>(what: string, look: () => T | Promise<T>, ms = 30_000): Promise<NonNullable<T>> {
  const deadline = performance.now() + ms;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (performance.now() > deadline) throw new Error(`not in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
