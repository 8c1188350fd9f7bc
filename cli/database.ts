import { mkdir } from "node:fs/promises";
import { resolve } from "node:path";
import { runningUrl, startEmbedded } from "../schema/embedded/server.ts";
import { migrate } from "../schema/migrate.ts";

/** The books that a command works on, and what to do when it is done with them. */
export type OwnerAccess = { readonly url: string; close(): Promise<void> };

export const dataFolder = (): string => resolve(process.env["SANBIAO_DATA"] ?? "data");

/**
 * `DATABASE_URL`, else the embedded server of `SANBIAO_DATA` (`./data`): the one that a running service holds, or one started
 * for the command and stopped after it. Migrated in both cases.
 */
export async function ownerAccess(onProgress: (text: string) => void = () => {}): Promise<OwnerAccess> {
  const given = process.env["DATABASE_URL"];
  const folder = dataFolder();
  const url = given ?? (await runningUrl(folder));
  if (url !== null) {
    await migrate(url);
    return { url, close: async () => {} };
  }
  await mkdir(folder, { recursive: true });
  const server = await startEmbedded({ folder, onProgress: (step) => onProgress(`database: ${step}`) });
  try {
    await migrate(server.url);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return { url: server.url, close: () => server.stop() };
}
