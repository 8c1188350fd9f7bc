import { sql, type Transaction } from "kysely";
import { type Instant, isoOf } from "../domain/instant.ts";
import type { MeterId } from "../domain/reading.ts";
import type { DecidedStretch, Decision } from "../domain/reading-edit.ts";
import { type RegisterName, REGISTERS, registerName } from "../domain/register.ts";
import type { Tables } from "../schema/tables.ts";
import type { WriteOutcome } from "./edits.ts";

type Trx = Transaction<Tables>;

/** A person's word on a stretch that a rule holds or doubts. */
export type DecisionToWrite = {
  readonly meterId: MeterId;
  readonly register: RegisterName;
  readonly from: Instant;
  readonly to: Instant;
  /** The verdict's rule, as `difference.backwards`. */
  readonly rule: string;
  readonly decision: Decision;
  readonly reason: string;
  readonly key: string;
  readonly madeBy?: bigint;
  readonly madeAt: Instant;
};

/** Writes decisions in their order. Nothing is changed: `reopen` takes one back. */
export async function writeDecisions(trx: Trx, decisions: readonly DecisionToWrite[]): Promise<WriteOutcome[]> {
  if (decisions.length === 0) return [];
  const rows = decisions.map((one, ord) => ({
    ord,
    meter_id: one.meterId.toString(),
    register: REGISTERS[one.register].code,
    from_at: isoOf(one.from),
    to_at: isoOf(one.to),
    rule: one.rule,
    decision: one.decision,
    reason: one.reason,
    idempotency_key: one.key,
    made_by: one.madeBy?.toString() ?? null,
    made_at: isoOf(one.madeAt),
  }));
  const { rows: answers } = await sql<{ id: bigint; outcome: WriteOutcome["kind"] }>`
    with incoming as (
      select * from json_to_recordset(${JSON.stringify(rows)}::json) as d (ord integer, meter_id bigint, register smallint,
        from_at timestamptz, to_at timestamptz, rule text, decision text, reason text, idempotency_key text, made_by bigint, made_at timestamptz)
    ), written as (
      insert into sanbiao.verdict_decision (operator_id, meter_id, register, from_at, to_at, rule, decision, reason, idempotency_key, made_by, made_at)
      select sanbiao.operator_id(), meter_id, register, from_at, to_at, rule, decision, reason, idempotency_key, made_by, made_at
        from incoming order by ord
      on conflict (operator_id, idempotency_key) do nothing returning id, idempotency_key
    )
    select coalesce(w.id, b.id) as id,
           case when w.id is not null then 'written'
                when (b.meter_id, b.register, b.from_at, b.to_at, b.rule, b.decision)
                   = (i.meter_id, i.register, i.from_at, i.to_at, i.rule, i.decision) then 'already'
                else 'different' end as outcome
      from incoming i
      left join written w on w.idempotency_key = i.idempotency_key
      left join sanbiao.verdict_decision b on b.operator_id = sanbiao.operator_id() and b.idempotency_key = i.idempotency_key
     order by i.ord`.execute(trx);
  return answers.map(({ id, outcome }) => ({ kind: outcome, id }));
}

/** Decisions that stand, per meter: of those of one stretch the newest, whatever rule it answers. */
export async function readDecisions(trx: Trx, meterIds: readonly MeterId[]): Promise<Map<MeterId, DecidedStretch[]>> {
  const byMeter = new Map<MeterId, DecidedStretch[]>();
  if (meterIds.length === 0) return byMeter;
  const { rows } = await sql<{
    meter_id: bigint;
    register: number;
    from_at: Instant;
    to_at: Instant;
    decision: Decision;
  }>`
    select distinct on (meter_id, register, from_at, to_at) meter_id, register, from_at, to_at, decision
      from sanbiao.verdict_decision
     where operator_id = sanbiao.operator_id() and meter_id = any(${`{${[...new Set(meterIds)].join(",")}}`}::bigint[])
       and rule like 'difference.%'
     order by meter_id, register, from_at, to_at, id desc`.execute(trx);
  for (const { meter_id, register: code, from_at: from, to_at: to, decision } of rows) {
    const register = registerName(code);
    if (register === null || (decision !== "accept" && decision !== "no_use" && decision !== "rollover")) continue;
    const of = byMeter.get(meter_id) ?? [];
    of.push({ register, from, to, decision });
    byMeter.set(meter_id, of);
  }
  return byMeter;
}
