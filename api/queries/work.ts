import { type RawBuilder, sql } from "kysely";
import { HOUR_MS, type Instant, instantOfIso, SECOND_MS } from "../../domain/instant.ts";
import { decimalText } from "../../domain/quantity.ts";
import { isRegisterName, REGISTERS, registerName } from "../../domain/register.ts";
import { VERDICT_RESULTS, type VerdictResult } from "../../domain/verdict.ts";
import { textList } from "../../ledger/verify/check.ts";
import { WORK_RESULTS } from "../../ledger/verdicts.ts";
import { atText, contains, dayText, type Desk, offsetOf, totalOf, wordsOf } from "../desk.ts";
import { buildings } from "./buildings.ts";
import type { QuantityJson, UtilityName } from "../schemas/json.ts";
import type { WorkItemJson, WorkJson, WorkQuery } from "../schemas/work.ts";

/** What a person has to look at, and of that what holds a bill. */
const onTheList = sql.raw(textList(WORK_RESULTS));
const held = sql.raw(textList(WORK_RESULTS.filter((result) => VERDICT_RESULTS[result].held)));

/** Of each stretch and rule the newest verdict, with the decision that stands. */
const itemsOf = (desk: Desk, also: RawBuilder<unknown>) => sql`
  select distinct on (v.meter_id, v.register, v.from_at, v.to_at, v.rule) v.*,
         d.decision, d.reason as decided_why, d.made_by, d.made_at,
         case d.decision when 'withdrawn' then 'withdrawn' when 'accept' then 'decided' when 'no_use' then 'decided' when 'rollover' then 'decided'
              when 'edited' then 'decided' else 'open' end as state
    from verdict v
    left join lateral (select decision, reason, made_by, made_at from verdict_decision d
       where d.operator_id = v.operator_id and d.meter_id = v.meter_id and d.register = v.register
         and d.from_at = v.from_at and d.to_at = v.to_at and d.rule = v.rule order by id desc limit 1) d on true
   where v.operator_id = ${desk.operatorId} and v.result in (${onTheList}) ${also}
   order by v.meter_id, v.register, v.from_at, v.to_at, v.rule, v.id desc`;

type Row = {
  id: bigint;
  meter_id: bigint;
  register: number;
  from_at: Instant;
  to_at: Instant;
  rule: string;
  rule_version: number;
  result: VerdictResult;
  inputs: Record<string, unknown>;
  threshold: Record<string, unknown> | null;
  judged_at: Instant;
  state: WorkItemJson["state"];
  decision: NonNullable<WorkItemJson["decision"]>["decision"] | null;
  decided_why: string | null;
  made_at: Instant | null;
  by: string | null;
  serial: string;
  utility: UtilityName;
  building: string | null;
  room: string | null;
  account_id: bigint | null;
  account_number: string | null;
  account_name: string | null;
  start_value: bigint | null;
  end_value: bigint | null;
  total: bigint;
};

/** One page of the work list: what holds a bill first, then the oldest. */
export async function work(desk: Desk, query: WorkQuery): Promise<WorkJson> {
  const pageOf = (offset: number, limit: number) => sql<Row>`
    with item as materialized (${itemsOf(desk, query.meterId === undefined ? sql`` : sql`and v.meter_id = ${BigInt(query.meterId)}`)}),
    page as materialized (
      select i.*, m.serial, m.utility, u.building, u.room, a.id as account_id, a.number as account_number, a.name as account_name,
             count(*) over () as total
        from item i join meter m on m.operator_id = ${desk.operatorId} and m.id = i.meter_id
        left join lateral (select usage_point_id from installation s where s.operator_id = m.operator_id and s.meter_id = m.id
           and s.installed_at <= i.to_at order by installed_at desc limit 1) s on true
        left join usage_point u on u.operator_id = m.operator_id and u.id = s.usage_point_id
        left join agreement g on g.operator_id = u.operator_id and g.usage_point_id = u.id
         and g.from_day <= ${dayText(desk, desk.now)}::date and (g.to_day is null or g.to_day > ${dayText(desk, desk.now)}::date)
        left join account a on a.operator_id = g.operator_id and a.id = g.account_id
       where i.state = ${query.state} ${conditions(query)}
       order by i.result in (${held}) desc, i.to_at, i.id limit ${limit} offset ${offset})
    select p.*, coalesce(b.name, null) as by,
           (select value from reading r where r.operator_id = ${desk.operatorId} and r.meter_id = p.meter_id and r.register = p.register and r.measured_at = p.from_at) as start_value,
           (select value from reading r where r.operator_id = ${desk.operatorId} and r.meter_id = p.meter_id and r.register = p.register and r.measured_at = p.to_at) as end_value
      from page p left join app_user b on b.operator_id = ${desk.operatorId} and b.id = p.made_by
     order by p.result in (${held}) desc, p.to_at, p.id`;
  const { rows } = await pageOf(offsetOf(query), query.pageSize).execute(desk.trx);
  const total = await totalOf(rows, query.page, () => pageOf(0, 1).execute(desk.trx));
  const items = rows.map((row) => itemJson(desk, row));
  return {
    items,
    page: query.page,
    pageSize: query.pageSize,
    total,
    rules: await openRules(desk),
    buildings: await buildings(desk),
  };
}

