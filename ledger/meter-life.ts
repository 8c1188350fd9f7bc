import { sql, type Transaction } from "kysely";
import { type Instant, isoOf } from "../domain/instant.ts";
import { type Nano, ratioText, trueRatio } from "../domain/ratio.ts";
import type { MeterId } from "../domain/reading.ts";
import type { Utility } from "../domain/unit.ts";
import type { Tables } from "../schema/tables.ts";
import { type Asked, type Deed, doneBefore, type LifeOutcome, refused, writeEvent } from "./meter-event.ts";
import {
  belowBooked,
  billsAfter,
  collision,
  type Dials,
  endStay,
  foreignRegister,
  lockMeters,
  lockPoint,
  stayAt,
  staysOf,
  writeDials,
  writeStay,
} from "./meter-stays.ts";
import { dialTexts, readRatios, recordRatio } from "./ratios.ts";
import { moveSupply } from "./meter-supply.ts";

type Trx = Transaction<Tables>;

/**
 * A meter comes, is exchanged, goes. Each function is one transaction of the caller's, and says no with a value before it
 * has written anything. What lies before a bill that was issued is allowed, and answered with the bills that must be made again.
 */

export type NewMeter = {
  readonly serial: string;
  readonly utility: Utility;
  readonly profileId: string;
  readonly busId?: bigint;
  readonly unitId?: number;
  readonly mqttClientId?: bigint;
  /** Lower case, as payloads are compared. */
  readonly deviceKey?: string;
};

/** A meter that hangs nowhere yet. */
export async function registerMeter(trx: Trx, deed: Deed, meter: NewMeter): Promise<LifeOutcome> {
  const { serial, utility, profileId, busId, unitId, mqttClientId, deviceKey } = meter;
  const asked: Asked = {
    register: serial,
    utility,
    profileId,
    bus: textOrNull(busId),
    unitId: unitId ?? null,
    client: textOrNull(mqttClientId),
    deviceKey: deviceKey ?? null,
  };
  const before = await doneBefore(trx, deed, asked);
  if (before !== null) return before;
  if (!(await isWireThere(trx, meter))) return refused("unknown_wire", "there is no such bus or MQTT client");
  const { rows } = await sql<{ id: bigint }>`
    insert into sanbiao.meter (operator_id, serial, utility, profile_id, bus_id, unit_id, mqtt_client_id, device_key)
    values (sanbiao.operator_id(), ${serial}, ${utility}, ${profileId}, ${busId ?? null}, ${unitId ?? null},
            ${mqttClientId ?? null}, ${deviceKey ?? null}) on conflict do nothing returning id`.execute(trx);
  const meterId = rows[0]?.id;
  if (meterId === undefined) return whoHasIt(trx, meter);
  const detail = { serial, profileId };
  const eventId = await writeEvent(trx, deed, { meterId, kind: "registered", at: deed.now, detail, asked });
  return { kind: "done", eventId, meterId, rebill: [] };
}

export type Install = {
  readonly meterId: MeterId;
  readonly usagePointId: bigint;
  readonly at: Instant;
  readonly ratio: Nano;
  /** Greatest feasible use per hour in the billed unit: decimal text. */
  readonly capacityPerHour: string;
  readonly initial: Dials;
};

