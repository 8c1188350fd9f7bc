import { sql, type Transaction } from "kysely";
import { type Instant, isoOf } from "../domain/instant.ts";
import type { Day } from "../domain/period.ts";
import type { AccountId, MeterId } from "../domain/reading.ts";
import type { Utility } from "../domain/unit.ts";
import type { Tables } from "../schema/tables.ts";
import { arrayText } from "./bulk-insert.ts";
import type { Noted } from "./topology.ts";

type Trx = Transaction<Tables>;

/** The latest agreement at a point. */
export type LastStay = {
  readonly accountId: AccountId;
  readonly number: string;
  readonly tariffId: string;
  readonly from: Day;
  /** Half-open; `null` = it goes on. */
  readonly to: Day | null;
};

/** A usage point with the meter that hangs there and the customer whose agreement reaches furthest. */
export type PointToTake = {
  readonly pointId: bigint;
  readonly utility: Utility;
  readonly building: string;
  readonly room: string;
  readonly role: "customer" | "master";
  readonly meterId: MeterId | null;
  readonly serial: string | null;
  readonly last: LastStay | null;
};

/**
 * These points as they stand at an instant, locked until the transaction ends: their meters first, then the points, each in the order
 * of their ids. A point that is not there is left out.
 */
export async function lockPointsToTake(trx: Trx, pointIds: readonly bigint[], at: Instant): Promise<PointToTake[]> {
  const ids = arrayText(pointIds);
  const hung = sql`select i.meter_id from sanbiao.installation i
    where i.operator_id = sanbiao.operator_id() and i.usage_point_id = any(${ids}::bigint[])
      and i.installed_at <= ${isoOf(at)}::timestamptz and (i.removed_at is null or i.removed_at > ${isoOf(at)}::timestamptz)`;
  await sql`select from sanbiao.meter where operator_id = sanbiao.operator_id() and id in (${hung}) order by id for update`.execute(
    trx,
  );
  await sql`select from sanbiao.usage_point where operator_id = sanbiao.operator_id() and id = any(${ids}::bigint[])
             order by id for update`.execute(trx);
  return readPointsToTake(trx, pointIds, at);
}

/** The same without a lock. */
export async function readPointsToTake(trx: Trx, pointIds: readonly bigint[], at: Instant): Promise<PointToTake[]> {
  const { rows } = await sql<Omit<PointToTake, "last"> & LastStay & { accountId: bigint | null }>`
    select p.id as "pointId", p.utility, p.building, p.room, p.role, m.id as "meterId", m.serial,
           g.account_id as "accountId", a.number, g.tariff_id as "tariffId", g.from_day as "from", g.to_day as "to"
      from sanbiao.usage_point p
      left join lateral (select i.meter_id from sanbiao.installation i
             where i.operator_id = p.operator_id and i.usage_point_id = p.id and i.installed_at <= ${isoOf(at)}::timestamptz
               and (i.removed_at is null or i.removed_at > ${isoOf(at)}::timestamptz) limit 1) i on true
      left join sanbiao.meter m on m.operator_id = p.operator_id and m.id = i.meter_id
      left join lateral (select * from sanbiao.agreement e where e.operator_id = p.operator_id and e.usage_point_id = p.id
                          order by e.to_day desc nulls first, e.id desc limit 1) g on true
      left join sanbiao.account a on a.operator_id = p.operator_id and a.id = g.account_id
     where p.operator_id = sanbiao.operator_id() and p.id = any(${arrayText(pointIds)}::bigint[])
     order by p.building, p.room, p.utility, p.id`.execute(trx);
  return rows.map(({ accountId, number, tariffId, from, to, ...point }) => ({
    ...point,
    last: accountId === null ? null : { accountId, number, tariffId, from, to },
  }));
}

export type NewCustomer = {
  readonly number: string;
  readonly name: string;
  readonly phone: string;
  readonly address: string;
  readonly paymentMode: "postpaid" | "prepaid";
};

