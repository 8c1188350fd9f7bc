import { type ChildProcess, execFileSync, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectAsync } from "mqtt";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PROFILES } from "../../../catalog/meters/catalogue.ts";
import { openDirectory } from "../../../collectors/directory.ts";
import { type ForeignBroker, filtersOf, startForeign } from "../../../collectors/mqtt/foreign.ts";
import { mqttIngest } from "../../../collectors/mqtt/ingest.ts";
import { noTelemetry as telemetry } from "../../../domain/telemetry.ts";
import { type ReadingsBatcher, readingsBatcher } from "../../../ledger/batcher.ts";
import { refusalsBook } from "../../../ledger/refusals.ts";
import { type FreshDatabase, freshDatabase, ownerPool } from "../../support/database.ts";
import { bookRows, quiet, refusedRows, seedDevices, systemClock, until } from "../../support/mqtt.ts";

type Foreign = { readonly url: string; stop(): Promise<void> };

async function plainAedes(): Promise<Foreign> {
  const child = fork(new URL("../../support/plain-broker.ts", import.meta.url));
  const [port] = (await once(child, "message")) as [number];
  return { url: `mqtt://127.0.0.1:${port}`, stop: () => ended(child) };
}

const ended = async (child: ChildProcess): Promise<void> => {
  const gone = once(child, "exit");
  child.kill();
  await gone;
};

const MOSQUITTO = ["mosquitto", "/usr/sbin/mosquitto"].find((program) => {
  try {
    execFileSync(program, ["-h"], { stdio: "ignore" });
    return true;
  } catch (error) {
    return (
      (error as { status?: number | null }).status !== undefined && (error as NodeJS.ErrnoException).code !== "ENOENT"
    );
  }
});

