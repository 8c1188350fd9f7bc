import { randomUUID } from "node:crypto";
import pg from "pg";
import { inject } from "vitest";
import { type Database, openDatabase } from "../../schema/database.ts";
import { databaseOf } from "../../schema/url.ts";

export { ownerPool } from "../../schema/database.ts";

export type FreshDatabase = {
  /** As the service sees it: its role, row-level security on. */
  readonly db: Database;
  /** Where `db` connects; the service's settings are added by `openDatabase`. */
  readonly url: string;
  /** The owner's address: the same database without the service's role. */
  readonly ownerUrl: string;
  drop(): Promise<void>;
};

/** A clone of the migrated template on the run's real server. Call `drop` in `afterAll`. */
export async function freshDatabase(): Promise<FreshDatabase> {
  const templateUrl = inject("templateUrl");
  const name = `test_${randomUUID().replaceAll("-", "")}`;
  await asAdmin(templateUrl, `create database ${name} template template`);
  const url = databaseOf(templateUrl, name);
  const db = openDatabase(url);
  return {
    db,
    url,
    ownerUrl: url,
    drop: async () => {
      await db.close();
      await asAdmin(templateUrl, `drop database ${name} with (force)`);
    },
  };
}

async function asAdmin(templateUrl: string, statement: string): Promise<void> {
  const admin = new pg.Client({ connectionString: databaseOf(templateUrl, "postgres") });
  await admin.connect();
  try {
    await admin.query(statement);
  } finally {
    await admin.end();
  }
}
