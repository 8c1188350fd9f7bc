import { sql, type Transaction } from "kysely";
import { type Instant, isoOf } from "../domain/instant.ts";
import type { Day } from "../domain/period.ts";
import type { AccountId } from "../domain/reading.ts";
import type { Tables } from "../schema/tables.ts";
import type { Noted } from "./topology.ts";

type Trx = Transaction<Tables>;

/** What a customer said of a move-out that is yet to come. */
export type MoveOutPlan = {
  /** The first day that is no longer this customer's; `null` = withdrawn. */
  readonly onDay: Day | null;
  readonly contact: string;
  readonly forwardingAddress: string;
  readonly note: string;
};
export type PlanWord = MoveOutPlan & {
  readonly id: bigint;
  readonly notedAt: Instant;
  readonly notedBy: string | null;
};

/** Everything that was said of an account's move-out, the last word first. */
export async function readPlanWords(trx: Trx, accountId: AccountId): Promise<PlanWord[]> {
  const { rows } = await sql<PlanWord>`
    select w.id, w.on_day as "onDay", w.contact, w.forwarding_address as "forwardingAddress", w.note, w.noted_at as "notedAt",
           u.name as "notedBy"
      from sanbiao.planned_move_out w
      left join sanbiao.app_user u on u.operator_id = w.operator_id and u.id = w.noted_by
     where w.operator_id = sanbiao.operator_id() and w.account_id = ${accountId} order by w.id desc`.execute(trx);
  return rows;
}

/** A further word; those before it stay. */
export async function writePlanWord(
  trx: Trx,
  accountId: AccountId,
  { onDay, contact, forwardingAddress, note }: MoveOutPlan,
  { at, by }: Noted,
): Promise<void> {
  await sql`
    insert into sanbiao.planned_move_out (operator_id, account_id, on_day, contact, forwarding_address, note, noted_at, noted_by)
    values (sanbiao.operator_id(), ${accountId}, ${onDay}::date, ${contact}, ${forwardingAddress}, ${note},
            ${isoOf(at)}::timestamptz, ${by})`.execute(trx);
}

/** Plans that stand: of each account the last word, unless it withdraws or the account is closed. */
const STANDING = sql`
  select w.* from (
      select distinct on (account_id) * from sanbiao.planned_move_out
       where operator_id = sanbiao.operator_id() order by account_id, id desc) w
    join sanbiao.account a on a.operator_id = w.operator_id and a.id = w.account_id
   where w.on_day is not null and a.closed_on is null`;

export type PlannedRow = PlanWord & {
  readonly onDay: Day;
  readonly accountId: AccountId;
  readonly number: string;
  readonly name: string;
  readonly building: string | null;
  readonly room: string | null;
  readonly total: bigint;
};

/** Which plans are asked for: those whose day has come, those that are yet to come, or both. */
export type PlansAsked = {
  readonly state: "due" | "coming" | "all";
  readonly today: Day;
  readonly limit: number;
  readonly offset: number;
};

/** By their day, the oldest first. */
export async function readPlans(trx: Trx, { state, today, limit, offset }: PlansAsked): Promise<PlannedRow[]> {
  const when =
    state === "all" ? sql`true` : state === "due" ? sql`w.on_day <= ${today}::date` : sql`w.on_day > ${today}::date`;
  const { rows } = await sql<PlannedRow>`
    select w.id, w.on_day as "onDay", w.contact, w.forwarding_address as "forwardingAddress", w.note, w.noted_at as "notedAt",
           u.name as "notedBy", a.id as "accountId", a.number, a.name, p.building, p.room, count(*) over () as total
      from (${STANDING}) w
      join sanbiao.account a on a.operator_id = w.operator_id and a.id = w.account_id
      left join sanbiao.app_user u on u.operator_id = w.operator_id and u.id = w.noted_by
      left join lateral (select q.building, q.room from sanbiao.agreement g
             join sanbiao.usage_point q on q.operator_id = g.operator_id and q.id = g.usage_point_id
            where g.operator_id = a.operator_id and g.account_id = a.id order by g.id limit 1) p on true
     where ${when} order by w.on_day, a.number limit ${limit} offset ${offset}`.execute(trx);
  return rows;
}

export async function countPlansDue(trx: Trx, today: Day): Promise<number> {
  const { rows } = await sql<{ n: number }>`
    select count(*)::int as n from (${STANDING}) w where w.on_day <= ${today}::date`.execute(trx);
  return rows[0]?.n ?? 0;
}
