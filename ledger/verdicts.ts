import { sql, type Transaction } from "kysely";
import { type Instant, isoOf } from "../domain/instant.ts";
import type { Period } from "../domain/period.ts";
import type { MeterId } from "../domain/reading.ts";
import { REGISTERS } from "../domain/register.ts";
import { VERDICT_RESULTS, type Verdict, type VerdictResult } from "../domain/verdict.ts";
import type { Tables } from "../schema/tables.ts";
import { textList } from "./verify/check.ts";
import { type BulkInsert, keyText, Sheet } from "./bulk-insert.ts";

/** Rows of what was judged, beside the readings. The same judgement again is the same row. */
const judgedAtOnce = (judgedAt: string): BulkInsert<Verdict> => ({
  columns: [
    ["meter_id", "bigint", ({ meterId }) => meterId],
    ["inputs", "jsonb", ({ inputs }) => JSON.stringify(inputs)],
  ],
  shared: {
    keyOf: ({ register, period, rule, version, result, threshold }) =>
      keyText(register, period.from, period.to, rule, version, result, JSON.stringify(threshold)),
    columns: [
      ["register", "smallint", ({ register }) => REGISTERS[register].code],
      ["from_at", "timestamptz", ({ period }) => isoOf(period.from)],
      ["to_at", "timestamptz", ({ period }) => isoOf(period.to)],
      ["rule", "text", ({ rule }) => rule],
      ["rule_version", "integer", ({ version }) => version],
      ["result", "text", ({ result }) => result],
      ["threshold", "jsonb", ({ threshold }) => JSON.stringify(threshold)],
      ["judged_at", "timestamptz", () => judgedAt],
    ],
  },
  onConflict: "do nothing",
});

/** Results that a person has to look at. `exchange_incomplete` and the like hold a bill; `suspect` does not. */
export const WORK_RESULTS: readonly VerdictResult[] = [
  "suspect",
  ...(Object.keys(VERDICT_RESULTS) as VerdictResult[]).filter((result) => VERDICT_RESULTS[result].held),
];

/** What was looked at again: these rules (`vee`, `difference`), this meter, this stretch. */
export type JudgedAgain = { readonly meterId: MeterId; readonly period: Period };

/**
 * Keeps what was judged, and closes what was found there before and is not found any more: a reading that came late, an
 * edit. What is found once more after that is open again. A person's decision is never touched.
 * @param touches `ends`: a stretch belongs to the looked-at period when it ends in it; `overlaps`: when it has a part in it
 */
export async function judgeAgain(
  trx: Transaction<Tables>,
  scope: readonly JudgedAgain[],
  found: readonly Verdict[],
  by: JudgedBy,
): Promise<void> {
  const sheet = new VerdictSheet(by);
  sheet.add(scope, found);
  await sheet.write(trx);
}

export type JudgedBy = {
  readonly rules: readonly string[];
  readonly touches: "ends" | "overlaps";
  readonly at: Instant;
};

/** What `judgeAgain` writes, taken down meter by meter. */
export class VerdictSheet {
  readonly #by: JudgedBy;
  readonly #verdicts: Sheet<Verdict>;
  readonly #looked: object[] = [];
  readonly #again: object[] = [];

  constructor(by: JudgedBy) {
    this.#by = by;
    this.#verdicts = new Sheet("verdict", judgedAtOnce(isoOf(by.at)));
  }

  add(scope: readonly JudgedAgain[], found: readonly Verdict[]): void {
    for (const verdict of found) this.#verdicts.add(verdict);
    for (const { meterId, period } of scope)
      this.#looked.push({ meter_id: meterId.toString(), from_at: isoOf(period.from), to_at: isoOf(period.to) });
    for (const { result, meterId, register, period, rule } of found) {
      if (!WORK_RESULTS.includes(result)) continue;
      const stretch = { from_at: isoOf(period.from), to_at: isoOf(period.to) };
      this.#again.push({ meter_id: meterId.toString(), register: REGISTERS[register].code, ...stretch, rule });
    }
  }

  async write(trx: Transaction<Tables>): Promise<void> {
    await this.#verdicts.write(trx);
    if (this.#looked.length > 0) await closeNotFound(trx, this.#looked, this.#again, this.#by);
  }
}

async function closeNotFound(
  trx: Transaction<Tables>,
  looked: readonly object[],
  again: readonly object[],
  { rules, touches, at }: JudgedBy,
): Promise<void> {
  await sql`
    with looked as (
      select * from json_to_recordset(${JSON.stringify(looked)}::json) as l (meter_id bigint, from_at timestamptz, to_at timestamptz)
    ), found as (
      select distinct * from json_to_recordset(${JSON.stringify(again)}::json)
        as f (meter_id bigint, register smallint, from_at timestamptz, to_at timestamptz, rule text)
    ), known as (
      select distinct v.meter_id, v.register, v.from_at, v.to_at, v.rule
        from looked l join sanbiao.verdict v on v.operator_id = sanbiao.operator_id() and v.meter_id = l.meter_id
         and v.to_at > l.from_at
         and (case when ${touches === "ends"}::boolean then v.to_at <= l.to_at else v.from_at < l.to_at end)
       where v.result in (${sql.raw(textList(WORK_RESULTS))})
         and split_part(v.rule, '.', 1) = any(${`{${rules.join(",")}}`}::text[])
    ), stands as (
      select k.*, d.decision, coalesce(d.id, 0) as decision_id, f.rule is not null as found_again
        from known k
        left join found f using (meter_id, register, from_at, to_at, rule)
        left join lateral (select id, decision from sanbiao.verdict_decision d where d.operator_id = sanbiao.operator_id()
           and d.meter_id = k.meter_id and d.register = k.register and d.from_at = k.from_at and d.to_at = k.to_at and d.rule = k.rule
           order by id desc limit 1) d on true
    )
    insert into sanbiao.verdict_decision (operator_id, meter_id, register, from_at, to_at, rule, decision, reason, idempotency_key, made_at)
    select sanbiao.operator_id(), meter_id, register, from_at, to_at, rule, next, case next when 'reopen' then 'found again' else 'not found again' end,
           next || '/' || meter_id || '/' || register || '/' || from_at || '/' || to_at || '/' || rule || '/' || decision_id, ${isoOf(at)}::timestamptz
      from stands
     cross join lateral (select case when found_again and decision = 'withdrawn' then 'reopen'
                                     when not found_again and coalesce(decision, 'reopen') = 'reopen' then 'withdrawn' end as next) n
     where next is not null
    on conflict do nothing`.execute(trx);
}
