/**
 * Whether the same statement may succeed later: the connection or the server was away, or two transactions met.
 * PostgreSQL error classes: https://www.postgresql.org/docs/18/errcodes-appendix.html
 */
export function isTransient(error: Error): boolean {
  const code = (error as { code?: unknown }).code;
  if (code === "database.unavailable" || code === "spool.full") return true;
  if (typeof code !== "string") return /connection|timeout|terminated|closed|pool/i.test(error.message);
  if (/^[A-Z]{3,}/.test(code)) return true; // ECONNREFUSED, ECONNRESET, EPIPE, ENOTFOUND …
  return TRANSIENT_CLASSES.has(code.slice(0, 2)) || TRANSIENT_CODES.has(code);
}

/** 08 connection, 40 rollback of a meeting, 53 resources, 57 operator intervention, 58 system error. */
const TRANSIENT_CLASSES = new Set(["08", "40", "53", "57", "58"]);
/** lock_not_available; read_only_sql_transaction (a standby before its promotion). */
const TRANSIENT_CODES = new Set(["55P03", "25006"]);
