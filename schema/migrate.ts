import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import pg from "pg";
import { CodedError } from "../domain/errors.ts";

export type Migration = {
  readonly version: number;
  readonly name: string;
  readonly sql: string;
  readonly sha256: string;
};

/** The numbered files beside this one, in order: `0003_readings_book.sql`. */
export async function migrations(folder: URL = new URL("./migrations/", import.meta.url)): Promise<Migration[]> {
  const files = (await readdir(folder)).filter((file) => /^\d{4}_[a-z0-9_]+\.sql$/.test(file)).sort();
  return Promise.all(
    files.map(async (file) => {
      const sql = await readFile(new URL(file, folder), "utf8");
      return {
        version: +file.slice(0, 4),
        name: file.slice(5, -4),
        sql,
        sha256: createHash("sha256").update(sql).digest("hex"),
      };
    }),
  );
}

/**
 * Brings a database to the newest shape, each file in its own transaction, one process at a time.
 * @param url of the owner (may create roles and schemas)
 * @returns the versions applied now
 * @throws CodedError schema.newer, schema.changed
 */
export async function migrate(url: string, all?: readonly Migration[]): Promise<number[]> {
  const files = all ?? (await migrations());
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query("select pg_advisory_lock(hashtext('sanbiao.migrate'))");
    await client.query(
      "create table if not exists public.sanbiao_migration (version integer primary key, name text not null, sha256 text not null, applied_at timestamptz not null default now())",
    );
    const { rows } = await client.query<{ version: number; sha256: string }>(
      "select version, sha256 from public.sanbiao_migration order by version",
    );
    const applied = new Map(rows.map((row) => [row.version, row.sha256]));
    refuseStrange(applied, files);
    const now: number[] = [];
    for (const file of files.filter((f) => !applied.has(f.version))) {
      await apply(client, file);
      now.push(file.version);
    }
    return now;
  } finally {
    await client.end();
  }
}

function refuseStrange(applied: ReadonlyMap<number, string>, files: readonly Migration[]): void {
  for (const [version, sha256] of applied) {
    const file = files.find((f) => f.version === version);
    if (file === undefined)
      throw new CodedError("schema.newer", `The database has migration ${version}, which this sanbiao does not know.`);
    if (file.sha256 !== sha256)
      throw new CodedError(
        "schema.changed",
        `Migration ${version} (${file.name}) differs from the one that was applied.`,
      );
  }
}

async function apply(client: pg.Client, file: Migration): Promise<void> {
  await client.query("begin");
  try {
    await client.query(file.sql);
    await client.query("insert into public.sanbiao_migration (version, name, sha256) values ($1, $2, $3)", [
      file.version,
      file.name,
      file.sha256,
    ]);
    await client.query("commit");
  } catch (error) {
    await client.query("rollback");
    throw error;
  }
}