export async function installMeter(trx: Trx, deed: Deed, install: Install): Promise<LifeOutcome> {
  const { meterId, usagePointId, at, ratio, capacityPerHour, initial } = install;
  const asked: Asked = {
    install: String(meterId),
    point: String(usagePointId),
    at: isoOf(at),
    ratio: ratioText(ratio),
    capacityPerHour,
    initial: dialTexts(initial),
  };
  const before = await doneBefore(trx, deed, asked);
  if (before !== null) return before;
  if (at > deed.now) return refused("future", `${isoOf(at)} has not come yet`);
  const meter = (await lockMeters(trx, [meterId])).get(meterId);
  if (meter === undefined) return refused("unknown_meter", `there is no meter ${meterId}`);
  const point = await lockPoint(trx, usagePointId);
  if (point === null) return refused("unknown_point", `there is no usage point ${usagePointId}`);
  if (point.utility !== meter.utility)
    return refused("wrong_utility", `a meter for ${meter.utility} cannot measure ${point.utility}`);
  const foreign = foreignRegister(meter.utility, initial);
  if (foreign !== null) return foreign;
  const stays = { ofMeter: await staysOf(trx, { meterId }), atPoint: await staysOf(trx, { usagePointId }) };
  const inTheWay = collision(stays, at);
  if (inTheWay !== null) return inTheWay;
  const rebill = await billsAfter(trx, usagePointId, at);
  const detail = { usagePoint: String(usagePointId), ratio: ratioText(ratio), initial: dialTexts(initial), rebill };
  const eventId = await writeEvent(trx, deed, { meterId, kind: "installed", at, detail, asked });
  await recordRatio(trx, { meterId, from: at, ratio, reason: deed.reason, now: deed.now, by: deed.by });
  const stayId = await writeStay(trx, { meterId, usagePointId, at, ratio, capacityPerHour });
  await writeDials(trx, stayId, "initial", initial, eventId);
  return { kind: "done", eventId, meterId, rebill };
}

export type Exchange = {
  /** The meter that goes. */
  readonly meterId: MeterId;
  readonly newMeterId: MeterId;
  readonly at: Instant;
  readonly final: Dials;
  readonly initial: Dials;
  /** As the old one's where absent. */
  readonly ratio?: Nano;
  readonly capacityPerHour?: string;
};

/** One meter goes and another takes its place at the same instant; both dials are billed. A supply that the old one switched is the new one's. */
export async function exchangeMeter(trx: Trx, deed: Deed, exchange: Exchange): Promise<LifeOutcome> {
  const { meterId, newMeterId, at, final, initial } = exchange;
  const asked: Asked = {
    exchange: String(meterId),
    for: String(newMeterId),
    at: isoOf(at),
    final: dialTexts(final),
    initial: dialTexts(initial),
    ratio: exchange.ratio === undefined ? null : ratioText(exchange.ratio),
    capacityPerHour: exchange.capacityPerHour ?? null,
  };
  const before = await doneBefore(trx, deed, asked);
  if (before !== null) return before;
  if (at > deed.now) return refused("future", `${isoOf(at)} has not come yet`);
  if (meterId === newMeterId) return refused("same_meter", "a meter cannot be exchanged for itself");
  const meters = await lockMeters(trx, [meterId, newMeterId]);
  const [old, next] = [meters.get(meterId), meters.get(newMeterId)];
  if (old === undefined || next === undefined) return refused("unknown_meter", "there is no such meter");
  if (old.utility !== next.utility)
    return refused("wrong_utility", `a meter for ${next.utility} cannot measure ${old.utility}`);
  const foreign = foreignRegister(old.utility, final) ?? foreignRegister(next.utility, initial);
  if (foreign !== null) return foreign;
  const stay = stayAt(await staysOf(trx, { meterId }), at);
  if (stay === undefined || stay.installedAt === at)
    return refused("not_installed", `meter ${old.serial} stood nowhere until ${isoOf(at)}`);
  if (stay.removedAt !== null)
    return refused("not_installed", `meter ${old.serial} was removed at ${isoOf(stay.removedAt)} already`);
  const { usagePointId } = stay;
  await lockPoint(trx, usagePointId);
  const stays = { ofMeter: await staysOf(trx, { meterId: newMeterId }), atPoint: await staysOf(trx, { usagePointId }) };
  const inTheWay = collision(stays, at, stay);
  if (inTheWay !== null) return inTheWay;
  const ratios = (await readRatios(trx, [meterId])).get(meterId) ?? [];
  const below = await belowBooked(trx, meterId, ratios, at, final);
  if (below !== null) return below;
  const rebill = await billsAfter(trx, usagePointId, at);
  const ratio = exchange.ratio ?? trueRatio(ratios, at);
  const point = String(usagePointId);
  const gone = { usagePoint: point, newMeter: String(newMeterId), newSerial: next.serial };
  const eventId = await writeEvent(trx, deed, {
    meterId,
    kind: "exchanged",
    at,
    detail: { ...gone, final: dialTexts(final), initial: dialTexts(initial), ratio: ratioText(ratio), rebill },
    asked,
  });
  await writeEvent(trx, deed, {
    meterId: newMeterId,
    kind: "installed",
    at,
    detail: {
      usagePoint: point,
      oldMeter: String(meterId),
      oldSerial: old.serial,
      initial: dialTexts(initial),
      ratio: ratioText(ratio),
      rebill,
    },
  });
  await endStay(trx, stay.id, at);
  await recordRatio(trx, { meterId: newMeterId, from: at, ratio, reason: deed.reason, now: deed.now, by: deed.by });
  const capacityPerHour = exchange.capacityPerHour ?? stay.capacityPerHour;
  const newStay = await writeStay(trx, { meterId: newMeterId, usagePointId, at, ratio, capacityPerHour });
  await writeDials(trx, stay.id, "final", final, eventId);
  await writeDials(trx, newStay, "initial", initial, eventId);
  await moveSupply(trx, meterId, newMeterId, deed.now);
  return { kind: "done", eventId, meterId: newMeterId, rebill };
}

