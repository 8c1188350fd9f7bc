import { sql } from "kysely";
import type { HeldState, HoldReason } from "../../domain/hold.ts";
import type { Instant } from "../../domain/instant.ts";
import { atText, type Desk, moneyOf } from "../desk.ts";
import type { BillExceptionJson, BillExceptionsJson, HoldReasonJson } from "../schemas/bill-hold.ts";

/** So many are shown at once: as much as a clerk can work off. Our choice. */
const SHOWN_MAX = 500;

type Row = {
  run_id: bigint;
  account_id: bigint;
  number: string;
  name: string;
  period_from: Instant;
  period_to: Instant;
  at: Instant;
  reason: string;
  detail: string;
  state: HeldState | null;
  reasons: HoldReason[] | null;
  total_minor: bigint | null;
  last_minor: bigint | null;
  note: string | null;
  bill_id: bigint | null;
  bill_number: string | null;
  bill_minor: bigint | null;
  n: number;
};

/** What waits before it is issued, held bills first and the largest change first; or what was released, with its bill. */
export async function billExceptions(desk: Desk, state: "open" | "released"): Promise<BillExceptionsJson> {
  const wanted =
    state === "open"
      ? sql`e.settled_at is null and (e.reason <> 'held' or h.state in ('held', 'work', 'released'))`
      : sql`h.state = 'released'`;
  const { rows } = await sql<Row>`
    select e.run_id, e.account_id, a.number, a.name, r.period_from, r.period_to, e.at, e.reason, e.detail,
           h.state, h.reasons, h.supply_minor + h.property_minor as total_minor, h.last_minor, h.note,
           b.id as bill_id, b.number as bill_number,
           b.total_minor + coalesce((select sum(c.amount_minor) from bill_charge c
                                      where c.operator_id = b.operator_id and c.bill_id = b.id), 0)::bigint as bill_minor,
           count(*) over ()::int as n
      from run_exception e
      join due_run r on r.operator_id = e.operator_id and r.id = e.run_id
      join account a on a.operator_id = e.operator_id and a.id = e.account_id
      left join held_bill h on h.operator_id = e.operator_id and h.run_id = e.run_id and h.account_id = e.account_id
      left join bill b on h.state = 'released' and b.operator_id = e.operator_id and b.run_id = e.run_id and b.account_id = e.account_id
     where e.operator_id = ${desk.operatorId} and ${wanted}
     order by e.reason <> 'held', abs(h.supply_minor + h.property_minor - coalesce(h.last_minor, 0)) desc nulls last, e.run_id desc, a.number
     limit ${SHOWN_MAX}`.execute(desk.trx);
  return { items: rows.map((row) => exceptionJson(desk, row)), more: Math.max(0, (rows[0]?.n ?? 0) - rows.length) };
}

const exceptionJson = (desk: Desk, row: Row): BillExceptionJson => ({
  runId: String(row.run_id),
  accountId: String(row.account_id),
  accountNumber: row.number,
  accountName: row.name,
  periodFrom: atText(desk, row.period_from),
  periodTo: atText(desk, row.period_to),
  at: atText(desk, row.at),
  reason: row.reason,
  detail: row.detail,
  held:
    row.state === null || row.reasons === null
      ? null
      : {
          state: row.state,
          reasons: row.reasons.map(reasonJson),
          total: moneyOf(desk, row.total_minor ?? 0n),
          last: row.last_minor === null ? null : moneyOf(desk, row.last_minor),
          note: row.note ?? "",
          issued:
            row.bill_id === null
              ? null
              : {
                  billId: String(row.bill_id),
                  number: row.bill_number ?? "",
                  total: moneyOf(desk, row.bill_minor ?? 0n),
                },
        },
});

const reasonJson = (reason: HoldReason): HoldReasonJson => ({
  kind: reason.kind,
  value: reason.kind === "by_hand" ? null : reason.value,
  threshold: reason.kind === "by_hand" ? null : reason.threshold,
  text: reason.kind === "by_hand" ? reason.text : null,
});