function conditions(query: WorkQuery): RawBuilder<unknown> {
  const all: RawBuilder<unknown>[] = [];
  if (query.holds === "bill") all.push(sql`and i.result in (${held})`);
  if (query.holds === "nothing") all.push(sql`and i.result not in (${held})`);
  if (query.rule !== undefined && query.rule !== "") all.push(sql`and i.rule = ${query.rule}`);
  if (query.utility !== undefined) all.push(sql`and m.utility = ${query.utility}`);
  if (query.building !== undefined && query.building !== "") all.push(sql`and u.building = ${query.building}`);
  for (const word of wordsOf(query.search)) {
    const like = contains(word);
    all.push(
      sql`and (m.serial ilike ${like} or u.room ilike ${like} or a.number ilike ${like} or a.name ilike ${like})`,
    );
  }
  return sql.join(all, sql` `);
}

function itemJson(desk: Desk, row: Row): WorkItemJson {
  const register = registerName(row.register);
  const quantity = (value: bigint | null): QuantityJson | null =>
    value === null || register === null ? null : { value: decimalText(value), unit: REGISTERS[register].unit };
  return {
    id: String(row.id),
    meterId: String(row.meter_id),
    register: register ?? String(row.register),
    from: atText(desk, row.from_at),
    to: atText(desk, row.to_at),
    rule: row.rule,
    ruleVersion: row.rule_version,
    result: row.result,
    holdsBill: VERDICT_RESULTS[row.result]?.held ?? false,
    inputs: row.inputs,
    threshold: row.threshold,
    judgedAt: atText(desk, row.judged_at),
    ageSeconds: Math.max(0, Math.round((desk.now - row.to_at) / SECOND_MS)),
    serial: row.serial,
    utility: row.utility,
    building: row.building ?? "",
    room: row.room ?? "",
    account:
      row.account_id === null
        ? null
        : { id: String(row.account_id), number: row.account_number ?? "", name: row.account_name ?? "" },
    start: quantity(row.start_value),
    end: quantity(row.end_value),
    state: row.state,
    decision:
      row.decision === null || row.made_at === null
        ? null
        : { decision: row.decision, reason: row.decided_why ?? "", by: row.by, at: atText(desk, row.made_at) },
  };
}

async function openRules(desk: Desk): Promise<WorkJson["rules"]> {
  const { rows } = await sql<{ rule: string; open: bigint; holds: boolean }>`
    select rule, count(*) as open, bool_or(result in (${held})) as holds
      from (${itemsOf(desk, sql``)}) i where state = 'open' group by rule order by holds desc, rule`.execute(desk.trx);
  return rows.map((row) => ({ rule: row.rule, open: Number(row.open), holdsBill: row.holds }));
}

export type Stretch = {
  readonly meterId: string;
  readonly register: string;
  readonly from: string;
  readonly to: string;
  readonly rule: string;
};

/** Items that are on the list, as `key → result`; one that nobody judged is not there. */
export async function known(desk: Desk, items: readonly Stretch[]): Promise<ReadonlyMap<string, VerdictResult>> {
  const rows = items.flatMap((item) => {
    const [from, to] = [instantOfIso(item.from), instantOfIso(item.to)];
    if (from === null || to === null || !isRegisterName(item.register)) return [];
    return [
      {
        key: keyOf(item),
        meter: item.meterId,
        code: REGISTERS[item.register].code,
        from: item.from,
        to: item.to,
        rule: item.rule,
      },
    ];
  });
  const found = await sql<{ key: string; result: VerdictResult }>`
    select distinct on (i.key) i.key, v.result
      from json_to_recordset(${JSON.stringify(rows)}::json) as i (key text, meter bigint, code smallint, "from" timestamptz, "to" timestamptz, rule text)
      join verdict v on v.operator_id = ${desk.operatorId} and v.meter_id = i.meter and v.register = i.code
       and v.from_at = i."from" and v.to_at = i."to" and v.rule = i.rule and v.result in (${onTheList})
     order by i.key, v.id desc`.execute(desk.trx);
  return new Map(found.rows.map((row) => [row.key, row.result]));
}

export const keyOf = (item: Stretch): string => `${item.meterId} ${item.register} ${item.from} ${item.to} ${item.rule}`;

/** A dial's own end is needed to count once round it; a drop alone can be a rollover. */
export const fitsRollover = (result: VerdictResult): boolean => result === "backwards" || result === "invalid_zero";

/** An edit is about what was; a clock that runs ahead by more is none. */
export const AHEAD_MS_MAX = HOUR_MS;
