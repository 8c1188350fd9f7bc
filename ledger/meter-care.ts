import { sql, type Transaction } from "kysely";
import { type Instant, isoOf } from "../domain/instant.ts";
import { type Day, dayOf, startOfDay } from "../domain/period.ts";
import { type Nano, ratioChanges, type RatioRow, ratioText, trueRatio } from "../domain/ratio.ts";
import type { MeterId } from "../domain/reading.ts";
import type { Tables } from "../schema/tables.ts";
import { type Asked, type Deed, doneBefore, type LifeOutcome, refused, writeEvent } from "./meter-event.ts";
import {
  belowBooked,
  billsAfter,
  type Dials,
  foreignRegister,
  lockMeters,
  type Stay,
  stayAt,
  staysOf,
} from "./meter-stays.ts";
import { dialTexts, readRatios, recordRatio } from "./ratios.ts";
import { zoneOf } from "./vee.ts";

type Trx = Transaction<Tables>;

/** What is done to a meter where it hangs: another ratio, a seal, a verification. */

export type NewRatio = {
  readonly meterId: MeterId;
  /** In force from here to the end of the stay; what was said before of the time after it is replaced. */
  readonly at: Instant;
  readonly ratio: Nano;
  /** What the dial showed at the change; else it is reckoned from its neighbours and called interpolated. */
  readonly dials: Dials;
};

/** CT × VT or a pulse weight that is another one from an instant on: a new transformer, or the correction of what was set up wrong. */
export async function changeRatio(trx: Trx, deed: Deed, change: NewRatio): Promise<LifeOutcome> {
  const { meterId, at, ratio, dials } = change;
  const asked: Asked = { ratio: ratioText(ratio), meter: String(meterId), at: isoOf(at), dials: dialTexts(dials) };
  const before = await doneBefore(trx, deed, asked);
  if (before !== null) return before;
  if (at > deed.now) return refused("future", `${isoOf(at)} has not come yet`);
  const meter = (await lockMeters(trx, [meterId])).get(meterId);
  if (meter === undefined) return refused("unknown_meter", `there is no meter ${meterId}`);
  const foreign = foreignRegister(meter.utility, dials);
  if (foreign !== null) return foreign;
  const stays = await staysOf(trx, { meterId });
  const stay = stayAt(stays, at);
  if (stay === undefined) return refused("not_installed", `meter ${meter.serial} stood nowhere at ${isoOf(at)}`);
  const rows = (await readRatios(trx, [meterId])).get(meterId) ?? [];
  const below = await belowBooked(trx, meterId, rows, at, dials);
  if (below !== null) return below;
  if (trueRatio(rows, at) === ratio && ratioChanges(rows, at, stay.removedAt).length === 0)
    return refused("nothing_changes", `the ratio is ${ratioText(ratio)} from ${isoOf(at)} already`);
  const rebill = await billsAfter(trx, stay.usagePointId, at);
  const detail = {
    from: ratioText(trueRatio(rows, at)),
    to: ratioText(ratio),
    dials: dialTexts(dials),
    usagePoint: String(stay.usagePointId),
    rebill,
  };
  const eventId = await writeEvent(trx, deed, { meterId, kind: "ratio", at, detail, asked });
  const { reason, now, by } = deed;
  const written = await recordRatio(trx, { meterId, from: at, ratio, dials, reason, now, by });
  await keepLaterStays(trx, deed, meterId, stays, stay, rows);
  await showRatio(trx, stay, [...rows, written], now);
  return { kind: "done", eventId, meterId, rebill };
}

/** A new row reaches to the end of time: what was true at the meter's later places is said again after it. */
async function keepLaterStays(
  trx: Trx,
  { reason, now, by }: Deed,
  meterId: MeterId,
  stays: readonly Stay[],
  changed: Stay,
  rows: readonly RatioRow[],
): Promise<void> {
  const later = stays.find((stay) => stay.installedAt > changed.installedAt);
  if (later === undefined) return;
  const from = later.installedAt;
  const again = [{ at: from, ratio: trueRatio(rows, from), dials: new Map() }];
  for (const change of ratioChanges(rows, from, null))
    again.push({ ...change, ratio: change.after, dials: new Map(change.dials) });
  for (const { at, ratio, dials } of again)
    await recordRatio(trx, { meterId, from: at, ratio, dials, reason, now, by });
}

/**
 * The stay's own column is the ratio of today, or of its last day. What can flow through the meter itself stays the same:
 * the most that can be used grows with the ratio.
 */
async function showRatio(trx: Trx, stay: Stay, rows: readonly RatioRow[], now: Instant): Promise<void> {
  const at = stay.removedAt === null ? now : ((stay.removedAt - 1) as Instant);
  const shown = ratioText(trueRatio(rows, at));
  await sql`update sanbiao.installation set ratio = ${shown}::numeric,
                   capacity_per_hour = greatest(round(capacity_per_hour * ${shown}::numeric / ratio, 6), 0.000001)
             where operator_id = sanbiao.operator_id() and id = ${stay.id}`.execute(trx);
}

export type SealDeed = {
  readonly meterId: MeterId;
  readonly number: string;
  readonly act: "fixed" | "broken";
  readonly at: Instant;
  /** Who fixed or broke it, as the work sheet says. */
  readonly person: string;
};

