import { mkdir } from "node:fs/promises";
import { runningUrl, startEmbedded } from "../schema/embedded/server.ts";
import { migrate } from "../schema/migrate.ts";
import { settingsOf } from "../settings.ts";

/** The books that a command works on, the migrations that this applied, and what to do when it is done with them. */
export type OwnerAccess = { readonly url: string; readonly applied: readonly number[]; close(): Promise<void> };

/**
 * `DATABASE_URL`, else the embedded server of `SANBIAO_DATA` (`./data`): the one that a running service holds, or one started
 * for the command and stopped after it. Migrated in both cases.
 */
export async function ownerAccess(onProgress: (text: string) => void = () => {}): Promise<OwnerAccess> {
  const { databaseUrl, dataFolder: folder } = settingsOf(process.env);
  const url = databaseUrl ?? (await runningUrl(folder));
  if (url !== null) {
    const applied = await migrate(url);
    return { url, applied, close: async () => {} };
  }
  await mkdir(folder, { recursive: true });
  const server = await startEmbedded({ folder, onProgress: (step) => onProgress(`database: ${step}`) });
  try {
    const applied = await migrate(server.url);
    return { url: server.url, applied, close: () => server.stop() };
  } catch (error) {
    await server.stop();
    throw error;
  }
}
