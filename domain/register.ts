import type { Unit } from "./unit.ts";

/**
 * What a register of a meter holds (IEC CIM ReadingType, much shortened).
 * `cumulative` only grows until it rolls over; `instantaneous` is a value at a moment; `state` is a coded position.
 * `maximum` is the highest mean power since a reset: it grows, and falls only there.
 * `code` is what the readings book stores: never reuse one.
 */
export type RegisterKind = "cumulative" | "instantaneous" | "maximum" | "state";
export type RegisterType = { readonly code: number; readonly unit: Unit; readonly kind: RegisterKind };

const cumulative = (code: number, unit: Unit) => ({ code, unit, kind: "cumulative" }) as const;
const instantaneous = (code: number, unit: Unit) => ({ code, unit, kind: "instantaneous" }) as const;
const maximum = (code: number, unit: Unit) => ({ code, unit, kind: "maximum" }) as const;
const state = (code: number) => ({ code, unit: "state", kind: "state" }) as const;

/** Time-of-use registers follow the Chinese names: sharp 尖, peak 峰, flat 平, valley 谷, deep valley 深谷. */
export const REGISTERS = {
  energy_import_kwh: cumulative(1, "kWh"),
  energy_export_kwh: cumulative(2, "kWh"),
  energy_import_sharp_kwh: cumulative(3, "kWh"),
  energy_import_peak_kwh: cumulative(4, "kWh"),
  energy_import_flat_kwh: cumulative(5, "kWh"),
  energy_import_valley_kwh: cumulative(6, "kWh"),
  energy_import_deep_valley_kwh: cumulative(7, "kWh"),
  energy_import_t1_kwh: cumulative(8, "kWh"),
  energy_import_t2_kwh: cumulative(9, "kWh"),
  energy_import_t3_kwh: cumulative(10, "kWh"),
  energy_import_t4_kwh: cumulative(11, "kWh"),
  energy_import_l1_kwh: cumulative(12, "kWh"),
  energy_import_l2_kwh: cumulative(13, "kWh"),
  energy_import_l3_kwh: cumulative(14, "kWh"),
  energy_export_l1_kwh: cumulative(15, "kWh"),
  energy_export_l2_kwh: cumulative(16, "kWh"),
  energy_export_l3_kwh: cumulative(17, "kWh"),
  reactive_import_kvarh: cumulative(18, "kvarh"),
  reactive_export_kvarh: cumulative(19, "kvarh"),
  volume_m3: cumulative(20, "m3"),
  volume_reverse_m3: cumulative(21, "m3"),
  heat_kwh: cumulative(22, "kWh"),
  cooling_kwh: cumulative(23, "kWh"),
  prepaid_remaining_m3: instantaneous(24, "m3"),
  energy_export_t1_kwh: cumulative(25, "kWh"),
  energy_export_t2_kwh: cumulative(26, "kWh"),
  power_w: instantaneous(40, "W"),
  power_l1_w: instantaneous(41, "W"),
  power_l2_w: instantaneous(42, "W"),
  power_l3_w: instantaneous(43, "W"),
  voltage_l1_v: instantaneous(44, "V"),
  voltage_l2_v: instantaneous(45, "V"),
  voltage_l3_v: instantaneous(46, "V"),
  current_l1_a: instantaneous(47, "A"),
  current_l2_a: instantaneous(48, "A"),
  current_l3_a: instantaneous(49, "A"),
  power_factor: instantaneous(50, "1"),
  frequency_hz: instantaneous(51, "Hz"),
  flow_m3_per_h: instantaneous(52, "m3/h"),
  pressure_mpa: instantaneous(53, "MPa"),
  temperature_degc: instantaneous(54, "degC"),
  flow_temperature_degc: instantaneous(55, "degC"),
  return_temperature_degc: instantaneous(56, "degC"),
  battery_v: instantaneous(57, "V"),
  ct_ratio: instantaneous(58, "1"),
  vt_ratio: instantaneous(59, "1"),
  /** Position of the supply relay; coded by `SUPPLY_STATES`. */
  relay_state: state(60),
  /** Position of the supply valve; coded by `SUPPLY_STATES`. */
  valve_state: state(61),
  /** 1 reachable, 0 reported gone (last will). */
  online_state: state(62),
  /** Bit field of the meter's own alarms, as the profile maps them. */
  alarm_state: state(63),
  /** 最大需量: since its last reset, as a rule the month's freeze. */
  demand_import_max_kw: maximum(70, "kW"),
  /** What it showed when it was reset last (上月最大需量). */
  demand_import_last_kw: maximum(71, "kW"),
} as const satisfies Record<string, RegisterType>;

export type RegisterName = keyof typeof REGISTERS;
export type RegisterCode = number;

/** Positions of a relay or valve as the book stores them. `connected` = supply flows; `limited` = a valve lets a trickle through. */
export const SUPPLY_STATES = { disconnected: 0n, connected: 1n, moving: 2n, fault: 3n, limited: 4n } as const;
export type SupplyState = keyof typeof SUPPLY_STATES;

const NAME_BY_CODE = new Map<number, RegisterName>(
  Object.entries(REGISTERS).map(([name, type]) => [type.code, name as RegisterName]),
);

export const isRegisterName = (text: string): text is RegisterName => Object.hasOwn(REGISTERS, text);
export const registerName = (code: RegisterCode): RegisterName | null => NAME_BY_CODE.get(code) ?? null;
