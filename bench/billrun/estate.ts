import type { Pool } from "pg";
import { day, periodOfDays } from "../../domain/period.ts";
import { REGISTERS } from "../../domain/register.ts";
import { ELECTRICITY, GAS, WATER } from "./tariffs.ts";

/** The month that is billed. */
export const PERIOD = periodOfDays(day("2026-09-01"), day("2026-10-01"), "Asia/Shanghai");

/** Per utility: unit of use that a home takes in the month, from `least` to `least + spread`, by a hash of the meter's id. */
const UTILITIES = [
  { tariff: ELECTRICITY, register: REGISTERS.energy_import_kwh.code, least: 40, spread: 480 },
  { tariff: GAS, register: REGISTERS.volume_m3.code, least: 5, spread: 40 },
  { tariff: WATER, register: REGISTERS.volume_m3.code, least: 4, spread: 20 },
] as const;

/** `accounts` homes with three utilities each, and per meter the readings of the month's ends and its middle. */
export async function seedEstate(owner: Pool, accounts: number): Promise<void> {
  await owner.query(
    "insert into operator (code, kind, name_zh, name_en) values ('bench', 'supply_station', '测', 'Bench')",
  );
  await owner.query("select ensure_reading_months('2026-08-31', '2026-10-02')");
  await owner.query(
    `insert into account (operator_id, id, number, name, payment_mode, opened_on) overriding system value
     select 1, n, n::text, 'home ' || n, 'postpaid', '2026-09-01' from generate_series(1, $1::int) n`,
    [accounts],
  );
  for (const [i, { tariff, register, least, spread }] of UTILITIES.entries()) {
    // The home's number times three, and which utility: ids lie as they do where a house is entered after the other.
    const id = `3 * n - 2 + ${i}`;
    const from = "from generate_series(1, $1::int) n";
    await owner.query(
      `insert into usage_point (operator_id, id, utility, building, room) overriding system value
       select 1, ${id}, '${tariff.utility}', (n / 100)::text, n::text ${from}`,
      [accounts],
    );
    await owner.query(
      `insert into meter (operator_id, id, serial, utility, profile_id) overriding system value
       select 1, ${id}, (${id})::text, '${tariff.utility}', 'bench' ${from}`,
      [accounts],
    );
    await owner.query(
      `insert into installation (operator_id, id, meter_id, usage_point_id, installed_at, capacity_per_hour) overriding system value
       select 1, ${id}, ${id}, ${id}, '2026-08-01', 50 ${from}`,
      [accounts],
    );
    await owner.query(
      `insert into agreement (operator_id, id, account_id, usage_point_id, tariff_id, from_day) overriding system value
       select 1, ${id}, n, ${id}, '${tariff.id}', '2026-09-01' ${from}`,
      [accounts],
    );
    await owner.query(
      `insert into reading (operator_id, meter_id, register, measured_at, received_at, value, source)
       select 1, ${id}, ${register}, t, t + interval '2 seconds',
              ((${id})::bigint * 7919 % 90000) * 1000000 + (${least} + (${id})::bigint * 104729 % ${spread}) * 1000000 * part / 2, 2
         from (select n, at as t, part from generate_series(1, $1::int) n,
                 unnest(array['2026-09-01T00:00:00+08:00', '2026-09-16T00:00:00+08:00', '2026-10-01T00:00:00+08:00']::timestamptz[],
                        array[0, 1, 2]) as u (at, part)) r`,
      [accounts],
    );
  }
  for (const table of ["account", "usage_point", "meter", "installation", "agreement"])
    await owner.query(`select setval('${table}_id_seq', (select max(id) from ${table}))`);
  await owner.query("vacuum analyze");
}
