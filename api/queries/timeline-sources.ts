import { type RawBuilder, sql } from "kysely";
import type { DebtClass } from "../../domain/charge.ts";
import type { Instant } from "../../domain/instant.ts";
import { registerName } from "../../domain/register.ts";
import { chartAccountOf } from "../../ledger/chart.ts";
import { timestamptz } from "../../schema/database.ts";
import { atText, moneyOf } from "../desk.ts";
import type { TimelineKind, TimelinePayment } from "../schemas/account.ts";
import { billColumns, billFrom, billRow, type BillRow } from "./bills.ts";
import { type Placed, type Position, rankOf, type TimelinePage } from "./timeline.ts";

/** Rows that come after a position, for one kind; instants are compared as the whole milliseconds that people are shown. */
function isAfterSql(kind: TimelineKind, at: RawBuilder<unknown>, id: RawBuilder<unknown>, before: Position) {
  const ms = sql`date_trunc('milliseconds', ${at})`;
  const limit = sql`${timestamptz(before.at)}::timestamptz`;
  const rank = rankOf(kind);
  if (rank > before.rank) return sql`${ms} <= ${limit}`;
  if (rank < before.rank) return sql`${ms} < ${limit}`;
  return sql`(${ms}, ${id}) < (${limit}, ${before.id}::bigint)`;
}

export async function billEntries({ desk, accountId, before, limit }: TimelinePage): Promise<Placed[]> {
  // A bill of nothing is not posted: it stands at the begin of its day.
  const at = sql`coalesce(j.occurred_at, l.issued_on::timestamp at time zone ${desk.zone})`;
  const { rows } = await sql<BillRow & { occurred_at: Instant }>`
    select ${billColumns}, ${at} as occurred_at from ${billFrom}
      left join journal j on j.operator_id = l.operator_id and j.id = l.journal_id
     where l.operator_id = ${desk.operatorId} and l.account_id = ${accountId}
       and ${isAfterSql("bill", at, sql`l.id`, before)}
     order by ${at} desc, l.id desc limit ${limit}`.execute(desk.trx);
  return rows.map((row) => ({
    at: row.occurred_at,
    rank: rankOf("bill"),
    id: row.id,
    entry: { id: `bill/${row.id}`, at: atText(desk, row.occurred_at), kind: "bill", bill: billRow(desk, row) },
  }));
}

type PaymentRow = {
  id: bigint;
  kind: TimelinePayment["entry"];
  cause: Record<string, unknown>;
  occurred_at: Instant;
  gained: bigint;
  moved: bigint;
  by_name: string | null;
  reversed_by: bigint | null;
};

/** Cash is cash, whichever drawer it stands in. */
const channelOf = (account: string | null): string | null => (account === null ? null : chartAccountOf(account));
const textOf = (value: unknown): string | null => (typeof value === "string" ? value : null);

/** Money that moved without a bill: payments, their reversals, adjustments. */
export async function paymentEntries({ desk, accountId, before, limit }: TimelinePage): Promise<Placed[]> {
  const { rows } = await sql<PaymentRow>`
    with own as (
      select p.journal_id, -sum(p.amount_minor)::bigint as gained,
             coalesce(sum(p.amount_minor) filter (where p.amount_minor > 0), 0)::bigint as moved from posting p
       where p.operator_id = ${desk.operatorId} and p.account_id = ${accountId} and p.currency = ${desk.currency}
         and p.ledger_account <> 'customer_deposit'
       group by p.journal_id)
    select j.id, j.kind, j.cause, j.occurred_at, own.gained, own.moved, u.name as by_name,
           (select r.id from own o join journal r on r.operator_id = j.operator_id and r.id = o.journal_id
             where r.kind = 'reversal' and r.cause ->> 'reverses' = j.id::text limit 1) as reversed_by
      from own join journal j on j.operator_id = ${desk.operatorId} and j.id = own.journal_id
      left join app_user u on u.operator_id = j.operator_id and u.id = j.posted_by
     where j.kind <> 'bill' and ${isAfterSql("payment", sql`j.occurred_at`, sql`j.id`, before)}
     order by j.occurred_at desc, j.id desc limit ${limit}`.execute(desk.trx);
  return rows.map((row) => ({
    at: row.occurred_at,
    rank: rankOf("payment"),
    id: row.id,
    entry: {
      id: `payment/${row.id}`,
      at: atText(desk, row.occurred_at),
      kind: "payment",
      entry: row.kind,
      journalId: String(row.id),
      amount: moneyOf(desk, row.kind === "set_off" ? row.moved : row.gained),
      pays: row.kind === "set_off" ? (row.cause["pays"] as DebtClass) : null,
      channel: channelOf(textOf(row.cause["payment"])),
      by: row.by_name,
      reversedBy: row.reversed_by === null ? null : String(row.reversed_by),
      reason: textOf(row.cause["reason"]),
    },
  }));
}

export async function supplyEntries({ desk, accountId, before, limit }: TimelinePage): Promise<Placed[]> {
  const { rows } = await sql<{ id: bigint; at: Instant; kind: string; detail: Record<string, unknown> }>`
    select e.id, e.at, e.kind, e.detail from supply_event e
     where e.operator_id = ${desk.operatorId} and e.account_id = ${accountId}
       and ${isAfterSql("supply", sql`e.at`, sql`e.id`, before)}
     order by e.at desc, e.id desc limit ${limit}`.execute(desk.trx);
  return rows.map((row) => ({
    at: row.at,
    rank: rankOf("supply"),
    id: row.id,
    entry: {
      id: `supply/${row.id}`,
      at: atText(desk, row.at),
      kind: "supply",
      event: row.kind,
      detail: row.detail,
    },
  }));
}

type VerdictRow = {
  id: bigint;
  meter_id: bigint;
  register: number;
  result: string;
  rule: string;
  from_at: Instant;
  to_at: Instant;
  judged_at: Instant;
};

/** Verdicts of note: whatever is not simply normal. */
export async function verdictEntries({ desk, meters, before, limit }: TimelinePage): Promise<Placed[]> {
  if (meters.length === 0) return [];
  const { rows } = await sql<VerdictRow>`
    select v.* from verdict v
     where v.operator_id = ${desk.operatorId} and v.result <> 'normal'
       and v.meter_id = any(${`{${meters.map((m) => m.meterId).join(",")}}`}::bigint[])
       and ${isAfterSql("verdict", sql`v.judged_at`, sql`v.id`, before)}
     order by v.judged_at desc, v.id desc limit ${limit}`.execute(desk.trx);
  return rows.flatMap((row) => {
    const meter = meters.find((m) => m.meterId === row.meter_id);
    if (meter === undefined) return [];
    return {
      at: row.judged_at,
      rank: rankOf("verdict"),
      id: row.id,
      entry: {
        id: `verdict/${row.id}`,
        at: atText(desk, row.judged_at),
        kind: "verdict" as const,
        meterId: String(row.meter_id),
        serial: meter.serial,
        utility: meter.utility,
        register: registerName(row.register) ?? String(row.register),
        result: row.result,
        rule: row.rule,
        from: atText(desk, row.from_at),
        to: atText(desk, row.to_at),
      },
    };
  });
}
