import { type BinaryLike, randomBytes, scrypt, type ScryptOptions, timingSafeEqual } from "node:crypto";

/**
 * Device passwords are long and random, so the cost is set for many devices that come back at once, not for human habits:
 * about 10 ms and 8 MB each.
 */
const COST = { N: 8_192, r: 8, p: 1 };
const BYTES = 32;

/** `scrypt$N$r$p$salt$hash`, salt and hash in base64url: what `mqtt_client.password_hash` holds. */
export async function hashDevicePassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const hash = await derive(password, salt, BYTES, COST);
  return `scrypt$${COST.N}$${COST.r}$${COST.p}$${salt.toString("base64url")}$${hash.toString("base64url")}`;
}

/** Whether a password belongs to a hash; false for a hash that is none. */
export async function isDevicePassword(password: BinaryLike, stored: string): Promise<boolean> {
  const [kind, n = "", r = "", p = "", salt = "", hash = ""] = stored.split("$");
  const cost = { N: +n, r: +r, p: +p };
  const expected = Buffer.from(hash, "base64url");
  if (kind !== "scrypt" || expected.length < 16 || cost.N > 2 ** 18 || cost.r > 32 || cost.p > 16) return false;
  try {
    return timingSafeEqual(await derive(password, Buffer.from(salt, "base64url"), expected.length, cost), expected);
  } catch {
    return false;
  }
}

const derive = (password: BinaryLike, salt: Buffer, bytes: number, cost: ScryptOptions): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    scrypt(password, salt, bytes, { ...cost, maxmem: 512 * 1024 * 1024 }, (error, key) =>
      error === null ? resolve(key) : reject(error),
    );
  });
