import { createHash, randomBytes, randomInt } from "node:crypto";
import { sql } from "kysely";
import { CodedError } from "../domain/errors.ts";
import { DAY_MS, type Instant, instant, isoOf } from "../domain/instant.ts";
import type { Currency } from "../domain/money.ts";
import type { Zone } from "../domain/period.ts";
import type { AccountId, OperatorId } from "../domain/reading.ts";
import type { Database } from "../schema/database.ts";
import type { Desk } from "./desk.ts";

/** A link or code may be used for so long after it was handed out, once. Our choice. */
export const PASS_MS = 2 * DAY_MS;
/** A resident stays signed in on his phone for so long. Our choice. */
export const RESIDENT_SESSION_MS = 30 * DAY_MS;
/** Wrong codes before a pass is worth nothing: eight digits cannot be guessed in so many. */
const WRONG_CODES_MAX = 5;

/** A resident who looks at one account: his own. */
export type Resident = {
  readonly operatorId: OperatorId;
  readonly accountId: AccountId;
  readonly zone: Zone;
  readonly currency: Currency;
  readonly expiresAt: Instant;
  readonly tokenHash: Buffer;
};

const hashOf = (text: string): Buffer => createHash("sha256").update(text).digest();
const codeHash = (accountId: AccountId, code: string): Buffer => hashOf(`${accountId}/${code}`);

/** Hands out a link's secret and a code of eight digits; whatever was handed out before is worth nothing any more. */
export async function issuePass(
  desk: Desk,
  accountId: AccountId,
  issuedBy: bigint,
): Promise<{ link: string; code: string; expiresAt: Instant }> {
  const link = randomBytes(24).toString("base64url");
  const code = String(randomInt(0, 100_000_000)).padStart(8, "0");
  const expiresAt = instant(desk.now + PASS_MS);
  await sql`update resident_pass set used_at = ${isoOf(desk.now)} where operator_id = ${desk.operatorId}
     and account_id = ${accountId} and used_at is null`.execute(desk.trx);
  await sql`insert into resident_pass (operator_id, account_id, link_hash, code_hash, issued_at, issued_by, expires_at)
     values (${desk.operatorId}, ${accountId}, ${hashOf(link)}, ${codeHash(accountId, code)}, ${isoOf(desk.now)}, ${issuedBy}, ${isoOf(expiresAt)})`.execute(
    desk.trx,
  );
  return { link, code, expiresAt };
}

export type Entry =
  | { readonly link: string }
  | { readonly operator: string; readonly accountNumber: string; readonly code: string };

const noEntry = () => new CodedError("auth.pass", "This link or code is used up, too old, or wrong.");

/** Uses a pass up and opens a session. A wrong code counts, and is told no differently from a wrong number. @throws CodedError `auth.pass` */
export async function enter(db: Database, entry: Entry, now: Instant): Promise<string> {
  const operatorId = await operatorOfEntry(db, entry);
  if (operatorId === null) throw noEntry();
  const accountId = await db.as(operatorId, async (trx) => {
    if ("link" in entry) {
      const { rows } = await sql<{ account_id: bigint }>`
        update resident_pass set used_at = ${isoOf(now)} where operator_id = ${operatorId} and link_hash = ${hashOf(entry.link)}
           and used_at is null and expires_at > ${isoOf(now)} and wrong_codes < ${WRONG_CODES_MAX} returning account_id`.execute(
        trx,
      );
      return rows[0]?.account_id ?? null;
    }
    const { rows } = await sql<{ id: bigint; account_id: bigint; code_hash: Buffer }>`
      select p.id, p.account_id, p.code_hash from resident_pass p join account a on a.operator_id = p.operator_id and a.id = p.account_id
       where p.operator_id = ${operatorId} and a.number = ${entry.accountNumber} and p.used_at is null
         and p.expires_at > ${isoOf(now)} and p.wrong_codes < ${WRONG_CODES_MAX} order by p.id desc limit 1 for update of p`.execute(
      trx,
    );
    const pass = rows[0];
    if (pass === undefined) return null;
    const fits = pass.code_hash.equals(codeHash(pass.account_id, entry.code));
    await sql`update resident_pass set used_at = ${fits ? isoOf(now) : null}::timestamptz, wrong_codes = wrong_codes + ${fits ? 0 : 1}
       where operator_id = ${operatorId} and id = ${pass.id}`.execute(trx);
    return fits ? pass.account_id : null;
  });
  if (accountId === null) throw noEntry();
  const token = randomBytes(32).toString("base64url");
  await db.as(operatorId, async (trx) => {
    await sql`delete from resident_session where operator_id = ${operatorId} and expires_at < ${isoOf(now)}`.execute(
      trx,
    );
    await sql`insert into resident_session (operator_id, token_hash, account_id, created_at, expires_at)
      values (${operatorId}, ${hashOf(token)}, ${accountId}, ${isoOf(now)}, ${isoOf(instant(now + RESIDENT_SESSION_MS))})`.execute(
      trx,
    );
  });
  return token;
}

async function operatorOfEntry(db: Database, entry: Entry): Promise<OperatorId | null> {
  const { rows } =
    "link" in entry
      ? await sql<{ id: bigint }>`select operator_of_pass as id from operator_of_pass(${hashOf(entry.link)})`.execute(
          db.kysely,
        )
      : await sql<{ id: bigint }>`select operator_named as id from operator_named(${entry.operator})`.execute(
          db.kysely,
        );
  return rows[0]?.id ?? null;
}

/** Whose phone it is; `null` when the session ended or was never there. */
export async function residentOf(db: Database, token: string, now: Instant): Promise<Resident | null> {
  const tokenHash = hashOf(token);
  const { rows } = await sql<{ operator_id: bigint; account_id: bigint; expires_at: Instant }>`
    select * from resident_of_token(${tokenHash})`.execute(db.kysely);
  const session = rows[0];
  if (session === undefined || session.expires_at <= now) return null;
  const operator = await db.as(session.operator_id, (trx) =>
    trx
      .selectFrom("operator")
      .select(["zone", "currency"])
      .where("operator_id", "=", session.operator_id)
      .executeTakeFirst(),
  );
  if (operator === undefined) return null;
  return {
    operatorId: session.operator_id,
    accountId: session.account_id,
    zone: operator.zone,
    currency: operator.currency as Currency,
    expiresAt: session.expires_at,
    tokenHash,
  };
}

export const leave = (db: Database, resident: Resident): Promise<unknown> =>
  db.as(resident.operatorId, (trx) =>
    sql`delete from resident_session where operator_id = ${resident.operatorId} and token_hash = ${resident.tokenHash}`.execute(
      trx,
    ),
  );

/** Whose order it is, by its address. */
export async function operatorOfOrder(db: Database, ref: string): Promise<OperatorId | null> {
  const { rows } = await sql<{ id: bigint }>`select operator_of_order as id from operator_of_order(${ref})`.execute(
    db.kysely,
  );
  return rows[0]?.id ?? null;
}
