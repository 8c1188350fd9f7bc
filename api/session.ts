import { createHash, randomBytes } from "node:crypto";
import { sql } from "kysely";
import { HOUR_MS, type Instant, instant } from "../domain/instant.ts";
import type { Currency } from "../domain/money.ts";
import type { Zone } from "../domain/period.ts";
import type { OperatorId } from "../domain/reading.ts";
import { type Database, timestamptz } from "../schema/database.ts";
import { verifyPassword } from "./password.ts";
import type { MeJson, Role } from "./schemas/session.ts";

/** A working day and a bit: a clerk signs in once a day. */
export const SESSION_MS = 12 * HOUR_MS;

/** Who asks. Everything a request needs to know of its user. */
export type Principal = {
  readonly operatorId: OperatorId;
  readonly userId: bigint;
  readonly login: string;
  readonly name: string;
  readonly role: Role;
  readonly zone: Zone;
  readonly currency: Currency;
  readonly operator: { code: string; kind: "estate" | "supply_station"; nameZh: string; nameEn: string };
  readonly tokenHash: Buffer;
  readonly expiresAt: Instant;
};

export const meJson = (p: Principal): MeJson => ({
  login: p.login,
  name: p.name,
  role: p.role,
  operator: { ...p.operator, zone: p.zone, currency: p.currency },
});

/** Only the hash is kept: who reads the table cannot sign in with it. */
const hashOf = (token: string): Buffer => createHash("sha256").update(token).digest();

type UserRow = { operator_id: bigint; id: bigint; password_hash: string; demo: boolean; disabled_at: Instant | null };

/** A new session's token, or `null`: no such user, wrong password, disabled, or a demo user outside demo mode. */
export async function signIn(
  db: Database,
  wanted: { login: string; password: string; demo: boolean; now: Instant },
): Promise<{ token: string; principal: Principal } | null> {
  const found = await sql<UserRow>`select * from user_of_login(${wanted.login})`.execute(db.kysely);
  const user = found.rows[0];
  const fits = await verifyPassword(wanted.password, user?.password_hash ?? null);
  if (user === undefined || !fits || user.disabled_at !== null || (user.demo && !wanted.demo)) return null;
  const token = randomBytes(32).toString("base64url");
  const expiresAt = instant(wanted.now + SESSION_MS);
  await db.as(user.operator_id, async (trx) => {
    await trx
      .deleteFrom("app_session")
      .where("expires_at", "<", sql<Instant>`${timestamptz(wanted.now)}`)
      .execute();
    await trx
      .insertInto("app_session")
      .values({
        operator_id: user.operator_id,
        token_hash: hashOf(token),
        user_id: user.id,
        created_at: timestamptz(wanted.now),
        expires_at: timestamptz(expiresAt),
      })
      .execute();
  });
  const principal = await principalOf(db, token, wanted);
  return principal === null ? null : { token, principal };
}

export const principalOf = (db: Database, token: string, at: { demo: boolean; now: Instant }) =>
  principalOfHash(db, hashOf(token), at);

/** Who a session belongs to; `null` when it ended, was never there, or its user may no longer enter. */
export async function principalOfHash(
  db: Database,
  tokenHash: Buffer,
  at: { demo: boolean; now: Instant },
): Promise<Principal | null> {
  const found = await sql<{ operator_id: bigint; user_id: bigint; expires_at: Instant }>`
    select operator_id, user_id, expires_at from session_of_token(${tokenHash})`.execute(db.kysely);
  const session = found.rows[0];
  if (session === undefined || session.expires_at <= at.now) return null;
  const row = await db.as(session.operator_id, (trx) =>
    trx
      .selectFrom("app_user as u")
      .innerJoin("operator as o", "o.operator_id", "u.operator_id")
      .select(["u.id", "u.login", "u.name", "u.role", "u.demo", "u.disabled_at"])
      .select(["o.code", "o.kind", "o.name_zh", "o.name_en", "o.zone", "o.currency"])
      .where("u.operator_id", "=", session.operator_id)
      .where("u.id", "=", session.user_id)
      .executeTakeFirst(),
  );
  if (row === undefined || row.disabled_at !== null || (row.demo && !at.demo)) return null;
  return {
    operatorId: session.operator_id,
    userId: row.id,
    login: row.login,
    name: row.name,
    role: row.role,
    zone: row.zone,
    currency: row.currency as Currency,
    operator: { code: row.code, kind: row.kind, nameZh: row.name_zh, nameEn: row.name_en },
    tokenHash,
    expiresAt: session.expires_at,
  };
}

export const signOut = (db: Database, principal: Principal): Promise<unknown> =>
  db.as(principal.operatorId, (trx) =>
    trx
      .deleteFrom("app_session")
      .where("operator_id", "=", principal.operatorId)
      .where("token_hash", "=", principal.tokenHash)
      .execute(),
  );
