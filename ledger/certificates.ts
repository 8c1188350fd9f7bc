import { sql, type Transaction } from "kysely";
import { type Instant, isoOf } from "../domain/instant.ts";
import type { AccountId } from "../domain/reading.ts";
import type { Tables } from "../schema/tables.ts";

type Trx = Transaction<Tables>;

/** What the next link of an operator's chain names. */
export type ChainEnd = { readonly number: bigint; readonly previous: string };

export type Certificate = {
  readonly number: bigint;
  readonly kind: "order" | "evidence";
  readonly controlId: bigint;
  readonly accountId: AccountId;
  readonly writtenAt: Instant;
  /** Canonical JSON, as it was hashed. */
  readonly body: string;
  /** SHA-256, hex. */
  readonly hash: string;
};

/** The place of the next certificate. Holds the chain for this transaction: the last lock that it takes. */
export async function nextInChain(trx: Trx): Promise<ChainEnd> {
  await sql`select pg_advisory_xact_lock(hashtextextended('sanbiao.certificate', sanbiao.operator_id()))`.execute(trx);
  const { rows } = await sql<{ number: bigint; hash: string }>`
    select number, hash from sanbiao.cut_certificate where operator_id = sanbiao.operator_id() order by number desc limit 1`.execute(
    trx,
  );
  const last = rows[0];
  return { number: (last?.number ?? 0n) + 1n, previous: last?.hash ?? "0".repeat(64) };
}

/** Adds a link. The database numbers, chains and hashes by itself and refuses what does not follow. */
export async function addCertificate(
  trx: Trx,
  { number, previous }: ChainEnd,
  certificate: {
    /** Which sending of the order; `null` for evidence after one. */
    readonly attempt: number | null;
    readonly controlId: bigint;
    readonly accountId: AccountId;
    readonly now: Instant;
    readonly body: string;
  },
): Promise<void> {
  const { attempt, controlId, accountId, now, body } = certificate;
  await sql`
    insert into sanbiao.cut_certificate (operator_id, number, kind, control_id, attempt, account_id, written_at, body, previous_hash, hash)
    values (sanbiao.operator_id(), ${number}, ${attempt === null ? "evidence" : "order"}, ${controlId}, ${attempt}, ${accountId},
            ${isoOf(now)}, ${body}, ${previous}, '')`.execute(trx);
}

/** Certificates of a range of numbers, of an account or of one order, oldest first. */
export async function readCertificates(
  trx: Trx,
  which: {
    readonly from?: bigint;
    readonly to?: bigint;
    readonly accountId?: AccountId;
    readonly controlId?: bigint;
    readonly limit: number;
  },
): Promise<Certificate[]> {
  const { from = 1n, to = null, accountId = null, controlId = null, limit } = which;
  const { rows } = await sql<{
    number: bigint;
    kind: "order" | "evidence";
    control_id: bigint;
    account_id: bigint;
    written_at: Instant;
    body: string;
    hash: string;
  }>`
    select number, kind, control_id, account_id, written_at, body, hash from sanbiao.cut_certificate
     where operator_id = sanbiao.operator_id() and number >= ${from} and (${to}::bigint is null or number <= ${to})
       and (${accountId}::bigint is null or account_id = ${accountId})
       and (${controlId}::bigint is null or control_id = ${controlId})
     order by number limit ${limit}`.execute(trx);
  return rows.map(({ control_id: controlId, account_id: accountId, written_at: writtenAt, ...row }) => ({
    ...row,
    controlId,
    accountId,
    writtenAt,
  }));
}
