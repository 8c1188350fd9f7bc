import { buffer } from "node:stream/consumers";

/** What a command talks to. `code` becomes the exit status: 0 done, 1 refused or failed, 2 wrong use. */
export type Io = {
  out(text: string): void;
  err(text: string): void;
  stdin(): Promise<Uint8Array>;
  exit(code: 0 | 1 | 2): void;
};

/**
 * Whoever read our output may leave early (`| head`): what is still to be said then goes nowhere, and the work goes on to its
 * own end and status. Any other failure to write is one.
 */
function writer(stream: NodeJS.WriteStream): (text: string) => void {
  let isHeard = true;
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    isHeard = false;
  });
  return (text) => void (isHeard && stream.write(text.endsWith("\n") ? text : `${text}\n`));
}

export const processIo: Io = {
  out: writer(process.stdout),
  err: writer(process.stderr),
  stdin: () => buffer(process.stdin),
  exit: (code) => {
    process.exitCode = code;
  },
};

/** One JSON document on standard output and nothing else: bigints as decimal strings. */
export function printJson(io: Io, document: unknown): void {
  io.out(JSON.stringify(document, (_key, value: unknown) => (typeof value === "bigint" ? value.toString() : value), 2));
}
