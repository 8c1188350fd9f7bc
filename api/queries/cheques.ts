import { sql } from "kysely";
import type { ChequeCounts } from "../../domain/counter.ts";
import type { Instant } from "../../domain/instant.ts";
import { atText, atTextOrNull, type Desk, moneyOf, offsetOf, totalOf } from "../desk.ts";
import type { ChequeJson, ChequesJson } from "../schemas/counter.ts";

type Row = {
  id: bigint;
  journal_id: bigint;
  account_id: bigint;
  account_number: string;
  account_name: string;
  number: string;
  bank: string;
  amount_minor: bigint;
  counts: ChequeCounts;
  state: ChequeJson["state"];
  received_at: Instant;
  ended_at: Instant | null;
  reason: string | null;
  total: bigint;
};

/** Those in hand first, oldest of them first; then the others, newest first. */
export async function cheques(
  desk: Desk,
  query: { page: number; pageSize: number; state?: ChequeJson["state"] | undefined },
): Promise<ChequesJson> {
  const { page, pageSize } = query;
  const wanted = query.state === undefined ? sql`true` : sql`coalesce(e.outcome, 'in_hand') = ${query.state}`;
  const pageOf = (offset: number, size: number) => sql<Row>`
    select q.id, q.journal_id, q.account_id, a.number as account_number, a.name as account_name, q.number, q.bank, q.amount_minor, q.counts,
           coalesce(e.outcome, 'in_hand') as state, j.occurred_at as received_at, e.ended_at, nullif(e.reason, '') as reason, count(*) over () as total
      from cheque q
      join account a on a.operator_id = q.operator_id and a.id = q.account_id
      join journal j on j.operator_id = q.operator_id and j.id = q.journal_id
      left join cheque_ending e on e.operator_id = q.operator_id and e.cheque_id = q.id
     where q.operator_id = ${desk.operatorId} and ${wanted}
     order by e.outcome is not null, case when e.outcome is null then q.id else -q.id end limit ${size} offset ${offset}`;
  const { rows } = await pageOf(offsetOf(query), pageSize).execute(desk.trx);
  const total = await totalOf(rows, page, () => pageOf(0, 1).execute(desk.trx));
  return { items: rows.map((row) => chequeJson(desk, row)), page, pageSize, total };
}

const chequeJson = (desk: Desk, row: Row): ChequeJson => ({
  id: String(row.id),
  journalId: String(row.journal_id),
  accountId: String(row.account_id),
  accountNumber: row.account_number,
  accountName: row.account_name,
  number: row.number,
  bank: row.bank,
  amount: moneyOf(desk, row.amount_minor),
  counts: row.counts,
  state: row.state,
  receivedAt: atText(desk, row.received_at),
  endedAt: atTextOrNull(desk, row.ended_at),
  reason: row.reason,
});
