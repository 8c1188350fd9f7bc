import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const consoleDist = fileURLToPath(new URL("../console/dist/", import.meta.url));
const source = fileURLToPath(new URL("../console/", import.meta.url));

/** Whether the built pages are there and no source is younger. */
export async function consoleIsBuilt(): Promise<boolean> {
  const built = await stat(join(consoleDist, "index.html")).catch(() => null);
  if (built === null) return false;
  const files = await readdir(source, { recursive: true, withFileTypes: true });
  for (const file of files) {
    const path = join(file.parentPath, file.name);
    if (!file.isFile() || path.startsWith(consoleDist)) continue;
    if ((await stat(path)).mtimeMs > built.mtimeMs) return false;
  }
  return true;
}

/** Builds the pages in a process of its own, so that the service is not kept waiting. @returns whether it worked; `said` has why not */
export async function buildConsole(): Promise<{ done: boolean; said: string }> {
  const vite = fileURLToPath(new URL("../node_modules/vite/bin/vite.js", import.meta.url));
  const child = spawn(process.execPath, [vite, "build", source, "--logLevel", "warn"], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said: Buffer[] = [];
  child.stdout.on("data", (part: Buffer) => said.push(part));
  child.stderr.on("data", (part: Buffer) => said.push(part));
  const [code] = (await once(child, "close")) as [number | null];
  return { done: code === 0, said: Buffer.concat(said).toString() };
}
