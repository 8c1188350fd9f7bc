import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { BrokerClient, CredentialBook } from "./client.ts";
import { hashDevicePassword, isDevicePassword } from "./password.ts";

export type SignIn = "welcome" | "wrong" | "busy";

/**
 * Checks user names and passwords. A password that was right is remembered (as a keyed hash, for this stored hash only), so
 * that ten thousand devices that come back at once cost microseconds each; a wrong one for a minute.
 */
export function signInDesk(
  credentials: CredentialBook,
  limits: { passwordChecksMax: number },
): (username: string | undefined, password: Uint8Array | undefined, now: number) => Promise<SignIn> {
  const key = randomBytes(32);
  const right = new Map<string, { stored: string; digest: Buffer }>();
  const wrong = new Map<string, number>();
  let checking = 0;
  // Checked for user names that do not exist, so that the answer takes as long.
  const nobody: Promise<string> = hashDevicePassword(randomBytes(16).toString("hex"));

  const digestOf = (username: string, password: Uint8Array) =>
    createHmac("sha256", key).update(username).update("\0").update(password).digest();

  async function check(known: BrokerClient | undefined, username: string, password: Uint8Array): Promise<boolean> {
    const isRight = await isDevicePassword(password, known?.passwordHash ?? (await nobody));
    if (known === undefined || !isRight) return false;
    right.set(username, { stored: known.passwordHash, digest: digestOf(username, password) });
    return true;
  }

  return async (username, password, now) => {
    if (username === undefined || password === undefined || username === "") return "wrong";
    const known = credentials.client(username);
    const digest = digestOf(username, password);
    const before = right.get(username);
    if (known !== undefined && before?.stored === known.passwordHash && timingSafeEqual(before.digest, digest))
      return known.enabled ? "welcome" : "wrong";
    const wrongKey = `${known?.passwordHash ?? ""}/${digest.toString("base64")}`;
    const until = wrong.get(wrongKey);
    if (until !== undefined && now < until) return "wrong";
    if (checking >= limits.passwordChecksMax) return "busy";
    checking++;
    try {
      if ((await check(known, username, password)) && known?.enabled === true) return "welcome";
    } finally {
      checking--;
    }
    if (wrong.size >= WRONG_MAX) wrong.clear();
    wrong.set(wrongKey, now + WRONG_MS);
    return "wrong";
  };
}

const WRONG_MAX = 10_000;
const WRONG_MS = 60_000;
