import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Pool } from "pg";
import { pino } from "pino";
import { type Broker, startBroker } from "../../broker/broker.ts";
import { hashDevicePassword } from "../../broker/password.ts";
import { PROFILES } from "../../catalog/meters/catalogue.ts";
import { openDirectory } from "../../collectors/directory.ts";
import { mqttIngest } from "../../collectors/mqtt/ingest.ts";
import { type Clock, instant } from "../../domain/instant.ts";
import { noTelemetry } from "../../domain/telemetry.ts";
import { readingsBatcher } from "../../ledger/batcher.ts";
import { refusalsBook } from "../../ledger/refusals.ts";
import { type Database, openDatabase, ownerPool } from "../../schema/database.ts";
import { removeCluster, startEmbedded } from "../../schema/embedded/server.ts";
import { migrate } from "../../schema/migrate.ts";

/** The ingest path on a server of its own: book, batcher, broker. */
export type IngestStack = {
  readonly url: string;
  readonly owner: Pool;
  readonly db: Database;
  readonly clock: Clock;
  readonly broker: Broker;
};

/** Runs `bench` on a fresh stack whose books `seed` filled first; leaves no server and no folder behind. */
export async function withIngestStack(
  seed: (owner: Pool) => Promise<void>,
  bench: (stack: IngestStack) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "sanbiao-bench-"));
  const server = await startEmbedded({ folder });
  const owner = ownerPool(server.url);
  const db = openDatabase(server.url);
  try {
    await migrate(server.url);
    await seed(owner);
    const clock: Clock = { now: () => instant(Date.now()) };
    const log = pino({ level: "warn" });
    const telemetry = noTelemetry;
    const directory = await openDirectory(db, clock);
    const batcher = readingsBatcher({ db, telemetry, log });
    const refusals = refusalsBook({ db, telemetry, log });
    const ingest = mqttIngest({ directory, profiles: PROFILES, batcher, refusals, clock, log });
    const broker = await startBroker({
      port: 0,
      host: "127.0.0.1",
      credentials: directory,
      onMessage: ingest.take,
      refusals,
      clock,
      telemetry,
      log,
      limits: { messagesPerSecond: 1_000_000, messagesBurst: 1_000_000 },
    });
    await bench({ url: server.url, owner, db, clock, broker });
    await broker.stop();
    await batcher.stop();
    await refusals.stop();
  } finally {
    await db.close();
    await owner.end();
    await server.stop();
    await removeCluster(folder);
  }
}

/** One operator with `count` devices `e-0`…, each a meter and a client `c-0`… of its own, and the months of 2026. */
export async function seedDevices(owner: Pool, count: number): Promise<void> {
  await owner.query("insert into operator (code, kind, name_zh, name_en) values ('bench', 'estate', '测', 'Bench')");
  await owner.query(
    `insert into mqtt_client (operator_id, username, password_hash, publish_filters, profile_ids)
     select 1, 'c-' || n, $2, array['sanbiao/v1/e-' || n || '/#'], '{sanbiao-json}' from generate_series(0, $1::int - 1) n`,
    [count, await hashDevicePassword("bench")],
  );
  await owner.query(
    `insert into meter (operator_id, serial, utility, profile_id, mqtt_client_id, device_key)
     select 1, username, 'electricity', 'sanbiao-json', id, replace(username, 'c-', 'e-') from mqtt_client order by id`,
  );
  await owner.query("select ensure_reading_months('2026-01-01', '2026-12-31')");
}
