import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";

// N = 2^15, r = 8, p = 1: 32 MiB and about 60 ms each, OWASP's scrypt advice scaled to a small gateway machine.
const COST = { N: 2 ** 15, r: 8, p: 1 } as const;
const KEY_BYTES = 32;
const MEMORY_MAX = 128 * 1024 * 1024;

const derive = (password: string, salt: Buffer, cost: { N: number; r: number; p: number }, bytes: number) =>
  new Promise<Buffer>((resolve, reject) => {
    scrypt(password.normalize("NFKC"), salt, bytes, { ...cost, maxmem: MEMORY_MAX }, (error, key) =>
      error === null ? resolve(key) : reject(error),
    );
  });

/** `scrypt$N$r$p$salt$key`, so that the cost can grow without breaking old hashes. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const key = await derive(password, salt, COST, KEY_BYTES);
  return ["scrypt", COST.N, COST.r, COST.p, salt.toString("base64url"), key.toString("base64url")].join("$");
}

const HASH = /^scrypt\$(\d{1,7})\$(\d{1,2})\$(\d{1,2})\$([\w-]{10,})\$([\w-]{20,})$/;

/** Whether the password fits. Without a hash (no such user) it takes as long and says no. */
export async function verifyPassword(password: string, hash: string | null): Promise<boolean> {
  const m = hash === null ? null : HASH.exec(hash);
  if (m === null) {
    await derive(password, Buffer.alloc(16), COST, KEY_BYTES);
    return false;
  }
  const expected = Buffer.from(m[5] ?? "", "base64url");
  const cost = { N: Number(m[1]), r: Number(m[2]), p: Number(m[3]) };
  return timingSafeEqual(await derive(password, Buffer.from(m[4] ?? "", "base64url"), cost, expected.length), expected);
}
