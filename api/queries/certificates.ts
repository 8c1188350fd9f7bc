import { sql } from "kysely";
import { CERTIFICATE_FORMAT } from "../../billing/prepaid/certificate.ts";
import { checkCertificates, type ExportedChain } from "../../billing/prepaid/check-certificate.ts";
import { CodedError } from "../../domain/errors.ts";
import type { Instant } from "../../domain/instant.ts";
import { type Certificate, readCertificates } from "../../ledger/certificates.ts";
import { atText, type Desk, offsetOf } from "../desk.ts";
import type { CertificateJson, CertificatesJson } from "../schemas/supply-board.ts";

type Row = {
  number: bigint;
  kind: "order" | "evidence";
  control_id: bigint;
  attempt: number | null;
  account_id: bigint;
  account_number: string;
  account_name: string;
  written_at: Instant;
  hash: string;
};
type Which = { accountId?: string | undefined; controlId?: string | undefined; number?: bigint };

const idOf = (text: string | undefined): bigint | null => (text === undefined ? null : BigInt(text));

async function rowsOf(
  desk: Desk,
  { accountId, controlId, number }: Which,
  page: { page: number; pageSize: number },
): Promise<{ rows: Row[]; total: number }> {
  const wanted = sql`where z.operator_id = ${desk.operatorId}
     and (${idOf(accountId)}::bigint is null or z.account_id = ${idOf(accountId)}::bigint)
     and (${idOf(controlId)}::bigint is null or z.control_id = ${idOf(controlId)}::bigint)
     and (${number ?? null}::bigint is null or z.number = ${number ?? null}::bigint)`;
  const count = await sql<{ n: number }>`select count(*)::int as n from cut_certificate z ${wanted}`.execute(desk.trx);
  const { rows } = await sql<Row>`
    select z.number, z.kind, z.control_id, z.attempt, z.account_id, a.number as account_number, a.name as account_name, z.written_at, z.hash
      from cut_certificate z join account a on a.operator_id = z.operator_id and a.id = z.account_id
     ${wanted} order by z.number desc limit ${page.pageSize} offset ${offsetOf(page)}`.execute(desk.trx);
  return { rows, total: count.rows[0]?.n ?? 0 };
}

const rowJson = (desk: Desk, row: Row): CertificatesJson["items"][number] => ({
  number: String(row.number),
  kind: row.kind,
  controlId: String(row.control_id),
  attempt: row.attempt,
  accountId: String(row.account_id),
  accountNumber: row.account_number,
  accountName: row.account_name,
  writtenAt: atText(desk, row.written_at),
  hash: row.hash,
});

/** Proofs of cuts, the newest first. */
export async function certificates(
  desk: Desk,
  query: { page: number; pageSize: number } & Which,
): Promise<CertificatesJson> {
  const { rows, total } = await rowsOf(desk, query, query);
  return { items: rows.map((row) => rowJson(desk, row)), page: query.page, pageSize: query.pageSize, total };
}

/** One, with its neighbours looked at: text, hash and place in the chain are checked anew. */
export async function certificate(desk: Desk, number: bigint): Promise<CertificateJson> {
  const { rows } = await rowsOf(desk, { number }, { page: 1, pageSize: 1 });
  const row = rows[0];
  if (row === undefined) throw new CodedError("request.not-found", `There is no certificate ${number}.`);
  const near = await readCertificates(desk.trx, { from: number > 1n ? number - 1n : 1n, to: number + 1n, limit: 3 });
  const [last] = (await rowsOf(desk, {}, { page: 1, pageSize: 1 })).rows;
  const same = await readCertificates(desk.trx, { controlId: row.control_id, limit: 200 });
  const other = row.kind === "order" ? "evidence" : "order";
  const linkOf = (one: { number: bigint; hash: string } | undefined) =>
    one === undefined ? null : { number: String(one.number), hash: one.hash };
  const check = checkCertificates(JSON.stringify(chainOf("", near)));
  const body = near.find((one) => one.number === number)?.body ?? "";
  return {
    ...rowJson(desk, row),
    body,
    document: JSON.parse(body) as Record<string, unknown>,
    evidence: same.filter(({ kind }) => kind === other).map((one) => String(one.number)),
    proof: {
      ok: check.kind === "checked" && check.ok,
      wrong: check.kind === "checked" ? [...check.wrong] : [check.reason],
      previous: linkOf(near.find((one) => one.number === number - 1n)),
      next: linkOf(near.find((one) => one.number === number + 1n)),
      head: linkOf(last) ?? { number: String(number), hash: row.hash },
    },
  };
}

const chainOf = (operator: string, found: readonly Certificate[]): ExportedChain => ({
  format: CERTIFICATE_FORMAT,
  operator,
  certificates: found.map(({ number, hash, body }) => ({ number: String(number), hash, body })),
});

const FILE_MAX = 10_000;

/** What `sanbiao export certificate` writes: `sanbiao verify certificate` needs nothing else. */
export async function certificateFile(desk: Desk, from: bigint, to: bigint): Promise<ExportedChain> {
  const found = await readCertificates(desk.trx, { from, to, limit: FILE_MAX + 1 });
  if (found.length === 0) throw new CodedError("request.not-found", `There is no certificate ${from}.`);
  if (found.length > FILE_MAX)
    throw new CodedError("request.invalid", `More than ${FILE_MAX} certificates: take them in parts.`);
  const { rows } = await sql<{ code: string }>`
    select code from operator where operator_id = ${desk.operatorId}`.execute(desk.trx);
  return chainOf(rows[0]?.code ?? "", found);
}
