import { connect as connectMqtt } from "mqtt";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { type FreshDatabase, freshDatabase, ownerPool } from "../support/database.ts";
import {
  bookRows,
  PASSWORD,
  publish,
  type RefusedRow,
  refusedRows,
  seedDevices,
  signedIn,
  type Stack,
  startStack,
  until,
  wire,
  type WireClient,
} from "../support/mqtt.ts";

let fresh: FreshDatabase;
let operatorId: bigint;
let stack: Stack;
const open: WireClient[] = [];
beforeAll(async () => {
  fresh = await freshDatabase();
  operatorId = await seedDevices(fresh, [
    { username: "dev-1", keys: ["e-1"] },
    { username: "dev-2", keys: ["e-2"] },
    { username: "gateway", keys: ["g-1", "g-2"] },
  ]);
});
afterAll(async () => fresh.drop());
beforeEach(async () => {
  stack = await startStack(fresh.db, { packetBytesMax: 64 * 1024, connectTimeoutMs: 2_000 });
});
afterEach(async () => {
  for (const client of open.splice(0)) client.socket.destroy();
  await stack.stop();
});

const signIn = async (username: string, clientId?: string) => {
  const client = await signedIn(stack.broker.port, username, clientId);
  open.push(client);
  return client;
};
const reading = (t: string, kwh: number) => JSON.stringify({ t, energy_import_kwh: kwh });
const refusedAs = (reason: string, address?: string): Promise<RefusedRow> =>
  until(`a row of ${reason} ${address ?? ""}`, async () =>
    (await refusedRows(fresh)).find(
      (row) => row.reason === reason && (address === undefined || row.address === address),
    ),
  );
const counted = (reason: string) => stack.telemetry.total("sanbiao_refused_frames_total", { reason });
const returnCode = (packet: unknown) => (packet as { returnCode?: number } | null)?.returnCode;

/** The proof that "the rest flows on": a good message of the same client afterwards. */
let minute = 0;
async function flowsOn(client: WireClient, key: string): Promise<void> {
  const t = new Date(Date.UTC(2026, 1, 1, 0, minute++)).toISOString();
  publish(client, `sanbiao/v1/${key}/readings`, reading(t, minute), 60_000 + minute);
  expect(await client.next("puback", 60_000 + minute)).not.toBeNull();
  expect((await bookRows(fresh)).some((row) => row.measured_at === Date.parse(t))).toBe(true);
}

test("a reading is acknowledged only after it is committed: while the table is locked there is no PUBACK", async () => {
  const client = await signIn("dev-1");
  await flowsOn(client, "e-1"); // the month's partition exists
  const owner = ownerPool(fresh.ownerUrl);
  const blocker = await owner.connect();
  await blocker.query("begin; lock table sanbiao.reading in access exclusive mode");
  publish(client, "sanbiao/v1/e-1/readings", reading("2026-02-02T00:00:00Z", 5), 1);
  publish(client, "sanbiao/v1/e-1/readings", reading("2026-02-02T00:15:00Z", 6), 2, 2);
  await until("the batch waits for the lock", async () => {
    const { rows } = await blocker.query<{ n: bigint }>(
      "select count(*) n from pg_locks where not granted and locktype = 'relation'",
    );
    return (rows[0]?.n ?? 0n) > 0n;
  });
  expect(client.received).toEqual([]);
  await blocker.query("commit");
  blocker.release();
  await owner.end();
  expect(await client.next("puback", 1)).not.toBeNull();
  expect(await client.next("pubrec", 2)).not.toBeNull();
  client.send({ cmd: "pubrel", messageId: 2 });
  expect(await client.next("pubcomp", 2)).not.toBeNull();
  const times = (await bookRows(fresh)).map((row) => row.measured_at);
  expect(times).toContain(Date.parse("2026-02-02T00:00:00Z"));
  expect(times).toContain(Date.parse("2026-02-02T00:15:00Z"));
});

