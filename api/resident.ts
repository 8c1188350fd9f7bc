import { createHash, randomBytes, randomInt } from "node:crypto";
import { sql } from "kysely";
import { CodedError } from "../domain/errors.ts";
import { DAY_MS, type Instant, instant, isoOf, MINUTE_MS } from "../domain/instant.ts";
import type { Currency } from "../domain/money.ts";
import type { Day, Zone } from "../domain/period.ts";
import type { AccountId, OperatorId } from "../domain/reading.ts";
import { contactHistory, contactsOf, noteContact } from "../ledger/contact-points.ts";
import { queueNotice } from "../ledger/notices.ts";
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

const newLink = (): string => randomBytes(24).toString("base64url");
const newCode = (): string => String(randomInt(0, 100_000_000)).padStart(8, "0");

/** Hands out a link's secret and a code of eight digits; whatever a clerk handed out before is worth nothing any more. */
export async function issuePass(
  desk: Pick<Desk, "trx" | "operatorId" | "now">,
  accountId: AccountId,
  issuedBy: bigint,
): Promise<{ link: string; code: string; expiresAt: Instant }> {
  const link = newLink();
  const code = newCode();
  const expiresAt = instant(desk.now + PASS_MS);
  await replacePass(desk, accountId, { link, code, expiresAt, issuedBy });
  return { link, code, expiresAt };
}

/** Of each kind, a clerk's and one that the resident sent for, one is worth something: who sends for a code takes no clerk's link away. */
async function replacePass(
  { trx, operatorId, now }: Pick<Desk, "trx" | "operatorId" | "now">,
  accountId: AccountId,
  pass: { link: string; code: string; expiresAt: Instant; issuedBy: bigint | null },
): Promise<bigint> {
  const { link, code, expiresAt, issuedBy } = pass;
  await sql`update resident_pass set used_at = ${isoOf(now)} where operator_id = ${operatorId}
     and account_id = ${accountId} and used_at is null and (issued_by is null) = ${issuedBy === null}`.execute(trx);
  const { rows } = await sql<{ id: bigint }>`
    insert into resident_pass (operator_id, account_id, link_hash, code_hash, issued_at, issued_by, expires_at)
    values (${operatorId}, ${accountId}, ${hashOf(link)}, ${codeHash(accountId, code)}, ${isoOf(now)}, ${issuedBy}, ${isoOf(expiresAt)})
    returning id`.execute(trx);
  if (rows[0] === undefined) throw new Error("no pass was written");
  return rows[0].id;
}

/** A code that was sent is good for so long. Our choice; its notice says so. */
const CODE_MS = 15 * MINUTE_MS;
/** Nobody can fill a customer's phone by asking for codes: one a minute, so many a day. Our choice. */
const CODES_A_DAY_MAX = 5;

/**
 * Sends a code to where the account is reached by mail or short message. What it did is told to nobody, so that a stranger learns
 * neither which accounts there are nor how they are reached.
 * @param now of the wall, as passes end by it @param queuedAt of the service, as notices leave by it
 * @returns whether one was queued
 */
export async function sendCode(
  db: Database,
  asked: { readonly operator: string; readonly accountNumber: string },
  now: Instant,
  queuedAt: Instant,
): Promise<boolean> {
  const operatorId = await operatorOfEntry(db, { ...asked, code: "" });
  if (operatorId === null) return false;
  return db.as(operatorId, async (trx) => {
    const { rows } = await sql<{ id: bigint; sent: bigint; last: Instant | null }>`
      select a.id, count(p.id) as sent, max(p.issued_at) as last from account a
        left join resident_pass p on p.operator_id = a.operator_id and p.account_id = a.id and p.issued_by is null
         and p.issued_at > ${isoOf(instant(now - DAY_MS))}
       where a.operator_id = ${operatorId} and a.number = ${asked.accountNumber} group by a.id`.execute(trx);
    const found = rows[0];
    if (found === undefined || Number(found.sent) >= CODES_A_DAY_MAX) return false;
    if (found.last !== null && now - found.last < MINUTE_MS) return false;
    const ways = (await contactsOf(trx, found.id, queuedAt)).filter(({ channel }) => channel !== "inbox");
    if (ways.length === 0) return false;
    const code = newCode();
    const pass = { link: newLink(), code, expiresAt: instant(now + CODE_MS), issuedBy: null };
    const passId = await replacePass({ trx, operatorId, now }, found.id, pass);
    const data = { code, minutes: String(CODE_MS / MINUTE_MS) };
    for (const { id } of ways)
      await queueNotice(trx, {
        accountId: found.id,
        kind: "sign_in_code",
        key: `code/${passId}/${id}`,
        data,
        now: queuedAt,
        contactId: id,
      });
    return true;
  });
}

export type Entry =
  | { readonly link: string }
  | { readonly operator: string; readonly accountNumber: string; readonly code: string };

const noEntry = () => new CodedError("auth.pass", "This link or code is used up, too old, or wrong.");

/**
 * Uses a pass up and opens a session. A wrong code counts, and is told no differently from a wrong number.
 * @param now of the wall @param seenAt of the service @throws CodedError `auth.pass`
 */
export async function enter(db: Database, entry: Entry, now: Instant, seenAt: Instant = now): Promise<string> {
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
         and p.expires_at > ${isoOf(now)} and p.wrong_codes < ${WRONG_CODES_MAX} order by p.id for update of p`.execute(
      trx,
    );
    const pass = rows.find(({ account_id, code_hash }) => code_hash.equals(codeHash(account_id, entry.code)));
    // A wrong code counts against every pass that it might have been.
    await sql`update resident_pass set used_at = ${pass === undefined ? null : isoOf(now)}::timestamptz,
           wrong_codes = wrong_codes + ${pass === undefined ? 1 : 0}
     where operator_id = ${operatorId} and id = any(${(pass === undefined ? rows : [pass]).map(({ id }) => id)}::bigint[])`.execute(
      trx,
    );
    return pass?.account_id ?? null;
  });
  if (accountId === null) throw noEntry();
  await keepInbox(db, operatorId, accountId, seenAt);
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

/** Who has been here reads messages here from now on: what is opened here was delivered. */
async function keepInbox(db: Database, operatorId: OperatorId, accountId: AccountId, at: Instant): Promise<void> {
  await db.as(operatorId, async (trx) => {
    const known = await contactHistory(trx, accountId);
    // Once: who had it taken off again does not find it back.
    if (known.some(({ channel }) => channel === "inbox")) return;
    const { rows } = await sql<{ number: string; today: Day }>`
      select a.number, (${isoOf(at)}::timestamptz at time zone o.zone)::date as today from account a
        join operator o on o.operator_id = a.operator_id where a.operator_id = ${operatorId} and a.id = ${accountId}`.execute(
      trx,
    );
    const own = rows[0];
    if (own === undefined) return;
    const consent = "signed in to the resident's page";
    const inbox = { channel: "inbox", address: own.number, language: "zh", verified: true, bills: true } as const;
    await noteContact(trx, accountId, { ...inbox, from: own.today, active: true, consent }, { at, by: null });
  });
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
