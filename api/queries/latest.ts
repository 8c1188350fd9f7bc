import { type RawBuilder, sql } from "kysely";
import { READING_SOURCES, type ReadingSource } from "../../domain/reading.ts";
import { REGISTERS, type RegisterName, SUPPLY_STATES, type SupplyState } from "../../domain/register.ts";
import type { UtilityName } from "../schemas/json.ts";

/** The register that a utility is billed by, as stored: `meter.utility` must be in scope as `m`. */
export const BILLING_REGISTER: Record<UtilityName, RegisterName> = {
  electricity: "energy_import_kwh",
  gas: "volume_m3",
  water: "volume_m3",
  heat: "heat_kwh",
};

const code = (utility: UtilityName) => sql.lit(REGISTERS[BILLING_REGISTER[utility]].code);

export const billingCode: RawBuilder<number> = sql<number>`(case m.utility
  when 'electricity' then ${code("electricity")} when 'heat' then ${code("heat")} else ${code("water")} end)::smallint`;

/** Last value of the billing register of `m`, found by the primary key, as `l (value, measured_at, received_at)`. */
export const latestBilling: RawBuilder<unknown> = sql`left join lateral (
  select r.value, r.measured_at, r.received_at from reading r
   where r.operator_id = m.operator_id and r.meter_id = m.id and r.register = ${billingCode}
   order by r.measured_at desc limit 1) l on true`;

const lastState = (register: "relay_state" | "valve_state") => sql`(select r.value from reading r
   where r.operator_id = m.operator_id and r.meter_id = m.id and r.register = ${sql.lit(REGISTERS[register].code)}
   order by r.measured_at desc limit 1)`;

/** Last position of the relay or valve of `m`; null when it has none. */
export const latestPosition: RawBuilder<bigint | null> = sql<
  bigint | null
>`coalesce(${lastState("relay_state")}, ${lastState("valve_state")})`;

const STATE_OF_VALUE = new Map<bigint, SupplyState>(
  Object.entries(SUPPLY_STATES).map(([name, value]) => [value, name as SupplyState]),
);
export const positionName = (value: bigint): SupplyState | "unknown" => STATE_OF_VALUE.get(value) ?? "unknown";

const SOURCE_NAMES = new Map<number, ReadingSource>(
  Object.entries(READING_SOURCES).map(([name, code]) => [code, name as ReadingSource]),
);
export const sourceName = (code: number): string => SOURCE_NAMES.get(code) ?? String(code);
