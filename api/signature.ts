import { CodedError } from "../domain/errors.ts";
import type { Instant } from "../domain/instant.ts";
import { signatureProblem } from "../domain/signature.ts";

/** `t=<unix seconds>,v1=<hex HMAC-SHA256 of "<t>.<body>">` */
export const SIGNATURE_HEADER = "sanbiao-signature";

/** @throws CodedError `auth.signature` unless the header signs this very body with this secret, now */
export function checkSignature(body: string, header: unknown, secret: string, now: Instant): void {
  const [time = "", signature = ""] = (typeof header === "string" ? header : "").split(",", 2);
  const timestamp = time.trim().replace(/^t=/, "");
  const problem = signatureProblem(secret, { timestamp, signature: signature.trim(), body }, now);
  if (problem !== null)
    throw new CodedError("auth.signature", `${SIGNATURE_HEADER} does not sign this body now: ${problem}.`);
}
