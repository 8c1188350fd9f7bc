import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";

/** Seals secrets for the database with a key that is not in it (AES-256-GCM): nonce (12), tag (16), ciphertext. */
export type Sealer = {
  seal(secret: Uint8Array): Buffer;
  /** @throws when the bytes were sealed under another key, or changed */
  open(sealed: Uint8Array): Buffer;
};

/** @param key 32 bytes */
export function sealer(key: Uint8Array): Sealer {
  if (key.length !== 32) throw new RangeError("a sealing key has 32 bytes");
  return {
    seal(secret) {
      const nonce = randomBytes(12);
      const cipher = createCipheriv("aes-256-gcm", key, nonce);
      const text = Buffer.concat([cipher.update(secret), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), text]);
    },
    open(sealed) {
      const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, 12));
      decipher.setAuthTag(sealed.subarray(12, 28));
      return Buffer.concat([decipher.update(sealed.subarray(28)), decipher.final()]);
    },
  };
}
