import { sql, type Transaction } from "kysely";
import { type Instant, isoOf } from "../domain/instant.ts";
import { decimalText, type Micro } from "../domain/quantity.ts";
import { atRatio, type Nano, RATIO_ONE, type RatioRow, ratioText, trueRatio } from "../domain/ratio.ts";
import type { MeterId } from "../domain/reading.ts";
import { type RegisterName, REGISTERS } from "../domain/register.ts";
import { BILLED_UNIT, type Utility } from "../domain/unit.ts";
import type { Tables } from "../schema/tables.ts";
import { type Refused, refused } from "./meter-event.ts";
import { readEditBook, readingsAround } from "./usage.ts";

type Trx = Transaction<Tables>;

/** What the dial showed per register, before any ratio. */
export type Dials = ReadonlyMap<RegisterName, Micro>;

export type LockedMeter = { readonly id: MeterId; readonly serial: string; readonly utility: Utility };
export type Stay = {
  readonly id: bigint;
  readonly meterId: MeterId;
  readonly usagePointId: bigint;
  readonly installedAt: Instant;
  readonly removedAt: Instant | null;
  readonly capacityPerHour: string;
};

/** These meters, locked in the order of their ids; nobody else can move them until this transaction ends. */
export async function lockMeters(trx: Trx, ids: readonly MeterId[]): Promise<Map<MeterId, LockedMeter>> {
  const { rows } = await sql<LockedMeter>`
    select id, serial, utility from sanbiao.meter
     where operator_id = sanbiao.operator_id() and id = any(${`{${ids.join(",")}}`}::bigint[])
     order by id for update`.execute(trx);
  return new Map(rows.map((row) => [row.id, row]));
}

/** A usage point, locked after the meters. */
export async function lockPoint(trx: Trx, id: bigint): Promise<{ id: bigint; utility: Utility } | null> {
  const { rows } = await sql<{ id: bigint; utility: Utility }>`
    select id, utility from sanbiao.usage_point where operator_id = sanbiao.operator_id() and id = ${id} for update`.execute(
    trx,
  );
  return rows[0] ?? null;
}

/** All stays of a meter or at a usage point, in order. A statement of its own: it sees what the last holder of the lock did. */
export async function staysOf(trx: Trx, of: { meterId: MeterId } | { usagePointId: bigint }): Promise<Stay[]> {
  const rows = await trx
    .selectFrom("installation")
    .select(["id", "meter_id", "usage_point_id", "installed_at", "removed_at", "capacity_per_hour"])
    .where("operator_id", "=", sql<bigint>`sanbiao.operator_id()`)
    .where("meterId" in of ? "meter_id" : "usage_point_id", "=", "meterId" in of ? of.meterId : of.usagePointId)
    .orderBy("installed_at")
    .execute();
  return rows.map((row) => ({
    id: row.id,
    meterId: row.meter_id,
    usagePointId: row.usage_point_id,
    installedAt: row.installed_at,
    removedAt: row.removed_at,
    capacityPerHour: row.capacity_per_hour,
  }));
}

export const stayAt = (stays: readonly Stay[], at: Instant): Stay | undefined =>
  stays.find((stay) => stay.installedAt <= at && (stay.removedAt === null || stay.removedAt > at));

/** Why a stay that begins at `at` and has no end yet cannot be; stays in `but` are about to end there. */
export function collision(
  stays: { readonly ofMeter: readonly Stay[]; readonly atPoint: readonly Stay[] },
  at: Instant,
  but?: Stay,
): Refused | null {
  const inTheWay = (all: readonly Stay[]) =>
    all.find((stay) => stay.id !== but?.id && (stay.removedAt === null || stay.removedAt > at));
  const elsewhere = inTheWay(stays.ofMeter);
  if (elsewhere !== undefined) {
    const { installedAt, removedAt, usagePointId } = elsewhere;
    const until = removedAt === null ? "" : ` until ${isoOf(removedAt)}`;
    return refused(
      installedAt <= at ? "elsewhere" : "overlap",
      `the meter stands at usage point ${usagePointId} from ${isoOf(installedAt)}${until}`,
    );
  }
  const taken = inTheWay(stays.atPoint);
  if (taken === undefined) return null;
  return refused(
    taken.installedAt <= at ? "point_taken" : "overlap",
    `meter ${taken.meterId} stands at this usage point from ${isoOf(taken.installedAt)}`,
  );
}

