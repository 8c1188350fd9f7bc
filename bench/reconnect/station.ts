import type { Pool } from "pg";
import { hashDevicePassword } from "../../broker/password.ts";
import { DAY_MS, type Instant, instant, isoOf } from "../../domain/instant.ts";
import { dayOf, monthOf } from "../../domain/period.ts";
import { REGISTERS } from "../../domain/register.ts";

export const PASSWORD = "bench";
const ZONE = "Asia/Shanghai";
/** One reading a day since the month began: what an open account's use is priced from. */
const DAYS_MAX = 20;
/** Where every register stands as the bench begins, kWh, after growing by so many millionths a second. */
export const KWH_NOW = 1_100;
const MICRO_PER_SECOND = 20;
/** What a dark home owes and a lit one has, in minor units. */
const OWED = 3_000;
const CREDIT = 10_000;

export type StationPlan = { readonly homes: number; readonly gateways: number; readonly dark: number };

/** Home n (from 1) hangs on gateway n mod gateways, its meter is device `e-n`; the first `dark` ones are off and owe money. */
export async function seedStation(owner: Pool, { homes, gateways, dark }: StationPlan, now: Instant): Promise<void> {
  const from = instant(Math.max(monthOf(now, ZONE).from, now - DAYS_MAX * DAY_MS));
  const day = dayOf(from, ZONE);
  const each = (statement: string, ...values: unknown[]) => owner.query(statement, [homes, ...values]);
  await owner.query(
    `insert into operator (code, kind, name_zh, name_en, zone) values ('bench', 'supply_station', '测', 'Bench', '${ZONE}')`,
  );
  await owner.query("select ensure_reading_months($1::date, $2::date)", [day, dayOf(instant(now + DAY_MS), ZONE)]);
  await owner.query(
    `insert into mqtt_client (operator_id, username, password_hash, publish_filters, subscribe_filters, profile_ids)
     select 1, 'g-' || n, $2, '{sanbiao/v1/+/readings}', '{sanbiao/v1/+/command}', '{sanbiao-json}' from generate_series(0, $1::int - 1) n`,
    [gateways, await hashDevicePassword(PASSWORD)],
  );
  await each(
    `insert into account (operator_id, number, name, payment_mode, opened_on)
     select 1, 'a-' || n, 'home ' || n, 'prepaid', $2 from generate_series(1, $1::int) n`,
    day,
  );
  await each(
    `insert into usage_point (operator_id, utility, building, room) select 1, 'electricity', (n / 100)::text, n::text from generate_series(1, $1::int) n`,
  );
  await each(
    `insert into meter (operator_id, serial, utility, profile_id, mqtt_client_id, device_key)
     select 1, 'm-' || n, 'electricity', 'sanbiao-json', c.id, 'e-' || n
       from generate_series(1, $1::int) n join mqtt_client c on c.username = 'g-' || n % $2::int order by n`,
    gateways,
  );
  await each(
    `insert into installation (operator_id, meter_id, usage_point_id, installed_at, capacity_per_hour)
     select 1, n, n, $2, 20 from generate_series(1, $1::int) n`,
    isoOf(from),
  );
  await each(
    `insert into agreement (operator_id, account_id, usage_point_id, tariff_id, from_day)
     select 1, n, n, 'zhejiang.electricity.residential', $2 from generate_series(1, $1::int) n`,
    day,
  );
  await each(
    `insert into supply (operator_id, account_id, meter_id, policy_id, state, desired, reported, reported_at)
     select 1, n, n, 'demo-station', case when n <= $2 then 'cut' else 'normal' end,
            case when n <= $2 then 'disconnected' else 'connected' end, case when n <= $2 then 'disconnected' else 'connected' end, $3
       from generate_series(1, $1::int) n`,
    dark,
    isoOf(instant(now - DAY_MS)),
  );
  await each(
    `select post_entry from (select set_config('sanbiao.operator_id', '1', false)) s,
       lateral (select post_entry(1, 'opening/' || n, 'opening', '{}', now(), now(), null,
         jsonb_build_array(jsonb_build_object('ledger_account', 'customer', 'account_id', n, 'currency', 'CNY', 'amount_minor', v),
                           jsonb_build_object('ledger_account', 'opening', 'currency', 'CNY', 'amount_minor', -v)))
         from generate_series(1, $1::int) n cross join lateral (select case when n <= $2 then ${OWED} else -${CREDIT} end as v) o) e`,
    dark,
  );
  await each(
    `insert into reading (operator_id, meter_id, register, measured_at, received_at, value, source)
     select 1, n, $2, at, at, ${KWH_NOW * 1_000_000} - (extract(epoch from $4::timestamptz - at) * ${MICRO_PER_SECOND})::bigint, 2
       from generate_series(1, $1::int) n, generate_series($3::timestamptz, $4::timestamptz, interval '1 day') at`,
    REGISTERS.energy_import_kwh.code,
    isoOf(from),
    isoOf(now),
  );
  await owner.query("vacuum analyze");
}