test("wrong password, unknown user and no password are refused with CONNACK 4, a metric and a row; others stay connected", async () => {
  const good = await signIn("dev-1");
  const connect = {
    cmd: "connect",
    protocolId: "MQTT",
    protocolVersion: 4,
    clean: true,
    clientId: "x",
    keepalive: 0,
  } as const;
  for (const who of [
    { username: "dev-1", password: Buffer.from("wrong") },
    { username: "nobody", password: Buffer.from(PASSWORD) },
    {},
  ]) {
    const bad = wire(stack.broker.port);
    bad.send({ ...connect, ...who });
    expect(returnCode(await bad.next("connack"))).toBe(4);
    await bad.closed;
  }
  expect((await refusedAs("wrong_credentials")).origin).toBe("mqtt:dev-1");
  await until("a row of the stranger", async () =>
    (await refusedRows(fresh)).some(
      (r) => r.reason === "wrong_credentials" && r.operator_id === null && r.origin === "mqtt:@127.0.0.1",
    ),
  );
  expect(counted("wrong_credentials")).toBe(3);
  await flowsOn(good, "e-1");
});

test("MQTT 5 is refused in its own words (CONNACK 0x84), counted and written down", async () => {
  const raw = wire(stack.broker.port, 5);
  raw.send({
    cmd: "connect",
    protocolId: "MQTT",
    protocolVersion: 5,
    clean: true,
    clientId: "five",
    keepalive: 0,
    username: "dev-1",
    password: Buffer.from(PASSWORD),
  });
  expect((await raw.next("connack")) as unknown).toMatchObject({ reasonCode: 0x84 });
  await raw.closed;
  const row = await refusedAs("unsupported_protocol", "CONNECT");
  expect(row).toMatchObject({ operator_id: operatorId, origin: "mqtt:dev-1" });
  expect(row.detail).toContain("3.1.1");

  const library = connectMqtt(`mqtt://127.0.0.1:${stack.broker.port}`, {
    protocolVersion: 5,
    username: "dev-1",
    password: PASSWORD,
    reconnectPeriod: 0,
  });
  const error = await new Promise<Error>((resolve) => library.once("error", resolve));
  expect(error.message).toMatch(/Unsupported protocol version/i);
  library.end(true);
});

test("a shared subscription is refused (SUBACK 0x80), as are other devices' commands, `#` and `$SYS`; the own commands are granted", async () => {
  const client = await signIn("dev-1");
  const asked = ["$share/g/sanbiao/v1/e-1/command", "sanbiao/v1/e-2/command", "#", "sanbiao/v1/+/command", "$SYS/#"];
  client.send({
    cmd: "subscribe",
    messageId: 7,
    subscriptions: [...asked, "sanbiao/v1/e-1/command"].map((topic) => ({ topic, qos: 1 })),
  });
  expect(await client.next("suback", 7)).toMatchObject({ granted: [128, 128, 128, 128, 128, 1] });
  expect((await refusedAs("unsupported_protocol", asked[0])).origin).toBe("mqtt:dev-1");
  for (const filter of asked.slice(1))
    expect((await refusedAs("topic_not_allowed", filter)).operator_id).toBe(operatorId);
  await flowsOn(client, "e-1");
});

test("a topic of another device is refused with a row and acknowledged, so that it is not sent for ever; the book stays clean", async () => {
  const client = await signIn("dev-1");
  const before = (await bookRows(fresh)).length;
  publish(client, "sanbiao/v1/e-2/readings", reading("2026-02-03T00:00:00Z", 1), 1);
  publish(client, "$SYS/broker/x", "1", 2);
  expect(await client.next("puback", 1)).not.toBeNull();
  expect(await client.next("puback", 2)).not.toBeNull();
  expect((await bookRows(fresh)).length).toBe(before);
  expect((await refusedAs("topic_not_allowed", "sanbiao/v1/e-2/readings")).payload.toString()).toContain(
    "energy_import_kwh",
  );
  await flowsOn(client, "e-1");
});

