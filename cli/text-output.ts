import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { finished } from "node:stream/promises";
import { CodedError } from "../domain/errors.ts";

/** Parts of a text as they come, and at its end what there is to tell of it. */
export type WrittenText = AsyncGenerator<string, unknown>;

/** Waits while the reader is slow; a reader that goes away (`| head`) ends the export without an error of ours. */
export async function toStdout(parts: WrittenText): Promise<unknown> {
  let gone = false;
  process.stdout.on("error", () => {
    gone = true;
  });
  for (;;) {
    const part = await parts.next();
    if (part.done) return part.value;
    if (gone) return parts.return({});
    if (!process.stdout.write(part.value))
      await Promise.race([once(process.stdout, "drain"), once(process.stdout, "close")]);
  }
}

/** Another name until it is whole: nobody finds half a file. */
export const toFile =
  (file: string) =>
  async (parts: WrittenText): Promise<unknown> => {
    const half = `${file}.${process.pid}.part`;
    const stream = createWriteStream(half, { flags: "wx" });
    const done = finished(stream);
    done.catch(() => undefined); // told below, by the first one who waits for it
    try {
      await Promise.race([once(stream, "open"), done]);
      let result: unknown;
      for (;;) {
        const part = await parts.next();
        if (part.done) {
          result = part.value;
          break;
        }
        if (!stream.write(part.value)) await Promise.race([once(stream, "drain"), done]);
      }
      stream.end();
      await done;
      await rename(half, file);
      return result;
    } catch (error) {
      stream.destroy();
      await rm(half, { force: true });
      const system = (error as { code?: string; path?: string; syscall?: string }).syscall;
      if (system === undefined) throw error;
      throw new CodedError(
        "request.invalid",
        `The file ${file} cannot be written: ${(error as { code?: string }).code ?? system}.`,
        { cause: error },
      );
    }
  };
