import { sql, type Transaction } from "kysely";
import { type Instant, isoOf } from "../domain/instant.ts";
import type { Period, Zone } from "../domain/period.ts";
import type { Micro } from "../domain/quantity.ts";
import { type MeterId, READING_SOURCES } from "../domain/reading.ts";
import { type RegisterName, REGISTERS } from "../domain/register.ts";
import type { Utility } from "../domain/unit.ts";
import type { Tables } from "../schema/tables.ts";
import { readEdits } from "./edits.ts";
import { bookedOf, type ReadingRow } from "./usage.ts";

type Trx = Transaction<Tables>;

export type ActualReading = {
  readonly meterId: MeterId;
  readonly register: RegisterName;
  readonly at: Instant;
  readonly value: Micro;
};

/**
 * Of each local day the last actual reading of these registers inside `[from, to]`, in order of meter, register and time:
 * enough for methods that look at days and months. Estimates and what a clerk excluded are not there; what a person read is.
 */
export async function dailyActuals(
  trx: Trx,
  meterIds: readonly MeterId[],
  registers: readonly RegisterName[],
  { from, to }: Period,
  zone: Zone,
): Promise<ActualReading[]> {
  const meters = `{${meterIds.join(",")}}`;
  const codes = `{${registers.map((name) => REGISTERS[name].code).join(",")}}`;
  const { rows } = await sql<ReadingRow>`
    select distinct on (r.meter_id, r.register, d.day)
           r.meter_id, r.register, r.measured_at, r.received_at, r.value, r.source
      from sanbiao.reading r cross join lateral (select (r.measured_at at time zone ${zone})::date as day) d
     where r.operator_id = sanbiao.operator_id() and r.meter_id = any(${meters}::bigint[])
       and r.register = any(${codes}::smallint[]) and r.source <> ${READING_SOURCES.estimate}
       and r.measured_at >= ${isoOf(from)}::timestamptz and r.measured_at <= ${isoOf(to)}::timestamptz
       and not exists (select from sanbiao.current_reading_edit x where x.operator_id = r.operator_id
             and x.meter_id = r.meter_id and x.register = r.register and x.measured_at = r.measured_at
             and x.origin = 'clerk' and x.kind <> 'restore')
     order by r.meter_id, r.register, d.day, r.measured_at desc`.execute(trx);
  const booked = await bookedOf(trx, rows);
  const given = (await readEdits(trx, meterIds)).flatMap(({ meterId, register, at, says }): ActualReading[] => {
    if (says.kind !== "value" || says.source === "estimate" || at < from || at > to) return [];
    return registers.includes(register) ? [{ meterId, register, at, value: says.value }] : [];
  });
  return [...booked, ...given].sort(
    (a, b) =>
      Number(a.meterId - b.meterId) || (a.register < b.register ? -1 : a.register > b.register ? 1 : a.at - b.at),
  );
}

/** Bills that ended so long before count for the class: two periods keep the season. Our choice. */
const CLASS_BEFORE = "62 days";

/**
 * The median use per day of usage points of one utility under one tariff, by bills that ended before and rest on no
 * estimate. Bills of the same period do not count: the figure must not depend on who is billed first.
 */
export async function classProfileOf(
  trx: Trx,
  { utility, tariffId, before }: { utility: Utility; tariffId: string; before: Instant },
): Promise<{ perDay: Micro; points: number; name: string } | null> {
  const { rows } = await sql<{ per_day: bigint | null; points: bigint }>`
    select (percentile_disc(0.5) within group (order by per_day))::bigint as per_day, count(*) as points
      from (select u.usage_point_id,
                   sum(u.quantity) * 86400 / sum(extract(epoch from u.period_to - u.period_from)) as per_day
              from sanbiao.billed_usage u
             where u.operator_id = sanbiao.operator_id() and u.utility = ${utility} and u.basis <> 'estimated'
               and u.corrects_bill_id is null and u.period_to <= ${isoOf(before)}::timestamptz
               and u.period_to > ${isoOf(before)}::timestamptz - ${CLASS_BEFORE}::interval
               and exists (select from sanbiao.agreement a where a.operator_id = u.operator_id
                     and a.usage_point_id = u.usage_point_id and a.tariff_id = ${tariffId})
             group by 1) own`.execute(trx);
  const [row] = rows;
  if (row === undefined || row.per_day === null) return null;
  return { perDay: row.per_day, points: Number(row.points), name: tariffId };
}