export async function setSeal(trx: Trx, deed: Deed, seal: SealDeed): Promise<LifeOutcome> {
  const { meterId, number, act, at, person } = seal;
  const asked: Asked = { seal: number, meter: String(meterId), act, at: isoOf(at), person };
  const before = await doneBefore(trx, deed, asked);
  if (before !== null) return before;
  if (at > deed.now) return refused("future", `${isoOf(at)} has not come yet`);
  // One seal number is one seal of this operator: two clerks cannot fix it at once on two meters.
  await sql`select pg_advisory_xact_lock(hashtextextended('seal/' || sanbiao.operator_id() || '/' || ${number}, 0))`.execute(
    trx,
  );
  const meter = (await lockMeters(trx, [meterId])).get(meterId);
  if (meter === undefined) return refused("unknown_meter", `there is no meter ${meterId}`);
  const { rows } = await sql<{ meter_id: MeterId; kind: string }>`
    select meter_id, kind from sanbiao.meter_event where operator_id = sanbiao.operator_id()
       and kind in ('seal_fixed', 'seal_broken') and detail ->> 'number' = ${number} order by id desc limit 1`.execute(
    trx,
  );
  const holder = rows[0]?.kind === "seal_fixed" ? rows[0].meter_id : null;
  if (act === "fixed" && holder !== null)
    return refused("seal_in_use", `seal ${number} is on meter ${holder} and was not broken`);
  if (act === "broken" && holder !== meterId) return refused("seal_unknown", `seal ${number} is not on this meter`);
  const kind = act === "fixed" ? "seal_fixed" : "seal_broken";
  const eventId = await writeEvent(trx, deed, { meterId, kind, at, detail: { number, person }, asked });
  return { kind: "done", eventId, meterId, rebill: [] };
}

export type Calibration = {
  readonly meterId: MeterId;
  readonly verifiedOn: Day;
  readonly certificate: string;
  /** The last day on which the certificate holds. */
  readonly dueOn: Day;
};

export type CheckMeter = {
  readonly meterId: MeterId;
  /** The second meter on the same supply; `null`: none from now on. */
  readonly checkMeterId: MeterId | null;
  readonly at: Instant;
};

/** A second meter on the same supply, against which the first is judged each night (rule `check_meter`). */
export async function setCheckMeter(
  trx: Trx,
  deed: Deed,
  { meterId, checkMeterId, at }: CheckMeter,
): Promise<LifeOutcome> {
  const check = checkMeterId === null ? null : String(checkMeterId);
  const asked: Asked = { checkOf: String(meterId), check, at: isoOf(at) };
  const before = await doneBefore(trx, deed, asked);
  if (before !== null) return before;
  if (at > deed.now) return refused("future", `${isoOf(at)} has not come yet`);
  if (checkMeterId === meterId) return refused("same_meter", "a meter cannot check itself");
  const meters = await lockMeters(trx, [meterId, ...(checkMeterId === null ? [] : [checkMeterId])]);
  const meter = meters.get(meterId);
  if (meter === undefined) return refused("unknown_meter", `there is no meter ${meterId}`);
  const other = checkMeterId === null ? null : meters.get(checkMeterId);
  if (other === undefined) return refused("unknown_meter", `there is no meter ${checkMeterId}`);
  if (other !== null && other.utility !== meter.utility)
    return refused("wrong_utility", `meter ${other.serial} measures ${other.utility}, not ${meter.utility}`);
  const { rows } = await sql<{ check: string | null }>`
    select detail ->> 'check' as check from sanbiao.meter_event where operator_id = sanbiao.operator_id() and meter_id = ${meterId}
       and kind = 'check_meter' and at <= ${isoOf(at)}::timestamptz order by at desc, id desc limit 1`.execute(trx);
  if ((rows[0]?.check ?? null) === check) return refused("nothing_changes", "that is so already");
  const detail = { check, ...(other === null ? {} : { serial: other.serial }) };
  const eventId = await writeEvent(trx, deed, { meterId, kind: "check_meter", at, detail, asked });
  return { kind: "done", eventId, meterId, rebill: [] };
}

/** A verification (检定) of the meter, and until when it is good. */
export async function setCalibration(trx: Trx, deed: Deed, calibration: Calibration): Promise<LifeOutcome> {
  const { meterId, verifiedOn, certificate, dueOn } = calibration;
  const asked: Asked = { calibrate: String(meterId), verifiedOn, certificate, dueOn };
  const before = await doneBefore(trx, deed, asked);
  if (before !== null) return before;
  const zone = await zoneOf(trx);
  if (verifiedOn > dayOf(deed.now, zone)) return refused("future", `${verifiedOn} has not come yet`);
  if (dueOn <= verifiedOn) return refused("due_before", "a certificate ends after the day of the verification");
  const meter = (await lockMeters(trx, [meterId])).get(meterId);
  if (meter === undefined) return refused("unknown_meter", `there is no meter ${meterId}`);
  const detail = { verifiedOn, certificate, dueOn };
  const at = startOfDay(verifiedOn, zone);
  const eventId = await writeEvent(trx, deed, { meterId, kind: "calibrated", at, detail, asked });
  return { kind: "done", eventId, meterId, rebill: [] };
}
