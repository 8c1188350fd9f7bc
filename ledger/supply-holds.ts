import { sql, type Transaction } from "kysely";
import { type Instant, isoOf } from "../domain/instant.ts";
import type { Day } from "../domain/period.ts";
import type { AccountId } from "../domain/reading.ts";
import type { HoldKind } from "../domain/supply.ts";
import type { Tables } from "../schema/tables.ts";

type Trx = Transaction<Tables>;
/** A hold is always said by a person. */
type Said = { readonly at: Instant; readonly by: bigint };

/** One reason not to cut: of an account, or of all the operator's where `accountId` is `null` (a pause, and only that). */
export type SupplyHold = {
  readonly kind: HoldKind;
  readonly accountId: AccountId | null;
  readonly from: Instant;
  /** `null` = until it is ended; protection has an end. */
  readonly until: Instant | null;
  readonly reason: string;
  /** What was seen: certificate, letter, file. Protection needs one. */
  readonly evidence: string;
};
export type SupplyHoldRow = SupplyHold & {
  readonly id: bigint;
  readonly notedAt: Instant;
  readonly notedBy: bigint;
  readonly approvedBy: bigint | null;
  readonly endedAt: Instant | null;
  readonly endedBy: bigint | null;
};

/** Puts a hold on. One that says the same and is not over is `already`; two people at once wait for each other. */
export async function noteSupplyHold(
  trx: Trx,
  { kind, accountId, from, until, reason, evidence }: SupplyHold,
  { at, by }: Said,
): Promise<{ outcome: "noted" | "already"; id: bigint } | { outcome: "no_such_account" }> {
  await sql`select pg_advisory_xact_lock(hashtext('sanbiao.supply_hold/' || sanbiao.operator_id()))`.execute(trx);
  if (accountId !== null) {
    const known = await sql`select 1 from sanbiao.account
       where operator_id = sanbiao.operator_id() and id = ${accountId}`.execute(trx);
    if (known.rows.length === 0) return { outcome: "no_such_account" };
  }
  const end = until === null ? null : isoOf(until);
  // Without a beginning of its own, a hold that is on already says the same.
  const same = await sql<{ id: bigint }>`
    select id from sanbiao.supply_hold
     where operator_id = sanbiao.operator_id() and kind = ${kind} and account_id is not distinct from ${accountId}::bigint
       and ended_at is null and until_at is not distinct from ${end}::timestamptz and reason = ${reason} and evidence = ${evidence}
       and (from_at = ${isoOf(from)}::timestamptz or (${from === at} and from_at <= ${isoOf(at)}::timestamptz
            and coalesce(until_at, 'infinity') > ${isoOf(at)}::timestamptz))
     order by id limit 1`.execute(trx);
  if (same.rows[0] !== undefined) return { outcome: "already", id: same.rows[0].id };
  const { rows } = await sql<{ id: bigint }>`
    insert into sanbiao.supply_hold (operator_id, kind, account_id, from_at, until_at, reason, evidence, noted_at, noted_by)
    values (sanbiao.operator_id(), ${kind}, ${accountId}::bigint, ${isoOf(from)}::timestamptz, ${end}::timestamptz, ${reason}, ${evidence},
            ${isoOf(at)}::timestamptz, ${by}) returning id`.execute(trx);
  return { outcome: "noted", id: (rows[0] as { id: bigint }).id };
}

/** Protection holds once a second person has seen the evidence, too. */
export async function approveSupplyHold(
  trx: Trx,
  id: bigint,
  { by }: Said,
): Promise<"approved" | "already" | "no_such_hold" | "same_person" | "over" | "needs_none"> {
  const hold = await lockHold(trx, id);
  if (hold === null) return "no_such_hold";
  if (hold.kind !== "protection") return "needs_none";
  if (hold.endedAt !== null) return "over";
  if (hold.approvedBy !== null) return "already";
  if (hold.notedBy === by) return "same_person";
  await sql`update sanbiao.supply_hold set approved_by = ${by}
             where operator_id = sanbiao.operator_id() and id = ${id}`.execute(trx);
  return "approved";
}

