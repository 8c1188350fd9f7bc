import { sql, type Transaction } from "kysely";
import { type Instant, isoOf } from "../domain/instant.ts";
import type { Currency } from "../domain/money.ts";
import type { AccountId, MeterId } from "../domain/reading.ts";
import type { Unit } from "../domain/unit.ts";
import type { Tables } from "../schema/tables.ts";
import type { Sealer } from "./sealing.ts";

type Trx = Transaction<Tables>;

export type TokenScheme = "openpaygo" | "sts";

/** A meter whose keypad takes tokens. */
export type TokenMeter = {
  readonly id: bigint;
  readonly meterId: MeterId;
  readonly scheme: TokenScheme;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly secret: Buffer;
};

/** Notes what a keypad meter's scheme must know; a later note takes the place of this one. */
export async function noteTokenMeter(
  trx: Trx,
  sealer: Sealer,
  note: Omit<TokenMeter, "id"> & { readonly now: Instant; readonly by?: bigint },
): Promise<bigint> {
  const { rows } = await sql<{ id: bigint }>`
    insert into sanbiao.token_meter (operator_id, meter_id, scheme, detail, sealed, noted_at, noted_by)
    values (sanbiao.operator_id(), ${note.meterId}, ${note.scheme}, ${JSON.stringify(note.detail)}::jsonb,
            ${sealer.seal(note.secret)}, ${isoOf(note.now)}, ${note.by ?? null}) returning id`.execute(trx);
  return rows[0]?.id ?? 0n;
}

/** `null`: its keypad takes none, or it has none. */
export async function readTokenMeter(trx: Trx, sealer: Sealer, meterId: MeterId): Promise<TokenMeter | null> {
  const { rows } = await sql<{ id: bigint; scheme: TokenScheme; detail: Record<string, unknown>; sealed: Buffer }>`
    select id, scheme, detail, sealed from sanbiao.token_meter
     where operator_id = sanbiao.operator_id() and meter_id = ${meterId} order by id desc limit 1`.execute(trx);
  const row = rows[0];
  if (row === undefined) return null;
  const { id, scheme, detail, sealed } = row;
  return { id, meterId, scheme, detail, secret: sealer.open(sealed) };
}