test("five megabytes are refused at their first bytes: too_large, a row with the head, the connection ends, the others stay", async () => {
  const good = await signIn("dev-2");
  const client = await signIn("dev-1");
  const memoryBefore = process.memoryUsage().rss;
  const header = Buffer.from([0x32, 0x80, 0x80, 0xc0, 0x02]); // PUBLISH, QoS 1, remaining length 5 MiB
  const topic = Buffer.from("sanbiao/v1/e-1/readings");
  client.socket.write(
    Buffer.concat([header, Buffer.from([0, topic.length]), topic, Buffer.from([0, 1]), Buffer.alloc(1000, "x")]),
  );
  await client.closed; // long before five megabytes have been sent
  const row = await refusedAs("too_large");
  expect(row).toMatchObject({ address: "sanbiao/v1/e-1/readings", origin: "mqtt:dev-1", operator_id: operatorId });
  expect(row.payload.subarray(0, 3).toString()).toBe("xxx");
  expect(process.memoryUsage().rss - memoryBefore).toBeLessThan(64 * 1024 * 1024);
  expect(counted("too_large")).toBe(1);
  await flowsOn(good, "e-2");
});

test("before signing in a stranger may not make the broker buffer anything either", async () => {
  const stranger = wire(stack.broker.port);
  stranger.socket.write(Buffer.from([0x10, 0xff, 0xff, 0xff, 0x7f, 0, 4]));
  await stranger.closed;
  expect((await refusedAs("too_large", "(connect)")).operator_id).toBeNull();
});

test("bytes that are not MQTT, and a socket that says nothing, end without a trace on the others", async () => {
  const good = await signIn("dev-1");
  const http = wire(stack.broker.port);
  http.socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  const silent = wire(stack.broker.port);
  await http.closed;
  await silent.closed;
  expect((await refusedAs("timeout")).operator_id).toBeNull();
  await flowsOn(good, "e-1");
});

test("a second connection with the same client id but another user name does not push the first one out", async () => {
  const first = await signIn("dev-1", "same-id");
  const second = await signIn("dev-2", "same-id");
  await flowsOn(first, "e-1");
  await flowsOn(second, "e-2");
  const again = await signIn("dev-1", "same-id"); // the same user: the rule of MQTT
  await first.closed;
  await flowsOn(again, "e-1");
});

test("a last will is checked like any message: into the book under its own topic, a row under another's", async () => {
  const die = async (topic: string, payload: string) => {
    const client = wire(stack.broker.port);
    open.push(client);
    client.send({
      cmd: "connect",
      protocolId: "MQTT",
      protocolVersion: 4,
      clean: true,
      clientId: `will-${topic}`,
      keepalive: 0,
      username: "dev-1",
      password: Buffer.from(PASSWORD),
      will: { topic, payload: Buffer.from(payload), qos: 1, retain: true },
    });
    await client.next("connack");
    client.socket.destroy();
  };
  await die("sanbiao/v1/e-1/readings", reading("2026-02-04T00:00:00Z", 9));
  await die("sanbiao/v1/e-2/online", "offline");
  await until("the will is in the book", async () =>
    (await bookRows(fresh)).some((row) => row.measured_at === Date.parse("2026-02-04T00:00:00Z")),
  );
  await refusedAs("topic_not_allowed", "sanbiao/v1/e-2/online");
});

test("what a device publishes is not handed to other devices and not retained", async () => {
  const gateway = await signIn("gateway");
  gateway.send({ cmd: "subscribe", messageId: 1, subscriptions: [{ topic: "sanbiao/v1/g-1/command", qos: 1 }] });
  await gateway.next("suback", 1);
  const twin = await signIn("gateway", "twin");
  twin.send({
    cmd: "publish",
    topic: "sanbiao/v1/g-1/command",
    payload: '{"action":"disconnect"}',
    qos: 1,
    messageId: 3,
    dup: false,
    retain: true,
  });
  expect(await twin.next("puback", 3)).not.toBeNull();
  gateway.send({ cmd: "subscribe", messageId: 2, subscriptions: [{ topic: "sanbiao/v1/g-2/command", qos: 1 }] });
  await gateway.next("suback", 2);
  gateway.send({ cmd: "pingreq" });
  await gateway.next("pingresp");
  expect(gateway.received).toEqual([]);
});

