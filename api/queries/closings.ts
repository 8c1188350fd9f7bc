import { sql } from "kysely";
import type { Instant } from "../../domain/instant.ts";
import { addDays, type Day, startOfDay } from "../../domain/period.ts";
import { REGISTERS, type RegisterName } from "../../domain/register.ts";
import { timestamptz } from "../../schema/database.ts";
import type { Desk } from "../desk.ts";
import type { AccountMeter } from "./account.ts";
import { BILLING_REGISTER } from "./latest.ts";

/** The last value of a meter's billing register within a local day; one taken at midnight closes the day that ends there. */
export type Closing = {
  readonly meter: AccountMeter;
  readonly register: RegisterName;
  readonly day: Day;
  readonly at: Instant;
  readonly value: bigint;
  /** Since the closing of the day before; null when either is missing or the register went back. */
  readonly used: bigint | null;
};

/** Closings of the days `[from, to)`: one look-up by the primary key per meter and day. Days without a reading are left out. */
export async function closings(desk: Desk, meters: readonly AccountMeter[], from: Day, to: Day): Promise<Closing[]> {
  if (meters.length === 0 || from >= to) return [];
  // One day more at the begin, for the first day's use.
  const days: Day[] = [];
  for (let d = addDays(from, -1); d < to; d = addDays(d, 1)) days.push(d);
  const begins = [...days, to].map((d) => timestamptz(startOfDay(d, desk.zone)));
  const { rows } = await sql<{ m: bigint; d: bigint; measured_at: Instant; value: bigint }>`
    select n.m, t.d, l.measured_at, l.value
      from unnest(${literal(meters.map((_, index) => index))}::bigint[], ${literal(meters.map((m) => m.meterId))}::bigint[],
                  ${literal(meters.map((m) => REGISTERS[BILLING_REGISTER[m.utility]].code))}::smallint[]) as n (m, meter_id, register)
     cross join unnest(${literal(days.map((_, index) => index))}::bigint[], ${literal(begins.slice(0, -1))}::timestamptz[],
                       ${literal(begins.slice(1))}::timestamptz[]) as t (d, begins, ends)
     cross join lateral (select r.measured_at, r.value from reading r
       where r.operator_id = ${desk.operatorId} and r.meter_id = n.meter_id and r.register = n.register
         and r.measured_at > t.begins and r.measured_at <= t.ends
       order by r.measured_at desc limit 1) l
     order by n.m, t.d`.execute(desk.trx);
  const result: Closing[] = [];
  let before: { m: bigint; d: bigint; value: bigint } | undefined;
  for (const row of rows) {
    const meter = meters[Number(row.m)];
    const day = days[Number(row.d)];
    if (meter === undefined || day === undefined) continue;
    const follows = before !== undefined && before.m === row.m && before.d === row.d - 1n && row.value >= before.value;
    const used = follows && before !== undefined ? row.value - before.value : null;
    before = row;
    if (day >= from && day >= meter.fromDay && (meter.toDay === null || day < meter.toDay)) {
      result.push({
        meter,
        register: BILLING_REGISTER[meter.utility],
        day,
        at: row.measured_at,
        value: row.value,
        used,
      });
    }
  }
  return result;
}

const literal = (values: readonly (string | number | bigint)[]): string => `{${values.join(",")}}`;
