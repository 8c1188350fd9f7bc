import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type FreshDatabase, freshDatabase } from "./support/database.ts";
import { bookRows, publish, seedDevices, signedIn, until, type WireClient } from "./support/mqtt.ts";
import { type Severable, severable } from "./support/severable.ts";

const KEY = "d-1";
const MESSAGES = 2_000;
const WINDOW = 50;
const DAY = Date.UTC(2026, 2, 1);

let fresh: FreshDatabase;
let way: Severable;
let folder: string;
let child: ChildProcess | null = null;
beforeAll(async () => {
  fresh = await freshDatabase();
  way = await severable(fresh.url);
  folder = await mkdtemp(join(tmpdir(), "sanbiao-spool-"));
  await seedDevices(fresh, [{ username: KEY, keys: [KEY] }]);
});
afterAll(async () => {
  child?.kill("SIGKILL");
  await way.close();
  await fresh.drop();
  await rm(folder, { recursive: true, force: true });
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
  const service = fork(new URL("./support/ingest-child.ts", import.meta.url), [way.url, String(port), folder]);
  const [said] = (await Promise.race([once(service, "message"), once(service, "exit")])) as [unknown];
  expect(said).toBe("ready");
  return service;
}
async function kill(): Promise<void> {
  if (child === null) return;
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}
const files = async (): Promise<number> =>
  (await readdir(folder, { recursive: true })).filter((name) => name.endsWith(".spool")).length;
const timeOf = (n: number): number => DAY + n * 60_000;

/** Sends what is not acknowledged until all is, over as many connections as it takes. */
async function device(port: number, acked: Set<number>): Promise<void> {
  while (acked.size < MESSAGES) {
    const client: WireClient | null = await signedIn(port, KEY).catch(() => null);
    if (client === null) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      continue;
    }
    const todo = Array.from({ length: MESSAGES }, (_, n) => n).filter((n) => !acked.has(n));
    let next = 0;
    const sendOne = () => {
      const n = todo[next++];
      if (n === undefined) return;
      const payload = JSON.stringify({ t: new Date(timeOf(n)).toISOString(), energy_import_kwh: `${n}.25` });
      publish(client, `sanbiao/v1/${KEY}/readings`, payload, n + 1);
    };
    for (let i = 0; i < WINDOW; i++) sendOne();
    while (acked.size < MESSAGES) {
      const puback = (await client.next("puback")) as { messageId: number } | null;
      if (puback === null) break;
      acked.add(puback.messageId - 1);
      sendOne();
    }
    client.socket.destroy();
  }
}

test("the database goes away, the service is killed while readings wait on disk and again while they are written: each acknowledged reading is there once", async () => {
  const port = await freePort();
  child = await startService(port);
  const acked = new Set<number>();
  const sending = device(port, acked);
  await until("the first are acknowledged", () => acked.size > 300);
  way.sever();
  const before = acked.size;
  await until("devices are answered while the database is away", () => acked.size > before + 600);
  expect(await files()).toBeGreaterThan(0);
  await kill();
  const booked = (await bookRows(fresh)).length;
  expect(booked).toBeLessThan(acked.size);

  way.mend();
  child = await startService(port);
  await until("some that waited are in the book", async () => (await bookRows(fresh)).length > booked);
  await kill();
  child = await startService(port);
  await sending;
  await until("the disk is empty", async () => (await files()) === 0);
  const rows = await bookRows(fresh);
  expect(rows.map((row) => [row.measured_at, row.value])).toEqual(
    Array.from({ length: MESSAGES }, (_, n) => [timeOf(n), BigInt(n) * 1_000_000n + 250_000n]),
  );
});
