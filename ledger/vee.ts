import { sql, type Transaction } from "kysely";
import { type Instant, isoOf } from "../domain/instant.ts";
import type { Day, Period, Zone } from "../domain/period.ts";
import { POLL_SECONDS } from "../domain/profile.ts";
import { type Micro, microOf } from "../domain/quantity.ts";
import { type MeterId, READING_SOURCES } from "../domain/reading.ts";
import { type RegisterName, REGISTERS, registerName } from "../domain/register.ts";
import type { Utility } from "../domain/unit.ts";
import type { Tables } from "../schema/tables.ts";
import { atRatioAsOf, type RatioBook, readRatios, rescaledOnly, sourceOf } from "./ratios.ts";

type Trx = Transaction<Tables>;

/** A meter as the validation of a day needs it, with all its places in order. */
export type MeterOnRecord = {
  readonly meterId: MeterId;
  readonly utility: Utility;
  readonly profileId: string;
  readonly stays: readonly {
    readonly installedAt: Instant;
    readonly removedAt: Instant | null;
    readonly ratio: Micro;
    readonly maxPerHour: Micro;
  }[];
  /** Seconds between polls of its bus, or between the reports that were agreed for it; `null` where nobody agreed. */
  readonly reportEvery_s: number | null;
  /** A customer's usage point without an agreement on that day. */
  readonly vacant: boolean;
  /** A second meter on the same supply. */
  readonly checkMeterId: MeterId | null;
};

/** Readings of one register in order of time, column by column; times in milliseconds, values in millionths. */
export type SeriesRows = {
  readonly meterId: MeterId;
  readonly register: RegisterName;
  readonly at: readonly number[];
  readonly receivedAt: readonly number[];
  readonly value: readonly number[];
  readonly source: readonly number[];
};

export type Mark = {
  readonly meterId: MeterId;
  readonly register: RegisterName;
  /** The instant that was asked for. */
  readonly asked: Instant;
  readonly at: Instant;
  readonly receivedAt: Instant;
  readonly value: number;
  readonly source: number;
};

/** A meter that was taken off is still looked at for so long: whether it went on counting. Our choice. */
const AFTER_REMOVAL = "40 days";

/** The next meters by id that stand, or stood not long ago, at a usage point. */
export async function nextMeters(
  trx: Trx,
  { after, limit, period, day }: { after: MeterId; limit: number; period: Period; day: Day },
): Promise<MeterOnRecord[]> {
  const { rows } = await sql<{
    id: bigint;
    utility: Utility;
    profile_id: string;
    every_s: number | null;
    vacant: boolean;
    check: string | null;
    stays: { installed: string; removed: string | null; ratio: string; capacity: string }[];
  }>`
    with next as (
      select m.id, m.utility, m.profile_id, m.bus_id, m.report_every_s from sanbiao.meter m
       where m.operator_id = sanbiao.operator_id() and m.id > ${after}
         and exists (select 1 from sanbiao.installation i where i.operator_id = m.operator_id and i.meter_id = m.id
               and i.installed_at < ${isoOf(period.to)}::timestamptz
               and (i.removed_at is null or i.removed_at > ${isoOf(period.from)}::timestamptz - ${AFTER_REMOVAL}::interval))
       order by m.id limit ${limit})
    select n.id, n.utility, n.profile_id,
           case when b.id is null then n.report_every_s when jsonb_typeof(b.poll_seconds -> 'billing') = 'number'
             then (b.poll_seconds ->> 'billing')::float8 else ${POLL_SECONDS.billing}::float8 end as every_s,
           s.stays, s.vacant,
           (select e.detail ->> 'check' from sanbiao.meter_event e where e.operator_id = sanbiao.operator_id() and e.meter_id = n.id
               and e.kind = 'check_meter' and e.at < ${isoOf(period.to)}::timestamptz order by e.at desc, e.id desc limit 1) as check
      from next n left join sanbiao.bus b on b.operator_id = sanbiao.operator_id() and b.id = n.bus_id
     cross join lateral (
       select json_agg(json_build_object('installed', (date_part('epoch', i.installed_at) * 1000)::bigint::text,
                'removed', (date_part('epoch', i.removed_at) * 1000)::bigint::text,
                'ratio', i.ratio::text, 'capacity', i.capacity_per_hour::text) order by i.installed_at) as stays,
              bool_or(i.removed_at is null and p.role = 'customer' and not exists (
                select 1 from sanbiao.agreement a where a.operator_id = i.operator_id and a.usage_point_id = p.id
                   and a.from_day <= ${day}::date and (a.to_day is null or a.to_day > ${day}::date))) as vacant
         from sanbiao.installation i
         join sanbiao.usage_point p on p.operator_id = i.operator_id and p.id = i.usage_point_id
        where i.operator_id = sanbiao.operator_id() and i.meter_id = n.id
          and i.installed_at < ${isoOf(period.to)}::timestamptz) s
     order by n.id`.execute(trx);
  return rows.map((row) => ({
    meterId: row.id,
    utility: row.utility,
    profileId: row.profile_id,
    reportEvery_s: row.every_s,
    vacant: row.vacant,
    checkMeterId: row.check === null ? null : BigInt(row.check),
    stays: row.stays.map((stay) => ({
      installedAt: Number(stay.installed) as Instant,
      removedAt: stay.removed === null ? null : (Number(stay.removed) as Instant),
      ratio: microOf(stay.ratio) ?? 0n,
      maxPerHour: microOf(stay.capacity) ?? 0n,
    })),
  }));
}

