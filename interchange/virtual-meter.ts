import { createHash } from "node:crypto";
import { sql, type Transaction } from "kysely";
import { CodedError } from "../domain/errors.ts";
import { type Instant, isoOf } from "../domain/instant.ts";
import { decimalText, type Micro } from "../domain/quantity.ts";
import type { MeterId, OperatorId } from "../domain/reading.ts";
import type { Utility } from "../domain/unit.ts";
import type { Database } from "../schema/database.ts";
import type { Tables } from "../schema/tables.ts";

/** Marks meters whose registers were derived from files. No wire ever fills them, and no file ever fills another meter. */
export const GREENBUTTON_PROFILE = "greenbutton";

/** The same usage point of the same custodian has the same serial in each file. */
export const serialOf = (pointKey: string): string =>
  `GB-${createHash("sha256").update(pointKey).digest("hex").slice(0, 16)}`;

export type VirtualMeter = { readonly serial: string; readonly utility: Utility };
export type Placing = {
  readonly title: string;
  /** An existing usage point without a meter; absent: a new one is made. */
  readonly point: bigint | null;
  readonly from: Instant;
  readonly capacityPerHour: Micro;
};

/** The meter that files of this serial fill; null when there is none yet. @throws CodedError when it is a meter of another kind */
export function existingMeter(
  db: Database,
  operatorId: OperatorId,
  { serial, utility }: VirtualMeter,
): Promise<MeterId | null> {
  return db.as(operatorId, (trx) => meterOf(trx, operatorId, serial, utility));
}

async function meterOf(
  trx: Transaction<Tables>,
  operatorId: OperatorId,
  serial: string,
  utility: Utility,
): Promise<MeterId | null> {
  const row = await trx
    .selectFrom("meter")
    .select(["id", "profile_id", "utility"])
    .where("operator_id", "=", operatorId)
    .where("serial", "=", serial)
    .executeTakeFirst();
  if (row === undefined) return null;
  if (row.profile_id !== GREENBUTTON_PROFILE)
    throw new CodedError(
      "request.conflict",
      `Meter ${serial} has a register of its own (${row.profile_id}): derived values never go into it. Name another serial.`,
    );
  if (row.utility !== utility)
    throw new CodedError(
      "request.conflict",
      `Meter ${serial} counts ${row.utility}, the feed ${utility}. Name another serial.`,
    );
  return row.id;
}

/** Makes meter, usage point and installation in one transaction, or finds the meter that is there. */
export function placeMeter(
  db: Database,
  operatorId: OperatorId,
  meter: VirtualMeter,
  placing: Placing,
): Promise<MeterId> {
  return db.as(operatorId, async (trx) => {
    const before = await meterOf(trx, operatorId, meter.serial, meter.utility);
    if (before !== null) return before;
    const pointId = placing.point ?? (await newPoint(trx, operatorId, meter.utility, placing.title));
    if (placing.point !== null) await freePoint(trx, operatorId, placing.point, meter.utility, placing.from);
    const { id } = await trx
      .insertInto("meter")
      .values({
        operator_id: operatorId,
        serial: meter.serial,
        utility: meter.utility,
        profile_id: GREENBUTTON_PROFILE,
      })
      .returning("id")
      .executeTakeFirstOrThrow();
    await trx
      .insertInto("installation")
      .values({
        operator_id: operatorId,
        meter_id: id,
        usage_point_id: pointId,
        installed_at: isoOf(placing.from),
        capacity_per_hour: decimalText(placing.capacityPerHour),
      })
      .execute();
    return id;
  });
}

async function newPoint(
  trx: Transaction<Tables>,
  operatorId: OperatorId,
  utility: Utility,
  title: string,
): Promise<bigint> {
  const { id } = await trx
    .insertInto("usage_point")
    .values({ operator_id: operatorId, utility, building: "Green Button", room: title.slice(0, 200) })
    .returning("id")
    .executeTakeFirstOrThrow();
  return id;
}

/** @throws CodedError when the usage point is not there, counts something else, or has a meter since then */
export async function freePoint(
  trx: Transaction<Tables>,
  operatorId: OperatorId,
  pointId: bigint,
  utility: Utility,
  from: Instant,
): Promise<void> {
  const { rows } = await sql<{ utility: string; serial: string | null }>`
    select p.utility, m.serial from sanbiao.usage_point p
      left join sanbiao.installation i on i.operator_id = p.operator_id and i.usage_point_id = p.id
            and coalesce(i.removed_at, 'infinity') > ${isoOf(from)}::timestamptz
      left join sanbiao.meter m on m.operator_id = i.operator_id and m.id = i.meter_id
     where p.operator_id = ${operatorId} and p.id = ${pointId} for update of p`.execute(trx);
  const point = rows[0];
  if (point === undefined) throw new CodedError("request.not-found", `There is no usage point ${pointId}.`);
  if (point.utility !== utility)
    throw new CodedError("request.conflict", `Usage point ${pointId} takes ${point.utility}, the feed is ${utility}.`);
  if (point.serial !== null)
    throw new CodedError(
      "request.conflict",
      `Meter ${point.serial} stands at usage point ${pointId} in that time: two registers are never mixed. Leave --point out, or name a point without a meter.`,
    );
}