export type Removal = { readonly meterId: MeterId; readonly at: Instant; readonly final: Dials };

export async function removeMeter(trx: Trx, deed: Deed, removal: Removal): Promise<LifeOutcome> {
  const { meterId, at, final } = removal;
  const asked: Asked = { remove: String(meterId), at: isoOf(at), final: dialTexts(final) };
  const before = await doneBefore(trx, deed, asked);
  if (before !== null) return before;
  if (at > deed.now) return refused("future", `${isoOf(at)} has not come yet`);
  const meter = (await lockMeters(trx, [meterId])).get(meterId);
  if (meter === undefined) return refused("unknown_meter", `there is no meter ${meterId}`);
  const foreign = foreignRegister(meter.utility, final);
  if (foreign !== null) return foreign;
  const stay = stayAt(await staysOf(trx, { meterId }), at);
  if (stay === undefined || stay.installedAt === at)
    return refused("not_installed", `meter ${meter.serial} stood nowhere until ${isoOf(at)}`);
  if (stay.removedAt !== null)
    return refused("not_installed", `meter ${meter.serial} was removed at ${isoOf(stay.removedAt)} already`);
  const ratios = (await readRatios(trx, [meterId])).get(meterId) ?? [];
  const below = await belowBooked(trx, meterId, ratios, at, final);
  if (below !== null) return below;
  const rebill = await billsAfter(trx, stay.usagePointId, at);
  const detail = { usagePoint: String(stay.usagePointId), final: dialTexts(final), rebill };
  const eventId = await writeEvent(trx, deed, { meterId, kind: "removed", at, detail, asked });
  await endStay(trx, stay.id, at);
  await writeDials(trx, stay.id, "final", final, eventId);
  return { kind: "done", eventId, meterId, rebill };
}

const textOrNull = (id: bigint | undefined): string | null => (id === undefined ? null : String(id));

async function isWireThere(trx: Trx, { busId, mqttClientId }: NewMeter): Promise<boolean> {
  const { rows } = await sql<{ ok: boolean }>`
    select (${busId ?? null}::bigint is null or exists (select 1 from sanbiao.bus
              where operator_id = sanbiao.operator_id() and id = ${busId ?? null}))
       and (${mqttClientId ?? null}::bigint is null or exists (select 1 from sanbiao.mqtt_client
              where operator_id = sanbiao.operator_id() and id = ${mqttClientId ?? null})) as ok`.execute(trx);
  return rows[0]?.ok === true;
}

async function whoHasIt(trx: Trx, { serial }: NewMeter): Promise<LifeOutcome> {
  const same = await trx
    .selectFrom("meter")
    .select("id")
    .where("operator_id", "=", sql<bigint>`sanbiao.operator_id()`)
    .where("serial", "=", serial)
    .executeTakeFirst();
  return same === undefined
    ? refused("address_taken", "another meter has this unit id on the bus, or this key at the MQTT client")
    : refused("serial_taken", `meter ${same.id} has the serial number ${serial}`);
}
