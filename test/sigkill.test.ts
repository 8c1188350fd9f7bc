import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type FreshDatabase, freshDatabase } from "./support/database.ts";
import { bookRows, publish, seedDevices, signedIn, until, type WireClient } from "./support/mqtt.ts";

const DEVICES = ["k-1", "k-2", "k-3", "k-4", "k-5"];
const MESSAGES = 1_200; // for each device
const WINDOW = 40;
const KILLS_AT = [500, 1_500, 1_510, 3_000, 4_500]; // acknowledged messages in all; the third one hits a service that has just come up
const DAY = Date.UTC(2026, 2, 1);

let fresh: FreshDatabase;
let child: ChildProcess | null = null;
beforeAll(async () => {
  fresh = await freshDatabase();
  await seedDevices(
    fresh,
    DEVICES.map((key) => ({ username: key, keys: [key] })),
  );
});
afterAll(async () => {
  child?.kill("SIGKILL");
  await fresh.drop();
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function startService(port: number): Promise<ChildProcess> {
  const service = fork(new URL("./support/ingest-child.ts", import.meta.url), [fresh.url, String(port)]);
  const [said] = (await Promise.race([once(service, "message"), once(service, "exit")])) as [unknown];
  expect(said).toBe("ready");
  return service;
}

const valueOf = (n: number): string => `${n}.25`;
const timeOf = (n: number): number => DAY + n * 60_000;

/** A device as the standard has it: it resends, with the DUP flag, what was not acknowledged before the connection broke. */
async function device(key: string, port: number, acked: Set<number>, onAck: () => void): Promise<void> {
  const sentBefore = new Set<number>();
  while (acked.size < MESSAGES) {
    const client: WireClient | null = await signedIn(port, key).catch(() => null);
    if (client === null) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      continue;
    }
    await talk(client, key, acked, sentBefore, onAck);
    client.socket.destroy();
  }
}

async function talk(
  client: WireClient,
  key: string,
  acked: Set<number>,
  sentBefore: Set<number>,
  onAck: () => void,
): Promise<void> {
  const todo = Array.from({ length: MESSAGES }, (_, n) => n).filter((n) => !acked.has(n));
  let next = 0;
  const sendOne = () => {
    const n = todo[next++];
    if (n === undefined) return;
    const payload = JSON.stringify({ t: new Date(timeOf(n)).toISOString(), energy_import_kwh: valueOf(n) });
    publish(client, `sanbiao/v1/${key}/readings`, payload, n + 1, 1, sentBefore.has(n));
    sentBefore.add(n);
  };
  for (let i = 0; i < WINDOW; i++) sendOne();
  while (acked.size < MESSAGES) {
    const puback = (await client.next("puback")) as { messageId: number } | null;
    if (puback === null) return;
    acked.add(puback.messageId - 1);
    onAck();
    sendOne();
  }
}

test("the service is killed five times in the middle of ingest: no acknowledged reading is lost, none is there twice", async () => {
  const port = await freePort();
  child = await startService(port);
  const acked = new Map(DEVICES.map((key) => [key, new Set<number>()]));
  const total = () => [...acked.values()].reduce((sum, set) => sum + set.size, 0);
  const meterIds = new Map<string, bigint>();
  const { rows } = await fresh.db.pool.query<{ id: bigint; device_key: string }>(
    "select id, device_key from sanbiao.all_meters()",
  );
  for (const row of rows) meterIds.set(row.device_key, row.id);

  /** Every reading that a device believes to be safe is in the book with its value. */
  const expectKept = async () => {
    const before = [...acked].map(([key, set]) => [key, [...set]] as const);
    const book = new Map((await bookRows(fresh)).map((row) => [`${row.meter_id}/${row.measured_at}`, row.value]));
    for (const [key, numbers] of before)
      for (const n of numbers)
        expect(book.get(`${meterIds.get(key)}/${timeOf(n)}`)).toBe(BigInt(n) * 1_000_000n + 250_000n);
  };

  const devices = Promise.all(DEVICES.map((key) => device(key, port, acked.get(key) ?? new Set(), () => {})));
  for (const at of KILLS_AT) {
    await until(`${at} acknowledgements`, () => total() >= at);
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
    expect(total()).toBeLessThan(DEVICES.length * MESSAGES); // it was in the middle
    await expectKept();
    child = await startService(port);
  }
  await devices;
  await expectKept();
  expect(await bookRows(fresh)).toHaveLength(DEVICES.length * MESSAGES);
});
