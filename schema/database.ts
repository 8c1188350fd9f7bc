import {
  CompiledQuery,
  type DatabaseConnection,
  Kysely,
  PostgresDialect,
  PostgresDriver,
  type Transaction,
  type TransactionSettings,
} from "kysely";
import pg from "pg";
import type { Logger } from "pino";
import { CodedError } from "../domain/errors.ts";
import { type Instant, instant, isoOf } from "../domain/instant.ts";
import type { OperatorId } from "../domain/reading.ts";
import { recalled } from "../domain/recalled.ts";
import { type Listener, listen } from "./listen.ts";
import type { Tables } from "./tables.ts";

/** The service's way to the books. Rows show only inside `as`, and only those of that operator. */
export type Database = {
  readonly pool: pg.Pool;
  readonly kysely: Kysely<Tables>;
  /** Runs `work` in one transaction that sees and writes one operator's rows; commits when it resolves. */
  as<T>(operatorId: OperatorId, work: (trx: Transaction<Tables>) => Promise<T>): Promise<T>;
  /** Reads the rows of one operator as they stood at one moment, whatever is written meanwhile. */
  snapshot<T>(operatorId: OperatorId, work: (trx: Transaction<Tables>) => Promise<T>): Promise<T>;
  /** Calls `heard` when the database says so on this channel, by a connection of its own; also when it may have missed a call. */
  listen(channel: string, heard: () => void): Listener;
  close(): Promise<void>;
};

const OID = { int8: 20, date: 1082, timestamptz: 1184, numeric: 1700 } as const;

/** Rows that are read together share a few instants. */
const ROW_INSTANTS_MAX = 10_000;

/** `2026-01-31 16:00:00.123456+00` (the session's zone is UTC) → ms. Microseconds are dropped: instants are whole ms here. */
const instantOfRow = recalled(ROW_INSTANTS_MAX, (text: string) =>
  instant(Math.floor(Date.parse(text.replace(" ", "T").replace(/\+00$/, "Z")))),
);

/** int8 → bigint, timestamptz → Instant, date and numeric stay text: nothing passes through a local clock or a float. */
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: "text" | "binary") => {
    if (format !== "binary") {
      if (oid === OID.int8) return BigInt;
      if (oid === OID.timestamptz) return instantOfRow;
      if (oid === OID.date || oid === OID.numeric) return (text: string) => text;
    }
    return pg.types.getTypeParser(oid, format);
  }) as typeof pg.types.getTypeParser,
};

/** An instant as a parameter for a timestamptz column. */
export const timestamptz = (at: Instant): string => isoOf(at);

/** Runs `work` in one operator's transaction and undoes all that it wrote: a preview by the very code that would do it. */
export async function undone<T>(
  db: Database,
  operatorId: OperatorId,
  work: (trx: Transaction<Tables>) => Promise<T>,
): Promise<T> {
  const back = new Undone<T>();
  try {
    await db.as(operatorId, async (trx) => {
      back.shown = { of: await work(trx) };
      throw back;
    });
  } catch (error) {
    if (error !== back) throw error;
  }
  if (back.shown === null) throw new Error("a preview shows something");
  return back.shown.of;
}

/** Takes a transaction back; nobody else sees it. */
class Undone<T> extends Error {
  shown: { readonly of: T } | null = null;
}

type PoolOptions = { readonly max?: number; readonly log?: Logger };

const SERVICE = "-c role=sanbiao_service -c search_path=sanbiao -c timezone=UTC";

/** A pool with the service's role: no superuser, row-level security on. The owner's own pool is `ownerPool`. */
export function openDatabase(url: string, options: PoolOptions = {}): Database {
  const pool = poolOf(url, SERVICE, options);
  const kysely = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  const ofOperators = new Map<OperatorId, Kysely<Tables>>();
  const ofOperator = (operatorId: OperatorId): Kysely<Tables> => {
    const known = ofOperators.get(operatorId) ?? new Kysely<Tables>({ dialect: new OperatorDialect(pool, operatorId) });
    ofOperators.set(operatorId, known);
    return known;
  };
  return {
    pool,
    kysely,
    as: (operatorId, work) => ofOperator(operatorId).transaction().execute(work),
    snapshot: (operatorId, work) =>
      ofOperator(operatorId).transaction().setIsolationLevel("repeatable read").execute(work),
    listen: (channel, heard) => listen(connectionTo(url, SERVICE), channel, heard, { log: options.log }),
    close: async () => {
      await kysely.destroy();
      if (!pool.ending) await pool.end(); // Kysely leaves a pool open that it never used
    },
  };
}

/** Begins a transaction and names its operator in one message: a way to the server and back is most of a small statement's time. */
class OperatorDialect extends PostgresDialect {
  readonly #create: () => PostgresDriver;

  constructor(pool: pg.Pool, operatorId: OperatorId) {
    super({ pool });
    const named = `set local sanbiao.operator_id = '${BigInt(operatorId)}'`;
    this.#create = () => new OperatorDriver(pool, named);
  }

  override createDriver(): PostgresDriver {
    return this.#create();
  }
}

class OperatorDriver extends PostgresDriver {
  readonly #begin: CompiledQuery;
  readonly #snapshot: CompiledQuery;

  constructor(pool: pg.Pool, named: string) {
    super({ pool });
    this.#begin = CompiledQuery.raw(`begin; ${named}`);
    this.#snapshot = CompiledQuery.raw(`begin isolation level repeatable read read only; ${named}`);
  }

  override async beginTransaction(connection: DatabaseConnection, settings: TransactionSettings): Promise<void> {
    await connection.executeQuery(settings.isolationLevel === "repeatable read" ? this.#snapshot : this.#begin);
  }
}

/** The owner of the schema: migrations, demo seeding, benchmarks. Row-level security does not bind it. */
export const ownerPool = (url: string, options: PoolOptions = {}): pg.Pool =>
  poolOf(url, "-c search_path=sanbiao -c timezone=UTC", options);

const connectionTo = (url: string, settings: string): pg.ClientConfig => ({
  connectionString: url,
  options: settings,
  connectionTimeoutMillis: 10_000,
});

function poolOf(url: string, settings: string, { max = 10, log }: PoolOptions): pg.Pool {
  const pool = new pg.Pool({ ...connectionTo(url, settings), max, types });
  // A server that goes away ends idle connections: the pool drops them, the next query says so to its caller.
  pool.on("error", (error) => log?.warn({ err: error }, "an idle database connection was lost"));
  // One that is in use tells its query, which fails; without a listener the loss would end the process, too.
  pool.on("connect", (client) => client.on("error", () => {}));
  return pool;
}

const AWAY = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "ENOTFOUND",
  "57P01",
  "57P02",
  "57P03",
  "08006",
  "08001",
  "53300",
]);

/** Whether an error says that the server is away (trying again helps) rather than that the statement is wrong. */
export function isDatabaseAway(error: unknown): boolean {
  if (error instanceof CodedError) return error.code === "database.unavailable";
  if (!(error instanceof Error)) return false;
  const code = (error as { code?: unknown }).code;
  return (
    (typeof code === "string" && AWAY.has(code)) ||
    /Connection terminated|timeout exceeded when trying to connect/.test(error.message)
  );
}
