import type { Decoded } from "../collectors/decode/decoded.ts";
import { dialectSessions } from "../collectors/mqtt/dialects.ts";
import type { Instant } from "../domain/instant.ts";
import type { DialectProfile } from "../domain/profile.ts";

/**
 * Messages of a dialect with a memory: one payload with its topic given, or lines `TOPIC PAYLOAD`, births first. What is
 * returned is what the last one says. Sparkplug payloads are hex or base64.
 * @returns the result, or what is wrong with the input
 */
export function decodeLines(
  profile: DialectProfile,
  input: string,
  topic: string | undefined,
  receivedAt: Instant,
): Decoded | string {
  const lines = input.split(/\r?\n/).filter((line) => line.trim() !== "");
  if (lines.length === 0) return "give TOPIC PAYLOAD lines on standard input, or one payload with --topic";
  const sessions = dialectSessions();
  let last: Decoded | string = "";
  for (const line of lines) {
    const at = line.indexOf(" ");
    const isLine = topic === undefined || (at > 0 && line.slice(0, at).includes("/") && lines.length > 1);
    if (isLine && at < 1) return `no payload stands behind the topic in: ${line.slice(0, 100)}`;
    const text = isLine ? line.slice(at + 1) : line;
    const payload = profile.dialect === "sparkplug-b" ? bytesOf(text.replaceAll(" ", "")) : Buffer.from(text);
    if (payload === null) return `neither hex nor base64: ${text.slice(0, 100)}`;
    last = sessions.read(
      0n,
      profile,
      { topic: isLine ? line.slice(0, at) : (topic ?? ""), payload },
      receivedAt,
    ).decoded;
  }
  return last;
}

function bytesOf(text: string): Uint8Array | null {
  if (/^([0-9a-f]{2})*$/i.test(text)) return Buffer.from(text, "hex");
  return /^[A-Za-z0-9+/]*={0,2}$/.test(text) ? Buffer.from(text, "base64") : null;
}
