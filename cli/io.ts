import { buffer } from "node:stream/consumers";

/** What a command talks to. `code` becomes the exit status: 0 done, 1 refused or failed, 2 wrong use. */
export type Io = {
  out(text: string): void;
  err(text: string): void;
  stdin(): Promise<Uint8Array>;
  exit(code: 0 | 1 | 2): void;
};

export const processIo: Io = {
  out: (text) => void process.stdout.write(text.endsWith("\n") ? text : `${text}\n`),
  err: (text) => void process.stderr.write(text.endsWith("\n") ? text : `${text}\n`),
  stdin: () => buffer(process.stdin),
  exit: (code) => {
    process.exitCode = code;
  },
};

/** One JSON document on standard output and nothing else: bigints as decimal strings. */
export function printJson(io: Io, document: unknown): void {
  io.out(JSON.stringify(document, (_key, value: unknown) => (typeof value === "bigint" ? value.toString() : value), 2));
}
