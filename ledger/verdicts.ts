import { sql, type Transaction } from "kysely";
import { type Instant, isoOf } from "../domain/instant.ts";
import { REGISTERS } from "../domain/register.ts";
import type { Verdict } from "../domain/verdict.ts";
import type { Tables } from "../schema/tables.ts";

/** Keeps what was judged, beside the readings. The same judgement again is the same row. */
export async function writeVerdicts(
  trx: Transaction<Tables>,
  verdicts: readonly Verdict[],
  judgedAt: Instant,
): Promise<void> {
  if (verdicts.length === 0) return;
  const rows = verdicts.map((verdict) => ({
    meter_id: verdict.meterId.toString(),
    register: REGISTERS[verdict.register].code,
    from_at: isoOf(verdict.period.from),
    to_at: isoOf(verdict.period.to),
    rule: verdict.rule,
    rule_version: verdict.version,
    result: verdict.result,
    inputs: verdict.inputs,
    threshold: verdict.threshold,
    judged_at: isoOf(judgedAt),
  }));
  await sql`
    insert into sanbiao.verdict (operator_id, meter_id, register, from_at, to_at, rule, rule_version, result, inputs, threshold, judged_at)
    select sanbiao.operator_id(), meter_id, register, from_at, to_at, rule, rule_version, result, inputs, threshold, judged_at
      from json_populate_recordset(null::sanbiao.verdict, ${JSON.stringify(rows)}::json)
    on conflict do nothing`.execute(trx);
}