async function mosquitto(): Promise<Foreign> {
  const folder = await mkdtemp(join(tmpdir(), "sanbiao-mosquitto-"));
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  const config = join(folder, "mosquitto.conf");
  await writeFile(config, `listener ${port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\n`);
  const child = spawn(MOSQUITTO ?? "", ["-c", config], { stdio: "ignore" });
  await until("mosquitto listens", () =>
    connectAsync(`mqtt://127.0.0.1:${port}`, { reconnectPeriod: 0 }, false).then(
      (client) => client.endAsync().then(() => true),
      () => false,
    ),
  );
  return {
    url: `mqtt://127.0.0.1:${port}`,
    async stop() {
      await ended(child);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const BROKERS: { name: string; start: (() => Promise<Foreign>) | null; shared: boolean | null }[] = [
  { name: "a broker without shared subscriptions (aedes)", start: plainAedes, shared: false },
  { name: "Mosquitto", start: MOSQUITTO === undefined ? null : mosquitto, shared: true },
  {
    name: "the broker at MQTT_TEST_URL",
    start: process.env["MQTT_TEST_URL"]
      ? async () => ({ url: process.env["MQTT_TEST_URL"] ?? "", stop: async () => {} })
      : null,
    shared: null,
  },
];

// Skipped only where the machine has no such broker; the first one is always there.
describe.each(BROKERS)("$name", ({ start, shared }) => {
  describe.skipIf(start === null)("reads without loss", () => {
    const KEYS = ["f-1", "f-2", "f-3"];
    let broker: Foreign;
    let fresh: FreshDatabase;
    const running: ForeignBroker[] = [];
    const batchers: ReadingsBatcher[] = [];

    beforeAll(async () => {
      broker = await (start ?? plainAedes)();
      fresh = await freshDatabase();
      await seedDevices(
        fresh,
        KEYS.map((key) => ({ username: key, keys: [key] })),
      );
    });
    afterAll(async () => {
      for (const one of running) await one.stop(0);
      await fresh.drop();
      await broker.stop();
    });

    async function sanbiao(): Promise<ForeignBroker> {
      const directory = await openDirectory(fresh.db, systemClock);
      const batcher = readingsBatcher({ db: fresh.db, telemetry, log: quiet });
      batchers.push(batcher);
      const refusals = refusalsBook({ db: fresh.db, telemetry, log: quiet });
      const ingest = mqttIngest({ directory, profiles: PROFILES, batcher, refusals, clock: systemClock, log: quiet });
      const one = await startForeign({ url: broker.url, directory, profiles: PROFILES, ingest, telemetry, log: quiet });
      running.push(one);
      return one;
    }

    const DAY = Date.UTC(2026, 3, 1);
    const send = async (from: number, to: number) => {
      const client = await connectAsync(broker.url);
      const all: Promise<unknown>[] = [];
      for (let n = from; n < to; n++)
        for (const key of KEYS) {
          const payload = JSON.stringify({ t: new Date(DAY + n * 60_000).toISOString(), energy_import_kwh: n });
          all.push(client.publishAsync(`sanbiao/v1/${key}/readings`, payload, { qos: 1 }));
        }
      await Promise.all(all);
      await client.endAsync();
    };
    const inBook = async (n: number) => (await bookRows(fresh)).length >= n;

    test("what the broker can do is found out by doing it; every filter is granted", async () => {
      const one = await sanbiao();
      if (shared !== null) expect(one.shared).toBe(shared);
      expect(one.connections).toBe(one.shared ? 4 : 1);
      expect(one.filters).toEqual(KEYS.map((key) => `sanbiao/v1/${key}/#`));
      expect(one.refused).toEqual([]);
    });

    test("readings flow into the book, each once; a bad one gets its row and the rest flows on", async () => {
      const client = await connectAsync(broker.url);
      await client.publishAsync("sanbiao/v1/f-1/readings", "{broken", { qos: 1 });
      await client.endAsync();
      await send(0, 300);
      await until("900 readings", () => inBook(900));
      expect(await bookRows(fresh)).toHaveLength(900);
      await until("the row", async () => (await refusedRows(fresh)).some((r) => r.reason === "malformed_json"));
    });

    test("a command goes out to the device that listens", async () => {
      const device = await connectAsync(broker.url);
      await device.subscribeAsync("sanbiao/v1/f-1/command", { qos: 1 });
      const heard = new Promise<string>((resolve) =>
        device.once("message", (_topic, payload) => resolve(payload.toString())),
      );
      const command = { topic: "sanbiao/v1/f-1/command", payload: '{"action":"connect"}' };
      expect(await running[0]?.publishCommand(command)).toBe("handed_over");
      expect(await heard).toBe(command.payload);
      await device.endAsync();
    });

    test("what was not committed when the service went away is not acknowledged and comes again; what came meanwhile, too", async () => {
      const owner = ownerPool(fresh.ownerUrl);
      const blocker = await owner.connect();
      await blocker.query("begin; lock table sanbiao.reading in access exclusive mode");
      await send(300, 320);
      await until("a batch waits", async () => {
        const { rows } = await blocker.query("select 1 from pg_locks where not granted and locktype = 'relation'");
        return rows.length > 0;
      });
      await running.pop()?.stop(0); // as a kill: nothing of this was acknowledged
      await batchers.pop()?.stop(0);
      // The statements that wait belong to the process that is gone.
      await owner.query("select pg_terminate_backend(pid) from pg_locks where not granted and locktype = 'relation'");
      await send(320, 330);
      await blocker.query("commit");
      blocker.release();
      await owner.end();
      await sanbiao();
      await until("990 readings", () => inBook(990));
      expect(await bookRows(fresh)).toHaveLength(990);
    });
  });
});

test("filters: few clients are heard under their own topics, many under the patterns of their profiles; none twice", () => {
  const client = (i: number, filters: string[]) => ({
    enabled: true,
    publishFilters: filters,
    profileIds: ["sanbiao-json"],
    username: `${i}`,
  });
  const directory = (clients: unknown[]) => ({ clients: () => clients }) as never;
  expect(filtersOf({ directory: directory([client(1, ["a/#", "a/b", "c/+"])]), profiles: PROFILES })).toEqual([
    "a/#",
    "c/+",
  ]);
  const many = Array.from({ length: 500 }, (_, i) => client(i, [`sanbiao/v1/e-${i}/#`]));
  expect(filtersOf({ directory: directory(many), profiles: PROFILES })).toContain("sanbiao/v1/+/readings");
});