test("a command reaches the connected device that listens to it, once, and its acknowledgement is told", async () => {
  const topic = "sanbiao/v1/e-1/command";
  const order = { username: "dev-1", topic, payload: '{"action":"disconnect"}' };
  expect(await stack.broker.publishCommand(order)).toBe("not_connected");
  const deaf = await signIn("dev-1", "deaf");
  expect(await stack.broker.publishCommand(order)).toBe("not_connected");
  deaf.send({ cmd: "subscribe", messageId: 1, subscriptions: [{ topic, qos: 1 }] });
  await deaf.next("suback", 1);
  const sent = stack.broker.publishCommand(order);
  const came = (await deaf.next("publish")) as { messageId: number; payload: Buffer; qos: number } | null;
  expect(came?.payload.toString()).toBe(order.payload);
  expect(came?.qos).toBe(1);
  deaf.send({ cmd: "puback", messageId: came?.messageId ?? 0 });
  expect(await sent).toBe("acknowledged");
  expect(await stack.broker.publishCommand(order, 50)).toBe("timeout");
});

test("a command that was not acknowledged is not delivered at the next connection: it could come after the payment", async () => {
  const topic = "sanbiao/v1/e-2/command";
  const enter = async () => {
    const client = wire(stack.broker.port);
    open.push(client);
    client.send({
      cmd: "connect",
      protocolId: "MQTT",
      protocolVersion: 4,
      clean: false,
      clientId: "lasting",
      keepalive: 0,
      username: "dev-2",
      password: Buffer.from(PASSWORD),
    });
    await client.next("connack");
    return client;
  };
  const first = await enter();
  // A session that lasts must not smuggle in a filter that was refused beside one that was granted.
  first.send({
    cmd: "subscribe",
    messageId: 1,
    subscriptions: [
      { topic, qos: 1 },
      { topic: "sanbiao/v1/e-1/command", qos: 1 },
    ],
  });
  expect(await first.next("suback", 1)).toMatchObject({ granted: [1, 128] });
  expect(await stack.broker.publishCommand({ username: "dev-2", topic, payload: "cut" }, 50)).toBe("timeout");
  first.socket.destroy();
  await first.closed;
  const again = await enter();
  again.send({ cmd: "pingreq" });
  await again.next("pingresp");
  await flowsOn(again, "e-2");
  expect(again.received.filter((p) => p.cmd === "publish")).toEqual([]);
  const listening = stack.broker.publishCommand({ username: "dev-2", topic, payload: "reconnect" }, 2_000);
  const came = (await again.next("publish")) as { messageId: number; payload: Buffer } | null;
  expect(came?.payload.toString()).toBe("reconnect");
  again.send({ cmd: "puback", messageId: came?.messageId ?? 0 });
  expect(await listening).toBe("acknowledged");
});

test("a client that is locked out stops at once", async () => {
  const client = await signIn("dev-2");
  await flowsOn(client, "e-2");
  await fresh.db.as(operatorId, (trx) =>
    trx.updateTable("mqtt_client").set({ enabled: false }).where("username", "=", "dev-2").execute(),
  );
  await stack.directory.refresh();
  publish(client, "sanbiao/v1/e-2/readings", reading("2026-02-05T00:00:00Z", 1), 1);
  await client.closed;
  expect(client.received).toEqual([]);
  await fresh.db.as(operatorId, (trx) =>
    trx.updateTable("mqtt_client").set({ enabled: true }).where("username", "=", "dev-2").execute(),
  );
  await stack.directory.refresh();
  await flowsOn(await signIn("dev-2"), "e-2");
});
