import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chown, mkdir, open, readdir, readFile, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { platform, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import { CodedError } from "../../domain/errors.ts";
import { databaseOf } from "../url.ts";
import { isFolderLocked, lockFolder } from "./lock.ts";
import { type Place, placeOf } from "./place.ts";

/** A running PostgreSQL that came with the project. `url` is its owner's (a superuser of this server only, from this machine only). */
export type EmbeddedServer = { readonly url: string; stop(): Promise<void> };

/** The server's major version; a cluster of another one is refused. */
export const POSTGRES_MAJOR = "18";

/** `postgres.json` in the data folder: how to reach the server; readable by its owner only. */
type Access = { readonly password: string; readonly cluster: string; readonly port?: number };

export type EmbeddedOptions = {
  /** The data folder. The cluster stands in it, or elsewhere when the user that runs the server cannot reach it; `postgres.json` says where. */
  readonly folder: string;
  /** What happens, for whoever waits. */
  readonly onProgress?: (step: "creating" | "recovering" | "starting" | "ready") => void;
  /** Further server settings, as `{ fsync: "off" }` for tests. */
  readonly settings?: Readonly<Record<string, string>>;
};

/**
 * Starts the server over a data folder; makes the cluster at the first start. A server left behind by a killed process is
 * stopped first (its committed data are there).
 * @throws CodedError database.folder-in-use, database.folder-version, database.start-failed
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedServer> {
  await mkdir(options.folder, { recursive: true });
  const folder = await realpath(options.folder);
  const lock = await lockFolder(folder);
  try {
    const place = await placeOf(folder);
    await stopOrphan(place, options);
    await leaveBehind(folder, place);
    const access = await accessOf(folder, place, options);
    options.onProgress?.("starting");
    const server = await startServer(folder, place, access, options.settings ?? {});
    options.onProgress?.("ready");
    return {
      url: server.url,
      stop: async () => {
        await stopServer(server.child);
        await lock.release();
      },
    };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** The address of a folder's server while another process runs it; `null` when nobody does. */
export async function runningUrl(path: string): Promise<string | null> {
  const folder = await realpath(path).catch(() => null);
  if (folder === null || !(await isFolderLocked(folder))) return null;
  const access = await readAccess(folder);
  if (access?.port === undefined) return null;
  // One that an earlier version started has no socket.
  const socket = await stat(join(access.cluster, `.s.PGSQL.${access.port}`)).catch(() => null);
  return urlOf(access, access.port, socket !== null);
}

/** Over the socket in the cluster's folder where there is one, which costs a small statement a third less than the network's way. */
function urlOf({ password, cluster }: Access, port: number, withSocket = hasSocket(cluster)): string {
  const url = `postgres://sanbiao:${password}@127.0.0.1:${port}/sanbiao`;
  return withSocket ? `${url}?host=${encodeURIComponent(cluster)}` : url;
}

/** The name of a socket is `<folder>/.s.PGSQL.65535` and has 103 characters at most where systems allow least. */
const SOCKET_FOLDER_MAX = 103 - "/.s.PGSQL.65535".length;
const hasSocket = (cluster: string): boolean =>
  platform() !== "win32" && Buffer.byteLength(cluster) <= SOCKET_FOLDER_MAX;

async function readAccess(folder: string): Promise<Access | null> {
  const text = await readFile(join(folder, "postgres.json"), "utf8").catch(() => null);
  return text === null ? null : (JSON.parse(text) as Access);
}

const writeAccess = async (folder: string, access: Access): Promise<void> => {
  await writeFile(join(folder, "postgres.json.new"), JSON.stringify(access), { mode: 0o600 });
  await rename(join(folder, "postgres.json.new"), join(folder, "postgres.json"));
};

/** Reads how to reach the cluster; makes the cluster when there is none. */
async function accessOf(folder: string, place: Place, options: EmbeddedOptions): Promise<Access> {
  const version = (await readFile(join(place.cluster, "PG_VERSION"), "utf8").catch(() => null))?.trim();
  const access = await readAccess(folder);
  if (version !== undefined && version !== POSTGRES_MAJOR) {
    throw new CodedError(
      "database.folder-version",
      `The data folder ${place.cluster} is of PostgreSQL ${version}; this sanbiao runs ${POSTGRES_MAJOR}.`,
    );
  }
  if (version !== undefined && access !== null) return access;
  if (version !== undefined) {
    throw new CodedError(
      "database.start-failed",
      `${join(folder, "postgres.json")} is missing, without which the cluster ${place.cluster} cannot be opened: restore it.`,
    );
  }
  options.onProgress?.("creating");
  const fresh = { password: randomBytes(18).toString("base64url"), cluster: place.cluster };
  await createCluster(place, fresh.password);
  await writeAccess(folder, fresh);
  return fresh;
}

/**
 * A folder that somebody removed begins afresh. Its cluster stood elsewhere and is still there: it is put aside, where it can be
 * fetched back until the next time. A folder that lost nothing but its `postgres.json` is another matter and is refused later.
 */
async function leaveBehind(folder: string, place: Place): Promise<void> {
  const outside = dirname(place.cluster) !== folder;
  if (!outside || (await readdir(folder)).length > 0 || (await stat(place.cluster).catch(() => null)) === null) return;
  await rm(`${place.cluster}.left`, { recursive: true, force: true });
  await rename(place.cluster, `${place.cluster}.left`);
}

/** initdb into a neighbour and a rename, so that a kill half way leaves no half cluster. */
async function createCluster(place: Place, password: string): Promise<void> {
  const half = `${place.cluster}.new`;
  await rm(half, { recursive: true, force: true });
  await mkdir(half, { mode: 0o700 });
  const secret = join(half, "..", `.password-${process.pid}`);
  try {
    await writeFile(secret, password, { mode: 0o600 });
    if (place.runAs !== null) {
      await chown(half, place.runAs.uid, place.runAs.gid);
      await chown(secret, place.runAs.uid, place.runAs.gid);
    }
    const flags = ["-D", half, "-U", "sanbiao", "--auth=scram-sha-256", `--pwfile=${secret}`, "--encoding=UTF8"];
    const locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--no-instructions"];
    await promisify(execFile)(place.programs.initdb, [...flags, ...locale], {
      ...place.runAs,
      cwd: "/",
      env: serverEnv(),
    });
    await rename(half, place.cluster);
  } catch (cause) {
    const said = (cause as { stderr?: string }).stderr ?? String(cause);
    throw new CodedError("database.start-failed", `initdb failed: ${said.trim()}`, { cause });
  } finally {
    await rm(secret, { force: true });
  }
}

/** The folder's lock is ours, so that a server that still runs over it belongs to a process that was killed. */
async function stopOrphan(place: Place, options: EmbeddedOptions): Promise<void> {
  const pid = Number((await readFile(join(place.cluster, "postmaster.pid"), "utf8").catch(() => "")).split("\n")[0]);
  if (!Number.isInteger(pid) || pid <= 0 || !isAlive(pid)) return;
  options.onProgress?.("recovering");
  const stop = ["stop", "-D", place.cluster, "-m", "fast", "-t", "30"];
  await promisify(execFile)(place.programs.pg_ctl, stop, { ...place.runAs, cwd: "/", env: serverEnv() }).catch(
    (cause: unknown) => {
      if (isAlive(pid)) {
        throw new CodedError(
          "database.folder-in-use",
          `Process ${pid} holds the cluster ${place.cluster} and did not stop.`,
          { cause },
        );
      }
    },
  );
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
};

const serverEnv = (): NodeJS.ProcessEnv => ({ PATH: process.env["PATH"], LC_ALL: "C", TZ: "UTC", TMPDIR: tmpdir() });

/** Settings of a server that has the machine for itself together with the service. fsync and synchronous_commit stay on. */
const SETTINGS = {
  listen_addresses: "127.0.0.1",
  max_connections: "100",
  shared_buffers: "256MB",
  max_wal_size: "4GB",
  checkpoint_timeout: "15min",
  log_line_prefix: "%m [%p] ",
  log_timezone: "UTC",
};

/** A port that was free a moment ago may be taken the next: try three. */
async function startServer(
  folder: string,
  place: Place,
  access: Access,
  settings: Record<string, string>,
): Promise<{ url: string; child: ChildProcess }> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    const child = await spawnServer(folder, place, port, settings);
    try {
      const url = urlOf(access, port);
      await untilReady(url, child);
      await writeAccess(folder, { ...access, port });
      return { url, child };
    } catch (cause) {
      await stopServer(child);
      if (attempt === 3) {
        throw new CodedError(
          "database.start-failed",
          `PostgreSQL did not start: see ${join(folder, "postgres.log")}.`,
          { cause },
        );
      }
    }
  }
}

