import { sql, type Transaction } from "kysely";
import { type Instant, isoOf } from "../domain/instant.ts";
import type { Day, Period } from "../domain/period.ts";
import type { MeterId } from "../domain/reading.ts";
import { type RegisterName, REGISTERS, registerName } from "../domain/register.ts";
import type { Utility } from "../domain/unit.ts";
import type { Tables } from "../schema/tables.ts";

type Trx = Transaction<Tables>;

/** Registers that can make a bill: what is expected of a meter is expected of these. */
export const BILLING_REGISTERS: readonly RegisterName[] = [
  "energy_import_kwh",
  "energy_import_sharp_kwh",
  "energy_import_peak_kwh",
  "energy_import_flat_kwh",
  "energy_import_valley_kwh",
  "energy_import_deep_valley_kwh",
  "volume_m3",
  "heat_kwh",
];

/** What was to be heard of a register in a stretch `(from, to]`, and what was. */
export type Heard = {
  readonly meterId: MeterId;
  readonly register: RegisterName;
  /** `null` where no interval is agreed. */
  readonly expected: number | null;
  readonly heard: number;
  readonly firstAt: Instant | null;
  readonly lastAt: Instant | null;
  /** The longest silence, the ends of the stretch included. */
  readonly largestGap_ms: number;
};

/** Whole intervals that fit into a stretch. */
export const expectedIn = ({ from, to }: Period, every_ms: number | null): number | null =>
  every_ms === null ? null : Math.floor((to - from) / every_ms);

/** Keeps a day's counts; the same again writes nothing. */
export async function writeHeard(trx: Trx, day: Day, all: readonly Heard[]): Promise<void> {
  if (all.length === 0) return;
  const column = (of: (heard: Heard) => string | number | null): string =>
    `{${all.map((heard) => of(heard) ?? "null").join(",")}}`;
  const at = (instant: Instant | null): string | null => (instant === null ? null : `"${isoOf(instant)}"`);
  await sql`
    insert into sanbiao.heard_day as h (operator_id, meter_id, register, day, expected, heard, first_at, last_at, largest_gap_ms)
    select sanbiao.operator_id(), meter, register, ${day}::date, expected, heard, first_at, last_at, gap
      from unnest(${column((h) => String(h.meterId))}::bigint[], ${column((h) => REGISTERS[h.register].code)}::smallint[],
                  ${column((h) => h.expected)}::integer[], ${column((h) => h.heard)}::integer[],
                  ${column((h) => at(h.firstAt))}::timestamptz[], ${column((h) => at(h.lastAt))}::timestamptz[],
                  ${column((h) => h.largestGap_ms)}::bigint[])
        as u (meter, register, expected, heard, first_at, last_at, gap)
    on conflict (operator_id, meter_id, day, register) do update
      set expected = excluded.expected, heard = excluded.heard, first_at = excluded.first_at, last_at = excluded.last_at,
          largest_gap_ms = excluded.largest_gap_ms
      where (h.expected, h.heard, h.first_at, h.last_at, h.largest_gap_ms)
        is distinct from (excluded.expected, excluded.heard, excluded.first_at, excluded.last_at, excluded.largest_gap_ms)`.execute(
    trx,
  );
}

/** Counts now what one meter said in `(from, to]`, register by register; the main one also when it said nothing. */
export async function countHeard(
  trx: Trx,
  meterId: MeterId,
  { from, to }: Period,
  { main, every_ms }: { main: RegisterName; every_ms: number | null },
): Promise<Heard[]> {
  const codes = `{${BILLING_REGISTERS.map((name) => REGISTERS[name].code).join(",")}}`;
  const { rows } = await sql<{
    register: number;
    heard: bigint;
    first_at: Instant;
    last_at: Instant;
    gap_ms: number;
  }>`
    select register, count(*) as heard, min(measured_at) as first_at, max(measured_at) as last_at,
           round(greatest(max(silence), date_part('epoch', ${isoOf(to)}::timestamptz - max(measured_at)) * 1000)) as gap_ms
      from (select register, measured_at,
                   date_part('epoch', measured_at - lag(measured_at, 1, ${isoOf(from)}::timestamptz)
                     over (partition by register order by measured_at)) * 1000 as silence
              from sanbiao.reading
             where operator_id = sanbiao.operator_id() and meter_id = ${meterId} and register = any(${codes}::smallint[])
               and measured_at > ${isoOf(from)}::timestamptz and measured_at <= ${isoOf(to)}::timestamptz) r
     group by register order by register`.execute(trx);
  const expected = expectedIn({ from, to }, every_ms);
  const all = rows.flatMap((row): Heard[] => {
    const register = registerName(row.register);
    if (register === null) return [];
    const { first_at: firstAt, last_at: lastAt, gap_ms: largestGap_ms } = row;
    return [{ meterId, register, expected, heard: Number(row.heard), firstAt, lastAt, largestGap_ms }];
  });
  if (all.some(({ register }) => register === main)) return all;
  const nothing = { meterId, register: main, expected, heard: 0, firstAt: null, lastAt: null };
  return [...all, { ...nothing, largestGap_ms: to - from }];
}

/** When the register that bills was measured last, by meter; those that never spoke are absent. */
export async function lastHeardOf(
  trx: Trx,
  meters: readonly { readonly id: MeterId; readonly utility: Utility }[],
): Promise<Map<MeterId, Instant>> {
  const { rows } = await sql<{ id: bigint; measured_at: Instant }>`
    select m.id, l.measured_at
      from unnest(${`{${meters.map(({ id }) => id).join(",")}}`}::bigint[],
                  ${`{${meters.map(({ utility }) => REGISTERS[MAIN_REGISTER_OF[utility]].code).join(",")}}`}::smallint[]) as m (id, code)
     cross join lateral (select measured_at from sanbiao.reading
       where operator_id = sanbiao.operator_id() and meter_id = m.id and register = m.code
       order by measured_at desc limit 1) l`.execute(trx);
  return new Map(rows.map((row) => [row.id, row.measured_at]));
}
/** The register that a utility is billed by. */
export const MAIN_REGISTER_OF: Readonly<Record<Utility, RegisterName>> = {
  electricity: "energy_import_kwh",
  gas: "volume_m3",
  water: "volume_m3",
  heat: "heat_kwh",
};