/** A new account with an agreement at each of these points; `null` = another account has the number. */
export async function writeCustomer(
  trx: Trx,
  { number, name, phone, address, paymentMode }: NewCustomer,
  from: Day,
  agreements: readonly { readonly pointId: bigint; readonly tariffId: string }[],
): Promise<AccountId | null> {
  const { rows } = await sql<{ id: bigint }>`
    insert into sanbiao.account (operator_id, number, name, phone, address, payment_mode, opened_on)
    values (sanbiao.operator_id(), ${number}, ${name}, ${phone}, ${address}, ${paymentMode}, ${from}::date)
    on conflict (operator_id, number) do nothing returning id`.execute(trx);
  const id = rows[0]?.id;
  if (id === undefined) return null;
  for (const { pointId, tariffId } of agreements)
    await sql`
      insert into sanbiao.agreement (operator_id, account_id, usage_point_id, tariff_id, from_day)
      values (sanbiao.operator_id(), ${id}, ${pointId}, ${tariffId}, ${from}::date)`.execute(trx);
  return id;
}

/** Prepaid supply that this meter switches. Nothing is known of its relay until it says so. */
export async function writeSupply(
  trx: Trx,
  { accountId, meterId, policyId }: { accountId: AccountId; meterId: MeterId; policyId: string },
): Promise<void> {
  await sql`insert into sanbiao.supply (operator_id, account_id, meter_id, policy_id)
            values (sanbiao.operator_id(), ${accountId}, ${meterId}, ${policyId})`.execute(trx);
}

export type MoveIn = {
  readonly accountId: AccountId;
  readonly number: string;
  readonly fromDay: Day;
  readonly asked: unknown;
  readonly depositAsked: bigint | null;
  readonly notedAt: Instant;
  readonly notedBy: string | null;
};

const MOVE_IN = sql`
  select v.account_id as "accountId", a.number, v.from_day as "fromDay", v.asked, v.deposit_asked_minor as "depositAsked",
         v.noted_at as "notedAt", u.name as "notedBy"
    from sanbiao.move_in v join sanbiao.account a on a.operator_id = v.operator_id and a.id = v.account_id
    left join sanbiao.app_user u on u.operator_id = v.operator_id and u.id = v.noted_by
   where v.operator_id = sanbiao.operator_id()`;

/** The move-in of an idempotency key; whoever asks with the same one waits here. */
export async function lockMoveIn(trx: Trx, key: string): Promise<MoveIn | null> {
  await sql`select pg_advisory_xact_lock(hashtext('sanbiao.move_in/' || sanbiao.operator_id() || '/' || ${key}))`.execute(
    trx,
  );
  return (await sql<MoveIn>`${MOVE_IN} and v.client_key = ${key}`.execute(trx)).rows[0] ?? null;
}

/** How an account moved in; `null` = it came by a list. */
export async function readMoveIn(trx: Trx, accountId: AccountId): Promise<MoveIn | null> {
  return (await sql<MoveIn>`${MOVE_IN} and v.account_id = ${accountId}`.execute(trx)).rows[0] ?? null;
}

export async function writeMoveIn(
  trx: Trx,
  moveIn: Pick<MoveIn, "accountId" | "fromDay" | "asked" | "depositAsked"> & { readonly key: string },
  { at, by }: Noted,
): Promise<void> {
  const { accountId, fromDay, asked, depositAsked, key } = moveIn;
  await sql`
    insert into sanbiao.move_in (operator_id, account_id, from_day, client_key, asked, deposit_asked_minor, noted_at, noted_by)
    values (sanbiao.operator_id(), ${accountId}, ${fromDay}::date, ${key}, ${JSON.stringify(asked)}::jsonb, ${depositAsked},
            ${isoOf(at)}::timestamptz, ${by})`.execute(trx);
}
