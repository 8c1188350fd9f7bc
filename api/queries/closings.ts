import { sql } from "kysely";
import type { Instant } from "../../domain/instant.ts";
import { addDays, type Day, startOfDay } from "../../domain/period.ts";
import { REGISTERS, type RegisterName } from "../../domain/register.ts";
import { atRatioAsOf, readRatios, rescaledOnly, sourceOf } from "../../ledger/ratios.ts";
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

type ClosingRow = {
  readonly m: bigint;
  readonly d: bigint;
  readonly measured_at: Instant;
  readonly received_at: Instant;
  readonly source: number;
  readonly value: bigint;
};

/** Closings of the days `[from, to)`: one look-up by the primary key per meter and day. Days without a reading are left out. */
export async function closings(desk: Desk, meters: readonly AccountMeter[], from: Day, to: Day): Promise<Closing[]> {
  if (meters.length === 0 || from >= to) return [];
  // One day more at the begin, for the first day's use.
  const days: Day[] = [];
  for (let d = addDays(from, -1); d < to; d = addDays(d, 1)) days.push(d);
  const begins = [...days, to].map((d) => timestamptz(startOfDay(d, desk.zone)));
  const { rows } = await sql<ClosingRow>`
    select n.m, t.d, l.*
      from unnest(${literal(meters.map((_, index) => index))}::bigint[], ${literal(meters.map((m) => m.meterId))}::bigint[],
                  ${literal(meters.map((m) => REGISTERS[BILLING_REGISTER[m.utility]].code))}::smallint[]) as n (m, meter_id, register)
     cross join unnest(${literal(days.map((_, index) => index))}::bigint[], ${literal(begins.slice(0, -1))}::timestamptz[],
                       ${literal(begins.slice(1))}::timestamptz[]) as t (d, begins, ends)
     cross join lateral (select r.measured_at, r.received_at, r.source, r.value from reading r
       where r.operator_id = ${desk.operatorId} and r.meter_id = n.meter_id and r.register = n.register
         and r.measured_at > t.begins and r.measured_at <= t.ends
       order by r.measured_at desc limit 1) l
     order by n.m, t.d`.execute(desk.trx);
  const result: Closing[] = [];
  const ratios = rescaledOnly(
    await readRatios(
      desk.trx,
      meters.map(({ meterId }) => BigInt(meterId)),
    ),
  );
  let before: ClosingRow | undefined;
  for (const row of rows) {
    const meter = meters[Number(row.m)];
    const day = days[Number(row.d)];
    if (meter === undefined || day === undefined) continue;
    const register = BILLING_REGISTER[meter.utility];
    const valueOf = (of: ClosingRow): bigint => {
      const { measured_at: at, received_at: receivedAt } = of;
      const carried = { meterId: BigInt(meter.meterId), register, at, receivedAt, source: sourceOf(of.source) };
      return atRatioAsOf(ratios, carried, of.value, row.measured_at);
    };
    const value = valueOf(row);
    const follows = before !== undefined && before.m === row.m && before.d === row.d - 1n;
    const grown = follows && before !== undefined ? value - valueOf(before) : -1n;
    const used = grown >= 0n ? grown : null;
    before = row;
    if (day >= from && day >= meter.fromDay && (meter.toDay === null || day < meter.toDay)) {
      result.push({
        meter,
        register,
        day,
        at: row.measured_at,
        value,
        used,
      });
    }
  }
  return result;
}

const literal = (values: readonly (string | number | bigint)[]): string => `{${values.join(",")}}`;