async function spawnServer(
  folder: string,
  place: Place,
  port: number,
  settings: Record<string, string>,
): Promise<ChildProcess> {
  const log = await open(join(folder, "postgres.log"), "a", 0o600);
  const socket = { unix_socket_directories: hasSocket(place.cluster) ? `"${place.cluster}"` : "" };
  const flags = Object.entries({ ...SETTINGS, ...socket, ...settings }).flatMap(([name, value]) => [
    "-c",
    `${name}=${value}`,
  ]);
  // A group of its own: Ctrl-C reaches the service, which stops the server last and in order.
  const child = spawn(place.programs.postgres, ["-D", place.cluster, "-p", String(port), ...flags], {
    ...place.runAs,
    cwd: "/",
    detached: true,
    env: serverEnv(),
    stdio: ["ignore", log.fd, log.fd],
  });
  child.on("error", () => undefined); // `untilReady` sees that it is gone
  await log.close();
  return child;
}

const READY_WITHIN_MS = 60_000; // a cluster that recovers from a crash replays its log first

async function untilReady(url: string, child: ChildProcess): Promise<void> {
  const give = performance.now() + READY_WITHIN_MS;
  const admin = databaseOf(url, "postgres");
  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined)
      throw new Error("the server ended while it started");
    const client = new pg.Client({ connectionString: admin, connectionTimeoutMillis: 2000 });
    try {
      await client.connect();
      const { rowCount } = await client.query("select 1 from pg_database where datname = 'sanbiao'");
      if (rowCount === 0) await client.query("create database sanbiao");
      return;
    } catch (error) {
      const code = (error as { code?: string }).code;
      if (
        !(code === "ECONNREFUSED" || code === "ENOENT" || code === "57P03" || code === "ECONNRESET") ||
        performance.now() > give
      )
        throw error;
      await new Promise((wake) => setTimeout(wake, 50));
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}

/** Fast shutdown: open transactions are rolled back, everything committed is on disk. */
async function stopServer(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const gone = new Promise((done) => child.once("exit", done));
  child.kill("SIGINT");
  await gone;
}

const freePort = (): Promise<number> =>
  new Promise((done, fail) => {
    const probe = createServer();
    probe.once("error", fail);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => done(typeof address === "object" && address !== null ? address.port : 0));
    });
  });

/** Removes a cluster that stands outside its folder as well: for tests and for whoever starts afresh. */
export async function removeCluster(path: string): Promise<void> {
  const folder = await realpath(path).catch(() => null);
  if (folder === null) return;
  const access = await readAccess(folder);
  for (const cluster of access === null ? [] : [access.cluster, `${access.cluster}.left`]) {
    await rm(cluster, { recursive: true, force: true });
  }
  await rm(folder, { recursive: true, force: true });
}
