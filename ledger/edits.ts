import { sql, type Transaction } from "kysely";
import { type Instant, isoOf } from "../domain/instant.ts";
import type { MeterId } from "../domain/reading.ts";
import { READING_SOURCES } from "../domain/reading.ts";
import type { EditOrigin, EditSays, EstimationMethod, ReadingEdit } from "../domain/reading-edit.ts";
import { REGISTERS, registerName } from "../domain/register.ts";
import type { Tables } from "../schema/tables.ts";
import { atTrueRatio, readRatios, rescaledOnly } from "./ratios.ts";

type Trx = Transaction<Tables>;

/** An entry about one instant of one register, for a person or a bill that needs a value where the meter gave none. */
export type EditToWrite = Omit<ReadingEdit, "id"> & {
  /** The same key with the same content again is `already`, with another content `different`. */
  readonly key: string;
  readonly madeBy?: bigint;
  readonly madeAt: Instant;
};

/** Of a write with a key: new, done before, or the key stands for another content. */
export type WriteOutcome = { readonly kind: "written" | "already" | "different"; readonly id: bigint };

/** Writes entries in their order; each has its own outcome. Nothing is ever changed: to undo, write `restore`. */
export async function writeEdits(trx: Trx, edits: readonly EditToWrite[]): Promise<WriteOutcome[]> {
  if (edits.length === 0) return [];
  const rows = edits.map((edit, i) => ({ ord: i, ...columnsOf(edit) }));
  const { rows: answers } = await sql<{ ord: number; id: bigint; outcome: WriteOutcome["kind"] }>`
    with incoming as (
      select * from json_to_recordset(${JSON.stringify(rows)}::json) as e (ord integer, meter_id bigint, register smallint,
        measured_at timestamptz, origin text, kind text, value bigint, source smallint, method text, basis jsonb, reason text,
        idempotency_key text, made_by bigint, made_at timestamptz)
    ), written as (
      insert into sanbiao.reading_edit (operator_id, meter_id, register, measured_at, origin, kind, value, source, method, basis,
                                        reason, idempotency_key, made_by, made_at)
      select sanbiao.operator_id(), meter_id, register, measured_at, origin, kind, value, source, method, basis,
             reason, idempotency_key, made_by, made_at from incoming order by ord
      on conflict (operator_id, idempotency_key) do nothing returning id, idempotency_key
    )
    select i.ord, coalesce(w.id, b.id) as id,
           case when w.id is not null then 'written'
                when (b.meter_id, b.register, b.measured_at, b.origin, b.kind) = (i.meter_id, i.register, i.measured_at, i.origin, i.kind)
                 and b.value is not distinct from i.value and b.method is not distinct from i.method then 'already'
                else 'different' end as outcome
      from incoming i
      left join written w on w.idempotency_key = i.idempotency_key
      left join sanbiao.reading_edit b on b.operator_id = sanbiao.operator_id() and b.idempotency_key = i.idempotency_key
     order by i.ord`.execute(trx);
  return answers.map(({ id, outcome }) => ({ kind: outcome, id }));
}

function columnsOf({ meterId, register, at, origin, says, reason, key, madeBy, madeAt }: EditToWrite) {
  return {
    meter_id: meterId.toString(),
    register: REGISTERS[register].code,
    measured_at: isoOf(at),
    origin,
    kind: says.kind,
    value: says.kind === "value" ? says.value.toString() : null,
    source: says.kind === "value" ? READING_SOURCES[says.source] : null,
    method: says.kind === "value" && says.source === "estimate" ? says.method : null,
    basis: says.kind === "value" && says.source === "estimate" ? says.basis : {},
    reason,
    idempotency_key: key,
    made_by: madeBy?.toString() ?? null,
    made_at: isoOf(madeAt),
  };
}

/** What each layer says now about these meters, in order of meter, register and time. Usually nothing: one look at an index. */
export async function readEdits(trx: Trx, meterIds: readonly MeterId[]): Promise<ReadingEdit[]> {
  if (meterIds.length === 0) return [];
  const { rows } = await sql<{
    id: bigint;
    meter_id: bigint;
    register: number;
    measured_at: Instant;
    origin: EditOrigin;
    kind: EditSays["kind"];
    value: bigint | null;
    source: number | null;
    method: EstimationMethod | null;
    basis: Record<string, string>;
    reason: string;
    made_at: Instant;
  }>`
    select distinct on (meter_id, register, measured_at, origin)
           id, meter_id, register, measured_at, origin, kind, value, source, method, basis, reason, made_at
      from sanbiao.reading_edit
     where operator_id = sanbiao.operator_id() and meter_id = any(${`{${[...new Set(meterIds)].join(",")}}`}::bigint[])
     order by meter_id, register, measured_at, origin, id desc`.execute(trx);
  // A value was written at the ratio that was known then.
  const ratios = rescaledOnly(
    await readRatios(
      trx,
      rows.map((row) => row.meter_id),
    ),
  );
  return rows.flatMap((row): ReadingEdit[] => {
    const register = registerName(row.register);
    if (register === null) return [];
    const { id, origin, reason, meter_id: meterId, measured_at: at } = row;
    const carried = { meterId, register, at, receivedAt: row.made_at, source: "manual" } as const;
    const value = row.value === null ? null : atTrueRatio(ratios, carried, row.value);
    return [{ id, meterId, register, at, origin, says: saysOf({ ...row, value }), reason }];
  });
}

function saysOf(row: {
  kind: EditSays["kind"];
  value: bigint | null;
  source: number | null;
  method: EstimationMethod | null;
  basis: Record<string, string>;
}): EditSays {
  if (row.kind !== "value") return { kind: row.kind };
  const value = row.value ?? 0n; // never null: the table's check
  if (row.source !== READING_SOURCES.estimate || row.method === null) return { kind: "value", value, source: "manual" };
  return { kind: "value", value, source: "estimate", method: row.method, basis: row.basis };
}