/** Ends a hold before its time. */
export async function endSupplyHold(
  trx: Trx,
  id: bigint,
  { at, by }: Said,
): Promise<"ended" | "already" | "no_such_hold"> {
  const hold = await lockHold(trx, id);
  if (hold === null) return "no_such_hold";
  if (hold.endedAt !== null) return "already";
  await sql`update sanbiao.supply_hold set ended_at = ${isoOf(at)}::timestamptz, ended_by = ${by}
             where operator_id = sanbiao.operator_id() and id = ${id}`.execute(trx);
  return "ended";
}

const COLUMNS = sql`id, kind, account_id as "accountId", from_at as from, until_at as until, reason, evidence, noted_at as "notedAt",
  noted_by as "notedBy", approved_by as "approvedBy", ended_at as "endedAt", ended_by as "endedBy"`;

async function lockHold(trx: Trx, id: bigint): Promise<SupplyHoldRow | null> {
  const { rows } = await sql<SupplyHoldRow>`select ${COLUMNS} from sanbiao.supply_hold
     where operator_id = sanbiao.operator_id() and id = ${id} for update`.execute(trx);
  return rows[0] ?? null;
}
export const readSupplyHold = lockHold;

/** Holds, the last one first, 500 at most: of one account or of all, those that are not over or all. */
export async function readSupplyHolds(
  trx: Trx,
  { accountId, isAll, now }: { accountId: AccountId | null; isAll: boolean; now: Instant },
): Promise<SupplyHoldRow[]> {
  const { rows } = await sql<SupplyHoldRow>`
    select ${COLUMNS} from sanbiao.supply_hold
     where operator_id = sanbiao.operator_id() and (${accountId}::bigint is null or account_id = ${accountId}::bigint)
       and (${isAll} or (ended_at is null and coalesce(until_at, 'infinity') > ${isoOf(now)}::timestamptz))
     order by id desc limit 500`.execute(trx);
  return rows;
}

/** The lowest and highest temperature of a local day, °C. */
export type DayTemperature = {
  readonly day: Day;
  readonly kind: "forecast" | "measured";
  readonly lowC: number;
  readonly highC: number;
  readonly source: string;
};

/** The last word of each day from a day on, the latest day first. */
export async function readDayTemperatures(trx: Trx, from: Day): Promise<DayTemperature[]> {
  const { rows } = await sql<DayTemperature>`
    select distinct on (day) day, kind, low_c::float8 as "lowC", high_c::float8 as "highC", source from sanbiao.day_temperature
     where operator_id = sanbiao.operator_id() and day >= ${from}::date order by day desc, id desc limit 400`.execute(
    trx,
  );
  return rows;
}

/** Says how cold and hot a day is; the last word counts, the same again is `already`. */
export async function noteDayTemperature(trx: Trx, said: DayTemperature, at: Instant): Promise<"noted" | "already"> {
  const { day, kind, lowC, highC, source } = said;
  const { rows } = await sql`
    insert into sanbiao.day_temperature (operator_id, day, kind, low_c, high_c, source, noted_at)
    select sanbiao.operator_id(), ${day}::date, ${kind}, ${lowC}::numeric, ${highC}::numeric, ${source}, ${isoOf(at)}::timestamptz
     where not exists (
       select from (select t.kind, t.low_c, t.high_c, t.source from sanbiao.day_temperature t
                     where t.operator_id = sanbiao.operator_id() and t.day = ${day}::date order by t.id desc limit 1) last
        where last.kind = ${kind} and last.low_c = ${lowC}::numeric and last.high_c = ${highC}::numeric and last.source = ${source})
    returning id`.execute(trx);
  return rows.length === 0 ? "already" : "noted";
}
