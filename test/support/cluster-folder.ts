import { chmod, mkdtemp, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const MEMORY = "/dev/shm";
/** A run keeps a few small databases at a time; this is several times as much. */
const ROOM_BYTES = 4 * 2 ** 30;

/**
 * A folder for a database server, in memory where there is room: a database is some nine hundred files, and making them on a disk takes
 * ten times as long. No test needs the disk: what is killed is the service, and what it wrote outlives it here too.
 */
export async function clusterFolder(prefix: string): Promise<string> {
  const room = await statfs(MEMORY).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => 0,
  );
  const folder = await mkdtemp(join(room >= ROOM_BYTES ? MEMORY : tmpdir(), prefix));
  await chmod(folder, 0o711); // a lent user must pass
  return folder;
}
