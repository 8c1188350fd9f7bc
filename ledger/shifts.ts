import { sql, type Transaction } from "kysely";
import type { CounterTerms, Pieces, ShiftState, TenderKind } from "../domain/counter.ts";
import { CodedError } from "../domain/errors.ts";
import { type Instant, isoOf } from "../domain/instant.ts";
import type { Currency } from "../domain/money.ts";
import type { Tables } from "../schema/tables.ts";
import { drawerAccount } from "./chart.ts";

type Trx = Transaction<Tables>;
/** Who did it, and when. */
export type Deed = { readonly at: Instant; readonly by: bigint };

/** Until an operator says otherwise. Our choice. */
export const DEFAULT_COUNTER_TERMS: CounterTerms = {
  shiftRequired: false,
  varianceLimit: 50_00n,
  reversalLimit: 1000_00n,
  chequeCounts: "cleared",
};

export async function readCounterTerms(trx: Trx): Promise<CounterTerms> {
  const row = await trx
    .selectFrom("counter_terms")
    .selectAll()
    .where("operator_id", "=", sql<bigint>`sanbiao.operator_id()`)
    .orderBy("id", "desc")
    .limit(1)
    .executeTakeFirst();
  if (row === undefined) return DEFAULT_COUNTER_TERMS;
  return {
    shiftRequired: row.shift_required,
    varianceLimit: row.variance_limit_minor,
    reversalLimit: row.reversal_limit_minor,
    chequeCounts: row.cheque_counts,
  };
}

export async function noteCounterTerms(trx: Trx, terms: CounterTerms, { at, by }: Deed): Promise<void> {
  await sql`insert into sanbiao.counter_terms (operator_id, shift_required, variance_limit_minor, reversal_limit_minor, cheque_counts, noted_at, noted_by)
    values (sanbiao.operator_id(), ${terms.shiftRequired}, ${terms.varianceLimit}::bigint, ${terms.reversalLimit}::bigint, ${terms.chequeCounts},
            ${isoOf(at)}::timestamptz, ${by})`.execute(trx);
}

/** A drawer with a code of its own; the same code again is `already`. */
export async function noteDrawer(
  trx: Trx,
  drawer: { code: string; name: string },
  { at, by }: { at: Instant; by: bigint | null },
): Promise<{ kind: "noted" | "already"; id: bigint }> {
  const { rows } = await sql<{ id: bigint }>`
    insert into sanbiao.cash_drawer (operator_id, code, name, noted_at, noted_by)
    values (sanbiao.operator_id(), ${drawer.code}, ${drawer.name}, ${isoOf(at)}::timestamptz, ${by}::bigint)
    on conflict (operator_id, code) do nothing returning id`.execute(trx);
  if (rows[0] !== undefined) return { kind: "noted", id: rows[0].id };
  const known = await sql<{ id: bigint }>`select id from sanbiao.cash_drawer
     where operator_id = sanbiao.operator_id() and code = ${drawer.code}`.execute(trx);
  return { kind: "already", id: (known.rows[0] as { id: bigint }).id };
}

export type Shift = {
  readonly id: bigint;
  readonly drawerId: bigint;
  readonly clerkId: bigint;
  readonly currency: Currency;
  readonly float: bigint;
  readonly openedAt: Instant;
  readonly state: ShiftState;
};
type ShiftRow = {
  id: bigint;
  drawer_id: bigint;
  clerk_id: bigint;
  currency: Currency;
  float_minor: bigint;
  opened_at: Instant;
  state: ShiftState;
};
const shiftOf = (row: ShiftRow): Shift => ({
  id: row.id,
  drawerId: row.drawer_id,
  clerkId: row.clerk_id,
  currency: row.currency,
  float: row.float_minor,
  openedAt: row.opened_at,
  state: row.state,
});
const COLUMNS = sql`s.id, s.drawer_id, s.clerk_id, s.currency, s.float_minor, s.opened_at, s.state`;

