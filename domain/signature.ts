import { createHmac, timingSafeEqual } from "node:crypto";
import { type Instant, MINUTE_MS, SECOND_MS } from "./instant.ts";

/** A message signed with a shared secret: what a webhook carries in both directions. `docs/reference/notices.md`. */

/** How far a message's time may lie from ours: clocks that differ a little, and no replay tomorrow. */
export const SIGNATURE_WINDOW_MS = 5 * MINUTE_MS;

/** `v1=<hex>`: HMAC-SHA256 over `<unix seconds>.<body>`. */
export const signatureOf = (secret: string, timestamp: string, body: string): string =>
  `v1=${createHmac("sha256", secret).update(`${timestamp}.${body}`).digest("hex")}`;

/** Unix seconds as the header carries them. */
export const timestampOf = (at: Instant): string => String(Math.floor(at / SECOND_MS));

/** Why a signed message is not to be believed, or `null`. */
export function signatureProblem(
  secret: string,
  message: { readonly timestamp: string; readonly signature: string; readonly body: string },
  now: Instant,
): "no time" | "too old or too new" | "wrong signature" | null {
  const { timestamp, signature, body } = message;
  if (!/^\d{9,11}$/.test(timestamp)) return "no time";
  const expected = Buffer.from(signatureOf(secret, timestamp, body));
  const given = Buffer.from(signature);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return "wrong signature";
  return Math.abs(Number(timestamp) * SECOND_MS - now) > SIGNATURE_WINDOW_MS ? "too old or too new" : null;
}
