import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, chown, mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { afterAll, describe, expect, test } from "vitest";
import { removeCluster, runningUrl, startEmbedded } from "../../schema/embedded/server.ts";
import { clusterFolder } from "../support/cluster-folder.ts";

const folders: string[] = [];
const children: ChildProcess[] = [];
const settings = { shared_buffers: "32MB" };

async function folderOf(mode: number): Promise<string> {
  const folder = await clusterFolder("sanbiao-embedded-");
  await chmod(folder, mode);
  folders.push(folder);
  return folder;
}

/** Another process that holds the folder's server; resolves when it answers. */
async function holder(
  folder: string,
  as: { uid?: number; gid?: number } = {},
): Promise<{ child: ChildProcess; url: string }> {
  const script = fileURLToPath(new URL("../support/hold-database.ts", import.meta.url));
  const child = spawn(process.execPath, [script, folder], { stdio: ["ignore", "pipe", "inherit"], ...as });
  children.push(child);
  const [line] = (await once(child.stdout ?? child, "data")) as [Buffer];
  return { child, url: line.toString().trim() };
}

/** Whether every folder above lets others pass. */
async function isOpenToAll(path: string): Promise<boolean> {
  const folder = dirname(path);
  return ((await stat(folder)).mode & 0o001) !== 0 && (folder === dirname(folder) || isOpenToAll(folder));
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const gone = once(child, "exit");
  child.kill(signal);
  await gone;
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows as unknown[];
  } finally {
    await client.end();
  }
}

afterAll(async () => {
  for (const child of children) if (child.exitCode === null && child.signalCode === null) await ended(child, "SIGTERM");
  for (const folder of folders) await removeCluster(folder);
});

const openToAll = await isOpenToAll(import.meta.filename);

describe("the embedded server", () => {
  test("keeps what was committed when its service is killed, and starts again over the server left behind", async () => {
    const folder = await folderOf(0o711);
    const { child, url } = await holder(folder);
    await query(url, "create table kept (n integer)");
    await query(url, "insert into kept values (1), (2)");
    await ended(child, "SIGKILL");
    expect(await query(url, "select count(*)::int as n from kept")).toEqual([{ n: 2 }]); // the server outlived it
    const again = await startEmbedded({ folder, settings });
    expect(await query(again.url, "select count(*)::int as n from kept")).toEqual([{ n: 2 }]);
    await again.stop();
  });

  test("refuses a folder that another process uses, tells where it answers, and takes it once that one is gone", async () => {
    const folder = await folderOf(0o711);
    const { child, url } = await holder(folder);
    await expect(startEmbedded({ folder, settings })).rejects.toMatchObject({ code: "database.folder-in-use" });
    expect(await runningUrl(folder)).toBe(url);
    await ended(child, "SIGTERM");
    expect(await runningUrl(folder)).toBeNull();
    const server = await startEmbedded({ folder, settings });
    await server.stop();
  });

  test("refuses a folder of another version by name and leaves it as it was", async () => {
    const folder = await folderOf(0o711);
    await (await startEmbedded({ folder, settings })).stop();
    const { cluster } = JSON.parse(await readFile(join(folder, "postgres.json"), "utf8")) as { cluster: string };
    await writeFile(join(cluster, "PG_VERSION"), "17\n");
    await expect(startEmbedded({ folder, settings })).rejects.toMatchObject({
      code: "database.folder-version",
      message: expect.stringContaining("PostgreSQL 17") as string,
    });
    expect(await readFile(join(cluster, "PG_VERSION"), "utf8")).toBe("17\n");
  });

  test("starts over a folder that only its user may enter", async () => {
    const folder = await folderOf(0o700);
    const server = await startEmbedded({ folder, settings });
    expect(await query(server.url, "select 1 as one")).toEqual([{ one: 1 }]);
    await server.stop();
  });

  test.skipIf(process.platform === "win32")(
    "is reached by the socket in its folder, and over the network where the folder's name is too long for one",
    async () => {
      const folder = await folderOf(0o755);
      const server = await startEmbedded({ folder, settings });
      const asked = "select inet_client_addr() is null as local";
      expect(await query(server.url, asked)).toEqual([{ local: true }]);
      expect(await query((await runningUrl(folder)) ?? "", asked)).toEqual([{ local: true }]);
      const overNetwork = new URL(server.url);
      overNetwork.searchParams.delete("host");
      expect(await query(overNetwork.href, asked)).toEqual([{ local: false }]);
      // One that an earlier version left running has no socket.
      await rm(join(new URL(server.url).searchParams.get("host") ?? "", `.s.PGSQL.${overNetwork.port}`));
      expect(await query((await runningUrl(folder)) ?? "", asked)).toEqual([{ local: false }]);
      await server.stop();
      const long = join(folder, "a".repeat(100));
      await mkdir(long);
      await chmod(long, 0o755);
      const other = await startEmbedded({ folder: long, settings });
      // A cluster that stands in an open home instead, with a short name, has its socket there.
      expect(await query(other.url, asked)).toEqual([{ local: other.url.includes("host=") }]);
      await other.stop();
      await removeCluster(long);
    },
  );

  test("begins afresh over a folder that was removed, wherever its cluster stood", async () => {
    const folder = await folderOf(0o700);
    const first = await startEmbedded({ folder, settings });
    await query(first.url, "create table old (n integer)");
    await first.stop();
    for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true });
    const second = await startEmbedded({ folder, settings });
    expect(await query(second.url, "select to_regclass('old') as old")).toEqual([{ old: null }]);
    await second.stop();
  });

  test("refuses a folder that lost only the file which says how to open it", async () => {
    const folder = await folderOf(0o700);
    await (await startEmbedded({ folder, settings })).stop();
    const access = await readFile(join(folder, "postgres.json"));
    await rm(join(folder, "postgres.json"));
    await expect(startEmbedded({ folder, settings })).rejects.toMatchObject({ code: "database.start-failed" });
    await writeFile(join(folder, "postgres.json"), access);
    await (await startEmbedded({ folder, settings })).stop();
  });

  // Only root can become somebody else, and only where that user can read this checkout; everybody else proves it by the other tests.
  test.runIf(process.getuid?.() === 0 && openToAll)("runs for an ordinary user as well as for root", async () => {
    const folder = await folderOf(0o711);
    await chown(folder, 65534, 65534);
    const { child, url } = await holder(folder, { uid: 65534, gid: 65534 });
    expect(await query(url, "select 1 as one")).toEqual([{ one: 1 }]);
    await ended(child, "SIGTERM");
  });
});
