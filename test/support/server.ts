import { fileURLToPath } from "node:url";
import pg from "pg";
import type { TestProject } from "vitest/node";
import { removeCluster, startEmbedded } from "../../schema/embedded/server.ts";
import { databaseOf } from "../../schema/url.ts";
import { migrate } from "../../schema/migrate.ts";
import { clusterFolder } from "./cluster-folder.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Owner's address of the run's server, at the migrated template database. */
    templateUrl: string;
  }
}

// What node compiled once it need not compile again: for the workers, and for every process that a test starts.
process.env["NODE_COMPILE_CACHE"] ??= fileURLToPath(new URL("../../node_modules/.cache/sanbiao", import.meta.url));

/** One real server for the whole run, with one migrated template that every file clones. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await clusterFolder("sanbiao-test-");
  // The service is what these tests kill, never this server: it need not wait for the disk.
  const server = await startEmbedded({
    folder,
    settings: { fsync: "off", max_connections: "200", shared_buffers: "128MB", max_wal_size: "256MB" },
  });
  const admin = new pg.Client({ connectionString: server.url });
  await admin.connect();
  await admin.query("create database template");
  await admin.end();
  const templateUrl = databaseOf(server.url, "template");
  await migrate(templateUrl);
  project.provide("templateUrl", templateUrl);
  return async () => {
    await server.stop();
    await removeCluster(folder);
  };
}
