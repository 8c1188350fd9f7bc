import { closeSync } from "node:fs";
import { createRequire } from "node:module";
import type { Duplex } from "node:stream";
import { ReadStream } from "node:tty";

/**
 * A serial line without hardware: bytes written on `master` come out of the port at `path` and the other way round. The package's own
 * `open` reads from both ends and would take the port's bytes away, so its native part is asked directly.
 */
export type PtyPair = { readonly master: Duplex; readonly path: string; close(): void };

type Native = { open(cols: number, rows: number): { master: number; slave: number; pty: string } };

export function openPtyPair(): PtyPair {
  const require = createRequire(import.meta.url);
  const binaries = require("@lydell/node-pty/requireBinary.js") as { requireBinary(file: string): Native };
  const pair = binaries.requireBinary("pty.node").open(80, 24);
  const master = new ReadStream(pair.master);
  master.on("error", () => {}); // EIO when the last reader of the port goes
  const close = (): void => {
    if (!master.destroyed) master.destroy();
    closeSync(pair.slave);
  };
  return { master, path: pair.pty, close };
}