/** A meter's tokens are made one after the other: no two take one number. Held to the end of the transaction. */
export async function lockTokens(trx: Trx, meterId: MeterId): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended('sanbiao.token/' || ${meterId}::bigint, sanbiao.operator_id()))`.execute(
    trx,
  );
}

/** The highest number that a meter was given in a scheme; `null` before the first. */
export async function lastTokenNumber(trx: Trx, meterId: MeterId, scheme: TokenScheme): Promise<number | null> {
  const { rows } = await sql<{ number: bigint | null }>`
    select max(number) as number from sanbiao.credit_token
     where operator_id = sanbiao.operator_id() and meter_id = ${meterId} and scheme = ${scheme}`.execute(trx);
  const number = rows[0]?.number ?? null;
  return number === null ? null : Number(number);
}

export type IssuedToken = {
  readonly id: bigint;
  readonly key: string;
  readonly accountId: AccountId;
  readonly meterId: MeterId;
  readonly tokenMeterId: bigint;
  readonly scheme: TokenScheme;
  readonly number: bigint;
  readonly digits: string;
  /** Millionths. */
  readonly quantity: bigint;
  readonly unit: Unit;
  readonly amountMinor: bigint;
  readonly currency: Currency;
  readonly journalId: bigint;
  readonly testMode: boolean;
  readonly issuedAt: Instant;
  /** When its money came back to the account; `null` while the meter holds it. */
  readonly returnedAt: Instant | null;
};

export async function writeToken(
  trx: Trx,
  token: Omit<IssuedToken, "id" | "returnedAt"> & { readonly issuedBy?: bigint },
): Promise<bigint> {
  const t = token;
  const { rows } = await sql<{ id: bigint }>`
    insert into sanbiao.credit_token (operator_id, idempotency_key, account_id, meter_id, token_meter_id, scheme, number, digits,
           quantity, unit, amount_minor, currency, journal_id, test_mode, issued_at, issued_by)
    values (sanbiao.operator_id(), ${t.key}, ${t.accountId}, ${t.meterId}, ${t.tokenMeterId}, ${t.scheme}, ${t.number}, ${t.digits},
            ${t.quantity}, ${t.unit}, ${t.amountMinor}, ${t.currency}, ${t.journalId}, ${t.testMode}, ${isoOf(t.issuedAt)},
            ${t.issuedBy ?? null}) returning id`.execute(trx);
  return rows[0]?.id ?? 0n;
}

const SELECT = sql`
  select t.id, t.idempotency_key, t.account_id, t.meter_id, t.token_meter_id, t.scheme, t.number, t.digits, t.quantity, t.unit,
         t.amount_minor, t.currency, t.journal_id, t.test_mode, t.issued_at, r.returned_at
    from sanbiao.credit_token t
    left join sanbiao.credit_token_return r on r.operator_id = t.operator_id and r.token_id = t.id
   where t.operator_id = sanbiao.operator_id()`;

export async function tokenOfKey(trx: Trx, key: string): Promise<IssuedToken | null> {
  const { rows } = await sql<TokenRow>`${SELECT} and t.idempotency_key = ${key}`.execute(trx);
  return rows[0] === undefined ? null : tokenOf(rows[0]);
}

/** Newest first. */
export async function tokensOfAccount(trx: Trx, accountId: AccountId): Promise<IssuedToken[]> {
  const { rows } = await sql<TokenRow>`${SELECT} and t.account_id = ${accountId} order by t.id desc`.execute(trx);
  return rows.map(tokenOf);
}

/** Tokens whose meter was read after they were issued: what they took is to come back. With the time of that reading. */
export async function tokensToReturn(
  trx: Trx,
  registers: readonly number[],
  limit: number,
): Promise<{ readonly token: IssuedToken; readonly measuredAt: Instant }[]> {
  const { rows } = await sql<TokenRow & { measured_at: Instant }>`
    select t.id, t.idempotency_key, t.account_id, t.meter_id, t.token_meter_id, t.scheme, t.number, t.digits, t.quantity, t.unit,
           t.amount_minor, t.currency, t.journal_id, t.test_mode, t.issued_at, null::timestamptz as returned_at, seen.measured_at
      from sanbiao.credit_token t
     cross join lateral (select r.measured_at from sanbiao.reading r
         where r.operator_id = t.operator_id and r.meter_id = t.meter_id and r.register = any(${registers as number[]})
           and r.measured_at > t.issued_at order by r.measured_at limit 1) seen
     where t.operator_id = sanbiao.operator_id()
       and not exists (select 1 from sanbiao.credit_token_return r where r.operator_id = t.operator_id and r.token_id = t.id)
     order by t.id limit ${limit}`.execute(trx);
  return rows.map((row) => ({ token: tokenOf(row), measuredAt: row.measured_at }));
}

/** Whether this call wrote it: once per token. */
export async function writeTokenReturn(
  trx: Trx,
  back: { tokenId: bigint; journalId: bigint; measuredAt: Instant; at: Instant },
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    insert into sanbiao.credit_token_return (operator_id, token_id, journal_id, measured_at, returned_at)
    values (sanbiao.operator_id(), ${back.tokenId}, ${back.journalId}, ${isoOf(back.measuredAt)}, ${isoOf(back.at)})
    on conflict do nothing`.execute(trx);
  return (numAffectedRows ?? 0n) > 0n;
}

type TokenRow = {
  id: bigint;
  idempotency_key: string;
  account_id: AccountId;
  meter_id: MeterId;
  token_meter_id: bigint;
  scheme: TokenScheme;
  number: bigint;
  digits: string;
  quantity: bigint;
  unit: Unit;
  amount_minor: bigint;
  currency: Currency;
  journal_id: bigint;
  test_mode: boolean;
  issued_at: Instant;
  returned_at: Instant | null;
};

const tokenOf = (row: TokenRow): IssuedToken => ({
  id: row.id,
  key: row.idempotency_key,
  accountId: row.account_id,
  meterId: row.meter_id,
  tokenMeterId: row.token_meter_id,
  scheme: row.scheme,
  number: row.number,
  digits: row.digits,
  quantity: row.quantity,
  unit: row.unit,
  amountMinor: row.amount_minor,
  currency: row.currency,
  journalId: row.journal_id,
  testMode: row.test_mode,
  issuedAt: row.issued_at,
  returnedAt: row.returned_at,
});