/** Registers that a meter of this utility cannot have. */
export function foreignRegister(utility: Utility, dials: Dials): Refused | null {
  const unit = BILLED_UNIT[utility];
  for (const [register, dial] of dials) {
    const type = REGISTERS[register];
    const isOwn = type.unit === unit || (utility === "electricity" && type.unit === "kvarh");
    if (type.kind !== "cumulative" || !isOwn || dial < 0n)
      return refused("wrong_register", `${register} is no dial of a meter for ${utility}`);
  }
  return null;
}

/** A dial that shows less than it showed before, by the last reading at or before `at`. */
export async function belowBooked(
  trx: Trx,
  meterId: MeterId,
  ratios: readonly RatioRow[],
  at: Instant,
  dials: Dials,
): Promise<Refused | null> {
  if (dials.size === 0) return null;
  const edges = [...dials.keys()].map((register) => ({ meterId, register, at }));
  const around = await readingsAround(trx, edges, await readEditBook(trx, edges));
  for (const [register, dial] of dials) {
    const last = around.findLast((reading) => reading.register === register && reading.at <= at);
    if (last === undefined) continue;
    const ratio = trueRatio(ratios, last.at);
    if (atRatio(dial, RATIO_ONE, ratio) >= last.value) continue;
    const read = decimalText(atRatio(last.value, ratio, RATIO_ONE));
    return refused(
      "below_booked",
      `${register} showed ${read} at ${isoOf(last.at)} already and cannot show ${decimalText(dial)} after it`,
    );
  }
  return null;
}

/** Numbers of the bills that rest on what was measured at this usage point after `at`. */
export async function billsAfter(trx: Trx, usagePointId: bigint, at: Instant): Promise<string[]> {
  const { rows } = await sql<{ number: string }>`
    select distinct b.number from sanbiao.agreement a
      join sanbiao.bill b on b.operator_id = a.operator_id and b.account_id = a.account_id and b.period_to > ${isoOf(at)}::timestamptz
      join sanbiao.billed_usage u on u.operator_id = b.operator_id and u.bill_id = b.id
           and u.usage_point_id = a.usage_point_id and u.period_to > ${isoOf(at)}::timestamptz
     where a.operator_id = sanbiao.operator_id() and a.usage_point_id = ${usagePointId} order by b.number`.execute(trx);
  return rows.map(({ number }) => number);
}

export async function writeStay(
  trx: Trx,
  stay: {
    readonly meterId: MeterId;
    readonly usagePointId: bigint;
    readonly at: Instant;
    readonly ratio: Nano;
    readonly capacityPerHour: string;
  },
): Promise<bigint> {
  const row = await trx
    .insertInto("installation")
    .values({
      operator_id: sql<bigint>`sanbiao.operator_id()`,
      meter_id: stay.meterId,
      usage_point_id: stay.usagePointId,
      installed_at: isoOf(stay.at),
      ratio: ratioText(stay.ratio),
      capacity_per_hour: stay.capacityPerHour,
    })
    .returning("id")
    .executeTakeFirstOrThrow();
  return row.id;
}

export const endStay = (trx: Trx, id: bigint, at: Instant): Promise<unknown> =>
  trx
    .updateTable("installation")
    .set({ removed_at: isoOf(at) })
    .where("operator_id", "=", sql<bigint>`sanbiao.operator_id()`)
    .where("id", "=", id)
    .execute();

/** What the dials showed when a meter came or went. */
export async function writeDials(
  trx: Trx,
  installationId: bigint,
  edge: "initial" | "final",
  dials: Dials,
  eventId: bigint,
): Promise<void> {
  if (dials.size === 0) return;
  await trx
    .insertInto("installation_reading")
    .values(
      [...dials].map(([register, dial]) => ({
        operator_id: sql<bigint>`sanbiao.operator_id()`,
        installation_id: installationId,
        edge,
        register: REGISTERS[register].code,
        dial,
        event_id: eventId,
      })),
    )
    .execute();
}
