import { mkdir, open, type FileHandle, readdir, readFile, rename, rmdir, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "pino";
import { CodedError } from "../../domain/errors.ts";
import type { Instant } from "../../domain/instant.ts";
import { type FolderLock, lockFolder } from "../../schema/embedded/lock.ts";
import { MAGIC, scan } from "./record.ts";

/** What waits on disk. */
export type Waiting = { readonly rows: number; readonly bytes: number; readonly oldestAt: Instant | null };

/** A file that is complete: nothing is added to it any more. */
export type Segment = { readonly path: string; readonly records: readonly Buffer[]; readonly damaged: number };

/** Records on disk, in order, of one process; what a dead process left is taken over at the start. */
export type Spool = {
  /** Resolves when the record is on the disk itself. @throws CodedError spool.full */
  append(record: Buffer, of: { rows: number; receivedAt: Instant }): Promise<void>;
  /** The oldest file, closed for further records; `null` when nothing waits. */
  next(): Promise<Segment | null>;
  /** Its records are in the book: the file goes. One with damage is kept under another name. */
  done(segment: Segment): Promise<void>;
  waiting(): Waiting;
  /** Nothing waits and nothing is being written. */
  readonly idle: boolean;
  close(): Promise<void>;
};

export type SpoolSettings = {
  /** Shared by all processes of this data folder; each has a folder of its own in it. */
  readonly folder: string;
  readonly log: Logger;
  readonly bytesMax?: number;
  readonly segmentBytes?: number;
};

/** Four million readings: a town of 20 000 meters for three hours. Our choice. */
const BYTES_MAX = 512 * 1024 * 1024;
const SEGMENT_BYTES = 4 * 1024 * 1024; // read back in one piece
const SUFFIX = ".spool";
const PROCESSES_MAX = 64;

type Active = { readonly path: string; readonly file: FileHandle; bytes: number; rows: number; oldestAt: Instant };
type Closed = {
  readonly path: string;
  readonly bytes: number;
  readonly rows: number;
  readonly oldestAt: Instant | null;
};
type Pending = {
  readonly record: Buffer;
  readonly rows: number;
  readonly receivedAt: Instant;
  readonly kept: PromiseWithResolvers<void>;
};

export async function openSpool(settings: SpoolSettings): Promise<Spool> {
  const { log, bytesMax = BYTES_MAX, segmentBytes = SEGMENT_BYTES } = settings;
  const { own, lock } = await ownFolder(settings.folder);
  await takeOver(settings.folder, own, log);
  const closed: Closed[] = [];
  let serial = 0;
  for (const name of await segmentsIn(own)) {
    closed.push(await lookedAt(join(own, name), log));
    serial = Math.max(serial, Number.parseInt(name, 10));
  }
  let active: Active | null = null;
  let pending: Pending[] = [];
  let pendingBytes = 0;
  let writing: Promise<void> | null = null;
  let fullSaid = false;
  let ended = false;

  const bytes = (): number => closed.reduce((sum, one) => sum + one.bytes, (active?.bytes ?? 0) + pendingBytes);

  function append(record: Buffer, { rows, receivedAt }: { rows: number; receivedAt: Instant }): Promise<void> {
    if (ended) return Promise.reject(new CodedError("spool.full", "The disk buffer is closed."));
    if (bytes() + record.length > bytesMax) {
      if (!fullSaid)
        log.error({ bytes: bytes() }, "the disk buffer is full: readings are refused until the database is back");
      fullSaid = true;
      return Promise.reject(new CodedError("spool.full", `${bytes()} bytes of readings wait on disk already.`));
    }
    fullSaid = false;
    const kept = Promise.withResolvers<void>();
    pending.push({ record, rows, receivedAt, kept });
    pendingBytes += record.length;
    void write();
    return kept.promise;
  }

  /** All that has come meanwhile goes with one write and one sync. */
  const write = (): Promise<void> => (writing ??= writeAll());

  async function writeAll(): Promise<void> {
    while (pending.length > 0) {
      const batch = pending;
      pending = [];
      const size = batch.reduce((sum, { record }) => sum + record.length, 0);
      try {
        await put(batch, size);
        for (const { kept } of batch) kept.resolve();
      } catch (error) {
        const why = `The disk buffer cannot be written: ${(error as Error).message}`;
        log.error({ err: error }, "the disk buffer cannot be written: readings are refused");
        for (const { kept } of batch) kept.reject(new CodedError("spool.full", why, { cause: error }));
      }
      pendingBytes -= size;
    }
    writing = null; // at once: what comes now must begin anew
  }

  async function put(batch: readonly Pending[], size: number): Promise<void> {
    const file = (active ??= await begun(batch[0]?.receivedAt ?? (0 as Instant)));
    try {
      await file.file.appendFile(
        Buffer.concat(
          batch.map(({ record }) => record),
          size,
        ),
      );
      await file.file.datasync();
    } catch (error) {
      await rotate(); // what was written of it lies at the end of a file, where it is read or passed over
      throw error;
    }
    file.bytes += size;
    for (const { rows } of batch) file.rows += rows;
    if (file.bytes >= segmentBytes) await rotate();
  }

  async function begun(oldestAt: Instant): Promise<Active> {
    const path = join(own, `${String(++serial).padStart(12, "0")}${SUFFIX}`);
    const file = await open(path, "ax", 0o600);
    await file.appendFile(MAGIC);
    await syncFolder(own);
    return { path, file, bytes: MAGIC.length, rows: 0, oldestAt };
  }

  async function rotate(): Promise<void> {
    if (active === null) return;
    const { file, path, bytes: size, rows, oldestAt } = active;
    active = null;
    closed.push({ path, bytes: size, rows, oldestAt });
    await file.close().catch(() => undefined);
  }

  return {
    append,
    async next() {
      while (closed.length === 0 && writing !== null) await writing;
      if (closed.length === 0) await rotate(); // nothing is being written now
      const [first] = closed;
      if (first === undefined) return null;
      const { records, damaged } = scan(await readFile(first.path));
      return { path: first.path, records, damaged };
    },
    async done({ path, damaged }) {
      if (ended) return; // another process may have it
      if (damaged > 0) {
        log.error({ path, records: damaged }, "records of the disk buffer were damaged; the file is kept for a person");
        await rename(path, `${path}.damaged`);
      } else await unlink(path);
      const at = closed.findIndex((one) => one.path === path);
      if (at >= 0) closed.splice(at, 1);
    },
    waiting: () => ({
      rows: closed.reduce((sum, one) => sum + one.rows, active?.rows ?? 0),
      bytes: bytes(),
      oldestAt: closed[0]?.oldestAt ?? active?.oldestAt ?? null,
    }),
    get idle() {
      return closed.length === 0 && active === null && writing === null;
    },
    async close() {
      while (writing !== null) await writing;
      ended = true;
      await rotate();
      await lock.release();
    },
  };
}

/** The first folder that no living process holds. */
async function ownFolder(folder: string): Promise<{ own: string; lock: FolderLock }> {
  for (let n = 0; n < PROCESSES_MAX; n++) {
    const own = join(folder, `process-${n}`);
    await mkdir(own, { recursive: true, mode: 0o700 });
    const lock = await held(own);
    if (lock !== null) return { own, lock };
  }
  throw new CodedError("config.invalid", `More than ${PROCESSES_MAX} processes use the disk buffer ${folder}.`);
}

const held = (folder: string): Promise<FolderLock | null> =>
  lockFolder(folder).catch((error: unknown) => {
    if (error instanceof CodedError && error.code === "database.folder-in-use") return null;
    throw error;
  });

/** What dead processes left becomes ours, behind what is ours already. */
async function takeOver(folder: string, own: string, log: Logger): Promise<void> {
  let serial = Math.max(0, ...(await segmentsIn(own)).map((name) => Number.parseInt(name, 10)));
  for (const name of (await readdir(folder)).filter((one) => one.startsWith("process-")).toSorted()) {
    const other = join(folder, name);
    if (other === own) continue;
    const lock = await held(other);
    if (lock === null) continue;
    try {
      const left = await segmentsIn(other);
      for (const segment of left)
        await rename(join(other, segment), join(own, `${String(++serial).padStart(12, "0")}${SUFFIX}`));
      if (left.length > 0)
        log.info({ from: other, files: left.length }, "the disk buffer of a dead process is taken over");
      await rmdir(other).catch(() => undefined); // something is kept there for a person
    } finally {
      await lock.release();
    }
  }
  await syncFolder(own);
}

const segmentsIn = async (folder: string): Promise<string[]> =>
  (await readdir(folder)).filter((name) => name.endsWith(SUFFIX)).toSorted();

async function lookedAt(path: string, log: Logger): Promise<Closed> {
  const { rows, oldestAt, torn } = scan(await readFile(path));
  if (torn > 0) log.warn({ path, bytes: torn }, "the end of a disk buffer was cut off; nothing in it was acknowledged");
  return { path, rows, oldestAt, bytes: (await stat(path)).size };
}

/** A new name is on the disk only when its folder is. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r").catch(() => null);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}
