import { CodedError } from "../domain/errors.ts";

/**
 * Text from the bytes of a file: by its byte order mark, else by `encoding="…"` of its XML declaration, else UTF-8.
 * @throws CodedError `request.invalid` for an encoding that nobody knows and for bytes that are not text in it
 */
export async function* textOf(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let decoder: TextDecoder | null = null;
  for await (const chunk of bytes) {
    decoder ??= decoderOf(chunk);
    const text = decoded(decoder, chunk);
    if (text !== "") yield text;
  }
  if (decoder !== null) yield decoded(decoder, null);
}

function decoded(decoder: TextDecoder, chunk: Uint8Array | null): string {
  try {
    return chunk === null ? decoder.decode() : decoder.decode(chunk, { stream: true });
  } catch {
    throw new CodedError(
      "request.invalid",
      `The file is not text: bytes that are not ${decoder.encoding}. Nothing was written.`,
    );
  }
}

function decoderOf(head: Uint8Array): TextDecoder {
  if (head[0] === 0xff && head[1] === 0xfe) return new TextDecoder("utf-16le", { fatal: true });
  if (head[0] === 0xfe && head[1] === 0xff) return new TextDecoder("utf-16be", { fatal: true });
  const declared = /^\s*<\?xml[^>]*?encoding\s*=\s*["']([\w.:-]+)["']/.exec(
    new TextDecoder("latin1").decode(head.subarray(0, 200)),
  )?.[1];
  try {
    return new TextDecoder(declared ?? "utf-8", { fatal: true });
  } catch {
    throw new CodedError(
      "request.invalid",
      `The file says encoding ${declared}, which is not known here. Nothing was written.`,
    );
  }
}

/**
 * Text of a whole small file that people made: by its byte order mark, else UTF-8, else GB 18030, in which Chinese Excel saves CSV.
 * @throws CodedError `request.invalid` for bytes that are text in neither
 */
export function textOfFile(bytes: Uint8Array): string {
  const marked =
    bytes[0] === 0xff && bytes[1] === 0xfe ? "utf-16le" : bytes[0] === 0xfe && bytes[1] === 0xff ? "utf-16be" : null;
  for (const encoding of marked === null ? ["utf-8", "gb18030"] : [marked]) {
    try {
      const text = new TextDecoder(encoding, { fatal: true }).decode(bytes);
      if (!text.includes("\0")) return text;
    } catch {
      // the next one
    }
  }
  throw new CodedError("request.invalid", "The file is neither a spreadsheet (.xlsx) nor text in UTF-8 or GBK.");
}
