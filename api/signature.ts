import { createHmac, timingSafeEqual } from "node:crypto";
import { CodedError } from "../domain/errors.ts";
import { type Instant, MINUTE_MS } from "../domain/instant.ts";

/** What a body was signed at is no further from now than this: clocks differ, and a copy is worth nothing later. */
export const SIGNED_WITHIN_MS = 5 * MINUTE_MS;

/** `t=<unix ms>,v1=<hex HMAC-SHA256 of "<t>.<body>">` */
export const SIGNATURE_HEADER = "sanbiao-signature";

export function signatureOf(body: Buffer | string, secret: string, at: Instant): string {
  return `t=${at},v1=${macOf(body, secret, String(at)).toString("hex")}`;
}

const macOf = (body: Buffer | string, secret: string, at: string): Buffer =>
  createHmac("sha256", secret).update(`${at}.`).update(body).digest();

/** @throws CodedError `auth.signature` unless the header signs this very body with this secret, now */
export function checkSignature(body: Buffer | string, header: unknown, secret: string, now: Instant): void {
  const parts = new Map(
    (typeof header === "string" ? header : "").split(",").map((part) => part.trim().split("=", 2) as [string, string]),
  );
  const [at = "", mac = ""] = [parts.get("t"), parts.get("v1")];
  const isWellMade = /^\d{1,15}$/.test(at) && /^[0-9a-f]{64}$/i.test(mac);
  if (!isWellMade || !timingSafeEqual(macOf(body, secret, at), Buffer.from(mac, "hex")))
    throw new CodedError("auth.signature", `${SIGNATURE_HEADER} does not sign this body.`);
  if (Math.abs(now - Number(at)) > SIGNED_WITHIN_MS)
    throw new CodedError("auth.signature", `${SIGNATURE_HEADER}: t is more than five minutes from now.`);
}
