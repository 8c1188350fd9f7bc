import { randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CodedError } from "./domain/errors.ts";
import type { Settings } from "./settings.ts";

const BYTES = 32;

/**
 * The key under which secrets lie in the database: `SANBIAO_SEALING_KEY`, else a file beside the data, made at the first use and readable by
 * its owner alone. A database without it gives no secret away; who loses it enters the devices' keys again.
 * @throws CodedError config.invalid when the file holds no key
 */
export async function sealingKeyOf({
  sealingKey,
  dataFolder,
}: Pick<Settings, "sealingKey" | "dataFolder">): Promise<Buffer> {
  if (sealingKey !== undefined) return Buffer.from(sealingKey, "hex");
  const file = join(dataFolder, "sealing.key");
  await mkdir(dataFolder, { recursive: true });
  // `wx`: of two that begin at once only one makes it, and both read the same.
  await writeFile(file, `${randomBytes(BYTES).toString("hex")}\n`, { flag: "wx", mode: 0o600 }).catch(
    (error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    },
  );
  const text = (await readFile(file, "utf8")).trim();
  if (!/^[0-9a-f]{64}$/.test(text))
    throw new CodedError(
      "config.invalid",
      `${file} holds no sealing key: bring back the file, or remove it and enter devices' keys again.`,
    );
  return Buffer.from(text, "hex");
}
