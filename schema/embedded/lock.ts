import { createHash } from "node:crypto";
import { unlink } from "node:fs/promises";
import { connect, createServer, type Server } from "node:net";
import { platform, tmpdir } from "node:os";
import { join } from "node:path";
import { CodedError } from "../../domain/errors.ts";

/** Holds a data folder for one process. The kernel lets go when the process dies, however it dies. */
export type FolderLock = { release(): Promise<void> };

/** @throws CodedError database.folder-in-use when another living process holds it */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const address = addressOf(folder);
  const server = (await listen(address)) ?? (await takeOver(address)) ?? null;
  if (server === null) {
    throw new CodedError("database.folder-in-use", `The data folder ${folder} is in use by another sanbiao.`);
  }
  return {
    release: () =>
      new Promise((done) => {
        server.close(() => done());
      }),
  };
}

export const isFolderLocked = (folder: string): Promise<boolean> => answers(addressOf(folder));

/** An abstract socket on Linux (vanishes with its process), a socket file elsewhere. */
function addressOf(folder: string): string {
  const name = `sanbiao-${createHash("sha256").update(folder).digest("hex").slice(0, 24)}`;
  if (platform() === "win32") return `\\\\.\\pipe\\${name}`;
  return platform() === "linux" ? `\0${name}` : join(tmpdir(), `${name}.sock`);
}

const listen = (address: string): Promise<Server | null> =>
  new Promise((done, fail) => {
    const server = createServer((socket) => socket.destroy());
    server.unref();
    server.once("error", (error: NodeJS.ErrnoException) => (error.code === "EADDRINUSE" ? done(null) : fail(error)));
    server.listen(address, () => done(server));
  });

/** A socket file that nobody answers was left by a killed process. */
async function takeOver(address: string): Promise<Server | null> {
  if (address.startsWith("\0") || (await answers(address))) return null;
  await unlink(address).catch(() => undefined);
  return listen(address);
}

const answers = (address: string): Promise<boolean> =>
  new Promise((done) => {
    const socket = connect(address);
    socket.once("connect", () => {
      socket.destroy();
      done(true);
    });
    socket.once("error", () => done(false));
  });
