import { sql, type Transaction } from "kysely";
import { type Instant, isoOf } from "../domain/instant.ts";
import { POLL_SECONDS } from "../domain/profile.ts";
import type { MeterId } from "../domain/reading.ts";
import { type RegisterName, REGISTERS } from "../domain/register.ts";
import type { Utility } from "../domain/unit.ts";
import type { Tables } from "../schema/tables.ts";

type Trx = Transaction<Tables>;

/** A silence that nobody noticed while it lasted: the night's count found it. */
export type FoundGap = {
  readonly meterId: MeterId;
  readonly register: RegisterName;
  readonly from: Instant;
  readonly to: Instant;
};

/** How a gap ended. Texts of `reason` for `given_up`: `short`, `no_answer`, `too_old`, or a person's own words. */
export type GapEnd = { readonly state: "filled" | "estimated" | "given_up"; readonly reason: string };

/** A gap that is over and not filled, with what is needed to judge it. */
export type EndedGap = {
  readonly id: bigint;
  readonly meterId: MeterId;
  readonly utility: Utility;
  readonly profileId: string;
  readonly from: Instant;
  readonly to: Instant;
  readonly reportEvery_s: number | null;
  /** Times the meter was asked for what it stored. */
  readonly asked: number;
  readonly askedAt: Instant | null;
  readonly settled: boolean;
};

/** Writes silences that no gap tells of yet; the same night again adds nothing. */
export async function keepFoundGaps(trx: Trx, found: readonly FoundGap[]): Promise<void> {
  if (found.length === 0) return;
  const column = (of: (gap: FoundGap) => string): string => `{${found.map(of).join(",")}}`;
  await sql`
    insert into sanbiao.gap (operator_id, meter_id, register, from_at, to_at, reason)
    select sanbiao.operator_id(), u.meter, u.register, u.from_at, u.to_at, 'not_heard'
      from unnest(${column(({ meterId }) => `${meterId}`)}::bigint[], ${column(({ register }) => `${REGISTERS[register].code}`)}::smallint[],
                  ${column(({ from }) => `"${isoOf(from)}"`)}::timestamptz[], ${column(({ to }) => `"${isoOf(to)}"`)}::timestamptz[])
        as u (meter, register, from_at, to_at)
     where not exists (select 1 from sanbiao.gap g where g.operator_id = sanbiao.operator_id() and g.meter_id = u.meter
             and g.from_at < u.to_at and coalesce(g.to_at, 'infinity') > u.from_at)
    on conflict do nothing`.execute(trx);
}

/**
 * Takes gaps that are over and were not looked at since `before`, those where readings came late first. Another process
 * that looks at the same time takes others.
 */
export async function takeEndedGaps(
  trx: Trx,
  { now, before, limit }: { now: Instant; before: Instant; limit: number },
): Promise<EndedGap[]> {
  const { rows } = await sql<{
    id: bigint;
    meter_id: bigint;
    utility: Utility;
    profile_id: string;
    from_at: Instant;
    to_at: Instant;
    every_s: number | null;
    asked: number;
    asked_at: Instant | null;
    settled_at: Instant | null;
  }>`
    with taken as (
      select g.id from sanbiao.gap g
       where g.operator_id = sanbiao.operator_id() and g.to_at is not null and g.state <> 'filled'
         and (g.looked_at is null or (g.settled_at is null and g.looked_at <= ${isoOf(before)}::timestamptz))
       order by g.looked_at nulls first, g.id limit ${limit} for update skip locked),
    looked as (
      update sanbiao.gap g set looked_at = ${isoOf(now)}::timestamptz from taken
       where g.operator_id = sanbiao.operator_id() and g.id = taken.id returning g.*)
    select g.id, g.meter_id, m.utility, m.profile_id, g.from_at, g.to_at, g.asked, g.asked_at, g.settled_at,
           case when b.id is null then m.report_every_s when jsonb_typeof(b.poll_seconds -> 'billing') = 'number'
             then (b.poll_seconds ->> 'billing')::float8 else ${POLL_SECONDS.billing}::float8 end as every_s
      from looked g join sanbiao.meter m on m.operator_id = g.operator_id and m.id = g.meter_id
      left join sanbiao.bus b on b.operator_id = m.operator_id and b.id = m.bus_id
     order by g.from_at, g.id`.execute(trx);
  return rows.map((row) => ({
    id: row.id,
    meterId: row.meter_id,
    utility: row.utility,
    profileId: row.profile_id,
    from: row.from_at,
    to: row.to_at,
    reportEvery_s: row.every_s,
    asked: row.asked,
    askedAt: row.asked_at,
    settled: row.settled_at !== null,
  }));
}

/** Readings measured long before they came: gaps of these meters, given up or not, are to be looked at soon. */
export const lookAgain = (trx: Trx, meterIds: readonly MeterId[]): Promise<unknown> =>
  sql`update sanbiao.gap set looked_at = null
       where operator_id = sanbiao.operator_id() and meter_id = any(${`{${meterIds.join(",")}}`}::bigint[])
         and to_at is not null and state <> 'filled' and looked_at is not null`.execute(trx);

/** The meter is being asked: `counted` when the question left. */
export const askedFor = (trx: Trx, id: bigint, at: Instant, counted: boolean): Promise<unknown> =>
  sql`update sanbiao.gap set asked = asked + ${counted ? 1 : 0}::smallint, asked_at = ${isoOf(at)}::timestamptz,
             state = case when ${counted}::boolean then 'asked' else state end
       where operator_id = sanbiao.operator_id() and id = ${id} and settled_at is null`.execute(trx);

/** Settles a gap that is over; one that was given up or estimated may still be filled. @returns whether this call did it */
export async function settleGap(trx: Trx, id: bigint, { state, reason }: GapEnd, at: Instant): Promise<boolean> {
  const { rows } = await sql`
    update sanbiao.gap set state = ${state}, state_reason = ${reason}, settled_at = ${isoOf(at)}::timestamptz,
           looked_at = coalesce(looked_at, ${isoOf(at)}::timestamptz)
     where operator_id = sanbiao.operator_id() and id = ${id} and to_at is not null
       and (settled_at is null or (state <> 'filled' and ${state} = 'filled')) returning id`.execute(trx);
  return rows.length === 1;
}