/** The open shift of a clerk, which stays open until the transaction ends. */
export async function heldShift(trx: Trx, clerkId: bigint): Promise<Shift | null> {
  const { rows } = await sql<ShiftRow>`select ${COLUMNS} from sanbiao.counter_shift s
     where s.operator_id = sanbiao.operator_id() and s.clerk_id = ${clerkId} and s.state = 'open' for share`.execute(
    trx,
  );
  return rows[0] === undefined ? null : shiftOf(rows[0]);
}

/** @throws CodedError `counter.no-shift` for cash without a shift where the operator wants one */
export async function requireShift(trx: Trx, kind: TenderKind, shift: Shift | null): Promise<void> {
  if (kind === "cash" && shift === null && (await readCounterTerms(trx)).shiftRequired)
    throw new CodedError("counter.no-shift", "Cash is taken in a shift here, and none of yours is open.");
}

/** The open shift in which an entry's money was taken, which stays open until the transaction ends. */
export async function heldShiftOfEntry(trx: Trx, journalId: bigint): Promise<Shift | null> {
  const { rows } = await sql<ShiftRow>`select ${COLUMNS} from sanbiao.counter_shift s
     where s.operator_id = sanbiao.operator_id() and s.state = 'open'
       and s.id = (select t.shift_id from sanbiao.tender t where t.operator_id = sanbiao.operator_id() and t.journal_id = ${journalId})
       for share`.execute(trx);
  return rows[0] === undefined ? null : shiftOf(rows[0]);
}

/** A shift alone for this transaction: payments that are under way are waited for, later ones wait. */
export async function lockShift(trx: Trx, id: bigint): Promise<Shift | null> {
  const { rows } = await sql<ShiftRow>`select ${COLUMNS} from sanbiao.counter_shift s
     where s.operator_id = sanbiao.operator_id() and s.id = ${id} for update`.execute(trx);
  return rows[0] === undefined ? null : shiftOf(rows[0]);
}

/** What should be in the drawer of a shift: float, and cash that came and went in it. Minor units. */
export async function expectedCash(trx: Trx, shift: Pick<Shift, "id" | "drawerId" | "float">): Promise<bigint> {
  const { rows } = await sql<{ sum: bigint }>`
    select (${shift.float}::bigint + coalesce(sum(p.amount_minor), 0))::bigint as sum
      from sanbiao.tender t join sanbiao.posting p on p.operator_id = t.operator_id and p.journal_id = t.journal_id
                                                  and p.ledger_account = ${drawerAccount(shift.drawerId)}
     where t.operator_id = sanbiao.operator_id() and t.shift_id = ${shift.id}`.execute(trx);
  return rows[0]?.sum ?? shift.float;
}

export type ShiftCount = {
  readonly no: number;
  readonly counted: bigint;
  readonly expected: bigint;
  readonly pieces: readonly Pieces[] | null;
  readonly at: Instant;
  readonly by: bigint;
};

/** What was counted, oldest first. */
export async function countsOfShift(trx: Trx, shiftId: bigint): Promise<ShiftCount[]> {
  const rows = await trx
    .selectFrom("shift_count")
    .selectAll()
    .where("operator_id", "=", sql<bigint>`sanbiao.operator_id()`)
    .where("shift_id", "=", shiftId)
    .orderBy("no")
    .execute();
  return rows.map((row) => ({
    no: row.no,
    counted: row.counted_minor,
    expected: row.expected_minor,
    pieces: row.pieces,
    at: row.counted_at,
    by: row.counted_by,
  }));
}

/** How the money of an entry changed hands; negative = given back. */
export type Tender = {
  readonly journalId: bigint;
  readonly shiftId: bigint | null;
  readonly kind: TenderKind;
  readonly amount: bigint;
  readonly reference?: string | null;
};

export async function noteTender(trx: Trx, { journalId, shiftId, kind, amount, reference }: Tender): Promise<void> {
  await sql`insert into sanbiao.tender (operator_id, journal_id, shift_id, kind, amount_minor, reference)
    values (sanbiao.operator_id(), ${journalId}, ${shiftId}::bigint, ${kind}, ${amount}::bigint, ${reference ?? null}::text)`.execute(
    trx,
  );
}