/**
 * Every reading of these meters and registers measured in `(from, to]`, a row per register: joined to texts in the
 * server and cut here, which costs a fifth of a row per reading.
 */
export async function seriesWithin(
  trx: Trx,
  meterIds: readonly MeterId[],
  registers: readonly RegisterName[],
  { from, to }: Period,
): Promise<SeriesRows[]> {
  const { rows } = await sql<{
    meter_id: bigint;
    register: number;
    ats: string;
    delays: string;
    vals: string;
    sources: string;
  }>`
    select meter_id, register,
           string_agg(after_ms::text, ',' order by measured_at) as ats,
           string_agg(delay_ms::text, ',' order by measured_at) as delays,
           string_agg(value::text, ',' order by measured_at) as vals,
           string_agg(source::text, ',' order by measured_at) as sources
      from (select meter_id, register, measured_at, value, source,
                   round((date_part('epoch', measured_at) * 1000) - ${from}::float8)::bigint as after_ms,
                   round((date_part('epoch', received_at) - date_part('epoch', measured_at)) * 1000)::bigint as delay_ms
              from sanbiao.reading
             where operator_id = sanbiao.operator_id() and meter_id = any(${`{${meterIds.join(",")}}`}::bigint[])
               and register = any(${codeArray(registers)}::smallint[])
               and measured_at > ${isoOf(from)}::timestamptz and measured_at <= ${isoOf(to)}::timestamptz) r
     group by meter_id, register order by meter_id, register`.execute(trx);
  const ratios = rescaledOnly(await readRatios(trx, meterIds));
  return rows.flatMap((row) => {
    const register = registerName(row.register);
    if (register === null) return [];
    const at = row.ats.split(",").map((ms) => from + Number(ms));
    const series: SeriesRows = {
      meterId: row.meter_id,
      register,
      at,
      receivedAt: row.delays.split(",").map((ms, i) => (at[i] ?? 0) + Number(ms)),
      value: row.vals.split(",").map(Number),
      source: row.sources.split(",").map(Number),
    };
    return [ratios.has(row.meter_id) ? atRatioOf(ratios, series, to) : series];
  });
}

/** Values of a series at the ratio that is true at `asOf`, so that neither a late ratio nor a change of it looks like use. */
function atRatioOf(ratios: RatioBook, series: SeriesRows, asOf: Instant): SeriesRows {
  const { meterId, register, at, receivedAt, value, source } = series;
  const carriedBy = (i: number) => {
    const [measured, received] = [(at[i] ?? 0) as Instant, (receivedAt[i] ?? 0) as Instant];
    return { meterId, register, at: measured, receivedAt: received, source: sourceOf(source[i] ?? 0) };
  };
  return { ...series, value: value.map((one, i) => Number(atRatioAsOf(ratios, carriedBy(i), BigInt(one), asOf))) };
}

/**
 * Per meter the last reading of its register at or before each instant, no older than `notOlder_ms`.
 * `actual` passes estimates over. Values are at the ratio that is true at `asOf`.
 */
export async function marksOf(
  trx: Trx,
  meters: readonly { readonly meterId: MeterId; readonly register: RegisterName }[],
  instants: readonly Instant[],
  { notOlder_ms, actual = false, asOf }: { notOlder_ms: number; actual?: boolean; asOf: Instant },
): Promise<Mark[]> {
  const { rows } = await sql<{
    meter_id: bigint;
    register: number;
    asked: Instant;
    measured_at: Instant;
    received_at: Instant;
    value: bigint;
    source: number;
  }>`
    select n.*, a.asked
      from unnest(${`{${meters.map(({ meterId }) => meterId).join(",")}}`}::bigint[],
                  ${codeArray(meters.map(({ register }) => register))}::smallint[]) as m (id, code)
     cross join unnest(${`{${instants.map((at) => `"${isoOf(at)}"`).join(",")}}`}::timestamptz[]) as a (asked)
     cross join lateral (
       select meter_id, register, measured_at, received_at, value, source from sanbiao.reading
        where operator_id = sanbiao.operator_id() and meter_id = m.id and register = m.code
          and measured_at <= a.asked and measured_at > a.asked - ${`${notOlder_ms} milliseconds`}::interval
          and (not ${actual}::boolean or source <> ${READING_SOURCES.estimate})
        order by measured_at desc limit 1) n
     order by n.meter_id, a.asked`.execute(trx);
  const ratios = rescaledOnly(
    await readRatios(
      trx,
      meters.map(({ meterId }) => meterId),
    ),
  );
  return rows.flatMap((row) => {
    const register = registerName(row.register);
    if (register === null) return [];
    const { asked, source, meter_id: meterId } = row;
    const [at, receivedAt] = [row.measured_at, row.received_at];
    const one = { meterId, register, at: [at], receivedAt: [receivedAt], value: [Number(row.value)], source: [source] };
    const [value = 0] = (ratios.has(meterId) ? atRatioOf(ratios, one, asOf) : one).value;
    return [{ meterId, register, asked, at, receivedAt, value, source }];
  });
}

/** Values that contradict the book, inside `(from, to]`. */
export async function conflictsWithin(
  trx: Trx,
  meterIds: readonly MeterId[],
  { from, to }: Period,
): Promise<{ meterId: MeterId; register: RegisterName; at: Instant; values: number[] }[]> {
  const { rows } = await sql<{ meter_id: bigint; register: number; measured_at: Instant; vals: string }>`
    select meter_id, register, measured_at, min(booked_value)::text || ',' || string_agg(value::text, ',' order by value) as vals
      from sanbiao.reading_conflict
     where operator_id = sanbiao.operator_id() and meter_id = any(${`{${meterIds.join(",")}}`}::bigint[])
       and measured_at > ${isoOf(from)}::timestamptz and measured_at <= ${isoOf(to)}::timestamptz
     group by meter_id, register, measured_at order by meter_id, register, measured_at`.execute(trx);
  return rows.flatMap((row) => {
    const register = registerName(row.register);
    const values = row.vals.split(",").map(Number);
    return register === null ? [] : [{ meterId: row.meter_id, register, at: row.measured_at, values }];
  });
}

/** The zone in which the operator's days begin. */
export async function zoneOf(trx: Trx): Promise<Zone> {
  const { rows } = await sql<{ zone: Zone }>`
    select zone from sanbiao.operator where operator_id = sanbiao.operator_id()`.execute(trx);
  if (rows[0] === undefined) throw new Error("no such operator");
  return rows[0].zone;
}

const codeArray = (registers: readonly RegisterName[]): string =>
  `{${registers.map((name) => REGISTERS[name].code).join(",")}}`;
